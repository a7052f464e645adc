"""When `earshot run` does the upkeep, and that listening goes on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from earshot.config.settings import ScheduleSettings, Settings, Workspace
from earshot.errors import StorageError
from earshot.pipeline.maintain.timing import Upkeep
from tests.builders import NOW, FakeClock


def make_upkeep(clock: FakeClock, maintain: Callable[[str], Mapping[str, Any] | None], zone: str = "UTC") -> Upkeep:
    settings = Settings(time_zone=zone, schedules=ScheduleSettings(maintain_nightly="30 3 * * *"))
    return Upkeep(maintain, Workspace(Path(), settings, (), ()), clock)


def pass_time(upkeep: Upkeep, clock: FakeClock, **delta: float) -> datetime:
    now = clock.advance(**delta)
    for _ in range(3):
        upkeep.tick()
        upkeep.wait(5)
    return now


def test_freshness_comes_every_five_minutes_and_the_night_once(clock: FakeClock) -> None:
    done: list[str] = []
    upkeep = make_upkeep(clock, done.append)
    pass_time(upkeep, clock, minutes=4)
    assert done == []
    for _ in range(3):
        pass_time(upkeep, clock, minutes=5)
    assert done == ["freshness"] * 3
    done.clear()
    pass_time(upkeep, clock, hours=16)
    assert done == ["freshness", "retention", "index", "integrity"]
    pass_time(upkeep, clock, hours=1)
    assert done[4:] == ["freshness"]


def test_the_night_is_that_of_the_workspaces_zone() -> None:
    clock = FakeClock(NOW.replace(hour=1, minute=0))
    done: list[str] = []
    upkeep = make_upkeep(clock, done.append, "Europe/Berlin")
    pass_time(upkeep, clock, minutes=89)
    assert "retention" not in done
    pass_time(upkeep, clock, minutes=2)
    assert "retention" in done


def test_one_part_at_a_time_and_nobody_waits_for_it(clock: FakeClock) -> None:
    go, begun = threading.Event(), []

    def slow(part: str) -> None:
        begun.append(part)
        go.wait(10)

    upkeep = make_upkeep(clock, slow)
    for _ in range(3):
        clock.advance(minutes=5)
        upkeep.tick()
    assert begun == ["freshness"]
    go.set()
    upkeep.wait(5)
    upkeep.tick()
    upkeep.wait(5)
    assert begun == ["freshness"] * 2


def test_a_part_that_fails_stops_neither_the_next_nor_the_run(clock: FakeClock) -> None:
    done: list[str] = []

    def fails(part: str) -> None:
        done.append(part)
        raise (StorageError("not now") if part == "retention" else ValueError("a defect"))

    upkeep = make_upkeep(clock, fails)
    pass_time(upkeep, clock, days=1)
    pass_time(upkeep, clock, minutes=5)
    assert done == ["freshness", "retention", "index", "integrity", "freshness"]


def test_new_alarms_go_to_the_log(clock: FakeClock) -> None:
    alarm = {"key": "k", "what": "The disk is nearly full.", "advice": "Free space."}
    with structlog.testing.capture_logs() as logged:
        pass_time(make_upkeep(clock, lambda part: {"open": 1, "new": [alarm], "ended": 0}), clock, minutes=5)
    assert [(each["log_level"], each["what"]) for each in logged] == [("warning", "The disk is nearly full.")]
