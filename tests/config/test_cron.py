"""Cron expressions: what is taken, and that they come when Airflow says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pendulum
import pytest
from airflow.timetables._cron import CronMixin
from hypothesis import given
from hypothesis import strategies as st

from earshot.config.cron import Cron, check_cron

EXPRESSIONS = [
    "* * * * *", "*/5 * * * *", "30 * * * *", "30 2 * * *", "15 1,2,3 * * *", "0 */2 * * *", "*/20 8-18 * * mon-fri",
    "30 3 1 jan,jul *", "0 0 13 * fri",
]  # fmt: skip
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
# Hours around changes of the clocks, in which meanings part, and an ordinary day.
DAYS = [datetime(2026, m, d, tzinfo=UTC) for m, d in ((3, 8), (3, 29), (4, 4), (6, 1), (10, 3), (10, 25), (11, 1))]


@given(
    st.sampled_from(EXPRESSIONS), st.sampled_from(ZONES), st.sampled_from(DAYS), st.integers(0, 26 * 3600 - 1)
)  # fmt: skip
def test_the_next_time_is_the_one_that_airflow_takes(expression: str, zone: str, day: datetime, seconds: int) -> None:
    time = day + timedelta(seconds=seconds)
    found = Cron(check_cron(expression), zone).next_after(time)
    assert found == CronMixin(expression, zone)._get_next(pendulum.instance(time))
    assert found > time


def test_a_time_of_day_is_that_of_the_zone() -> None:
    berlin = Cron("30 3 * * *", "Europe/Berlin")
    assert berlin.next_after(datetime(2026, 11, 20, 12, tzinfo=UTC)) == datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
    assert berlin.next_after(datetime(2026, 7, 1, 12, tzinfo=UTC)) == datetime(2026, 7, 2, 1, 30, tzinfo=UTC)


def test_times_come_one_after_another() -> None:
    times = islice(Cron("0 8-9 * * *").iter_after(datetime(2026, 11, 20, 8, tzinfo=UTC)), 3)
    assert [(t.day, t.hour) for t in times] == [(20, 9), (21, 8), (21, 9)]


def test_spaces_do_not_matter() -> None:
    assert check_cron("  0   3 * *  mon ") == "0 3 * * mon"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("every minute", "five fields"),
        ("0 3 * *", "five fields"),
        ("0 0 3 * * *", "five fields"),
        ("@daily", "five fields"),
        ("61 * * * *", "out of range"),
        ("0 3 * * someday", "not a cron expression"),
        ("0 0 31 2 *", "never|ever comes"),
        ("R 3 * * *", "another time in every process"),
        ("h 3 * * thu", "another time in every process"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_would_be_right(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        check_cron(expression)
    assert "for example" in str(error.value)


def test_thursday_and_march_are_no_chance() -> None:
    assert check_cron("0 3 * mar,apr thu,fri") == "0 3 * mar,apr thu,fri"
