"""Ranges of time a page looks at, and the bins of its chart, in the reader's time zone. Knows no page and no index.

Counts come as UTC hours, so every edge that a period or a bin chooses for itself is a whole UTC hour: what a bar counts
is exactly what its link shows. In zones half an hour off, a day therefore begins at half past midnight.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from earshot.index import timeline

HOUR = timedelta(hours=1)
PRESETS: dict[str, tuple[str, int]] = {
    "24h": ("24 hours", 1),
    "7d": ("7 days", 7),
    "30d": ("30 days", 30),
    "90d": ("90 days", 90),
    "365d": ("12 months", 365),
    "all": ("All time", 0),
}
DEFAULT = "7d"
CUSTOM = "custom"
_YEARS = (1970, 2199)


@dataclass(frozen=True, slots=True)
class Period:
    """`since` (included) to `until` (excluded), UTC; None is open. days: by how much the period before is shifted.

    is_open: new mentions may still fall into it as time goes by.
    """

    name: str
    since: datetime | None
    until: datetime | None
    shift: timedelta | None = None
    is_open: bool = True

    @property
    def previous(self) -> Period | None:
        """The period of the same length before, or None where there is none to compare with."""
        if self.since is None or self.until is None or self.shift is None:
            return None
        return Period(CUSTOM, self.since - self.shift, self.until - self.shift, is_open=False)

    @property
    def last(self) -> datetime | None:
        """The last second of it, None where it has no end: `until` itself lies outside."""
        return self.until - timedelta(seconds=1) if self.until else None

    @property
    def label(self) -> str:
        """What the period is called: "the last 7 days"."""
        if self.name == "all":
            return "all time"
        return f"the last {PRESETS[self.name][0]}" if self.name in PRESETS else "the chosen time"

    @property
    def previous_label(self) -> str:
        """What the period before is called: "the 7 days before"."""
        return f"the {PRESETS[self.name][0]} before" if self.name in PRESETS else "the same length before"


def floor_hour(at: datetime) -> datetime:
    """Return the whole UTC hour that `at` lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceil_hour(at: datetime) -> datetime:
    """Return the first whole UTC hour that is not before `at`."""
    floor = floor_hour(at)
    return floor if floor == at else floor + HOUR


def preset(name: str, now: datetime, zone: ZoneInfo) -> Period:
    """Return a preset's period: whole days of the zone up to the end of this hour; 24h is 24 hours."""
    if name == "all":
        return Period(name, None, None)
    until = ceil_hour(now + timedelta(microseconds=1))
    days = PRESETS[name][1]
    if name == "24h":
        return Period(name, until - timedelta(hours=24), until, timedelta(hours=24))
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    since = ceil_hour(datetime.combine(first, time(), zone).astimezone(UTC))
    return Period(name, since, until, max(timedelta(days=days), until - since))  # longer where clocks were put back


def custom(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Return a chosen period; an end that is missing lies open."""
    end = until or ceil_hour(now + timedelta(microseconds=1))
    shift = end - since if since else None
    return Period(CUSTOM, since, until or end, shift, is_open=until is None or until > now)


def read_time(text: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    """Return a time written as 2026-11-20, 2026-11-20T13:30 or with an offset (Z, +01:00).

    A date alone means its first moment, or, where `is_end`, the first moment after it.

    Raises:
        ValueError: none of these, or not a year from 1970 to 2199.
    """
    at = datetime.fromisoformat(text.strip())
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise ValueError(f"no year of the web: {at.year}")
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    if is_end and len(text.strip()) <= len("2026-11-20"):
        at += timedelta(days=1)
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Bin:
    """One column of a chart. start and end (excluded) in UTC; at and to: the same on the reader's clock, naive.

    whole: how long it would be, were it not cut short by an end of the range.
    """

    start: datetime
    end: datetime
    at: datetime
    to: datetime
    whole: timedelta

    @property
    def is_cut(self) -> bool:
        """True where a part of it lies outside the range, so that it says less than the others."""
        return self.end - self.start < self.whole


QUARTER_DAY = "6 hours"
YEAR = "year"
_BESIDE = {
    timeline.HOUR: timedelta(0),
    QUARTER_DAY: timedelta(days=1),
    timeline.DAY: timedelta(days=2),
    timeline.WEEK: timedelta(days=8),
    timeline.MONTH: timedelta(days=32),
    YEAR: timedelta(days=367),
}
"""How far beside a range the next border lies at the most."""


def fitting_interval(since: datetime, until: datetime) -> str:
    """Return the interval that gives a readable number of columns: about 20 to 120, and at most 230 (years)."""
    hours = (until - since) / HOUR
    for name, limit in (
        (timeline.HOUR, 72),
        (QUARTER_DAY, 24 * 15),
        (timeline.DAY, 24 * 120),
        (timeline.WEEK, 24 * 500),
        (timeline.MONTH, 24 * 3650),
    ):
        if hours <= limit:
            return name
    return YEAR


def make_bins(since: datetime, until: datetime, zone: ZoneInfo, interval: str) -> list[Bin]:
    """Return the columns that cover a range without gap or overlap; the first and last may be cut short.

    Borders are those of `earshot.index.timeline`, moved on to the next whole UTC hour: an hour counts, as there, to
    the column that its start lies in. QUARTER_DAY columns begin at 0, 6, 12 and 18 on the reader's clock.
    """
    beside = _BESIDE[interval]
    borders = _borders(since - beside, until + beside, zone, interval)
    edges = [since, *(border for border in borders if since < border < until), until]
    return [
        Bin(start, end, _wall(start, zone), _wall(end, zone), _whole(borders, start, end))
        for start, end in pairwise(edges)
    ]


def _borders(since: datetime, until: datetime, zone: ZoneInfo, interval: str) -> list[datetime]:
    if interval == QUARTER_DAY:
        hours = timeline.edges(since, until, zone.key, timeline.HOUR)
        return [hour for hour in hours if hour.astimezone(zone).hour % 6 == 0]
    if interval == YEAR:
        months = timeline.edges(since, until, zone.key, timeline.MONTH)
        return [ceil_hour(month) for month in months if month.astimezone(zone).month == 1]
    return [ceil_hour(border) for border in timeline.edges(since, until, zone.key, interval)]


def _whole(borders: Sequence[datetime], start: datetime, end: datetime) -> timedelta:
    """Return how far apart the borders around a column are; its own length where there are none."""
    before = max((border for border in borders if border <= start), default=start)
    return min((border for border in borders if border >= end), default=end) - before


def bin_of(bins: Sequence[Bin], hour: datetime) -> int:
    """Return the number of the column that counts this UTC hour; hours outside go to the nearest."""
    return max(0, min(len(bins) - 1, bisect_right(bins, hour, key=lambda column: column.start) - 1))


def merge_runs(rows: Iterable[tuple[datetime, str]]) -> list[tuple[datetime, datetime, str]]:
    """Return runs (start, end, state) of consecutive hours that share a state."""
    runs: list[tuple[datetime, datetime, str]] = []
    for hour, state in rows:
        if runs and runs[-1][2] == state and runs[-1][1] == hour:
            runs[-1] = (runs[-1][0], hour + HOUR, state)
        else:
            runs.append((hour, hour + HOUR, state))
    return runs


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
