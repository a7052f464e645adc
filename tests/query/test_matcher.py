from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earshot.errors import ConfigError
from earshot.model import Category, Mention, Sentiment, Span
from earshot.query.language import parse
from earshot.query.matcher import Match, match, spans_of
from earshot.query.reading import is_near, near_ranges
from tests.builders import make_flag, make_mention

MENTION = make_mention(
    title="Halden recalls its Pump",
    text="The pump’s valve broke. Two days later #Recall said @ada@example.org, and the PUMP was gone.",
    categories=(Category.SAFETY,),
    flags=(make_flag(rule_id="recalls"),),
)


def cut(mention: Mention, spans: tuple[Span, ...]) -> list[str]:
    texts = {"title": mention.title, "text": mention.text}
    return [texts[span.part][span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pump valve",
        "halden gone",
        '"pump\'s valve broke"',
        "recal*",
        "=PUMP",
        "#recall",
        "recall",
        "@ada @ADA@example.org",
        "broke NEAR/2 pump NOT garden",
        "gone NEAR/1 pump",
        "title:pump title:hald*",
        "author:ada",
        "site:blog.example lang:en source:blog brand:halden",
        "sentiment:negative category:safety flag:recalls",
    ],
)
def test_it_matches(text: str) -> None:
    assert match(parse(text), MENTION)


@pytest.mark.parametrize(
    "text",
    [
        "garden",
        '"pump the"',
        '"its pump the"',
        "=PUMPS OR =pumP",
        "#pump",
        "@example",
        "broke NEAR/1 pump",
        "days NEAR/5 halden",
        "title:valve",
        "pump NOT valve",
        "author:eve",
        "site:example lang:de",
        "sentiment:positive",
        "category:praise",
    ],
)
def test_it_does_not_match(text: str) -> None:
    assert match(parse(text), MENTION) is None


def test_a_match_names_the_clause_and_the_words_that_decided() -> None:
    found = match(parse("sentiment:positive OR (valve broke) OR gone"), MENTION)
    assert found == Match((Span("text", 11, 16), Span("text", 17, 22)), "(valve broke)", ("valve", "broke"))


def test_words_are_as_the_text_has_them_each_once_title_first() -> None:
    found = match(parse("pump"), MENTION)
    assert found
    assert found.words == ("Pump", "pump", "PUMP")


def test_only_fields_decided_gives_no_words() -> None:
    assert match(parse("sentiment:negative"), MENTION) == Match((), "sentiment:negative", ())


def test_clause_within_a_field_reads_as_itself() -> None:
    found = match(parse("title:(garden OR pump)"), MENTION)
    assert found
    assert found.clause == "title:pump"


def test_overlapping_spans_become_one() -> None:
    assert cut(MENTION, spans_of(parse('"valve broke" OR broke OR "broke two"'), MENTION.title, MENTION.text)) == [
        "valve broke. Two"
    ]


def test_tags_and_handles_are_shown_with_their_signs() -> None:
    spans = spans_of(parse("#recall OR @ada@example.org"), MENTION.title, MENTION.text)
    assert cut(MENTION, spans) == ["#Recall", "@ada@example.org"]


def test_what_is_negated_is_not_shown() -> None:
    assert cut(MENTION, spans_of(parse("broke NOT valve"), MENTION.title, MENTION.text)) == ["broke"]


@pytest.mark.parametrize(
    ("text", "zone", "matches"),
    [
        ("after:2026-11-20", "UTC", False),
        ("after:2026-11-20", "Europe/Berlin", True),
        ("before:2026-11-20", "UTC", True),
        ("before:2026-11-20", "Europe/Berlin", False),
        ("after:2026-11-19T23:00Z", "Asia/Tokyo", True),
        ("after:2026-11-19T23:00:01Z", "Asia/Tokyo", False),
        ("before:2026-11-19T23:00Z", "Asia/Tokyo", False),
        ("after:2026-11-20T00:00", "Europe/Berlin", True),
        ("after:2026-11-19 before:2026-11-20", "UTC", True),
    ],
)
def test_days_begin_at_the_readers_midnight(text: str, zone: str, matches: bool) -> None:
    mention = make_mention(published_at=datetime(2026, 11, 19, 23, tzinfo=UTC))
    assert bool(match(parse(text), mention, zone)) is matches


