"""The law of the engines: the same questions get the same answers from all three.

A generated corpus lies in every engine, generated questions are asked of each, and what the matcher says is compared
with what they find: ids, totals, order by time, highlights, facets, hours and their days in three zones. Relevance is
compared as the set of hits. Make MENTIONS and QUESTIONS larger for a longer look.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from earshot import identity
from earshot.index.columns import FACETS
from earshot.index.embedded import EmbeddedIndex
from earshot.index.timeline import rebin
from earshot.model import Filters, Mention, SearchRequest
from earshot.ports import IndexWrite, MentionIndex
from earshot.query.language import Purpose, parse
from earshot.query.matcher import match, spans_of
from tests.builders import make_mention
from tests.index.engines import REAL, opened
from tests.ports.mention_index import pages
from tests.query.grammar import AUTHORS, SITES, SOURCES, ZONES, mentions, near, queries

MENTIONS, QUESTIONS = 300, 100
SUMMER_TIME_ENDS = {
    "Europe/Berlin": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "Australia/Sydney": datetime(2026, 10, 3, 16, tzinfo=UTC),  # there it begins
}
LANGUAGES = ["", "en", "de", "fr", "ja", "ru", "ar"]
T = TypeVar("T")

pytestmark = pytest.mark.engines


def generated(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Return examples, the same ones on every run."""
    made: list[T] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: T) -> None:
        made.append(one)

    collect()
    return made


@cache
def corpus() -> list[Mention]:
    """Return mentions; half of them were published within hours of a change of clocks."""
    rng, made = random.Random(7), []
    changes = list(SUMMER_TIME_ENDS.values())
    for n, mention in enumerate(generated(mentions(), MENTIONS)):
        at = mention.published_at
        if n % 2:
            at = rng.choice(changes) + timedelta(hours=rng.uniform(-30, 30))
        document = identity.document_id(f"http://{mention.site}/{n}")
        made.append(
            replace(
                mention,
                id=identity.mention_id(document, mention.brand),
                document_id=document,
                story_id=f"story{n % 17}",
                language=rng.choice(LANGUAGES),
                relevance=rng.choice([0.2, 0.5, 0.9]),
                is_own_voice=n % 11 == 0,
                published_at=at,
            )
        )
    return made


def filters() -> st.SearchStrategy[Filters]:
    """Filters of up to three fields; most questions have none."""
    moments = st.sampled_from(list(SUMMER_TIME_ENDS.values()))
    fields: dict[str, st.SearchStrategy[Any]] = {
        "sites": st.lists(st.sampled_from(SITES), min_size=1, max_size=2).map(tuple),
        "authors": st.sampled_from([(author,) for author in AUTHORS if author]),
        "sources": st.sampled_from([(source,) for source in SOURCES]),
        "languages": st.lists(st.sampled_from(LANGUAGES[1:]), min_size=1, max_size=3).map(tuple),
        "sentiments": st.sampled_from([("negative",), ("neutral", "positive")]),
        "flags": st.just(("recalls",)),
        "is_flagged": st.booleans(),
        "is_own_voice": st.booleans(),
        "min_relevance": st.sampled_from([0.2, 0.5, 0.51]),
        "since": moments,
        "until": moments.map(lambda at: at + timedelta(days=9, microseconds=1)),
    }
    chosen = st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)
    some = chosen.flatmap(lambda names: st.builds(Filters, **{name: fields[name] for name in names}))
    return st.one_of(st.just(Filters()), some)


@cache
def questions() -> list[SearchRequest]:
    return generated(
        st.builds(SearchRequest, query=queries(), filters=filters(), time_zone=st.sampled_from(ZONES)), QUESTIONS
    )


@dataclass(frozen=True)
class World:
    """The corpus in the embedded engine and in a cluster. truth: what the matcher matches, newest first."""

    corpus: list[Mention]
    embedded: MentionIndex
    cluster: MentionIndex
    truth: dict[SearchRequest, list[Mention]]


def load(index: MentionIndex, everything: list[Mention]) -> None:
    """Bring all of them into an index, and take every fiftieth out again."""
    for n in range(0, len(everything), 1000):
        answers = index.write([IndexWrite(m.id, m.revision, m) for m in everything[n : n + 1000]])
        assert all(answer.is_done for answer in answers)
    gone = [IndexWrite(m.id, m.revision + 1, None) for m in everything[::50]]
    assert all(answer.is_done for answer in index.write(gone))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedIndex:
    index = EmbeddedIndex(tmp_path_factory.mktemp("same-answers") / "index")
    load(index, corpus())
    return index


