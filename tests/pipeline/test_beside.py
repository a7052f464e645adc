"""The laws of the record while several write at the same moment: nothing is lost, doubled, or comes back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.pipeline.desks import SITES, SOURCES, TOPICS, Article, Connections, Desks
from tests.record.engines import ENGINES, fresh_url


@pytest.fixture(scope="module", params=ENGINES)
def connections(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """A record on each database, which examples share and empty."""
    with fresh_url(request, tmp_path_factory.mktemp("beside")) as url:
        made = Connections(url)
        yield made
        made.close()


@pytest.fixture
def desks(connections: Connections, tmp_path: Path) -> Desks:
    return Desks(connections, tmp_path)


def test_many_who_tell_the_same_at_once_make_one_story_and_one_incident(desks: Desks) -> None:
    calls = [
        desks.reading(source, [Article("tents", site)])[0] for source, site in zip(SOURCES * 2, "abcd", strict=True)
    ]
    desks.at_once(calls)
    laws(desks, {("tents", site) for site in "abcd"}, Counter(dict.fromkeys(SOURCES, 2)))


def test_one_article_in_many_feeds_at_once_is_one_document(desks: Desks) -> None:
    desks.at_once([desks.reading(source, [Article("tents", "a")])[0] for source in SOURCES * 2])
    laws(desks, {("tents", "a")}, Counter(dict.fromkeys(SOURCES, 2)))
    assert sum(each.new_documents for each in desks.ingested) == 1


def test_a_capture_that_many_read_at_once_is_ingested_once(desks: Desks) -> None:
    desks.at_once(desks.reading("blog", [Article("tents", "a"), Article("kettles", "b")], copies=4))
    laws(desks, {("tents", "a"), ("kettles", "b")}, Counter(blog=1))
    assert sorted(each.captures for each in desks.ingested) == [0, 0, 0, 1]


def test_articles_in_another_order_at_once_wait_for_nobody_for_ever(desks: Desks) -> None:
    told = [Article(topic, site) for topic in TOPICS for site in SITES]
    calls = [
        desks.reading(source, order)[0]
        for source, order in zip(SOURCES * 2, (told, told[::-1], told[2:] + told[:2], told[::-2]), strict=True)
    ]
    desks.at_once(calls)
    laws(desks, {(each.topic, each.site) for each in told}, Counter(dict.fromkeys(SOURCES, 2)))


def test_of_many_who_want_a_lease_at_once_one_gets_it(desks: Desks) -> None:
    desks.at_once([desks.leasing("relay") for _ in range(6)])
    assert desks.grants == [("relay", 1)]


def test_what_is_erased_while_it_is_ingested_does_not_come_back(desks: Desks) -> None:
    calls = [desks.reading(source, [Article("tents", site)])[0] for source, site in zip(SOURCES, "ab", strict=True)]
    desks.at_once([calls[0], desks.erasing("tents writer"), calls[1]])
    laws(desks, set(), Counter(dict.fromkeys(SOURCES, 1)))


articles = st.builds(Article, st.sampled_from(TOPICS), st.sampled_from(SITES), st.integers(0, 2))
reads = st.tuples(
    st.just("read"), st.sampled_from(SOURCES), st.lists(articles, min_size=1, max_size=3), st.integers(1, 2)
)
acts = st.one_of(
    reads,
    reads,
    reads,
    st.tuples(st.just("erase"), st.sampled_from(TOPICS)),
    st.tuples(st.just("publish")),
    st.tuples(st.just("lease"), st.sampled_from(["relay", "host:a"])),
)
rounds = st.lists(st.lists(acts, min_size=2, max_size=4), min_size=1, max_size=3)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])  # a race does not shrink
@given(rounds)
def test_whatever_is_written_at_once_the_laws_hold(
    connections: Connections,
    plan: list[list[tuple[Any, ...]]],
) -> None:
    desks = Desks(connections, Path())
    said: set[tuple[str, str]] = set()
    erased: set[str] = set()
    captures: Counter[str] = Counter()
    for acts in plan:
        calls = []
        for act in acts:
            if act[0] == "read":
                calls += desks.reading(act[1], act[2], act[3])
                captures[act[1]] += 1
                said |= {(each.topic, each.site) for each in act[2]}
            elif act[0] == "erase":
                calls.append(desks.erasing(f"{act[1]} writer"))
                erased.add(act[1])
            elif act[0] == "publish":
                calls.append(desks.publishing())
            else:
                calls.append(desks.leasing(act[1]))
        desks.at_once(calls)
        desks.clock.advance(minutes=2)
    laws(desks, {each for each in said if each[0] not in erased}, captures)


def laws(desks: Desks, said: set[tuple[str, str]], captures: Counter[str]) -> None:
    desks.publishing()()
    with desks.opened() as record, record.read() as reader:
        documents = {each.id: each for each in reader.documents(limit=1000)}
        mentions = [each for name in documents for each in reader.mentions_of(name)]
        # none is lost, none is doubled, and what is erased stays erased
        assert sorted((each.url, each.author) for each in documents.values()) == sorted(
            (f"http://{site}.example/{topic}", f"{topic} writer") for topic, site in said
        )
        assert sorted(each.document_id for each in mentions) == sorted(documents)
        assert reader.inconsistencies() == []
        # one story for all who tell the same
        stories = defaultdict(set)
        for each in documents.values():
            stories[each.author].add(each.story_id)
        assert {topic: len(found) for topic, found in stories.items()} == dict.fromkeys(stories, 1)
        # each mention is in one incident, and a story in one
        held = defaultdict(set)
        for incident in reader.incidents(limit=1000):
            for each in incident.mention_ids:
                held[each].add(incident.id)
        assert {each.id: len(held[each.id]) for each in mentions} == dict.fromkeys([m.id for m in mentions], 1)
        of_story = defaultdict(set)
        for each in mentions:
            of_story[each.story_id] |= held[each.id]
        assert all(len(found) == 1 for found in of_story.values())
        # nobody is told twice of one incident
        told = Counter((each.incident_id, each.recipient) for each in reader.all_notices() if each.occasion == "first")
        assert max(told.values(), default=1) == 1
        # revisions grow by one, and each leaves its line of history
        for each in mentions:
            lines = [event.revision for event in reader.mention_history(each.id)]
            assert lines == sorted(lines)
            assert sorted(set(lines)) == list(range(lines[0], each.revision + 1))
        # the index ends with the newest of each
        assert reader.outbox("index") == []
        shown = {each.id: (each.revision, each.mention) for each in desks.shelf.held.values() if each.mention}
        assert shown == {each.id: (each.revision, each) for each in mentions}
        # each capture counts once
        assert {each.source_id: each.rounds for each in reader.sources()} == {name: captures[name] for name in SOURCES}
    assert len(set(desks.grants)) == len(desks.grants)
