"""The contract of MentionIndex: every sentence of its docstrings, for every adapter.

An adapter's tests subclass `MentionIndexContract` and bring a fixture `fresh`: a function that returns a new, empty
index each time it is called. Relevance order and scores are the engine's own; the set of hits is not.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.errors import ConfigError, QueryError
from earshot.index import place
from earshot.index.timeline import gathered
from earshot.model import Category, Filters, Mention, SearchRequest, Sentiment, Severity, Span
from earshot.ports import Held, IndexAnswer, IndexWrite, Kept, MentionIndex
from tests.builders import NOW, make_flag, make_mention

Fresh = Callable[[], MentionIndex]
LAW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FACETS = [
    "brand",
    "sentiment",
    "category",
    "site",
    "author",
    "source",
    "source_kind",
    "collection",
    "scope",
    "language",
    "story",
    "flag",
    "severity",
    "status",
    "own_voice",
]


DONE = Filters(statuses=("done",))


def mention(n: int, **changes: Any) -> Mention:
    return make_mention(url=f"http://blog.example/{n}", **changes)


def put(index: MentionIndex, *mentions: Mention) -> list[IndexAnswer]:
    return index.write([IndexWrite(m.id, m.revision, m) for m in mentions])


def ids(index: MentionIndex, query: str = "", **changes: Any) -> set[str]:
    request = SearchRequest(query=query, size=200, **changes)
    return {hit.mention.id for hit in index.search(request).hits}


def pages(index: MentionIndex, request: SearchRequest) -> list[list[Mention]]:
    found = []
    while True:
        page = index.search(request)
        found.append([hit.mention for hit in page.hits])
        if not page.next_cursor:
            return found
        request = replace(request, cursor=page.next_cursor)


def in_order(mentions: Sequence[Mention], sort: str) -> list[str]:
    by_key = sorted(mentions, key=lambda m: (m.published_at, m.id), reverse=sort == "newest")
    return [m.id for m in by_key]


class MentionIndexContract:
    """The tests. `fresh` comes from the subclass."""

    @pytest.fixture
    def index(self, fresh: Fresh) -> MentionIndex:
        return fresh()

    # write

    def test_engine_has_one_of_three_names(self, index: MentionIndex) -> None:
        assert index.engine in ("embedded", "opensearch", "elasticsearch")

    def test_new_index_is_empty_and_answers(self, index: MentionIndex) -> None:
        page = index.search(SearchRequest())
        assert (page.total, page.hits, page.next_cursor) == (0, (), "")
        assert index.count(SearchRequest()) == index.mentions() == 0
        assert index.facets(SearchRequest(), ["brand"]) == {"brand": []}
        assert index.hours(SearchRequest()) == index.hours(SearchRequest(), "sentiment") == []

    def test_what_was_written_is_found_when_write_returns(self, index: MentionIndex) -> None:
        for n in range(5):
            put(index, mention(n))
            assert index.mentions() == index.search(SearchRequest()).total == n + 1

    def test_mention_comes_back_as_it_went_in(self, index: MentionIndex) -> None:
        whole = mention(
            1,
            text="Grüße, 北京 🎉 “quoted” <b>& the pump broke",
            topics=("pumps",),
            entities=("Ada Lovelace", "北京"),
            flags=(make_flag(),),
            severity=Severity.WARNING,
            reach=1200,
            engagement={"likes": 3},
            images=("abc",),
            categories=(Category.COMPLAINT, Category.SAFETY),
            published_at=datetime(2026, 3, 1, 4, 5, 6, 789, tzinfo=UTC),
        )
        put(index, whole)
        assert index.search(SearchRequest()).hits[0].mention == whole

    def test_answers_are_in_order_and_done(self, index: MentionIndex) -> None:
        mentions = [mention(n) for n in range(4)]
        assert put(index, *mentions) == [IndexAnswer(m.id, 1, True) for m in mentions]

    def test_writing_nothing_answers_nothing(self, index: MentionIndex) -> None:
        assert index.write([]) == []

    def test_same_write_twice_is_one_mention(self, index: MentionIndex) -> None:
        assert put(index, mention(1)) == put(index, mention(1))
        assert index.mentions() == 1

    def test_higher_revision_replaces(self, index: MentionIndex) -> None:
        put(index, mention(1, status="new"))
        put(index, mention(1, status="done", revision=2))
        assert [h.mention.status for h in index.search(SearchRequest()).hits] == ["done"]
        assert ids(index, filters=Filters(statuses=("new",))) == set()

    def test_lower_revision_changes_nothing_and_is_done(self, index: MentionIndex) -> None:
        put(index, mention(1, status="done", revision=5))
        assert put(index, mention(1, status="new", revision=4)) == [IndexAnswer(mention(1).id, 4, True)]
        assert index.search(SearchRequest()).hits[0].mention.status == "done"

    def test_highest_of_several_revisions_in_one_call_wins(self, index: MentionIndex) -> None:
        put(index, *(mention(1, status=f"s{r}", revision=r) for r in (2, 7, 3)))
        assert [h.mention.status for h in index.search(SearchRequest()).hits] == ["s7"]

    def test_delete_takes_a_mention_out(self, index: MentionIndex) -> None:
        put(index, mention(1), mention(2))
        assert index.write([IndexWrite(mention(1).id, 2, None)]) == [IndexAnswer(mention(1).id, 2, True)]
        assert ids(index) == {mention(2).id}
        assert index.mentions() == index.count(SearchRequest()) == 1
        assert index.facets(SearchRequest(), ["brand"]) == {"brand": [("halden", 1)]}
        assert sum(hour.count for hour in index.hours(SearchRequest())) == 1

    def test_older_write_does_not_bring_a_deleted_mention_back(self, index: MentionIndex) -> None:
        put(index, mention(1))
        index.write([IndexWrite(mention(1).id, 3, None)])
        assert put(index, mention(1, revision=2))[0].is_done
        assert index.mentions() == 0

    def test_delete_that_comes_first_is_remembered(self, index: MentionIndex) -> None:
        index.write([IndexWrite(mention(1).id, 3, None)])
        put(index, mention(1, revision=2))
        assert index.mentions() == 0

    def test_newer_write_brings_a_deleted_mention_back(self, index: MentionIndex) -> None:
        index.write([IndexWrite(mention(1).id, 3, None)])
        put(index, mention(1, revision=4))
        assert ids(index) == {mention(1).id}

    def test_older_delete_leaves_a_newer_mention(self, index: MentionIndex) -> None:
        put(index, mention(1, revision=4))
        assert index.write([IndexWrite(mention(1).id, 3, None)])[0].is_done
        assert index.mentions() == 1

    def test_keeping_it_in_shape_changes_nothing_that_is_to_be_found(self, index: MentionIndex) -> None:
        put(index, mention(1, published_at=NOW - timedelta(days=900)), mention(2))
        for since in (None, NOW - timedelta(days=30)):
            assert [index.keep(since) for _ in range(2)] == [Kept()] * 2
        assert ids(index) == {mention(1).id, mention(2).id}

    def test_what_it_has_of_an_id_is_told_deletes_included(self, index: MentionIndex) -> None:
        put(index, mention(1, revision=4), mention(2))
        index.write([IndexWrite(mention(2).id, 7, None)])
        asked = [mention(number).id for number in (1, 2, 3)]
        assert index.held(asked) == {asked[0]: Held(4), asked[1]: Held(7, is_gone=True)}
        assert index.held([]) == {}

    def test_one_refused_mention_stops_no_other(self, index: MentionIndex) -> None:
        broken = mention(2, text="a lone surrogate \ud800 cannot be stored")
        answers = put(index, mention(1), broken, mention(3))
        assert [a.is_done for a in answers] == [True, False, True]
        assert answers[1].is_refused
        assert answers[1].reason
        assert ids(index) == {mention(1).id, mention(3).id}

    @LAW
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6), st.booleans()), min_size=1, max_size=16), st.data())
    def test_any_order_of_writes_and_deletes_ends_the_same(self, fresh: Fresh, steps: Any, data: Any) -> None:
        index, truth = fresh(), {}
        for n, revision, is_gone in steps:
            truth.setdefault((n, revision), is_gone)
        writes = [
            IndexWrite(mention(n).id, revision, None if is_gone else mention(n, revision=revision))
            for (n, revision), is_gone in truth.items()
        ]
        writes = data.draw(st.permutations(writes))
        cut = data.draw(st.integers(0, len(writes)))
        index.write(writes[:cut])
        index.write(writes[cut:])
        last = {n: max(r for m, r in truth if m == n) for n, _ in truth}
        alive = {(mention(n).id, r) for n, r in last.items() if not truth[n, r]}
        assert {(h.mention.id, h.mention.revision) for h in index.search(SearchRequest()).hits} == alive

    # search

    @pytest.mark.parametrize("sort", ["newest", "oldest"])
    def test_order_is_by_time_then_id(self, index: MentionIndex, sort: str) -> None:
        mentions = [mention(n, published_at=NOW - timedelta(hours=n % 3)) for n in range(9)]
        put(index, *mentions)
        found = [h.mention.id for h in index.search(SearchRequest(sort=sort)).hits]
        assert found == in_order(mentions, sort)

    def test_order_tells_microseconds_apart(self, index: MentionIndex) -> None:
        mentions = [mention(n, published_at=NOW + timedelta(microseconds=n * 7 % 5)) for n in range(5)]
        put(index, *mentions)
        assert [h.mention.id for h in index.search(SearchRequest()).hits] == in_order(mentions, "newest")

    def test_times_before_1970_sort_before_later_ones(self, index: MentionIndex) -> None:
        mentions = [mention(n, published_at=datetime(1969 + n, 6, 1, tzinfo=UTC)) for n in range(3)]
        put(index, *mentions)
        assert [h.mention.id for h in index.search(SearchRequest(sort="oldest")).hits] == [m.id for m in mentions]

    @LAW
    @given(
        st.lists(st.integers(0, 3), min_size=1, max_size=40),
        st.integers(1, 9),
        st.sampled_from(["newest", "oldest"]),
    )
    def test_pages_joined_are_the_sorted_list(self, fresh: Fresh, seconds: list[int], size: int, sort: str) -> None:
        index = fresh()
        mentions = [mention(n, published_at=NOW + timedelta(seconds=s)) for n, s in enumerate(seconds)]
        for part in (mentions[::2], mentions[1::2]):
            put(index, *part)
        found = pages(index, SearchRequest(sort=sort, size=size))
        assert [m.id for page in found for m in page] == in_order(mentions, sort)
        assert {len(page) for page in found[:-1]} <= {size}

    def test_cursor_neither_doubles_nor_hides_when_news_arrive(self, index: MentionIndex) -> None:
        first = [mention(n, published_at=NOW - timedelta(minutes=n)) for n in range(10)]
        put(index, *first)
        page = index.search(SearchRequest(size=4))
        put(index, *(mention(n, published_at=NOW + timedelta(minutes=n)) for n in range(20, 26)))
        put(index, mention(7, published_at=first[7].published_at, revision=2))
        rest = pages(index, SearchRequest(size=4, cursor=page.next_cursor))
        assert [m.id for part in rest for m in part] == [m.id for m in first[4:]]

    def test_total_is_exact_on_every_page(self, index: MentionIndex) -> None:
        put(index, *(mention(n) for n in range(7)))
        page = index.search(SearchRequest(size=3))
        assert index.search(SearchRequest(size=3, cursor=page.next_cursor)).total == page.total == 7

    def test_last_page_has_no_cursor_also_when_it_is_full(self, index: MentionIndex) -> None:
        put(index, *(mention(n) for n in range(6)))
        assert [len(page) for page in pages(index, SearchRequest(size=3))] == [3, 3]

    def test_relevance_pages_hold_every_hit_once(self, index: MentionIndex) -> None:
        put(index, *(mention(n, text="pump " * (n % 5 + 1)) for n in range(23)))
        put(index, mention(99, title="Nothing", text="about it"))
        found = [m.id for page in pages(index, SearchRequest(query="pump", sort="relevance", size=4)) for m in page]
        assert sorted(found) == sorted(mention(n).id for n in range(23))

    def test_score_is_there_by_relevance_only(self, index: MentionIndex) -> None:
        put(index, mention(1))
        assert index.search(SearchRequest(query="pump", sort="relevance")).hits[0].score > 0
        assert index.search(SearchRequest(query="pump")).hits[0].score is None

    def test_relevance_without_words_is_newest_first(self, index: MentionIndex) -> None:
        mentions = [mention(n, published_at=NOW + timedelta(hours=n)) for n in range(5)]
        put(index, *mentions)
        for query in ("", "lang:en"):
            found = pages(index, SearchRequest(query=query, sort="relevance", size=2))
            assert [m.id for page in found for m in page] == in_order(mentions, "newest")

    def test_spans_are_where_the_words_stand(self, index: MentionIndex) -> None:
        put(index, mention(1, title="The PUMP", text="🎉 a pump, and pumps"))
        assert index.search(SearchRequest(query="pump")).hits[0].spans == (Span("title", 4, 8), Span("text", 4, 8))
        assert index.search(SearchRequest()).hits[0].spans == ()

    def test_no_hits_asked_for_gives_the_total(self, index: MentionIndex) -> None:
        put(index, mention(1))
        page = index.search(SearchRequest(size=0))
        assert (page.total, page.hits) == (1, ())

    @pytest.mark.parametrize("query", ["(pump", "nosuchfield:x", '"open'])
    def test_unreadable_query_is_a_query_error(self, index: MentionIndex, query: str) -> None:
        for ask in (index.search, index.count, index.hours):
            with pytest.raises(QueryError):
                ask(SearchRequest(query=query))
        with pytest.raises(QueryError):
            index.facets(SearchRequest(query=query), ["brand"])

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "e30", "W10", "WzFd", "../..", "🎉", "WyJuZXdlc3QiLCAxLCAyXQ"])
    def test_unreadable_cursor_is_a_query_error(self, index: MentionIndex, cursor: str) -> None:
        with pytest.raises(QueryError):
            index.search(SearchRequest(cursor=cursor))

    @LAW
    @given(st.data())
    def test_damaged_cursor_is_a_query_error_or_a_page(self, index: MentionIndex, data: Any) -> None:
        put(index, *(mention(n) for n in range(3)))
        cursor = list(index.search(SearchRequest(size=1)).next_cursor)
        at = data.draw(st.integers(0, len(cursor) - 1))
        cursor[at] = data.draw(st.characters(codec="utf-8"))
        with suppress(QueryError):
            index.search(SearchRequest(cursor="".join(cursor)))

    def test_cursor_of_another_sort_is_refused(self, index: MentionIndex) -> None:
        put(index, mention(1), mention(2))
        cursor = index.search(SearchRequest(size=1)).next_cursor
        with pytest.raises(QueryError):
            index.search(SearchRequest(sort="oldest", cursor=cursor))

    def test_unknown_sort_is_refused(self, index: MentionIndex) -> None:
        with pytest.raises(QueryError):
            index.search(SearchRequest(sort="loudest"))

    # filters

    @pytest.mark.parametrize(
        ("filters", "changes"),
        [
            (Filters(brands=("x", "y")), {"brand": "y"}),
            (Filters(sentiments=("positive",)), {"sentiment": Sentiment.POSITIVE}),
            (Filters(categories=("legal", "spam")), {"categories": (Category.PRAISE, Category.LEGAL)}),
            (Filters(sites=("other.example",)), {"site": "other.example"}),
            (Filters(authors=("Bob B. Böb",)), {"author": "Bob B. Böb"}),
            (Filters(sources=("forum",)), {"source": "forum"}),
            (Filters(source_kinds=("sitemap",)), {"source_kind": "sitemap"}),
            (Filters(collections=("press",)), {"collection": "press"}),
            (Filters(scopes=("internal",)), {"scope": "internal"}),
            (Filters(languages=("de",)), {"language": "de"}),
            (Filters(stories=("s1",)), {"story_id": "s1"}),
            (Filters(flags=("complaints",)), {"flags": (make_flag(rule_id="complaints"),)}),
            (Filters(severities=("critical",)), {"severity": Severity.CRITICAL}),
            (Filters(statuses=("done",)), {"status": "done"}),
            (Filters(is_flagged=True), {"flags": (make_flag(),)}),
            (Filters(is_own_voice=True), {"is_own_voice": True}),
            (Filters(min_relevance=0.95), {"relevance": 0.95}),
            (Filters(since=NOW), {"published_at": NOW}),
            (Filters(until=NOW - timedelta(days=2)), {"published_at": NOW - timedelta(days=2, microseconds=1)}),
        ],
    )
    def test_filter_leaves_only_what_it_names(
        self, index: MentionIndex, filters: Filters, changes: dict[str, Any]
    ) -> None:
        named = mention(1, **changes)
        put(index, named, mention(2, relevance=0.94))
        request = SearchRequest(filters=filters)
        assert ids(index, filters=filters) == {named.id}
        assert index.count(request) == 1
        assert index.facets(request, ["brand"]) == {"brand": [(named.brand, 1)]}
        assert index.hours(request)[0].count == 1
        assert index.count(replace(request, query="pump -nosuchword")) == 1

    def test_false_is_a_filter_too(self, index: MentionIndex) -> None:
        put(index, mention(1, flags=(make_flag(),), is_own_voice=True), mention(2))
        assert ids(index, filters=Filters(is_flagged=False)) == {mention(2).id}
        assert ids(index, filters=Filters(is_own_voice=False)) == {mention(2).id}

    def test_filters_of_several_fields_are_all_kept(self, index: MentionIndex) -> None:
        put(index, mention(1, language="de"), mention(2, language="de", site="x.example"), mention(3))
        assert ids(index, filters=Filters(languages=("de", "fr"), sites=("x.example", "y"))) == {mention(2).id}

    def test_value_that_nobody_has_finds_nothing(self, index: MentionIndex) -> None:
        put(index, mention(1))
        assert index.count(SearchRequest(filters=Filters(brands=("nobody",)))) == 0

    def test_since_is_included_and_until_excluded_to_the_microsecond(self, index: MentionIndex) -> None:
        moments = [NOW + timedelta(microseconds=n) for n in range(-2, 3)]
        put(index, *(mention(n, published_at=at) for n, at in enumerate(moments)))
        for since in moments:
            for until in moments:
                expected = sum(since <= at < until for at in moments)
                assert index.count(SearchRequest(filters=Filters(since=since, until=until))) == expected

    def test_bounds_may_come_in_any_zone(self, index: MentionIndex) -> None:
        put(index, mention(1, published_at=NOW))
        east = timezone(timedelta(hours=5, minutes=30))
        inside = Filters(since=NOW.astimezone(east), until=(NOW + timedelta(seconds=1)).astimezone(east))
        assert index.count(SearchRequest(filters=inside)) == 1
        assert index.count(SearchRequest(filters=Filters(until=NOW.astimezone(east)))) == 0

    def test_dates_of_a_query_are_in_the_readers_zone(self, index: MentionIndex) -> None:
        put(index, mention(1, published_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC)))
        assert index.count(SearchRequest("after:2026-11-20")) == 0
        assert index.count(SearchRequest("after:2026-11-20", time_zone="Europe/Berlin")) == 1

    @pytest.mark.parametrize("sort", ["newest", "oldest", "relevance"])
    def test_a_walk_is_over_the_index_as_it_was_when_it_began(
        self, index: MentionIndex, sort: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place, "WALKED", 3)
        mentions = [mention(n, published_at=NOW - timedelta(minutes=n // 2)) for n in range(10)]
        put(index, *mentions, mention(99, title="", text="nothing"))
        walk = index.walk(SearchRequest("pump", sort=sort, size=1))
        found = [next(walk), next(walk)]
        later = [mention(n, published_at=NOW + timedelta(days=n - 22)) for n in range(20, 25)]
        put(index, *later, mention(4, text="changed", title="", revision=2))
        index.write([IndexWrite(mentions[7].id, 2, None)])
        found += walk
        assert [hit.mention for hit in found] == sorted(
            mentions, key=lambda m: (m.published_at, m.id), reverse=sort != "oldest"
        )
        assert all(hit.spans for hit in found)
        assert {hit.mention.id for hit in index.walk(SearchRequest("pump"))} == ids(index, "pump")

    def test_revisions_are_those_of_the_index_as_it_was_when_the_first_was_asked_for(
        self, index: MentionIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for adapter in ("embedded", "cluster.index"):
            monkeypatch.setattr(f"earshot.index.{adapter}._REVISIONS", 3)
        assert list(index.revisions()) == []
        moments = [NOW + timedelta(microseconds=n // 2) for n in range(9)]
        mentions = [mention(n, published_at=at, revision=n + 1) for n, at in enumerate(moments)]
        put(index, *mentions)
        index.write([IndexWrite(mention(99).id, 2, None)])
        for since in (None, *moments, NOW + timedelta(days=1)):
            expected = [(m.id, m.revision) for m in mentions if since is None or m.published_at >= since]
            assert sorted(index.revisions(since)) == sorted(expected)
        asked = index.revisions()
        found = [next(asked)]
        put(index, mention(30), mention(4, revision=90))
        index.write([IndexWrite(mentions[7].id, 90, None)])
        assert sorted([*found, *asked]) == sorted((m.id, m.revision) for m in mentions)

    def test_a_walk_over_nothing_and_one_that_is_left_early_end(self, index: MentionIndex) -> None:
        assert list(index.walk(SearchRequest())) == []
        put(index, *(mention(n) for n in range(4)))
        walk = index.walk(SearchRequest())
        assert next(walk).mention
        walk.close()  # type: ignore[attr-defined]
        with pytest.raises(QueryError):
            list(index.walk(SearchRequest("(")))

    def test_the_dearest_query_that_the_language_allows_is_answered(self, index: MentionIndex) -> None:
        put(
            index,
            mention(1, text="a pump valve near 0x0 and 3x1"),
            mention(2, text="stem099y"),
            mention(3, text="quiet"),
        )
        groups = [[f"{n}x{word}" for word in range(16)] for n in range(4)]
        nears = [f"({' OR '.join(g[:8])}) NEAR/100 ({' OR '.join(['valve', *g[9:]])})" for g in groups]
        stems = [f"stem{n:03}*" for n in range(100)]
        rest = [f'"rest{n} word{n}"' for n in range(500 - 100 - 64)]
        assert ids(index, " OR ".join([*nears, *stems, *rest])) == {mention(1).id, mention(2).id}

    def test_a_dearer_query_is_refused_before_it_is_asked(self, index: MentionIndex) -> None:
        with pytest.raises(QueryError, match="at most 100 words"):
            index.search(SearchRequest(" OR ".join(f"stem{n:03}*" for n in range(101))))

    # counts

    def test_count_does_not_mind_sort_size_and_cursor(self, index: MentionIndex) -> None:
        put(index, *(mention(n) for n in range(5)))
        cursor = index.search(SearchRequest(size=2)).next_cursor
        assert index.count(SearchRequest(sort="relevance", size=1, cursor=cursor)) == 5

    def test_facets_are_highest_first_then_by_value(self, index: MentionIndex) -> None:
        sites = ["b", "a", "c", "c", "d", "e", "e", "e"]
        put(index, *(mention(n, site=site) for n, site in enumerate(sites)))
        found = index.facets(SearchRequest(), ["site", "language"], size=4)
        assert found == {"site": [("e", 3), ("c", 2), ("a", 1), ("b", 1)], "language": [("en", 8)]}

    def test_facets_count_many_values_exactly(self, index: MentionIndex) -> None:
        rng = random.Random(3)
        authors = [f"author {rng.randrange(300)}" for _ in range(900)]
        mentions = [mention(n, author=author) for n, author in enumerate(authors)]
        for n in range(0, 900, 150):
            put(index, *mentions[n : n + 150])
        expected = sorted(Counter(authors).items(), key=lambda pair: (-pair[1], pair[0]))
        assert index.facets(SearchRequest(), ["author"], 10)["author"] == expected[:10]
        assert index.facets(SearchRequest(), ["author"], 1000)["author"] == expected

    def test_every_facet_of_the_port_is_there(self, index: MentionIndex) -> None:
        put(index, mention(1, flags=(make_flag(),), severity=Severity.WARNING))
        found = index.facets(SearchRequest(), FACETS)
        assert list(found) == FACETS
        assert {name: len(values) for name, values in found.items()} == dict.fromkeys(FACETS, 1)
        assert found["own_voice"] == [("false", 1)]
        assert found["story"] == [(mention(1).story_id, 1)]

    def test_mentions_without_a_value_are_left_out_of_a_facet(self, index: MentionIndex) -> None:
        put(index, mention(1, author="", categories=()), mention(2, author="Ada", categories=()))
        assert index.facets(SearchRequest(), ["author", "category", "flag", "severity"]) == {
            "author": [("Ada", 1)],
            "category": [],
            "flag": [],
            "severity": [],
        }

    def test_mention_counts_once_for_each_of_its_values(self, index: MentionIndex) -> None:
        twice = (make_flag(rule_id="r1"), make_flag(rule_id="r1", clause="other"), make_flag(rule_id="r2"))
        put(index, mention(1, categories=(Category.PRAISE, Category.LEGAL), flags=twice))
        found = index.facets(SearchRequest(), ["category", "flag"])
        assert found == {"category": [("legal", 1), ("praise", 1)], "flag": [("r1", 1), ("r2", 1)]}

    def test_unknown_facet_is_refused(self, index: MentionIndex) -> None:
        with pytest.raises(ConfigError, match="sentiment"):
            index.facets(SearchRequest(), ["nosuch"])
        with pytest.raises(ConfigError):
            index.hours(SearchRequest(), "nosuch")

    def test_hours_are_utc_and_only_those_that_have_any(self, index: MentionIndex) -> None:
        last = NOW - timedelta(microseconds=1)
        put(index, mention(1, published_at=NOW), mention(2, published_at=NOW + timedelta(minutes=59)))
        put(index, mention(3, published_at=last), mention(4, published_at=NOW - timedelta(days=400)))
        found = [(hour.hour, hour.value, hour.count) for hour in index.hours(SearchRequest())]
        assert found == [
            (NOW - timedelta(days=400), "", 1),
            (NOW - timedelta(hours=1), "", 1),
            (NOW, "", 2),
        ]

    def test_hours_by_a_field_are_by_hour_then_value(self, index: MentionIndex) -> None:
        both = (Category.SAFETY, Category.COMPLAINT)
        put(index, mention(1, categories=both, published_at=NOW), mention(2, categories=both[:1], published_at=NOW))
        put(index, mention(3, categories=(), published_at=NOW), mention(4, published_at=NOW - timedelta(hours=1)))
        found = [(hour.hour, hour.value, hour.count) for hour in index.hours(SearchRequest(), "category")]
        assert found == [(NOW - timedelta(hours=1), "complaint", 1), (NOW, "complaint", 1), (NOW, "safety", 2)]

    def test_spans_are_counted_as_their_hours_are(self, index: MentionIndex) -> None:
        moments = [NOW + timedelta(minutes=17 * n, microseconds=n) for n in range(-60, 60)]
        sentiments = list(Sentiment)
        put(index, *(mention(n, published_at=at, sentiment=sentiments[n % 3]) for n, at in enumerate(moments)))
        put(index, mention(500, published_at=datetime(1960, 1, 1, tzinfo=UTC)))
        hour = timedelta(hours=1)
        for starts in ([NOW], [NOW - timedelta(minutes=487), NOW, NOW + hour], [NOW, NOW + 24 * hour]):
            for by in ("", "sentiment"):
                whole = index.hours(SearchRequest(), by)
                found = index.hours(SearchRequest(), by, starts)
                assert found == gathered(whole, starts)
                assert sum(row.count for row in found) == 121
                assert {row.hour for row in found} <= set(starts)
        assert index.hours(SearchRequest("nosuchword"), "sentiment", [NOW]) == []

    def test_hours_of_many_years_are_all_counted(self, index: MentionIndex) -> None:
        moments = [datetime(1999 + n, 2, 3, 4, tzinfo=UTC) for n in range(28)]
        put(index, *(mention(n, published_at=at) for n, at in enumerate(moments)))
        assert [hour.hour for hour in index.hours(SearchRequest(), "sentiment")] == moments

    # rebuild

    def test_rebuild_replaces_what_was_there(self, index: MentionIndex) -> None:
        put(index, *(mention(n) for n in range(5)))
        assert index.rebuild([[mention(7), mention(8)], [], [mention(9)]]) == 3
        assert ids(index) == {mention(n).id for n in (7, 8, 9)}
        assert index.mentions() == 3

    def test_rebuild_from_nothing_is_empty(self, index: MentionIndex) -> None:
        put(index, mention(1))
        assert index.rebuild([]) == index.mentions() == 0

    def test_readers_see_the_old_whole_until_the_new_is_whole(self, index: MentionIndex) -> None:
        put(index, *(mention(n) for n in range(3)))
        seen = []

        def batches() -> Any:
            for n in range(10, 14):
                yield [mention(n)]
                seen.append(index.mentions())

        assert index.rebuild(batches()) == 4
        assert seen == [3, 3, 3, 3]
        assert index.mentions() == 4

    def test_rebuild_that_fails_leaves_the_old_in_force(self, index: MentionIndex) -> None:
        put(index, mention(1))

        def batches() -> Any:
            yield [mention(2)]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index.rebuild(batches())
        assert ids(index) == {mention(1).id}
        put(index, mention(3))
        assert index.mentions() == 2

    def test_revisions_count_on_after_a_rebuild(self, index: MentionIndex) -> None:
        index.rebuild([[mention(1, revision=5, status="done")]])
        put(index, mention(1, revision=4))
        assert index.search(SearchRequest()).hits[0].mention.status == "done"
        put(index, mention(1, revision=6))
        assert index.mentions() == 1

    def test_the_index_before_a_rebuild_can_be_taken_again_and_this_one_after_it(self, index: MentionIndex) -> None:
        put(index, mention(1), mention(2))
        with pytest.raises(ConfigError, match="no index is kept"):
            index.go_back()
        index.rebuild([[mention(3)]])
        assert index.go_back() == 2
        put(index, mention(4), mention(1, revision=2, status="done"))
        assert ids(index) == {mention(n).id for n in (1, 2, 4)}
        assert ids(index, filters=DONE) == {mention(1).id}
        assert index.go_back() == 1
        assert ids(index) == {mention(3).id}
        index.rebuild([[mention(5)]])
        assert index.go_back() == 1
        assert ids(index) == {mention(3).id}

    def test_an_index_that_is_forgotten_is_not_gone_back_to(self, index: MentionIndex) -> None:
        put(index, mention(1))
        index.forget_replaced()
        index.rebuild([[mention(2)]])
        index.forget_replaced()
        with pytest.raises(ConfigError, match="no index is kept"):
            index.go_back()
        assert ids(index) == {mention(2).id}

    def test_deletes_are_remembered_over_a_rebuild(self, index: MentionIndex) -> None:
        index.write([IndexWrite(mention(1).id, 3, None), IndexWrite(mention(2).id, 3, None)])
        assert index.rebuild([[mention(2, revision=2), mention(3)]]) == 1
        put(index, mention(1, revision=2))
        assert ids(index) == {mention(3).id}
