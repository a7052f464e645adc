"""A stage that fails in an unforeseen way rests and is tried again; the others and the run go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from earshot.errors import StorageError
from earshot.model import Outcome
from earshot.pipeline.resting import Resting
from earshot.pipeline.run import Runner
from tests.builders import FakeClock
from tests.pipeline.world import World, item, rss

MakeWorld = Callable[..., World]


def breaks(*_: Any) -> Any:
    raise ZeroDivisionError("a mistake of ours")


def test_a_stage_rests_longer_each_time_and_is_told_of_once(clock: FakeClock) -> None:
    failures: list[str] = []
    resting = Resting(clock, lambda stage, error: failures.append(f"{stage}: {error}"))
    tries: list[float] = []

    def fails() -> None:
        tries.append(clock.monotonic())
        breaks()

    for _ in range(60):
        resting.attempt("publish", fails)
        clock.advance(seconds=1)
    assert [round(at - tries[0]) for at in tries] == [0, 2, 6, 14, 30]
    assert failures == ["publish: a mistake of ours"]
    clock.advance(hours=1)
    assert resting.attempt("publish", lambda: 7) == 7
    assert resting.broken == {}


def test_storage_that_does_not_answer_concerns_every_stage(clock: FakeClock) -> None:
    resting = Resting(clock, lambda *_: None)

    def silent() -> None:
        raise StorageError("no answer")

    with pytest.raises(StorageError):
        resting.attempt("alert", silent)
    assert resting.broken == {}


@pytest.mark.parametrize("stage", ["publish", "alert", "brief"])
def test_listening_goes_on_while_a_stage_is_broken(make_world: MakeWorld, stage: str) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", rss(item("http://blog.example/one", "Pump", "My Halden pump broke.")))
    runner = world.runner()
    failed: list[str] = []
    told = {"failed": lambda name, _: failed.append(name)}
    stages = replace(runner._s, **{stage: breaks}, **told)  # type: ignore[arg-type]
    report = Runner(stages).once()
    assert report.outcomes == {"ok": 1}
    assert report.ingested.mentions == 1
    assert failed == [stage]
    assert "a mistake of ours" in report.broken[stage]


def test_a_file_that_cannot_be_read_today_is_read_later_and_the_others_at_once(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", rss(item("http://blog.example/one", "Pump", "My Halden pump broke.")))
    with monkeypatch.context() as changes:
        changes.setattr(world.ingest, "file", breaks)
        report = world.round()
    assert report.ingested.documents == 0
    assert [name.partition(" ")[0] for name in report.broken] == ["ingest"]
    world.web.says("http://blog.example/feed", Outcome.UNCHANGED)
    assert world.round().ingested.documents == 1


def test_a_batch_that_breaks_ends_alone(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.collect = breaks  # type: ignore[method-assign]
    report = world.round()
    assert "a mistake of ours" in report.broken["collect"]
