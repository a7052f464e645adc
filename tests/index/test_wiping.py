"""What was deleted and wiped lies in no file of an index any more, whichever engine keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from earshot.clock import SystemClock
from earshot.index import wiping
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.wiping import _documents
from earshot.model import SearchRequest
from earshot.ports import IndexWrite, MentionIndex
from scripts.engines.nodes import Node
from tests.index.engines import REAL, opened
from tests.ports.mention_index import ids, mention, put

WORDS = (b"brindelflax", b"quexhollow")


@pytest.fixture
def index(request: pytest.FixtureRequest, engine: str) -> Iterator[MentionIndex]:
    with opened(engine, request) as fresh:
        yield fresh()


def fill(index: MentionIndex) -> str:
    """Write some mentions, one of them twice and then deleted; return its id."""
    secret = mention(3, text="pump brindelflax", title="")
    put(index, *(mention(n) for n in range(3)), secret, *(mention(n) for n in range(4, 9)))
    put(index, replace(secret, text="pump quexhollow", revision=2))
    put(index, mention(10))
    index.write([IndexWrite(secret.id, 3, None)])
    return secret.id


def holding(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file.name for file in files if any(word in file.read_bytes() for word in WORDS)]


class Reading(SystemClock):
    """Ends a walk over an index while a wipe waits: once nothing but the walk keeps the files."""

    def __init__(self, walk: Iterator[object], is_merged: Callable[[], bool]) -> None:
        self._walk, self._is_merged, self.waited = walk, is_merged, 0

    def sleep(self, seconds: float) -> None:
        if self._is_merged():
            self.waited += 1
            self._walk.close()  # type: ignore[attr-defined]
        super().sleep(seconds)


@pytest.mark.fault(
    case="An export reads the index while a mention is erased",
    promise="The erasure is done when the export has ended and no file holds the mention any more",
)
@pytest.mark.parametrize("engine", REAL)
def test_a_cluster_holds_nothing_of_what_was_wiped_in_any_file_though_it_was_being_read(
    engine: str, index: ClusterIndex, request: pytest.FixtureRequest
) -> None:
    """A walk that began before keeps the old files from being removed; a wipe is done when it has ended."""
    node: Node = request.getfixturevalue(engine)
    gone, before = fill(index), len(ids(index))
    data = node.folder / "data"
    assert holding(data)
    walk = index.walk(SearchRequest())
    next(walk)
    counted = partial(_documents, index._reader, index._generations.in_force().indices[0], gone)
    index._clock = reading = Reading(walk, lambda: counted() == 1)
    assert index.wipe([gone]) == set()
    assert holding(data) == []
    assert reading.waited == 1
    assert len(ids(index)) == before
    assert index.held([gone])[gone].is_gone


@pytest.mark.parametrize("engine", ["embedded"])
def test_what_is_not_deleted_is_not_wiped(engine: str, index: MentionIndex) -> None:
    gone = fill(index)
    assert index.wipe([gone, mention(1).id]) == {mention(1).id}
    assert mention(1).id in ids(index)


@pytest.mark.parametrize("engine", ["embedded"])
def test_what_is_written_between_two_steps_stays_as_it_was_written(
    engine: str, index: MentionIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process changes one and deletes one that are about to be written anew."""
    gone, rewrite = fill(index), wiping.rewrite
    changed, deleted = mention(7, text="pump anew", revision=5), mention(8)

    def beside(*args: object) -> None:
        monkeypatch.setattr(wiping, "rewrite", rewrite)
        rewrite(*args)  # type: ignore[arg-type]
        others.append(None)

    others: list[None] = []
    monkeypatch.setattr(wiping, "STEP", 2)
    monkeypatch.setattr(wiping, "rewrite", beside)
    locked = index._generations.locked  # type: ignore[attr-defined]

    def come_along() -> object:
        if others:
            others.clear()
            put(index, changed)
            index.write([IndexWrite(deleted.id, 5, None)])
        return locked()

    monkeypatch.setattr(index._generations, "locked", come_along)  # type: ignore[attr-defined]
    assert index.wipe([gone]) == set()
    held = index.held([changed.id, deleted.id])
    assert (held[changed.id].revision, held[deleted.id].is_gone) == (5, True)
    assert changed.id in ids(index, "anew")
