"""The index is built anew while the world goes on: nothing is lost, nothing comes back. On every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.errors import StorageError
from earshot.index.embedded import EmbeddedIndex
from earshot.model import Mention, SearchRequest
from earshot.pipeline import publish as publishing
from earshot.pipeline.publish import REBUILD_LEASE_NAME, go_back, publish, reindex
from earshot.pipeline.verify import verify
from earshot.ports import MentionIndex
from tests.index.engines import ENGINES, opened
from tests.pipeline.world import OWNER, World, item, rss

MakeWorld = Callable[..., World]
FEED = "http://blog.example/feed"


class Interrupted:
    """An index that lets the world go on whenever it has taken a batch of a rebuild."""

    def __init__(self, index: MentionIndex, world: World) -> None:
        self._index, self._world = index, world

    def rebuild(self, batches: Iterable[Sequence[Mention]], quiet: Callable[[], AbstractContextManager[None]]) -> int:
        def watched() -> Iterator[Sequence[Mention]]:
            for batch in batches:
                self._world.web.says(FEED, feed(range(2, 9)))
                self._world.round()
                yield batch

        return self._index.rebuild(watched(), quiet)


def feed(numbers: Iterable[int]) -> bytes:
    return rss(*(item(f"http://blog.example/{n}", "Halden", f"Halden number {n}.") for n in numbers))


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MentionIndex]:
    if request.param == "embedded":
        yield EmbeddedIndex(tmp_path / "index", lock_wait_s=0.05)
        return
    with opened(request.param, request) as fresh:
        yield fresh()


def test_what_is_found_during_a_rebuild_is_in_the_new_index(make_world: MakeWorld, index: MentionIndex) -> None:
    world = make_world()
    world.index = index  # type: ignore[assignment]
    world.web.says(FEED, feed(range(5)))
    world.round()
    reindex(world.record, Interrupted(index, world), world.clock, OWNER)  # type: ignore[arg-type]
    assert publish(world.record, index, world.clock, OWNER).waiting == ""
    urls = {hit.mention.url for hit in index.search(SearchRequest()).hits}
    assert urls == {f"http://blog.example/{n}" for n in range(9)}
    with world.record.read() as reader:
        assert reader.counts().behind == 0
        assert dict(reader.revisions()) == {
            hit.mention.id: hit.mention.revision for hit in index.search(SearchRequest()).hits
        }


def test_the_index_before_is_taken_again_and_brought_up_to_the_record(
    make_world: MakeWorld, index: MentionIndex
) -> None:
    world = make_world()
    world.index = index  # type: ignore[assignment]
    world.web.says(FEED, feed(range(5)))
    world.round()
    reindex(world.record, index, world.clock, OWNER)
    world.web.says(FEED, feed(range(8)))
    world.round()
    assert go_back(world.record, index, world.clock, OWNER) == 5
    assert len(verify(world.record, index, world.clock, OWNER).missing) == 3
    urls = {hit.mention.url for hit in index.search(SearchRequest()).hits}
    assert urls == {f"http://blog.example/{n}" for n in range(8)}


def test_a_rebuild_holds_its_lease_for_as_long_as_it_takes(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    world.web.says(FEED, feed(range(2)))
    world.round()
    refused = []

    def slowly(batches: Iterable[Sequence[Mention]], quiet: object) -> int:
        for _ in batches:
            world.clock.sleep(5 * 3600)
        with pytest.raises(StorageError, match="another process is building"):
            reindex(world.record, world.index, world.clock, "another")
        refused.append(True)
        return 0

    monkeypatch.setattr(world.index, "rebuild", slowly)
    monkeypatch.setattr(publishing, "_snapshot", lambda *_: ([] for _ in range(6)))
    reindex(world.record, world.index, world.clock, OWNER)
    assert refused == [True]


def test_two_rebuilds_at_a_time_are_refused_and_a_rebuild_does_not_stop_publishing(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, feed(range(2)))
    world.round()
    now = world.clock.now()
    with world.record.write() as writer:
        assert writer.lease([REBUILD_LEASE_NAME], "another", now, now + timedelta(hours=23))
    with pytest.raises(StorageError, match="building the index anew"):
        reindex(world.record, world.index, world.clock, OWNER)
    world.web.says(FEED, feed(range(4)))
    world.round()
    assert world.index.mentions() == 4
