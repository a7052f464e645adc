"""What real clusters do beside the contract: faults, rebuilds while writing goes on, several shards, other products."""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from opensearchpy import OpenSearch

import mappings
from earshot.errors import ConfigError, QueryError, StorageError
from earshot.index import place
from earshot.index.cluster import counting, frozen, questions
from earshot.index.cluster.filling import SENDERS
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Connection
from earshot.model import Filters, SearchRequest
from earshot.ports import IndexWrite
from scripts.engines.nodes import Node
from tests.builders import NOW
from tests.index.engines import CLUSTERS, REAL, opened
from tests.ports.mention_index import DONE, Fresh, ids, mention, pages, put

pytestmark = pytest.mark.engines


@pytest.fixture(params=REAL)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def node(engine: str, request: pytest.FixtureRequest) -> Node:
    return request.getfixturevalue(engine)


@pytest.fixture
def fresh(engine: str, request: pytest.FixtureRequest) -> Iterator[Fresh]:
    with opened(engine, request) as fresh:
        yield fresh


@pytest.fixture
def index(fresh: Fresh) -> ClusterIndex:
    made = fresh()
    assert isinstance(made, ClusterIndex)
    return made


@pytest.fixture
def client(node: Node) -> Iterator[OpenSearch]:
    with OpenSearch(node.url) as client:
        yield client


def again(index: ClusterIndex, node: Node) -> ClusterIndex:
    """The same index as another process opens it."""
    return CLUSTERS[index.engine](Connection((node.url,)), index._name)


def behind(client: OpenSearch, index: ClusterIndex) -> list[str]:
    return sorted(client.indices.get(index=f"{index._name}.*"))


# which server


def test_it_says_which_product_in_which_version_answers(index: ClusterIndex, node: Node) -> None:
    assert index.server().engine == node.distribution.product
    assert index.server().version == node.distribution.version


def test_another_product_is_a_mistake_of_the_settings(engine: str, node: Node) -> None:
    other = next(adapter for name, adapter in CLUSTERS.items() if name != engine)
    index = other(Connection((node.url,)), "test-other")
    for use in (index.mentions, lambda: put(index, mention(1)), lambda: index.rebuild([])):
        with pytest.raises(ConfigError, match=f"write `{engine}`"):
            use()
    index.close()


@pytest.mark.parametrize("login", [{"username": "earshot", "password": "secret"}, {"api_key": "a2V5OmtleQ=="}])
def test_a_login_for_a_cluster_that_asks_nobody_for_one_is_a_mistake_of_the_settings(
    engine: str, node: Node, login: Any
) -> None:
    index = CLUSTERS[engine](Connection((node.url,), **login), "test-open")
    for use in (index.server, index.mentions, lambda: put(index, mention(1))):
        with pytest.raises(ConfigError, match=r"a login is set, but .* answers everybody without one") as caught:
            use()
        assert caught.value.where == f"index.{next(iter(login))}"
    index.close()


def test_https_in_the_address_of_a_cluster_without_tls_is_a_mistake_of_the_settings(engine: str, node: Node) -> None:
    index = CLUSTERS[engine](Connection((node.url.replace("http:", "https:"),)), "test-plain")
    for use in (index.server, index.mentions, lambda: put(index, mention(1))):
        with pytest.raises(ConfigError, match="but no TLS is spoken there") as caught:
            use()
        assert caught.value.where == "index.urls"
        assert node.url in caught.value.advice
    index.close()


