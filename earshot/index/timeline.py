"""Hourly UTC counts as hours, days, weeks or months of any time zone: the one place where zones meet counts.

Knows no engine: all of them count by UTC hour (one of them ignores time zones silently), and this re-bins. Who needs
only long spans asks for those (`gathered`): a cluster takes five times as long to tell the 26,000 hours of a year.
Weeks begin on Monday. A UTC hour is never split: it belongs whole to the bucket that its start lies in. In zones whose
offset is not a whole hour (Asia/Kolkata, +05:30) days therefore begin up to 59 minutes early or late by the clock:
what was published between 23:30 and 00:30 there counts to the day that was ending.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earshot.errors import ConfigError
from earshot.model import HourCount

HOUR, DAY, WEEK, MONTH = INTERVALS = ("hour", "day", "week", "month")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Mentions published from `start` (included) to `end` (excluded), both aware and in the zone asked for.

    counts: by value; every value of the timeline is there, with 0 where it has none.
    """

    start: datetime
    end: datetime
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The sum over all values."""
        return sum(self.counts.values())


def gathered(hours: Sequence[HourCount], starts: Sequence[datetime]) -> list[HourCount]:
    """Return the counts of hours as those of spans, as `MentionIndex.hours` describes them; no starts: as they are."""
    if not starts:
        return list(hours)
    counts: Counter[tuple[datetime, str]] = Counter()
    for row in hours:
        counts[starts[max(0, bisect_right(starts, row.hour) - 1)], row.value] += row.count
    return [HourCount(start, value, count) for (start, value), count in sorted(counts.items())]


def parts(hours: Sequence[HourCount], most: int) -> Iterator[tuple[datetime, datetime, int]]:
    """Yield spans of time that together hold all that was counted, each with how many it holds: at most `most`, or an
    hour. They are as `hours` are: each hour once, in order.
    """
    start, count = 0, 0
    for number, one in enumerate(hours):
        if count and count + one.count > most:
            yield hours[start].hour, hours[number - 1].hour + _HOUR, count
            start, count = number, 0
        count += one.count
    if count:
        yield hours[start].hour, hours[-1].hour + _HOUR, count


def rebin(
    hours: Sequence[HourCount],
    zone: str,
    interval: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Bucket]:
    """Return buckets of `interval` in `zone`, without gaps, oldest first.

    Args:
        hours: as `MentionIndex.hours` returns them, in any order.
        zone: IANA name.
        interval: "hour", "day", "week" or "month".
        since, until: the range to cover, aware; the buckets they lie in are there whole. None: where `hours`
            begin or end. Hours outside count to the first or last bucket: a range that begins within an hour
            leaves an hour that begins before it.

    Raises:
        ConfigError: no such zone or interval.
    """
    first = since or min((one.hour for one in hours), default=None)
    last = until or max((one.hour + _HOUR for one in hours), default=None)
    borders = edges(first, last, zone, interval) if first and last else []
    if len(borders) < 2:
        return []
    values = sorted({one.value for one in hours}) or [""]
    counts = [dict.fromkeys(values, 0) for _ in borders[1:]]
    for one in hours:
        place = bisect_right(borders, one.hour.astimezone(UTC)) - 1
        counts[min(max(place, 0), len(counts) - 1)][one.value] += one.count
    local = [border.astimezone(_zone(zone)) for border in borders]
    return [Bucket(*ends) for ends in zip(local, local[1:], counts, strict=False)]


def edges(since: datetime, until: datetime, zone: str, interval: str) -> list[datetime]:
    """Return the borders, in UTC, of the buckets that hold `since` to `until`; one more than there are buckets.

    Empty where `until` is not after `since`. Days are as long as the zone makes them (23, 24 or 25 hours); a day
    that a zone left out altogether has no bucket.

    Raises:
        ConfigError: no such zone or interval.
    """
    if interval not in INTERVALS:
        raise ConfigError(f"there is no interval {interval!r}", advice=f"one of {', '.join(INTERVALS)}")
    steps = _steps(since.astimezone(UTC), _zone(zone), interval)
    if until <= since:
        return []
    borders = [next(steps)]
    while borders[-1] < until:
        step = next(steps)
        if step > borders[-1]:
            borders.append(step)
    return borders


def _steps(since: datetime, zone: ZoneInfo, interval: str) -> Iterator[datetime]:
    if interval == HOUR:
        hour = since.replace(minute=0, second=0, microsecond=0)
        while True:
            yield hour
            hour += _HOUR
    day = _first_day(since.astimezone(zone).date(), interval)
    while True:
        yield datetime.combine(day, time(), zone).astimezone(UTC)
        day = _next_day(day, interval)


def _first_day(day: date, interval: str) -> date:
    if interval == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == MONTH else day


def _next_day(day: date, interval: str) -> date:
    if interval == MONTH:
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if interval == WEEK else 1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"there is no time zone {name!r}", advice="an IANA name, as Europe/Berlin") from error