def test_a_midnight_that_the_clock_skips_is_the_skip() -> None:
    mention = make_mention(published_at=datetime(2026, 9, 6, 4, tzinfo=UTC))  # Santiago: 00:00 becomes 01:00
    assert match(parse("after:2026-09-06"), mention, "America/Santiago")
    assert not match(parse("before:2026-09-06"), mention, "America/Santiago")


def test_an_unknown_time_zone_is_said() -> None:
    with pytest.raises(ConfigError, match="Europe/Atlantis"):
        match(parse("after:2026-01-01"), MENTION, "Europe/Atlantis")


def test_near_finds_among_thousands_at_once() -> None:
    left, right = [(n, n + 1) for n in range(0, 30_000, 2)], [(n, n + 1) for n in range(30_001, 60_001, 2)]
    assert near_ranges(left, right, 0) == []
    assert near_ranges(left, right, 2) == near_ranges(right, left, 2) == [left[-1], right[0]]
    assert near_ranges(left, right, 2, is_ordered=True) == [left[-1], right[0]]
    assert near_ranges(right, left, 2, is_ordered=True) == []
    assert [is_near(left, right, gap) for gap in (0, 2)] == [is_near(right, left, gap) for gap in (0, 2)]
    assert not is_near(right, left, 2, is_ordered=True)


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("pump ONEAR/1 broke", "The pump suddenly broke", ["pump", "broke"]),
        ("pump ONEAR/1 broke", "It broke, the pump", None),
        ('"garden pump" NEAR/2 leak*', "leaking is my garden pump", ["leaking", "garden pump"]),
        ('"garden pump" NEAR/1 leak*', "leaking is my old garden pump", None),
        ('"garden pump" ONEAR/0 (leak* OR "gave up")', "My garden pump gave up", ["garden pump", "gave up"]),
        ('"garden pump" ONEAR/0 leak*', "My garden pump soon leaks", None),
        ("author:(ada ONEAR/0 lov*)", "nothing", []),
        ("日本 ONEAR/1 リコール", "日本のリコール", ["日本", "リコール"]),
    ],
)
def test_phrases_and_prefixes_stand_near_and_in_order(query: str, text: str, shown: list[str] | None) -> None:
    mention = make_mention(title="", text=text, author="Ada Lovelace")
    found = match(parse(query), mention)
    assert (found is not None) is (shown is not None)
    if found:
        assert cut(mention, found.spans) == shown


def test_sentiment_is_the_mentions_own() -> None:
    assert match(parse("sentiment:positive"), make_mention(sentiment=Sentiment.POSITIVE))


LINKED = make_mention(
    links=(
        "http://www.bakery.example/a/?utm_source=mail#top",
        "https://shop.mill.example/b?x=1",
        "mailto:ada@oven.example",
        *(f"https://many.example/{n}" for n in range(200)),
    )
)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("link:bakery.example", True),
        ("link:WWW.bakery.example", True),
        ("link:http://www.bakery.example/a/", True),
        ("link:http://www.bakery.example/a/?fbclid=1", True),
        ("link:https://www.bakery.example/a/", False),
        ("link:http://www.bakery.example/a", False),
        ("link:http://www.bakery.example/", False),
        ("link:shop.mill.example", True),
        ("link:mill.example", False),
        ("link:https://shop.mill.example/b?x=1", True),
        ("link:https://shop.mill.example/b", False),
        ("link:oven.example", False),
        ("link:blog.example", False),
        ("link:https://many.example/196", True),
        ("link:https://many.example/197", False),
    ],
)
def test_a_link_is_found_by_its_host_or_by_its_whole_address(query: str, *, is_found: bool) -> None:
    found = match(parse(query), LINKED)
    assert (found is not None) is is_found
    assert not found or (found.spans, found.clause) == ((), query)