def test_a_cluster_that_is_down_is_a_wait(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        url = f"http://127.0.0.1:{closing.getsockname()[1]}"
    index = CLUSTERS[engine](Connection((url,)), "test-down")
    began = time.monotonic()
    for use in (index.mentions, lambda: put(index, mention(1)), lambda: index.rebuild([])):
        with pytest.raises(StorageError, match="does not answer"):
            use()
    assert time.monotonic() - began < 20
    index.close()


def test_a_cluster_that_never_answers_is_a_wait_of_the_time_that_is_set(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        index = CLUSTERS[engine](Connection((url,), timeout=timedelta(seconds=0.3)), "test-silent")
        began = time.monotonic()
        with pytest.raises(StorageError, match="does not answer"):
            index.mentions()
        assert time.monotonic() - began < 20
        index.close()


def test_where_one_node_is_down_another_is_asked(engine: str, index: ClusterIndex, node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        down = f"http://127.0.0.1:{closing.getsockname()[1]}"
    other = CLUSTERS[engine](Connection((down, node.url)), index._name)
    for n in range(4):
        put(other, mention(n))
    assert other.mentions() == index.mentions() == 4
    other.close()


# writing


def test_processes_that_open_it_first_at_the_same_time_make_one_index(
    index: ClusterIndex, node: Node, client: OpenSearch
) -> None:
    several = [again(index, node) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: put(several[n], mention(n)), range(4)))
    assert index.mentions() == 4
    assert len(behind(client, index)) == 1
    for one in several:
        one.close()


def test_a_write_that_the_engine_refuses_is_refused_with_its_reason_and_stops_no_other(index: ClusterIndex) -> None:
    too_high = mention(2, revision=2**70)
    answers = index.write([IndexWrite(m.id, m.revision, m) for m in (mention(1), too_high, mention(3))])
    assert [(a.is_done, a.is_refused) for a in answers] == [(True, False), (False, True), (True, False)]
    assert answers[1].reason
    assert ids(index) == {mention(1).id, mention(3).id}


@pytest.mark.parametrize("block", ["write", "read_only_allow_delete"])
def test_an_index_that_is_blocked_is_a_wait_and_loses_nothing(
    index: ClusterIndex, client: OpenSearch, monkeypatch: pytest.MonkeyPatch, block: str
) -> None:
    monkeypatch.setattr("earshot.index.cluster.bulk._WAITS_S", (0.01,))
    put(index, mention(1))
    client.indices.put_settings(index=index._name, body={"index.blocks": {block: True}})
    answers = put(index, mention(2), mention(3))
    assert [(a.is_done, a.is_refused) for a in answers] == [(False, False)] * 2
    assert all("block" in a.reason for a in answers)
    client.indices.put_settings(index=index._name, body={"index.blocks": {block: None}})
    assert all(a.is_done for a in put(index, mention(2), mention(3)))
    assert index.mentions() == 3


def test_an_index_that_was_removed_is_a_wait_and_is_not_made_by_a_write(
    index: ClusterIndex, client: OpenSearch
) -> None:
    put(index, mention(1))
    for name in behind(client, index):
        client.indices.delete(index=name)
    with pytest.raises(StorageError, match="earshot reindex"):
        put(index, mention(2))
    with pytest.raises(StorageError):
        index.mentions()
    assert behind(client, index) == []


# walking


def test_a_walk_that_was_left_standing_for_too_long_says_so(
    index: ClusterIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "WALKED", 1)
    monkeypatch.setattr(frozen, "KEPT", "1s")
    put(index, *(mention(n) for n in range(3)))
    walk = index.walk(SearchRequest())
    assert next(walk).mention
    time.sleep(4)
    with pytest.raises(StorageError, match="no longer than 1s between two pages; begin again"):
        list(walk)


# rebuilding


@pytest.mark.parametrize("failing", [1, 2, 4])
def test_a_request_that_fails_while_others_are_under_way_ends_the_rebuild_and_leaves_nothing(
    index: ClusterIndex, client: OpenSearch, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    put(index, mention(0))
    before, number, send = behind(client, index), count(1), index._writer.bulk

    def bulk(name: str, lines: bytes) -> Any:
        if next(number) == failing:
            raise StorageError("the connection broke")
        time.sleep(0.3)
        return send(name, lines)

    monkeypatch.setattr(index._bulk, "_send", bulk)
    with pytest.raises(StorageError, match="the connection broke"):
        index.rebuild([[mention(n), mention(n + 1)] for n in range(0, 8, 2)])
    time.sleep(0.5)  # what is still under way would make its index anew
    assert behind(client, index) == before
    assert index.mentions() == 1


def test_an_index_that_lacks_what_the_cluster_said_it_had_taken_does_not_take_over(
    index: ClusterIndex, client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, mention(0))
    before, send = behind(client, index), index._writer.bulk

    def bulk(name: str, lines: bytes) -> Any:
        answers = send(name, b"".join(lines.splitlines(keepends=True)[2:]))
        return [{"status": 201}, *answers]

    monkeypatch.setattr(index._bulk, "_send", bulk)
    with pytest.raises(StorageError, match=f"of 4 mentions .* 2 are not there as they were, as {mention(1).id}"):
        index.rebuild([[mention(1), mention(2)], [mention(3), mention(4)]])
    assert behind(client, index) == before
    assert ids(index) == {mention(0).id}


def test_a_generation_of_another_version_is_not_gone_back_to(index: ClusterIndex, client: OpenSearch) -> None:
    put(index, mention(1))
    (first,) = behind(client, index)
    index.rebuild([[mention(2)]])
    client.indices.put_mapping(index=first, body={"_meta": {"layout": "older"}})
    with pytest.raises(StorageError, match="made by another version of Earshot, and only it can go back"):
        index.go_back()
    assert ids(index) == {mention(2).id}


def test_requests_of_a_rebuild_are_under_way_side_by_side(index: ClusterIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    both, send = Barrier(SENDERS), index._writer.bulk

    def bulk(name: str, lines: bytes) -> Any:
        both.wait(10)  # breaks unless the other comes
        return send(name, lines)

    monkeypatch.setattr(index._bulk, "_send", bulk)
    assert index.rebuild([[mention(n)] for n in range(2 * SENDERS)]) == 2 * SENDERS


def test_writes_and_deletes_during_a_rebuild_are_in_the_new_index(index: ClusterIndex, node: Node) -> None:
    put(index, *(mention(n) for n in range(6)))
    writer = again(index, node)

    def batches() -> Any:
        yield [mention(0), mention(1)]
        put(writer, mention(1, revision=2, status="done"), mention(3, revision=2, status="done"), mention(9))
        writer.write([IndexWrite(mention(2).id, 2, None), IndexWrite(mention(0).id, 2, None)])
        assert index.mentions() == 5
        yield [mention(n) for n in (2, 3, 4, 5)]

    assert index.rebuild(batches()) == 5
    assert ids(index) == {mention(n).id for n in (1, 3, 4, 5, 9)}
    assert ids(index, filters=DONE) == {mention(1).id, mention(3).id}
    assert index.mentions() == writer.mentions() == 5
    put(writer, mention(2))
    assert writer.mentions() == 5
    writer.close()


def test_no_search_fails_or_sees_a_part_while_indices_are_switched(index: ClusterIndex, node: Node) -> None:
    put(index, *(mention(n) for n in range(20)))
    seen, reader = [], again(index, node)
    with ThreadPoolExecutor(1) as threads:
        rebuilding = threads.submit(lambda: [index.rebuild([[mention(n) for n in range(20)]]) for _ in range(3)])
        while not rebuilding.done():
            seen.append((reader.mentions(), reader.search(SearchRequest(size=3)).total))
    assert rebuilding.result() == [20] * 3
    assert set(seen) == {(20, 20)}
    assert len(seen) > 5
    reader.close()


def test_the_replaced_index_stays_for_a_way_back_until_the_next_rebuild(
    index: ClusterIndex, client: OpenSearch
) -> None:
    put(index, mention(1))
    first = behind(client, index)
    index.rebuild([[mention(2)]])
    assert set(first) < set(behind(client, index))
    assert len(behind(client, index)) == 2
    index.rebuild([[mention(3)]])
    assert len(behind(client, index)) == 2
    assert not set(first) & set(behind(client, index))


def test_a_leftover_of_a_rebuild_that_was_killed_takes_writes_and_is_removed_by_the_next(
    index: ClusterIndex, client: OpenSearch
) -> None:
    put(index, mention(1))
    leftover = index._generations.begin().newest
    put(index, mention(2))
    assert client.count(index=leftover)["count"] in (0, 1)  # it does not refresh by itself
    assert index.rebuild([[mention(1), mention(2)]]) == 2
    assert leftover not in behind(client, index)


def test_an_index_of_another_version_is_not_touched_until_it_is_rebuilt(
    index: ClusterIndex, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, mention(1))
    monkeypatch.setattr(mappings, "layout", lambda: "newer")
    newer = again(index, node)
    for use in (newer.mentions, lambda: put(newer, mention(2))):
        with pytest.raises(StorageError, match="another version of Earshot"):
            use()
    assert newer.rebuild([[mention(1), mention(2)]]) == newer.mentions() == 2
    newer.close()


def test_an_index_without_its_alias_is_not_taken_for_an_empty_one(
    index: ClusterIndex, node: Node, client: OpenSearch
) -> None:
    put(index, mention(1))
    client.indices.delete_alias(index=f"{index._name}.*", name=index._name)
    other = again(index, node)
    with pytest.raises(StorageError, match="lost its alias"):
        other.mentions()
    assert other.rebuild([[mention(1)]]) == other.mentions() == 1
    other.close()


# searching


def test_a_shard_that_fails_is_never_left_out(index: ClusterIndex, client: OpenSearch) -> None:
    put(index, mention(1))
    other = f"{index._name}.broken"
    client.indices.create(index=other, body={"mappings": {"properties": {"elsewhere": {"type": "keyword"}}}})
    client.indices.put_alias(index=other, name=index._name)
    assert index.mentions() == 1
    client.indices.close(index=other)
    with pytest.raises((StorageError, QueryError)):
        index.search(SearchRequest())


def test_a_list_by_relevance_ends_with_what_to_do_instead(index: ClusterIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST_BY_RANK", 5)
    put(index, *(mention(n) for n in range(8)))
    request = SearchRequest("pump", sort="relevance", size=3)
    first = index.search(request)
    second = index.search(replace(request, cursor=first.next_cursor))
    assert (len(first.hits), len(second.hits), second.total) == (3, 2, 8)
    with pytest.raises(QueryError, match="sort by newest"):
        index.search(replace(request, cursor=second.next_cursor))
    assert sum(map(len, pages(index, replace(request, sort="newest")))) == 8


# counting


def test_facets_are_exact_over_several_shards_whatever_they_name_at_first(
    fresh: Callable[..., ClusterIndex], client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = fresh(Plan(shards=3))
    monkeypatch.setattr(counting, "FIRST", 20)
    rng = random.Random(5)
    for skew in (0.0, 0.7, 1.3):
        weights = [1 / (n + 1) ** skew for n in range(200)]
        authors = [f"a{n}" for n in rng.choices(range(200), weights, k=600)]
        site = f"s{skew}.example"
        put(index, *(mention(int(skew * 10_000) + n, author=a, site=site) for n, a in enumerate(authors)))
        expected = sorted(Counter(authors).items(), key=lambda pair: (-pair[1], pair[0]))
        for size in (1, 5, 15):
            found = index.facets(SearchRequest(filters=Filters(sites=(site,))), ["author"], size)
            assert found["author"] == expected[:size]
    assert (
        client.indices.get_settings(index=index._name)[behind(client, index)[0]]["settings"]["index"][
            "number_of_shards"
        ]
        == "3"
    )


def test_hours_that_do_not_fit_one_answer_are_asked_for_by_page(
    index: ClusterIndex, client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, *(mention(n, published_at=NOW - timedelta(hours=31 * n), is_own_voice=n % 3 == 0) for n in range(60)))
    fields = ("", "site", "own_voice")
    whole = {by: index.hours(SearchRequest(), by) for by in fields}
    monkeypatch.setattr(counting, "PAGE", 20)
    client.cluster.put_settings(body={"persistent": {"search.max_buckets": 30}})
    try:
        assert {by: index.hours(SearchRequest(), by) for by in fields} == whole
    finally:
        client.cluster.put_settings(body={"persistent": {"search.max_buckets": None}})
    assert len(whole[""]) == 60


def test_hours_by_a_field_of_many_values_are_all_counted(index: ClusterIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    put(index, *(mention(n, author=f"a{n % 50:02}") for n in range(120)))
    monkeypatch.setattr(counting, "FIRST", 20)
    found = index.hours(SearchRequest(), "author")
    assert [one.value for one in found] == [f"a{n:02}" for n in range(50)]
    assert sum(one.count for one in found) == 120
