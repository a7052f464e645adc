from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.errors import ConfigError
from earshot.index.timeline import INTERVALS, edges, parts, rebin
from earshot.model import HourCount

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "America/Sao_Paulo",
    "Pacific/Apia",
)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2026, 12, 1)).map(lambda d: d.replace(tzinfo=UTC))


def hour(*when: int, count: int = 1, value: str = "") -> HourCount:
    return HourCount(datetime(*when, tzinfo=UTC), value, count)


def days(hours: list[HourCount], zone: str, interval: str = "day") -> list[tuple[str, int]]:
    return [(f"{bucket.start:%Y-%m-%d}", bucket.total) for bucket in rebin(hours, zone, interval)]


def test_hour_counts_to_the_day_of_its_zone() -> None:
    late = [hour(2026, 11, 19, 22), hour(2026, 11, 19, 23)]
    assert days(late, "UTC") == [("2026-11-19", 2)]
    assert days(late, "Europe/Berlin") == [("2026-11-19", 1), ("2026-11-20", 1)]


def test_days_without_any_are_there_with_zero() -> None:
    assert days([hour(2026, 11, 1, 5), hour(2026, 11, 4, 5, count=7)], "UTC") == [
        ("2026-11-01", 1),
        ("2026-11-02", 0),
        ("2026-11-03", 0),
        ("2026-11-04", 7),
    ]


@pytest.mark.parametrize(("day", "length"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 7, 1), 24)])
def test_day_is_as_long_as_its_zone_makes_it(day: tuple[int, int, int], length: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    noon = datetime(*day, 12, tzinfo=zone)
    (bucket,) = rebin([], "Europe/Berlin", "day", noon, noon + timedelta(hours=1))
    assert (bucket.end.astimezone(UTC) - bucket.start.astimezone(UTC)) == timedelta(hours=length)
    assert (bucket.start.hour, bucket.end.hour) == (0, 0)


def test_midnight_that_a_zone_left_out_begins_the_day_at_one() -> None:
    noon = datetime(2022, 3, 27, 12, tzinfo=ZoneInfo("Asia/Beirut"))
    (bucket,) = rebin([], "Asia/Beirut", "day", noon, noon + timedelta(hours=1))
    assert f"{bucket.start:%d %H:%M}" == "27 01:00"


def test_day_that_a_zone_left_out_has_no_bucket() -> None:
    counted = days([hour(2011, 12, 29, 12), hour(2011, 12, 31, 12)], "Pacific/Apia")
    assert counted == [("2011-12-29", 1), ("2011-12-31", 0), ("2012-01-01", 1)]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    hours = [hour(2026, 11, 20, 5), hour(2026, 11, 23, 5)]
    assert days(hours, "UTC", "week") == [("2026-11-16", 1), ("2026-11-23", 1)]
    assert days([hour(2025, 12, 31, 23), hour(2026, 2, 1, 0)], "UTC", "month") == [
        ("2025-12-01", 1),
        ("2026-01-01", 0),
        ("2026-02-01", 1),
    ]


def test_hour_across_a_midnight_at_half_past_belongs_to_the_day_that_ends() -> None:
    assert days([hour(2026, 11, 19, 18), hour(2026, 11, 19, 19)], "Asia/Kolkata") == [
        ("2026-11-19", 1),
        ("2026-11-20", 1),
    ]


def test_first_hour_of_a_range_that_begins_within_it_counts_to_the_first_bucket() -> None:
    since = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Kolkata"))
    (bucket,) = rebin([hour(2026, 11, 19, 18)], "Asia/Kolkata", "day", since, since + timedelta(days=1))
    assert (bucket.start, bucket.total) == (since, 1)


def test_every_bucket_has_every_value() -> None:
    hours = [hour(2026, 11, 1, 0, value="negative"), hour(2026, 11, 2, 0, value="positive", count=3)]
    assert [bucket.counts for bucket in rebin(hours, "UTC", "day")] == [
        {"negative": 1, "positive": 0},
        {"negative": 0, "positive": 3},
    ]


def test_range_without_mentions_is_all_zero() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    buckets = rebin([], "UTC", "day", since, since + timedelta(days=3))
    assert [bucket.counts for bucket in buckets] == [{"": 0}] * 3


def test_no_mentions_and_no_range_is_no_bucket() -> None:
    assert rebin([], "UTC", "day") == []


def test_until_before_since_is_no_bucket() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert edges(since, since, "UTC", "day") == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "\x00"])
def test_unknown_zone_is_a_config_error(zone: str) -> None:
    with pytest.raises(ConfigError, match="time zone"):
        rebin([hour(2026, 1, 1, 0)], zone, "day")


def test_unknown_interval_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="hour, day, week, month"):
        rebin([hour(2026, 1, 1, 0)], "UTC", "decade")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(moments, st.integers(1, 9)), max_size=20), st.sampled_from(ZONES), st.sampled_from(INTERVALS[1:])
)
def test_nothing_is_lost_and_buckets_have_no_gaps(raw: list[tuple[datetime, int]], zone: str, interval: str) -> None:
    hours = [HourCount(at.replace(minute=0, second=0, microsecond=0), "", count) for at, count in raw]
    buckets = rebin(hours, zone, interval)
    assert sum(bucket.total for bucket in buckets) == sum(one.count for one in hours)
    assert all(one.end == two.start for one, two in pairwise(buckets))
    assert all(bucket.start.astimezone(UTC) < bucket.end.astimezone(UTC) for bucket in buckets)


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(1, 2000), st.sampled_from(ZONES), st.sampled_from(INTERVALS[1:]))
def test_borders_hold_the_whole_range(since: datetime, length_h: int, zone: str, interval: str) -> None:
    until = since + timedelta(hours=length_h)
    borders = edges(since, until, zone, interval)
    assert borders[0] <= since < borders[1]
    assert borders[-2] < until <= borders[-1]
    assert borders == sorted(set(borders))


def test_hours_begin_with_the_utc_hour() -> None:
    since = datetime(2026, 3, 29, 0, 40, tzinfo=UTC)
    buckets = rebin([hour(2026, 3, 29, 1)], "Europe/Berlin", "hour", since, since + timedelta(hours=2))
    assert [(f"{b.start:%H:%M}", b.total) for b in buckets] == [("01:00", 0), ("03:00", 1), ("04:00", 0)]


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9)), max_size=40, unique_by=lambda pair: pair[0]))
def test_parts_hold_every_hour_once_and_no_more_than_was_asked_for(raw: list[tuple[int, int]]) -> None:
    start = datetime(2026, 10, 20, tzinfo=UTC)
    hours = [HourCount(start + timedelta(hours=at), "", count) for at, count in sorted(raw)]
    found = list(parts(hours, 10))
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    inside = [[one for one in hours if since <= one.hour < until] for since, until, _ in found]
    assert [one for each in inside for one in each] == hours
    assert [sum(one.count for one in each) for each in inside] == [count for *_, count in found]
    assert all(count <= 10 or len(each) == 1 for each, (*_, count) in zip(inside, found, strict=True))
