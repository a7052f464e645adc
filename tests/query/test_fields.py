from __future__ import annotations

from earshot.model import Category, Severity
from earshot.query import fields
from tests.builders import make_flag, make_mention

FULL = make_mention(
    title="Halden #Recall",
    text="Ask @Ada. The ＰＵＭＰ broke",
    author="Ada Lovelace",
    categories=(Category.COMPLAINT, Category.SAFETY),
    flags=(make_flag(rule_id="a"), make_flag(rule_id="b")),
    severity=Severity.CRITICAL,
    topics=("pumps",),
    entities=("Osprey",),
    assignee="mara",
    reach=100,
    links=("https://www.bakery.example/a?utm_source=x", "https://bakery.example/a", "https://bakery.example/b"),
)


def test_a_full_mention_fills_every_field() -> None:
    assert set(fields.index_fields(FULL)) == set(fields.ALL)


def test_words_are_folded_and_joined_and_tags_stand_beside() -> None:
    filled = fields.index_fields(FULL)
    assert filled["text_words"] == "ask ada the pump broke"
    assert filled["text_cased"] == "Ask Ada The PUMP broke"
    assert filled["author_words"] == "ada lovelace"
    assert (filled["tags"], filled["handles"]) == (["recall"], ["ada"])
    assert filled["link"] == [
        "bakery.example",
        "https://www.bakery.example/a",
        "https://bakery.example/a",
        "https://bakery.example/b",
    ]
    assert (filled["flag"], filled["flagged"], filled["severity"]) == (["a", "b"], True, "critical")


def test_what_has_no_value_is_left_out_but_zero_and_false_stay() -> None:
    filled = fields.index_fields(make_mention(author="", relevance=0.0, sentiment_score=0.0, reach=0))
    assert not {"author", "author_words", "severity", "flag", "link", "topic", "tags", "assignee"} & set(filled)
    assert (filled["relevance"], filled["reach"], filled["own_voice"], filled["flagged"]) == (0.0, 0, False, False)


def test_no_field_has_two_makes() -> None:
    assert len(set(fields.ALL)) == len(fields.ALL)
