"""The law of the engines: the same questions get the same answers from all three, and they are the right ones.

5,000 mentions in six languages lie in every engine and 300 generated questions are asked of each. What the matcher and
plain counting say (`tests.index.corpus`) is compared with what they find: ids, totals, order by time, highlights,
facets, hours and their days in three zones whose clocks change meanwhile. Relevance is compared as the set of hits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from earshot.index.columns import FACETS
from earshot.index.timeline import rebin
from earshot.model import Hit, SearchRequest
from earshot.ports import IndexWrite, MentionIndex
from earshot.query import matcher, reading
from earshot.query.language import parse
from earshot.query.matcher import match
from tests.builders import make_mention
from tests.index import corpus
from tests.index.corpus import MENTIONS, QUESTIONS, SUMMER_TIME, Truth
from tests.index.engines import ENGINES, opened
from tests.ports.mention_index import pages
from tests.query.grammar import letter_nears

SIZE = 2_000
"""Hits of a page: many, so that what is compared are hits and not the cutting into pages."""


@pytest.fixture(scope="module", params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MentionIndex]:
    """The corpus in an engine, brought in pieces; every fiftieth mention was taken out again."""
    with opened(request.param, request, tmp_path_factory.mktemp("same-answers")) as fresh:
        index, everything = fresh(), corpus.mentions()
        for n in range(0, len(everything), 1000):
            answers = index.write([IndexWrite(m.id, m.revision, m) for m in everything[n : n + 1000]])
            assert all(answer.is_done for answer in answers)
        gone = [IndexWrite(m.id, m.revision + 1, None) for n, m in enumerate(everything) if corpus.is_gone(n)]
        assert all(answer.is_done for answer in index.write(gone))
        yield index


@pytest.fixture(scope="module", autouse=True)
def _remembering() -> Iterator[None]:
    """Remember how every text of the corpus is cut into words: each is asked about hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matcher, "read", lru_cache(4 * MENTIONS)(reading.Part))
        yield


@pytest.fixture(scope="module")
def truth() -> dict[SearchRequest, Truth]:
    return corpus.truth()


def test_the_corpus_and_the_questions_are_worth_asking(truth: dict[SearchRequest, Truth]) -> None:
    found = [len(answer.found) for answer in truth.values()]
    assert (len(corpus.mentions()), len(found)) == (MENTIONS, QUESTIONS)
    assert sum(count > 0 for count in found) > QUESTIONS * 0.7
    assert sum(0 < count < len(corpus.alive()) / 2 for count in found) > QUESTIONS * 0.6
    assert sum(bool(spans) for answer in truth.values() for spans in answer.spans) > 50_000
    near_changes = [m for m in corpus.alive() if any(abs(m.published_at - at) < timedelta(days=2) for at in CHANGES)]
    assert len(near_changes) > MENTIONS / 4


CHANGES = tuple(SUMMER_TIME.values())


def test_hits_order_totals_and_highlights_are_the_right_ones(
    index: MentionIndex, truth: dict[SearchRequest, Truth]
) -> None:
    assert index.mentions() == len(corpus.alive())
    for request, answer in truth.items():
        asked = replace(request, size=SIZE)
        hits: list[Hit] = []
        while True:
            page = index.search(asked)
            assert page.total == len(answer.found), request
            hits += page.hits
            if not page.next_cursor:
                break
            asked = replace(asked, cursor=page.next_cursor)
        assert [hit.mention.id for hit in hits] == [mention.id for mention in answer.found], request
        assert tuple(hit.mention for hit in hits) == answer.found, request
        assert tuple(hit.spans for hit in hits) == answer.spans, request
        assert index.count(request) == len(answer.found), request


def test_pages_and_oldest_first_are_the_same_list(index: MentionIndex, truth: dict[SearchRequest, Truth]) -> None:
    for request in [one for one in truth if len(truth[one].found) < 300][::5]:
        wanted = [m.id for m in truth[request].found]
        for sort, ids in (("newest", wanted), ("oldest", wanted[::-1])):
            found = pages(index, replace(request, size=23, sort=sort))
            assert [m.id for page in found for m in page] == ids, request


def test_relevance_finds_the_same_set(index: MentionIndex, truth: dict[SearchRequest, Truth]) -> None:
    for request in list(truth)[::3]:
        found = pages(index, replace(request, size=SIZE, sort="relevance"))
        hits = [m.id for page in found for m in page]
        assert len(hits) == len(set(hits)), request
        assert set(hits) == {m.id for m in truth[request].found}, request


def test_facets_are_counted_right(index: MentionIndex, truth: dict[SearchRequest, Truth]) -> None:
    values = corpus.values_by_column()
    for request, answer in truth.items():
        counts = {
            name: Counter(value for m in answer.found for value in values[m.id].get(column, ()))
            for name, column in FACETS.items()
        }
        wanted = {name: sorted(of.items(), key=lambda pair: (-pair[1], pair[0]))[:5] for name, of in counts.items()}
        assert index.facets(request, list(FACETS), 5) == wanted, request


@pytest.mark.parametrize("by", ["", "sentiment", "category", "own_voice"])
def test_hours_and_the_days_of_three_zones_are_counted_right(
    index: MentionIndex, truth: dict[SearchRequest, Truth], by: str
) -> None:
    values = corpus.values_by_column()
    for request in list(truth)[::2]:
        found = [(m, value) for m in truth[request].found for value in (values[m.id].get(by, ()) if by else ("",))]
        hours = index.hours(request, by)
        wanted = Counter((m.published_at.replace(minute=0, second=0, microsecond=0), value) for m, value in found)
        assert [(one.hour, one.value, one.count) for one in hours] == [(*key, wanted[key]) for key in sorted(wanted)]
        for zone in SUMMER_TIME:
            days = Counter((m.published_at.astimezone(ZoneInfo(zone)).date(), value) for m, value in found)
            counted = {
                (day.start.date(), value): count
                for day in rebin(hours, zone, "day")
                for value, count in day.counts.items()
                if count
            }
            assert counted == days, (request, zone)


@pytest.mark.parametrize("zone", SUMMER_TIME)
def test_the_day_of_the_change_holds_what_was_published_on_it(index: MentionIndex, zone: str) -> None:
    days = rebin(index.hours(SearchRequest()), zone, "day")
    change = SUMMER_TIME[zone]
    (day,) = [one for one in days if one.start <= change < one.end]
    hours = (day.end - day.start.astimezone(UTC)) // timedelta(hours=1)
    assert hours == (23 if zone == "Australia/Sydney" else 25)
    assert day.total == sum(day.start <= m.published_at < day.end for m in corpus.alive()) > 100


@pytest.mark.parametrize("engine", ENGINES)
def test_nearness_is_counted_alike_to_the_word(engine: str, request: pytest.FixtureRequest) -> None:
    asked = corpus.generated(letter_nears(), 60)
    texts = corpus.generated(st.text("abcde", min_size=1, max_size=14).map(" ".join), 100)
    documents = [make_mention(id=f"m{n}", title="", text=text) for n, text in enumerate(texts)]
    with opened(engine, request) as fresh:
        index = fresh()
        index.write([IndexWrite(m.id, 1, m) for m in documents])
        for query in [*asked, '"a b"', '"a a"', '"a b a"', '"c d e"']:
            node = parse(query)
            found = {hit.mention.id for hit in index.search(SearchRequest(query, size=200)).hits}
            assert found == {m.id for m in documents if match(node, m)}, query
