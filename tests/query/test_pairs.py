from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from earshot.index.embedded import EmbeddedIndex
from earshot.index.schema import make_schema
from earshot.query.embedded import to_tantivy
from earshot.query.language import parse
from earshot.query.pairs import pairs_of
from earshot.query.words import find_words
from tests.builders import make_mention
from tests.ports.mention_index import ids, put

SCHEMA = make_schema()


def test_only_neighbours_that_are_both_short_are_pairs() -> None:
    assert pairs_of(["one", "of", "the", "better", "of", "us", "of", "us"]) == [
        "one_of",
        "of_the",
        "of_us",
        "us_of",
        "of_us",
    ]
    assert pairs_of(["日", "本", "語"]) == ["日_本", "本_語"]
    assert pairs_of(["the"]) == pairs_of([]) == []


@given(st.text())
def test_no_word_holds_the_sign_that_joins_two(text: str) -> None:
    assert all("_" not in word.text for word in find_words(text + "_＿a_b"))


def test_phrase_of_two_short_words_compares_no_places() -> None:
    asked = {text: "Phrase" in repr(to_tantivy(parse(text), SCHEMA)) for text in ('"of the"', '"of better"', "日本")}
    assert asked == {'"of the"': False, '"of better"': True, "日本": False}


def test_case_and_authors_are_asked_word_by_word(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(
        index,
        make_mention(url="http://a.example/1", title="", text="Out of The box", author="Ada de la Mar"),
        make_mention(url="http://a.example/2", title="", text="out of the box", author="De La Soul"),
    )
    found = {q: len(ids(index, q)) for q in ('"of the"', '="of The"', 'author:"de la"', '"the of"')}
    assert found == {'"of the"': 2, '="of The"': 1, 'author:"de la"': 2, '"the of"': 0}