@pytest.fixture(scope="module")
def truth(embedded: EmbeddedIndex) -> dict[SearchRequest, list[Mention]]:
    """Of what the embedded engine's filters leave: filters have no meaning but in the engines."""
    alive = {m.id: m for n, m in enumerate(corpus()) if n % 50}
    found = {}
    for request in questions():
        node = parse(request.query, Purpose.SEARCH)
        left = pages(embedded, SearchRequest(filters=request.filters, size=1000))
        found[request] = [alive[m.id] for page in left for m in page if match(node, m, request.time_zone)]
    return found


@pytest.fixture(scope="module", params=REAL)
def world(request: pytest.FixtureRequest, embedded: EmbeddedIndex, truth: Any) -> Iterator[World]:
    with opened(request.param, request) as fresh:
        cluster = fresh()
        load(cluster, corpus())
        yield World([m for n, m in enumerate(corpus()) if n % 50], embedded, cluster, truth)


def test_the_corpus_and_the_questions_are_worth_asking(world: World) -> None:
    found = [len(found) for found in world.truth.values()]
    assert world.cluster.mentions() == world.embedded.mentions() == len(world.corpus) > MENTIONS * 0.9
    assert len(found) > QUESTIONS * 0.7
    assert sum(count > 0 for count in found) > len(found) * 0.5
    assert sum(0 < count < len(world.corpus) for count in found) > len(found) * 0.4


def test_hits_order_totals_and_highlights_are_the_matchers(world: World) -> None:
    for request, truth in world.truth.items():
        node = parse(request.query, Purpose.SEARCH)
        for index in (world.embedded, world.cluster):
            page = index.search(replace(request, size=1000))
            assert [hit.mention for hit in page.hits] == truth, request
            assert (page.total, index.count(request)) == (len(truth), len(truth)), request
            for hit in page.hits:
                assert hit.spans == spans_of(node, hit.mention.title, hit.mention.text), request


def test_pages_and_oldest_first_are_the_same_list(world: World) -> None:
    for request in questions()[::4]:
        truth = [m.id for m in world.truth[request]]
        for sort, wanted in (("newest", truth), ("oldest", truth[::-1])):
            found = pages(world.cluster, replace(request, size=23, sort=sort))
            assert [m.id for page in found for m in page] == wanted, request


def test_relevance_finds_the_same_set(world: World) -> None:
    for request in questions()[::2]:
        truth = {m.id for m in world.truth[request]}
        for index in (world.embedded, world.cluster):
            page = index.search(replace(request, size=1000, sort="relevance"))
            assert {hit.mention.id for hit in page.hits} == truth, request


def test_facets_are_the_same(world: World) -> None:
    for request in questions():
        names = list(FACETS)
        assert world.cluster.facets(request, names, 5) == world.embedded.facets(request, names, 5), request


def test_nearness_is_counted_alike_to_the_word(world: World, request: pytest.FixtureRequest) -> None:
    letters = st.lists(st.sampled_from("abcde"), min_size=2, max_size=3, unique=True)
    asked = generated(st.builds(near, letters, st.integers(1, 2), st.integers(0, 4)), 40)
    texts = generated(st.text("abcde", min_size=1, max_size=14).map(" ".join), 100)
    documents = [make_mention(id=f"m{n}", title="", text=text) for n, text in enumerate(texts)]
    with opened(world.cluster.engine, request) as fresh:
        index = fresh()
        index.write([IndexWrite(m.id, 1, m) for m in documents])
        for query in [*asked, '"a b"', '"a a"', '"a b a"', '"c d e"']:
            node = parse(query)
            found = {hit.mention.id for hit in index.search(SearchRequest(query, size=200)).hits}
            assert found == {m.id for m in documents if match(node, m)}, query


@pytest.mark.parametrize("by", ["", "sentiment", "category", "own_voice"])
def test_hours_and_the_days_of_three_zones_are_the_same(world: World, by: str) -> None:
    for request in questions()[::2]:
        one, other = world.embedded.hours(request, by), world.cluster.hours(request, by)
        assert one == other, request
        for zone in SUMMER_TIME_ENDS:
            assert rebin(one, zone, "day") == rebin(other, zone, "day")


@pytest.mark.parametrize("zone", SUMMER_TIME_ENDS)
def test_the_day_of_the_change_holds_what_was_published_on_it(world: World, zone: str) -> None:
    days = rebin(world.cluster.hours(SearchRequest()), zone, "day")
    change = SUMMER_TIME_ENDS[zone]
    (day,) = [one for one in days if one.start <= change < one.end]
    hours = (day.end - day.start.astimezone(UTC)) // timedelta(hours=1)
    assert hours == (23 if zone == "Australia/Sydney" else 25)
    assert day.total == sum(day.start <= m.published_at < day.end for m in world.corpus) > 0
