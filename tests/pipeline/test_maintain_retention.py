"""Retention: what is dropped by age, what never is, and that it goes on beside live work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from earshot import leases
from earshot.config.settings import RetentionSettings, Settings
from earshot.errors import StorageError
from earshot.model import CaptureRef, Outcome, SearchRequest
from earshot.operating import Alarm, JobRun, JobState
from earshot.pipeline.cutting import LEASE_NAME
from earshot.pipeline.maintain.retention import Retained, retain
from tests.builders import NOW, make_source
from tests.pipeline.world import World, item, rss

MakeWorld = Callable[..., World]
INSIDE = make_source(id="wiki", url="http://wiki.example/feed", scope="internal")
OUTSIDE = make_source()
WEEK, DAY = timedelta(days=7), timedelta(days=1)


def keeping(**kept: timedelta | None) -> Settings:
    return Settings(retention=RetentionSettings(**kept))


def dropped(world: World, **more: object) -> Retained:
    return retain(world.record, world.lake, world.workspace, world.clock, **more)  # type: ignore[arg-type]


def listen(world: World, *names: str) -> None:
    """A round in which every source shows these entries."""
    for source in world.workspace.sources:
        host = source.url.removesuffix("/feed")
        world.web.says(source.url, rss(*(item(f"{host}/{name}", name, f"Halden {name} at {host}.") for name in names)))
    world.round()


def captures(world: World) -> int:
    return sum(1 for file in world.lake.iter_files() for _ in world.lake.iter_captures(file))


def counted(world: World) -> int:
    with world.record.read() as reader:
        return reader.counts().captures


def test_by_default_captures_outside_are_kept_for_ever(make_world: MakeWorld) -> None:
    world = make_world()
    listen(world, "one")
    world.clock.advance(days=3650)
    assert (dropped(world).captures, captures(world)) == (0, 1)


def test_captures_older_than_that_go_with_their_rows_and_documents_stay(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    listen(world, "one")
    world.clock.advance(days=6)
    listen(world, "one", "two")
    world.clock.advance(days=2)
    assert dropped(world).captures == 1
    assert (captures(world), counted(world), len(list(world.lake.iter_files()))) == (1, 1, 1)
    with world.record.read() as reader:
        assert reader.counts().documents == 2
    assert world.index.search(SearchRequest()).total == 2
    assert dropped(world) == Retained()


def test_one_file_keeps_what_is_not_old_enough(make_world: MakeWorld) -> None:
    world = make_world(sources=[OUTSIDE, INSIDE], settings=keeping(captures=WEEK, internal_captures=DAY))
    listen(world, "one")
    assert captures(world) == 2
    world.clock.advance(days=2)
    assert dropped(world).captures == 1
    (file,) = world.lake.iter_files()
    assert [capture.source_id for capture, _ in world.lake.iter_captures(file)] == ["blog"]
    with world.record.read() as reader:
        assert reader.is_ingested(next(iter(world.lake.iter_captures(file)))[0].ref)


def test_what_was_said_inside_is_kept_as_long_as_the_workspace_says_and_by_default_not_at_all(
    make_world: MakeWorld,
) -> None:
    world = make_world(sources=[INSIDE])
    listen(world, "one")
    assert captures(world) == 0
    world.change(settings=keeping(internal_captures=WEEK))
    listen(world, "one", "two")
    assert (captures(world), dropped(world).captures) == (1, 0)
    world.clock.advance(days=8)
    assert (dropped(world).captures, captures(world), counted(world)) == (1, 0, 0)


def test_a_source_that_left_the_workspace_stays_internal(make_world: MakeWorld) -> None:
    world = make_world(sources=[OUTSIDE, INSIDE], settings=keeping(internal_captures=DAY))
    listen(world, "one")
    world.change(sources=(make_source(id="other", url="http://other.example/feed"),))
    world.clock.advance(days=2)
    assert dropped(world).captures == 1
    (file,) = world.lake.iter_files()
    assert [capture.source_id for capture, _ in world.lake.iter_captures(file)] == ["blog"]


def test_what_is_quarantined_is_never_dropped(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK, internal_captures=WEEK))
    world.judge.breaks_on = "one"
    listen(world, "one")
    world.clock.advance(days=30)
    with world.record.read() as reader:
        assert len(reader.quarantine()) == 1
    assert (dropped(world).captures, captures(world)) == (0, 1)
    world.judge.breaks_on = ""
    with world.record.read() as reader:
        (waiting,) = reader.quarantine()
    assert world.ingest.replay(waiting.ref, waiting.id).documents == 1
    assert (dropped(world).captures, captures(world)) == (1, 0)


def test_what_was_not_read_yet_is_never_dropped(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    listen(world, "one")
    (file,) = world.lake.iter_files()
    with world.record.write() as writer:  # as if the process had died in the middle of the file
        writer.db.exec_driver_sql("UPDATE lake_file SET is_finished = 0")
    world.clock.advance(days=30)
    assert (dropped(world).captures, list(world.lake.iter_files())) == (0, [file])


def test_a_call_that_was_broken_off_is_finished_by_the_next(make_world: MakeWorld) -> None:
    world = make_world(sources=[OUTSIDE, INSIDE], settings=keeping(captures=WEEK, internal_captures=None))
    listen(world, "one")
    world.clock.advance(days=8)
    move = world.record.move_captures

    def dies(*_: object) -> None:
        raise StorageError("the machine lost power")

    world.record.move_captures = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(StorageError):
        dropped(world)
    world.record.move_captures = move  # type: ignore[method-assign]
    assert (dropped(world).captures, captures(world), counted(world)) == (1, 1, 1)
    with world.record.read() as reader:
        assert reader.needed_files() == set(world.lake.iter_files())


def test_where_another_is_cutting_it_is_left_for_the_next_call(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    listen(world, "one")
    world.clock.advance(days=8)
    with world.record.write() as writer:
        writer.lease([LEASE_NAME], "elsewhere", world.clock.now(), world.clock.now() + timedelta(minutes=1))
    assert (dropped(world), captures(world)) == (Retained(left=1), 1)
    world.clock.advance(minutes=2)
    assert (dropped(world), captures(world)) == (Retained(captures=1), 0)


def test_it_goes_on_in_steps_and_stops_when_asked(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    for name in ("one", "two", "three"):
        listen(world, name)
    world.clock.advance(days=8)
    assert (dropped(world, is_stopping=lambda: True).captures, captures(world)) == (0, 3)
    seen: list[int] = []
    assert dropped(world, on_step=lambda done: seen.append(done.captures)).captures == 3
    assert seen[-1] == 3


def test_runs_levels_and_ended_alarms_are_kept_for_90_days(make_world: MakeWorld) -> None:
    world = make_world()
    listen(world, "one")
    gone = leases.me().rpartition("/")[0] + "/0.00"
    alarm = Alarm("silent: blog", "silent", "blog", "It is silent.", "Look.", NOW, NOW)
    with world.record.write() as writer:
        for number, owner in enumerate((leases.me(), leases.me(), gone)):
            writer.begin_job(JobRun(f"job{number}", "alert", "", JobState.RUNNING, "prompt", NOW, owner))
        writer.end_job("job0", JobState.DONE, NOW)
        writer.add_levels({"documents": 1}, NOW)
        writer.set_alarms([alarm], NOW)
        writer.set_alarms([], NOW)
    world.clock.advance(days=89)
    assert dropped(world) == Retained()
    world.clock.advance(days=2)
    assert dropped(world) == Retained(source_runs=1, job_runs=2, levels=1, alarms=1)
    with world.record.read() as reader:
        assert [run.id for run in reader.job_runs()] == ["job1"]  # its process lives
        assert reader.source_runs("blog") == []
        assert reader.source("blog").last_outcome is Outcome.OK  # type: ignore[union-attr]
    assert dropped(world) == Retained()


def test_a_broken_file_of_which_nothing_is_kept_goes_too(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    listen(world, "one")
    (file,) = world.lake.iter_files()
    path = world.workspace.var / "lake" / file
    path.write_bytes(path.read_bytes()[:-20])
    world.clock.advance(days=8)
    assert (dropped(world).captures, list(world.lake.iter_files())) == (1, [])


def test_nothing_is_cut_that_nobody_condemned(make_world: MakeWorld) -> None:
    world = make_world(settings=keeping(captures=WEEK))
    listen(world, "one")
    with world.record.read() as reader:
        assert not reader.is_wholly_condemned(next(iter(world.lake.iter_files())))
    with world.record.write() as writer:
        writer.condemn(CaptureRef("another.warc.gz", 0, 1, "x"))
    assert dropped(world).captures == 1  # a ref of a file that is gone is done with
    assert captures(world) == 1
