"""A date as its source stated it ("2026-11-29", "2026-11-29T23:30:00-05:00"), for whoever judges or shows it.

Knows no feed and no page; `earshot.model.Entry` says how it is written.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FURTHEST_AHEAD = timedelta(hours=14)
"""Where a day begins first. Source: IANA time zone database, Pacific/Kiritimati is UTC+14 (read 2026-11)."""


def is_day(published_as: str) -> bool:
    """Tell whether a date was stated as a day, without a time."""
    return _DAY.fullmatch(published_as) is not None


def has_come(published_as: str, now: datetime) -> bool:
    """Tell whether a stated day has begun anywhere on earth at `now` (aware); False for what is no day."""
    if not is_day(published_as):
        return False
    try:
        return date.fromisoformat(published_as) <= (now + _FURTHEST_AHEAD).date()
    except ValueError:
        return False


def in_words(published_as: str) -> str:
    """Return "29 Nov 2026" for a day, "29 Nov 2026, 23:30 (UTC-05:00)" for a moment; "" for what is no date."""
    try:
        if is_day(published_as):
            return _day(date.fromisoformat(published_as))
        at = datetime.fromisoformat(published_as)
    except ValueError:
        return ""
    zone = f" ({at.tzname()})" if at.tzinfo else ""
    return f"{_day(at)}, {at:%H:%M}{zone}"


def _day(day: date) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]} {day.year}"
