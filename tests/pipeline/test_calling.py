"""A scheduler starts one run for a brand that has something to tell; another when that has begun or was lost."""

from __future__ import annotations

import pytest

from earshot.config.settings import FreshnessSettings
from earshot.pipeline.calling import begin, call_up
from earshot.pipeline.maintain.backlog import Limits, stuck_relays
from earshot.record import SqlRecord
from tests.builders import FakeClock


@pytest.fixture
def record(tmp_path, clock: FakeClock) -> SqlRecord:  # type: ignore[no-untyped-def]
    made = SqlRecord(f"sqlite:///{tmp_path / 'record.db'}", clock)
    made.migrate()
    return made


def test_a_brand_that_waits_for_its_run_is_not_called_up_once_more(record: SqlRecord, clock: FakeClock) -> None:
    assert call_up(record, "alert", ["halden", "norrvik"], clock.now()) == ["halden", "norrvik"]
    clock.advance(seconds=10)
    assert call_up(record, "alert", ["brewlane", "halden"], clock.now()) == ["brewlane"]
    assert call_up(record, "brief", ["halden"], clock.now()) == ["halden"], "its brief is another run"


def test_once_it_has_begun_it_is_called_up_for_what_comes_now(record: SqlRecord, clock: FakeClock) -> None:
    call_up(record, "alert", ["halden", "norrvik"], clock.now())
    begin(record, "alert", "halden")
    begin(record, "alert", "halden")
    assert call_up(record, "alert", ["halden", "norrvik"], clock.now()) == ["halden"]


@pytest.mark.parametrize("second", [0, 50, 59.9])
def test_a_call_that_was_lost_is_made_again_by_the_next_minutes_timer(
    record: SqlRecord, clock: FakeClock, second: float
) -> None:
    clock.advance(seconds=60 - clock.now().second - clock.now().microsecond / 1e6 + second)
    assert call_up(record, "alert", ["halden"], clock.now()) == ["halden"]
    assert call_up(record, "alert", ["halden"], clock.now()) == []
    clock.advance(seconds=60 - second)
    assert clock.now().second == 0
    assert call_up(record, "alert", ["halden"], clock.now()) == ["halden"]


def test_a_call_that_nobody_followed_is_no_stuck_relay(record: SqlRecord, clock: FakeClock) -> None:
    call_up(record, "alert", ["halden"], clock.now())
    clock.advance(days=1)
    with record.read() as reader:
        held = reader.held_leases()
    assert [each.name for each in held] == ["call:alert:halden"]
    assert stuck_relays(held, lambda _: False, Limits(FreshnessSettings(), (), clock.now())) == []
