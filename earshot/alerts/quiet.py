"""Quiet hours: when a rule keeps silent, by the wall clock of its own time zone. Knows nothing of what waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from earshot.model import QuietHours

_MINUTE = timedelta(minutes=1)


def is_quiet(quiet: QuietHours | None, now: datetime) -> bool:
    """Tell whether `now` (aware) lies in quiet hours; `start` is quiet, `end` is not. Equal times mean never."""
    if quiet is None:
        return False
    wall = now.astimezone(ZoneInfo(quiet.time_zone)).time()
    return _covers(quiet.start, quiet.end, wall)


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Return the first moment (UTC, not before `now`) that is not quiet, or None where `now` itself is not.

    It is the wall clock that counts: where clocks jump over the end, quiet ends with the jump; where an hour
    comes twice, its quiet part is quiet both times.
    """
    if quiet is None or not is_quiet(quiet, now):
        return None
    zone = ZoneInfo(quiet.time_zone)
    local = now.astimezone(zone)
    day = local.date() if local.time() < quiet.end else local.date() + timedelta(days=1)
    end = datetime.combine(day, quiet.end, zone).astimezone(now.tzinfo)
    if end <= now:  # the end's first passing is over, and the hour comes again
        end = datetime.combine(day, quiet.end.replace(fold=1), zone).astimezone(now.tzinfo)
    while not is_quiet(quiet, end - _MINUTE) and end - _MINUTE > now:  # only where clocks jumped over the end
        end -= _MINUTE
    # Where the jump skips the whole gap between two quiet times, the next day's end is the first.
    return quiet_until(quiet, end) if is_quiet(quiet, end) else end


def _covers(start: time, end: time, wall: time) -> bool:
    if start <= end:
        return start <= wall < end
    return wall >= start or wall < end
