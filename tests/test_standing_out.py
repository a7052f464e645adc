"""Words that stand out: what is said here and hardly elsewhere, with exact counts, alike on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from earshot.model import Filters, Mention, SearchRequest
from earshot.ports import MentionIndex
from earshot.standing_out import LEAST, StandingOut, standing_out
from tests.builders import NOW, make_mention
from tests.index.engines import ENGINES, opened
from tests.ports.mention_index import put

EVERYTHING = SearchRequest()


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest) -> Iterator[MentionIndex]:
    """A month of ordinary talk, and a day on which the pumps leaked."""
    with opened(request.param, request) as fresh:
        index = fresh()
        put(index, *(said(n, f"The coffee of Halden is good, number {n}.", days=n) for n in range(1, 30)))
        put(index, *(said(100 + n, "The pump of Halden leaked. Pump pump! 2026, recall", days=0) for n in range(5)))
        put(index, said(200, "The coffee leaked once.", days=20))
        yield index


def said(number: int, text: str, days: int) -> Mention:
    url = f"http://blog.example/{number}"
    return make_mention(url=url, title="", text=text, published_at=NOW - timedelta(days=days))


def today(query: str = "") -> SearchRequest:
    return SearchRequest(query, filters=Filters(since=NOW - timedelta(hours=12)))


def named(found: StandingOut) -> dict[str, tuple[int, int]]:
    return {each.word: (each.count, each.usual) for each in found.words}


def test_what_is_said_today_and_hardly_ever_stands_out_with_its_counts(index: MentionIndex) -> None:
    found = standing_out(index, today(), EVERYTHING)
    assert named(found) == {"pump": (5, 5), "recall": (5, 5), "leaked": (5, 6)}
    assert [each.word for each in found.words][-1] == "leaked"
    assert (found.total, found.compared) == (5, 35)
    assert found.words[0].times == 7.0


def test_words_that_are_always_said_numbers_and_the_searchs_own_do_not_stand_out(index: MentionIndex) -> None:
    found = named(standing_out(index, today("pump"), EVERYTHING))
    assert found.keys() == {"recall", "leaked"}


def test_each_word_leads_to_as_many_mentions_as_it_says(index: MentionIndex) -> None:
    for each in standing_out(index, today("pump OR coffee"), EVERYTHING).words:
        assert index.count(today(each.query)) == each.count


def test_everything_compared_with_itself_says_nothing(index: MentionIndex) -> None:
    assert standing_out(index, EVERYTHING, EVERYTHING).words == ()
    assert standing_out(index, SearchRequest("nowhere"), EVERYTHING).words == ()


def test_a_word_of_fewer_mentions_than_three_is_no_news(index: MentionIndex) -> None:
    put(index, *(said(300 + n, "Halden exploded", days=0) for n in range(LEAST - 1)))
    assert "exploded" not in named(standing_out(index, today(), EVERYTHING))
    put(index, said(400, "Halden exploded", days=0))
    assert named(standing_out(index, today(), EVERYTHING))["exploded"] == (3, 3)
