"""Several indices hold each mention once: new ones are begun, old ones dropped, all rebuilt. On real clusters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from opensearchpy import OpenSearch

from earshot.errors import StorageError
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Connection
from earshot.model import Mention
from earshot.ports import Held, IndexWrite, Kept
from scripts.engines.nodes import Node
from tests.builders import NOW
from tests.index.engines import CLUSTERS, REAL, opened
from tests.ports.mention_index import DONE, ids, mention, put

pytestmark = pytest.mark.engines
Fresh = Callable[..., ClusterIndex]
THREE = Plan(max_mentions=3)
ALWAYS = Plan(max_mentions=1)


@pytest.fixture(params=REAL)
def node(request: pytest.FixtureRequest) -> Node:
    return request.getfixturevalue(request.param)


@pytest.fixture
def fresh(node: Node, request: pytest.FixtureRequest) -> Iterator[Fresh]:
    with opened(node.distribution.product, request) as fresh:
        yield fresh  # type: ignore[misc]


@pytest.fixture
def index(fresh: Fresh) -> ClusterIndex:
    return fresh(ALWAYS)


@pytest.fixture
def client(node: Node) -> Iterator[OpenSearch]:
    with OpenSearch(node.url) as client:
        yield client


def again(index: ClusterIndex, node: Node, plan: Plan = ALWAYS) -> ClusterIndex:
    """The same index as another process opens it."""
    return CLUSTERS[index.engine](Connection((node.url,)), index._name, plan=plan)


def where(client: OpenSearch, index: ClusterIndex) -> dict[str, list[str]]:
    """Where each mention lies: by id, the numbers of the indices that are read, oldest first."""
    client.indices.refresh(index=index._name)
    hits = client.search(index=index._name, body={"size": 1000, "sort": ["_index"]})["hits"]["hits"]
    found: dict[str, list[str]] = {}
    for hit in hits:
        found.setdefault(hit["_id"], []).append(hit["_index"][-1])
    return found


def roll(index: ClusterIndex, expected: int) -> None:
    """Begin the next index, of this number."""
    assert index.keep().begun.endswith(f"-{expected:06}")


# the next index


@pytest.mark.parametrize("plan", [Plan(max_mentions=3), Plan(max_bytes=1), Plan(max_age=timedelta(seconds=1))])
def test_the_next_index_begins_when_the_newest_is_full_old_or_large(fresh: Fresh, plan: Plan) -> None:
    index = fresh(plan)
    if plan.max_mentions:
        put(index, mention(1), mention(2))
        assert index.keep() == Kept()
    put(index, mention(1), mention(2), mention(3))
    end = time.monotonic() + 20
    while len(index._generations.read()) < 2 and time.monotonic() < end:
        index.keep()
    assert len(index._generations.read()) == 2
    assert index.keep() == Kept()
    assert index.mentions() == 3


def test_an_empty_index_and_one_without_limits_are_left_alone(fresh: Fresh) -> None:
    index = fresh(Plan(max_age=timedelta(seconds=1)))
    assert index.keep() == Kept()
    time.sleep(1.1)
    assert index.keep() == Kept()
    unlimited = fresh()
    put(unlimited, mention(1))
    assert unlimited.keep() == Kept()


def test_what_lies_in_an_older_index_is_changed_and_deleted_there(index: ClusterIndex, client: OpenSearch) -> None:
    put(index, mention(1), mention(2), mention(3))
    roll(index, 2)
    put(index, mention(4), mention(1, revision=2, status="done"))
    roll(index, 3)
    put(index, mention(5), mention(4, revision=2, status="done"), mention(2, revision=2, status="done"))
    assert index.write([IndexWrite(mention(3).id, 2, None)])[0].is_done
    assert where(client, index) == {mention(n).id: [place] for n, place in zip((1, 2, 3, 4, 5), "11123", strict=True)}
    assert ids(index) == {mention(n).id for n in (1, 2, 4, 5)}
    assert ids(index, filters=DONE) == {mention(n).id for n in (1, 2, 4)}
    assert put(index, mention(3))[0].is_done
    assert index.mentions() == 4


def test_a_delete_of_what_was_never_there_is_remembered_beyond_the_next_index(index: ClusterIndex) -> None:
    index.write([IndexWrite(mention(1).id, 5, None)])
    put(index, mention(2))
    roll(index, 2)
    assert put(index, mention(1, revision=4))[0].is_done
    assert ids(index) == {mention(2).id}
    put(index, mention(1, revision=6))
    assert ids(index) == {mention(1).id, mention(2).id}


def test_an_index_that_begins_between_the_look_and_the_write_doubles_nothing(
    index: ClusterIndex, node: Node, client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, mention(1))
    keeper, send = again(index, node), index._writer.bulk
    begun = []

    def late(name: str, lines: bytes) -> Any:
        if len(begun) < 2 and (name_of_next := keeper.keep().begun):
            begun.append(name_of_next)
        return send(name, lines)

    monkeypatch.setattr(index._bulk, "_send", late)
    put(index, mention(1, revision=2), mention(2))
    put(index, mention(2, revision=2), mention(3))
    put(index, mention(1, revision=3), mention(2, revision=3), mention(3, revision=2), mention(4))
    assert [name[-1] for name in begun] == ["2", "3"]
    assert where(client, index) == {mention(n).id: [place] for n, place in zip((1, 2, 3, 4), "1122", strict=True)}
    assert {held.revision for held in index.held([mention(1).id, mention(2).id]).values()} == {3}
    keeper.close()


def test_what_a_killed_writer_left_unseen_is_found(index: ClusterIndex, client: OpenSearch) -> None:
    put(index, mention(1))
    client.indices.put_settings(index=index._name, body={"index": {"refresh_interval": "-1"}})
    operations, fates = index_operations(mention(2))
    index._bulk.write(index._generations.in_force().newest, list(operations))  # and never refreshed
    roll(index, 2)
    put(index, mention(2, revision=2))
    assert where(client, index) == {mention(1).id: ["1"], mention(2).id: ["1"]}
    assert fates == 1


def index_operations(*mentions: Mention) -> tuple[list[Any], int]:
    from earshot.index.cluster.bulk import make_operation
    from earshot.index.cluster.documents import make_document

    return [make_operation(m.id, m.revision, make_document(m)) for m in mentions], len(mentions)


@pytest.mark.parametrize("highest", [0, 1])
def test_a_mention_in_two_indices_is_told_and_brought_together_by_its_next_write(
    index: ClusterIndex, client: OpenSearch, highest: int
) -> None:
    put(index, mention(1), mention(2))
    roll(index, 2)
    put(index, mention(3))
    both = index._generations.read()
    for number, name in enumerate(both):
        operations, _ = index_operations(mention(4, revision=5 if number == highest else 2))
        index._bulk.write(name, operations)
        client.indices.refresh(index=name)
    assert index.held([mention(4).id]) == {mention(4).id: Held(5, copies=2)}
    assert put(index, mention(4, revision=5))[0].is_done
    assert where(client, index)[mention(4).id] == [str(highest + 1)]
    assert index.held([mention(4).id]) == {mention(4).id: Held(5)}


def test_indices_that_another_hand_begins_are_read_and_written(index: ClusterIndex, client: OpenSearch) -> None:
    """As the lifecycle of either product does it: by `_rollover` on the alias that is written."""
    put(index, mention(1))
    client.indices.rollover(alias=f"{index._name}.write")
    put(index, mention(1, revision=2), mention(2))
    assert where(client, index) == {mention(1).id: ["1"], mention(2).id: ["2"]}
    assert index.mentions() == 2


def test_an_index_made_before_there_was_rollover_is_taken_over(index: ClusterIndex, client: OpenSearch) -> None:
    put(index, mention(1))
    (first,) = index._generations.read()
    unmarked = {"add": {"index": first, "alias": f"{index._name}.write", "is_write_index": False}}
    client.indices.update_aliases(body={"actions": [unmarked]})
    roll(index, 2)
    put(index, mention(1, revision=2), mention(2))
    assert where(client, index) == {mention(1).id: ["1"], mention(2).id: ["2"]}


@pytest.mark.parametrize(("replicas", "expected"), [(None, ("false", "0-1")), (2, ("2", "false"))])
def test_shards_and_copies_are_those_of_the_plan_in_every_index(
    fresh: Fresh, client: OpenSearch, replicas: int | None, expected: tuple[str, str]
) -> None:
    index = fresh(replace(ALWAYS, shards=2, replicas=replicas))
    put(index, mention(1))
    roll(index, 2)
    for name in index._generations.read():
        made = client.indices.get_settings(index=name)[name]["settings"]["index"]
        assert made["number_of_shards"] == "2"
        assert made["auto_expand_replicas"] == expected[1]
        assert replicas is None or made["number_of_replicas"] == expected[0]


# dropping


def dated(index: ClusterIndex, *days: int) -> None:
    """Make one index of a mention published so many days ago each, and a newest one."""
    for number, age in enumerate(days, 2):
        put(index, mention(age, published_at=NOW - timedelta(days=age)))
        roll(index, number)


def test_an_index_goes_when_everything_in_it_is_older_than_is_to_be_found(index: ClusterIndex) -> None:
    dated(index, 400, 300, 20)
    oldest, _, recent, newest = index._generations.read()
    put(index, mention(2, published_at=NOW - timedelta(days=2)))
    assert index.keep(NOW - timedelta(days=365)).dropped == (oldest,)
    assert index.mentions() == 3
    kept = index.keep(NOW - timedelta(days=30))
    assert index._generations.read()[:2] == [recent, newest]
    assert len(kept.dropped) == 1
    assert index.keep().dropped == ()


def test_nothing_goes_without_a_retention_and_the_newest_never(index: ClusterIndex) -> None:
    dated(index, 4000, 3000)
    assert index.keep().dropped == ()
    assert len(index.keep(NOW).dropped) == 2
    assert len(index._generations.read()) == 1
    put(index, mention(5, published_at=NOW - timedelta(days=5000)))
    unrolled = replace(ALWAYS, max_mentions=None)
    index._generations._plan = unrolled
    assert index.keep(NOW) == Kept()
    assert index.mentions() == 1


def test_an_index_goes_when_nothing_is_left_in_it(index: ClusterIndex) -> None:
    put(index, mention(1))
    roll(index, 2)
    first = index._generations.read()[0]
    index.write([IndexWrite(mention(1).id, 2, None)])
    assert index.keep().dropped == (first,)
    put(index, mention(1, revision=3), mention(2))
    assert index.mentions() == 2


def test_one_mention_that_is_to_be_found_keeps_its_index(index: ClusterIndex) -> None:
    put(index, mention(1, published_at=NOW - timedelta(days=900)), mention(2, published_at=NOW - timedelta(days=9)))
    roll(index, 2)
    assert index.keep(NOW - timedelta(days=10)).dropped == ()
    assert index.mentions() == 2


# rebuilding


def batches(*numbers: Sequence[int]) -> list[list[Mention]]:
    return [[mention(n) for n in part] for part in numbers]


def test_a_rebuild_makes_as_many_indices_as_the_plan_says_and_keeps_all_replaced_ones(
    fresh: Fresh, client: OpenSearch
) -> None:
    index = fresh(THREE)
    put(index, *(mention(n) for n in range(3)))
    roll(index, 2)
    put(index, mention(3))
    old = index._generations.read()
    assert index.rebuild(batches(range(3), range(3, 6), (6,))) == 7
    new = index._generations.read()
    assert [name[-1] for name in new] == ["1", "2", "3"]
    assert set(old) < set(client.indices.get(index=f"{index._name}.*"))
    put(index, mention(0, revision=2), mention(7))
    assert where(client, index) == {mention(n).id: [place] for n, place in zip(range(8), "11122233", strict=True)}
    put(index, mention(8))
    roll(index, 4)
    index.rebuild(batches((0,)))
    assert set(client.indices.get(index=f"{index._name}.*")) == {*new, *index._generations.read(), index_4(new)}


def index_4(new: Sequence[str]) -> str:
    return f"{new[0].rpartition('-')[0]}-000004"


def test_deletes_of_every_index_are_remembered_by_the_new_ones(index: ClusterIndex) -> None:
    put(index, mention(1))
    roll(index, 2)
    put(index, mention(2))
    index.write([IndexWrite(mention(1).id, 3, None), IndexWrite(mention(2).id, 3, None)])
    index.rebuild(batches((1,), (2,), (3,)))
    assert ids(index) == {mention(3).id}


def test_writes_go_on_while_a_new_generation_grows_over_several_indices(
    fresh: Fresh, node: Node, client: OpenSearch
) -> None:
    index = fresh(THREE)
    put(index, *(mention(n) for n in range(9)))
    writer = again(index, node, THREE)
    entered = []

    def quiet() -> AbstractContextManager[None]:
        entered.append(1)
        return nullcontext()

    def going_on() -> Iterator[Sequence[Mention]]:
        yield [mention(n) for n in range(3)]
        put(writer, mention(4, revision=2), mention(20))  # before they are filled in
        yield [mention(n) for n in range(3, 6)]
        put(writer, mention(1, revision=2), mention(5, revision=2), mention(21))  # after that, in older ones
        writer.write([IndexWrite(mention(8).id, 2, None), IndexWrite(mention(0).id, 2, None)])
        yield [mention(n) for n in range(6, 9)]
        yield [mention(22)]

    index.rebuild(going_on(), quiet)
    assert len(entered) == 1 + len(index._generations.read()) - 1
    assert len(entered) > 2
    alive = [*range(1, 8), 20, 21, 22]
    assert ids(index) == {mention(n).id for n in alive}
    assert all(len(places) == 1 for places in where(client, index).values())
    assert {mention(n).id for n in (1, 4, 5)} == {one for one, held in index.held(
        [mention(n).id for n in alive]).items() if held.revision == 2}  # fmt: skip
    writer.close()


def test_a_rebuild_that_fails_leaves_the_old_indices_in_force_and_nothing_else(
    fresh: Fresh, client: OpenSearch
) -> None:
    index = fresh(THREE)
    put(index, *(mention(n) for n in range(3)))
    roll(index, 2)
    before = set(client.indices.get(index=f"{index._name}.*"))

    def failing() -> Iterator[Sequence[Mention]]:
        yield from batches(range(3), range(3, 6))
        raise StorageError("the record is gone")

    with pytest.raises(StorageError, match="the record is gone"):
        index.rebuild(failing())
    assert set(client.indices.get(index=f"{index._name}.*")) == before
    assert index.mentions() == 3


def test_leftovers_of_a_killed_rebuild_are_written_to_and_removed_by_the_next(fresh: Fresh, client: OpenSearch) -> None:
    index = fresh(THREE)
    put(index, mention(1))
    leftover = index._generations.extend(index._generations.begin())
    put(index, mention(1, revision=2), mention(2))
    assert index.mentions() == 2
    put(index, mention(3))
    roll(index, 2)  # the next index is that of the generation in force
    assert [name for name in leftover.indices if name in index._generations.read()] == []
    assert index.rebuild(batches((1, 2, 3))) == 3
    assert not set(leftover.indices) & set(client.indices.get(index=f"{index._name}.*"))


def test_the_way_back_is_one_step_over_all_indices(fresh: Fresh, client: OpenSearch) -> None:
    """As docs/operations/engines.md says it."""
    index = fresh(THREE)
    put(index, *(mention(n) for n in range(3)))
    roll(index, 2)
    put(index, mention(3))
    old, read, write = index._generations.read(), index._name, f"{index._name}.write"
    index.rebuild(batches((7, 8, 9), (10,)))
    new = index._generations.read()
    of_old, of_new = (f"{names[0].rpartition('-')[0]}-*" for names in (old, new))
    client.indices.update_aliases(
        body={
            "actions": [
                {"remove": {"index": of_new, "alias": read}},
                {"remove": {"index": of_new, "alias": write}},
                {"add": {"index": of_old, "alias": read}},
                {"add": {"index": of_old, "alias": write}},
                {"add": {"index": old[-1], "alias": write, "is_write_index": True}},
            ]
        }
    )
    assert index._generations.read() == old
    put(index, mention(1, revision=2), mention(4), mention(5))
    roll(index, 3)
    assert index.mentions() == 6


def test_a_mention_published_at_the_bound_keeps_its_index(index: ClusterIndex) -> None:
    moment: datetime = NOW - timedelta(days=10)
    put(index, mention(1, published_at=moment))
    roll(index, 2)
    assert index.keep(moment).dropped == ()
    assert len(index.keep(moment + timedelta(microseconds=1)).dropped) == 1
