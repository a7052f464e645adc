"""Bins cover a range once, and stand at the reader's borders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from dashboards.periods import HOUR, PRESETS, bin_of, fitting_interval, make_bins, preset
from earshot.index import timeline

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham")
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(moments, st.integers(1, 24 * 500), st.sampled_from(ZONES))
def test_bins_have_no_gap_and_no_overlap_and_hold_every_hour_once(since: datetime, hours: int, zone: str) -> None:
    until = since + timedelta(hours=hours)
    bins = make_bins(since, until, ZoneInfo(zone), fitting_interval(since, until))
    assert bins[0].start == since
    assert bins[-1].end == until
    assert all(a.end == b.start for a, b in pairwise(bins))
    hour = since.replace(minute=0, second=0, microsecond=0) + HOUR
    while hour < until:
        column = bins[bin_of(bins, hour)]
        assert column.start <= hour < column.end
        hour += HOUR * 7


@example(datetime(2024, 5, 1, 13, tzinfo=UTC), "Australia/Lord_Howe", "30d")  # the clocks were put back in it
@given(moments, st.sampled_from(ZONES), st.sampled_from(list(PRESETS)))
def test_presets_stand_on_whole_hours_and_have_a_period_before_of_the_same_length(
    now: datetime, zone: str, name: str
) -> None:
    period = preset(name, now, ZoneInfo(zone))
    if period.since is None or period.until is None:
        assert name == "all"
        return
    assert period.since < now < period.until <= now + HOUR
    assert (period.since.minute, period.until.minute) == (0, 0)
    before = period.previous
    assert before is not None
    assert before.until <= period.since
    assert before.until - before.since == period.until - period.since


def test_days_are_those_of_the_one_place_where_zones_meet_counts() -> None:
    zone, since = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 20, 22, tzinfo=UTC)
    until = since + timedelta(days=10, hours=1)
    bins = make_bins(since, until, zone, "day")
    assert [b.start for b in bins] == timeline.edges(since, until, zone.key, "day")[:-1]
    assert max(b.end - b.start for b in bins) == timedelta(hours=25)


def test_quarter_days_begin_at_six_on_the_readers_clock() -> None:
    since = datetime(2026, 11, 13, 23, tzinfo=UTC)
    bins = make_bins(since, since + timedelta(days=2), ZoneInfo("Europe/Berlin"), "6 hours")
    assert [b.at.hour for b in bins] == [0, 6, 12, 18] * 2
