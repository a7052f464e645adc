"""Upkeep beside live work: nothing is lost, nothing is left over, and a run does it by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot import jobs
from earshot.config.settings import RetentionSettings, Settings
from earshot.config.workspace import load_workspace
from earshot.errors import DocumentError, SourceError, StorageError
from earshot.lake import WarcLake
from earshot.model import Capture, CaptureRef, Hint, Reading
from earshot.operating import JobState
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.erase import erase
from earshot.pipeline.maintain.integrity import examine
from earshot.pipeline.maintain.retention import retain
from earshot.pipeline.publish import publish
from earshot.pipeline.wiping import wipe
from earshot.ports import Extractor
from earshot.record import SqlRecord
from earshot.wiring import Parts
from tests.builders import FakeClock, make_source
from tests.pipeline.world import OWNER, World, item, rss

pytestmark = pytest.mark.races
MakeWorld = Callable[..., World]
SOURCES = [
    make_source(),
    make_source(id="wiki", url="http://wiki.example/feed", scope="internal"),
    make_source(id="forum", url="http://forum.example/feed"),
]


def listen(world: World, name: str) -> None:
    for source in world.workspace.sources:
        text = f"Halden {name} at {source.id}, said by somebody who knows."
        world.web.says(source.url, rss(item(source.url.replace("feed", name), f"Halden {name}", text)))
    world.round()


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Do `work` again and again in two threads until the body is done; what it raised is collected."""
    over, raised = threading.Event(), []

    def again() -> None:
        while not over.wait(0.01):  # without a pause the disk is all that is tried
            try:
                work()
            except BaseException as error:
                raised.append(error)
                return

    threads = [threading.Thread(target=again) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield raised
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_retention_beside_rounds_and_erasures_leaves_what_belongs_and_nothing_else(make_world: MakeWorld) -> None:
    kept = RetentionSettings(captures=timedelta(hours=3), internal_captures=timedelta(minutes=30))
    world = make_world(sources=SOURCES, settings=Settings(retention=kept))

    def keep_up() -> None:
        retain(world.record, world.lake, world.workspace, world.clock)

    with beside(keep_up) as raised:
        for number in range(6):
            listen(world, f"n{number}")
            erase(
                world.record,
                world.lake,
                lambda: publish(world.record, world.index, world.clock, OWNER),
                lambda: wipe(world.record, world.index, world.clock, OWNER),
                world.clock,
                url=f"http://forum.example/n{number}",
            )
    assert raised == []
    keep_up()
    lying = [capture for file in world.lake.iter_files() for capture, _ in world.lake.iter_captures(file)]
    with world.record.read() as reader:
        assert all(reader.is_ingested(capture.ref) for capture in lying)
        counts = reader.counts()
        assert reader.condemned() == []
    assert counts.captures == len(lying)
    assert {capture.source_id for capture in lying} == {"blog"}
    assert all(world.clock.now() - capture.fetched_at <= timedelta(hours=3) for capture in lying)
    assert counts.documents == 12
    assert examine(world.record, world.lake, world.index, world.clock, OWNER).findings == ()


class Interrupted(WarcLake):
    """A lake in which somebody else comes along just when a file is to be rewritten, or was a moment ago."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)
    afterwards: Callable[[], object] = staticmethod(lambda: None)

    def rewrite_without(
        self, file: str, refs: Sequence[CaptureRef], known: Sequence[CaptureRef] = ()
    ) -> dict[CaptureRef, CaptureRef]:
        self._let(self.meanwhile)
        moved = super().rewrite_without(file, refs, known)
        self._let(self.afterwards)
        return moved

    def _let(self, come_along: Callable[[], object]) -> None:
        other = threading.Thread(target=come_along)
        other.start()
        other.join()


def test_while_one_cuts_another_thread_leaves_all_to_the_next_call(make_world: MakeWorld) -> None:
    """Both rewriting one file, each without other captures, would leave two files."""
    world = make_world(sources=SOURCES, settings=Settings(retention=RetentionSettings(internal_captures=None)))
    listen(world, "one")
    lake, soon = Interrupted(world.workspace.lake_url, world.clock), world.clock.now() + timedelta(days=1)
    answers: list[int] = []

    def condemn(limit: int) -> None:
        with world.record.write() as writer:
            assert writer.condemn_captures((), None, soon, limit=limit) == limit

    def come_along() -> None:
        condemn(1)
        answers.append(cut_condemned(world.record, world.lake, world.clock))

    lake.meanwhile = come_along
    condemn(1)
    assert (cut_condemned(world.record, lake, world.clock), answers) == (1, [0])
    assert cut_condemned(world.record, world.lake, world.clock) == 1
    (file,) = world.lake.iter_files()
    with world.record.read() as reader:
        assert (reader.needed_files(), reader.counts().captures) == ({file}, 1)


def test_what_was_rewritten_and_is_not_noted_yet_is_not_read_as_if_it_were_new(make_world: MakeWorld) -> None:
    """Read again, an old capture would count as its source's look of today, and what is new there would wait."""
    world = make_world(sources=SOURCES, settings=Settings(retention=RetentionSettings(internal_captures=None)))
    listen(world, "one")
    lake = Interrupted(world.workspace.lake_url, world.clock)
    lake.afterwards = lambda: listen(world, "two")
    with world.record.write() as writer:
        assert writer.condemn_captures((), None, world.clock.now(), limit=1) == 1
    assert cut_condemned(world.record, lake, world.clock) == 1
    with world.record.read() as reader:
        counts = reader.counts()
        lying = [capture for file in lake.iter_files() for capture, _ in lake.iter_captures(file)]
        assert all(reader.is_ingested(capture.ref) for capture in lying)
    assert (counts.documents, counts.captures, len(lying)) == (6, 5, 5)
    world.round()
    assert examine(world.record, world.lake, world.index, world.clock, OWNER).findings == ()


class Slow:
    """An extractor during whose work somebody else comes along."""

    def __init__(self, extractor: Extractor, meanwhile: Callable[[], object]) -> None:
        self._extractor, self._meanwhile = extractor, meanwhile

    def read_many(
        self, taken: Sequence[tuple[Capture, bytes]], hint_of: Callable[[Capture], Hint]
    ) -> Iterator[Reading | SourceError | DocumentError]:
        self._meanwhile()
        return self._extractor.read_many(taken, hint_of)


def test_what_is_cut_while_it_is_read_again_leaves_no_row_of_a_file_that_is_gone(make_world: MakeWorld) -> None:
    world = make_world(sources=SOURCES, settings=Settings(retention=RetentionSettings(internal_captures=None)))
    listen(world, "one")
    with world.record.write() as writer:
        first = next(iter(writer.captures(datetime.min.replace(tzinfo=UTC), world.clock.now(), ["blog"])))
        assert writer.condemn_captures((), None, world.clock.now(), limit=1) == 1
    world.extractor = Slow(world.extractor, lambda: cut_condemned(world.record, world.lake, world.clock))
    world.use(world.workspace)
    with pytest.raises(StorageError, match="rewritten meanwhile"):
        world.ingest.replay(first)
    (file,) = world.lake.iter_files()
    with world.record.read() as reader:
        assert (reader.needed_files(), reader.counts().captures) == ({file}, 2)


def test_a_run_does_the_upkeep_and_notes_it(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "earshot.yaml").write_text("name: Test\n")
    parts = Parts(load_workspace(tmp_path, {}), {}, clock)
    runner = jobs.make_runner(parts)
    thread = threading.Thread(target=runner.forever)
    thread.start()
    try:
        clock.advance(seconds=1)
        noted = []
        for minutes in (5, 16 * 60):
            time.sleep(0.5)
            clock.advance(minutes=minutes)
            noted = _until_done(parts.record, 1 if minutes == 5 else 5)  # type: ignore[arg-type]
    finally:
        runner.stop()
        thread.join()
        parts.close()
    assert sorted(noted) == ["freshness", "freshness", "index", "integrity", "retention"]
    assert (tmp_path / "var" / "schedule.json").is_file()


def _until_done(record: SqlRecord, count: int) -> list[str]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with record.read() as reader:
            runs = reader.job_runs(job="maintain", states=[JobState.DONE])
        if len(runs) >= count:
            assert {run.origin for run in runs} == {"run"}
            return [run.subject for run in runs]
        time.sleep(0.1)
    raise AssertionError(f"only {[run.subject for run in runs]} after a minute")
