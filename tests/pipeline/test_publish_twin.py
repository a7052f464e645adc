"""A publishing process that stands still while its twin does the work, and then goes on: the index is the record's."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from earshot import leases
from earshot.clock import SystemClock
from earshot.index.embedded import EmbeddedIndex
from earshot.pipeline.publish import Published, publish
from earshot.pipeline.verify import Verified, verify
from earshot.ports import IndexAnswer, IndexWrite
from earshot.record import SqlRecord
from tests.builders import FakeClock
from tests.pipeline.world import OWNER, World, item, rss

MakeWorld = Callable[..., World]
FEED = "http://blog.example/feed"


class StandsStill(EmbeddedIndex):
    """An index in whose first write the process is stopped, as by SIGSTOP, a sleeping machine or a long swap."""

    moment = ""

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        stopped, self.moment = self.moment, ""
        if stopped == "before":
            os.kill(os.getpid(), signal.SIGSTOP)
        answers = super().write(writes)
        if stopped == "after":
            os.kill(os.getpid(), signal.SIGSTOP)
        return answers


def publish_and_stand_still(record_url: str, index: Path, moment: str, said: Any) -> None:
    """The process's program."""
    slow = StandsStill(index)
    slow.moment = moment
    said.put(publish(SqlRecord(record_url, SystemClock()), slow, SystemClock(), leases.me()))


def listen(world: World, number: int) -> None:
    texts = (f"Halden number {n}, told for the {number}. time." for n in range(3))
    world.web.says(FEED, rss(*(item(f"http://blog.example/{n}", "Halden", text) for n, text in enumerate(texts))))
    world.round()


def withdraw_one(world: World) -> None:
    with world.record.write() as writer:
        mention = next(iter(writer.iter_published()))[0]
        writer.put_mentions(mention.document_id, [], world.clock.now())


@pytest.mark.races
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_it_writes_or_acknowledges_late_undoes_nothing(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    world = make_world()
    with monkeypatch.context() as unpublished:
        unpublished.setattr("tests.pipeline.world.publish", lambda *_: Published())
        listen(world, 1)
        context = multiprocessing.get_context("spawn")
        said = context.Queue()
        paths = world.workspace.record_url, world.workspace.root / "var" / "index"
        twin = context.Process(target=publish_and_stand_still, args=(*paths, moment, said))
        twin.start()
        process = psutil.Process(twin.pid)
        try:
            while process.status() != psutil.STATUS_STOPPED:
                assert twin.is_alive(), "it ended and never stood still"
            listen(world, 2)  # newer revisions of all three
            withdraw_one(world)
            assert publish(world.record, world.index, FakeClock(datetime.now(UTC)), OWNER).waiting, "it has the lease"
            late = FakeClock(datetime.now(UTC) + timedelta(hours=1))
            assert publish(world.record, world.index, late, OWNER) == Published(written=2, removed=1)
        finally:
            process.resume()
            twin.join(30)
        assert twin.exitcode == 0
        assert said.get(timeout=10).refused == 0
    assert verify(world.record, world.index, world.clock, OWNER) == Verified(mentions=2)
    assert publish(world.record, world.index, world.clock, OWNER) == Published()
