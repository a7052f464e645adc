"""Verify finds every difference between record and index, repairs what a write can repair, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from earshot.index.cluster.bulk import make_operation
from earshot.index.cluster.documents import make_document
from earshot.index.cluster.plan import Plan
from earshot.model import Mention, SearchRequest
from earshot.pipeline import verify as verifying
from earshot.pipeline.publish import publish
from earshot.pipeline.verify import PublishingError, Verified, verify
from earshot.ports import IndexWrite, MentionIndex
from tests.index.engines import ENGINES, REAL, opened
from tests.pipeline.world import OWNER, World, item, rss

MakeWorld = Callable[..., World]
FEED = "http://blog.example/feed"


@pytest.fixture(params=ENGINES)
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> Iterator[World]:
    """Ten mentions, published."""
    with opened(request.param, request) as fresh:
        world = make_world()
        world.index = fresh()  # type: ignore[assignment]
        listen(world, 10)
        yield world


def listen(world: World, count: int) -> None:
    items = (item(f"http://blog.example/{n}", "Halden", f"Halden number {n}.") for n in range(count))
    world.web.says(FEED, rss(*items))
    world.round()


def looked(world: World, *, is_repairing: bool = True) -> Verified:
    return verify(world.record, world.index, world.clock, OWNER, is_repairing=is_repairing)


def stored(world: World) -> list[Mention]:
    with world.record.read() as reader:
        return [mention for batch in reader.iter_published() for mention in batch]


def indexed(index: MentionIndex) -> set[tuple[str, int]]:
    return {(hit.mention.id, hit.mention.revision) for hit in index.search(SearchRequest(size=200)).hits}


def test_an_index_that_holds_the_same_is_left_alone(world: World) -> None:
    assert looked(world) == Verified(mentions=10)


def test_everything_that_differs_is_named_and_repaired(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_PAGE", 4)
    everything = stored(world)
    rebuilt = [
        replace(m, revision=m.revision - 1) if n == 3 else m for n, m in enumerate(everything) if n not in (5, 6)
    ]
    stranger = replace(everything[0], id="f" * 64, revision=7)
    world.index.rebuild([[*rebuilt, stranger]])
    first = looked(world, is_repairing=False)
    assert (first.missing, first.stale, first.extra, first.ahead) == (
        sorted([everything[5].id, everything[6].id]),
        [everything[3].id],
        [stranger.id],
        [],
    )
    assert (first.drift, first.repaired, first.mentions) == (4, 0, 10)
    assert looked(world).repaired == 4
    assert looked(world).drift == 0
    assert indexed(world.index) == {(m.id, m.revision) for m in everything}


def test_a_repaired_stranger_may_come_back_with_a_higher_revision(world: World) -> None:
    stranger = replace(stored(world)[0], id="f" * 64, revision=7)
    world.index.write([IndexWrite(stranger.id, 7, stranger)])
    assert looked(world).extra == [stranger.id]
    world.index.write([IndexWrite(stranger.id, 6, replace(stranger, revision=6))])
    assert world.index.mentions() == 10
    world.index.write([IndexWrite(stranger.id, 8, replace(stranger, revision=8))])
    assert world.index.mentions() == 11


def test_an_index_that_is_ahead_is_overtaken(world: World) -> None:
    """The record was brought back from a copy: it is the truth all the same, also of what was deleted since."""
    newer, gone = stored(world)[2:4]
    world.index.write([IndexWrite(newer.id, 9, replace(newer, title="Of tomorrow")), IndexWrite(gone.id, 4, None)])
    found = looked(world, is_repairing=False)
    assert (found.ahead, found.left) == (sorted([newer.id, gone.id]), 2)
    assert looked(world).repaired == 2
    publish(world.record, world.index, world.clock, OWNER)
    assert looked(world).drift == 0
    assert {(newer.id, 10), (gone.id, 5)} <= indexed(world.index)
    assert "Of tomorrow" not in {hit.mention.title for hit in world.index.search(SearchRequest(size=200)).hits}


@pytest.mark.parametrize("engine", REAL)
def test_a_mention_that_lies_in_two_indices_is_one_again(
    engine: str, request: pytest.FixtureRequest, make_world: MakeWorld
) -> None:
    with opened(engine, request) as fresh:
        world = make_world()
        index = fresh(Plan(max_mentions=1))
        world.index = index  # type: ignore[assignment]
        listen(world, 3)
        older = index._generations.in_force().newest  # type: ignore[attr-defined]
        assert index.keep().begun
        listen(world, 4)
        (there,) = [m for m in stored(world) if m.url.endswith("/3")]
        index._bulk.write(older, [make_operation(there.id, there.revision, make_document(there))])  # type: ignore[attr-defined]
        index._writer.refresh(older)  # type: ignore[attr-defined]
        assert index.mentions() == 5
        found = looked(world)
        assert (found.extra, found.drift, found.repaired) == ([there.id], 1, 1)
        assert index.mentions() == 4
        assert looked(world).drift == 0
        assert indexed(index) == {(m.id, m.revision) for m in stored(world)}


def test_nothing_is_judged_while_another_process_publishes(world: World) -> None:
    world.index.rebuild([stored(world)[1:]])
    with world.record.write() as writer:
        writer.lease(["relay:index"], "somebody else", world.clock.now(), world.clock.now() + timedelta(minutes=5))
    with pytest.raises(PublishingError, match="another process is publishing"):
        looked(world)


def test_what_waits_in_the_outbox_is_no_drift(world: World) -> None:
    index = world.index
    world.index = Silent()  # type: ignore[assignment]
    listen(world, 13)
    assert verify(world.record, index, world.clock, OWNER) == Verified(mentions=13)
    assert index.mentions() == 10


class Silent:
    """An index that takes nothing."""

    def write(self, writes: list[IndexWrite]) -> None:
        from earshot.errors import StorageError

        raise StorageError("silent")
