"""Quiet hours by the wall clock: over midnight, and where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.alerts.quiet import is_quiet, quiet_until
from earshot.model import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")


def berlin(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (berlin(2026, 11, 20, 21, 59), None),
        (berlin(2026, 11, 20, 22, 0), berlin(2026, 11, 21, 7, 0)),
        (berlin(2026, 11, 21, 3, 0), berlin(2026, 11, 21, 7, 0)),
        (berlin(2026, 11, 21, 7, 0), None),
        (berlin(2026, 3, 28, 23, 0), berlin(2026, 3, 29, 7, 0)),  # one hour short: clocks go forward
        (berlin(2026, 10, 24, 23, 0), berlin(2026, 10, 25, 7, 0)),  # one hour long: clocks go back
    ],
)
def test_a_night_lasts_from_evening_to_morning_on_the_wall_clock(now: datetime, until: datetime | None) -> None:
    assert quiet_until(NIGHT, now) == until


def test_quiet_that_ends_in_the_hour_that_is_skipped_ends_with_the_skip() -> None:
    quiet = QuietHours(time(0), time(2, 30), "Europe/Berlin")
    assert quiet_until(quiet, berlin(2026, 3, 29, 1, 0)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_quiet_that_ends_in_the_hour_that_comes_twice_is_quiet_both_times() -> None:
    quiet = QuietHours(time(0), time(2, 30), "Europe/Berlin")
    first, second = berlin(2026, 10, 25, 2, 30), berlin(2026, 10, 25, 2, 30, fold=1)
    assert quiet_until(quiet, berlin(2026, 10, 25, 1, 0)) == first
    assert quiet_until(quiet, first + timedelta(minutes=40)) == second


def test_a_gap_that_the_clocks_skip_does_not_end_quiet() -> None:
    quiet = QuietHours(time(2, 1), time(2, 0), "Europe/Berlin")
    assert quiet_until(quiet, berlin(2026, 3, 29, 1, 0)) == berlin(2026, 3, 30, 2, 0)


def test_no_quiet_hours_and_equal_times_are_never_quiet() -> None:
    assert quiet_until(None, berlin(2026, 11, 20, 3)) is None
    assert not is_quiet(QuietHours(time(7), time(7), "UTC"), datetime(2026, 11, 20, 7, tzinfo=UTC))


MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)
# Lord Howe shifts by half an hour; the two days of change are drawn as often as all others
CHANGES = st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 24, 23, tzinfo=UTC)]).flatmap(
    lambda change: st.integers(-300, 300).map(lambda minute: change + timedelta(minutes=minute))
)
ZONES = st.sampled_from(["Europe/Berlin", "UTC", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])


@settings(deadline=None, max_examples=60)
@given(MINUTES, MINUTES, ZONES, st.one_of(MOMENTS, CHANGES))
def test_the_end_is_the_first_minute_that_is_not_quiet(start: time, end: time, zone: str, now: datetime) -> None:
    quiet = QuietHours(start, end, zone)
    until = quiet_until(quiet, now)
    assert (until is None) == (not is_quiet(quiet, now))
    if until is None:
        return
    assert now < until <= now + timedelta(hours=25)
    assert not is_quiet(quiet, until)
    minutes = int((until - now).total_seconds() // 60)
    assert all(is_quiet(quiet, now + timedelta(minutes=minute)) for minute in range(0, minutes, 7))
    assert is_quiet(quiet, until - timedelta(minutes=1))
