"""Dates as sources write them, into aware UTC or nothing. Knows no format of feed or page.

A date that cannot be true (the zero of some clock, the year 1, 2999) counts as absent; one that lies a little ahead
is kept, since the pipeline judges the future.
"""

from __future__ import annotations

import calendar
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_DAY = datetime(1990, 12, 20, tzinfo=UTC)
"""The first web site went up on this day, says CERN; what is older is a default value."""

LEEWAY = timedelta(days=366)
"""How far ahead of the time of fetching a date may lie before it counts as absent."""

_W3C = re.compile(
    r"\s*(\d{4})-?(\d\d)?-?(\d\d)?(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?\s*$",
    re.IGNORECASE,
)
_YEAR_NEAR_ZERO = re.compile(r"\s0\d{2,3}\s")


def plausible(moment: datetime | None, fetched_at: datetime) -> datetime | None:
    """Return `moment` in UTC, None where it cannot be true. A naive one is taken as UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        inside = FIRST_DAY <= aware <= fetched_at + LEEWAY
        return aware.astimezone(UTC).replace(microsecond=0) if inside else None
    except OverflowError:
        return None


def from_struct(parsed: time.struct_time | None, fetched_at: datetime) -> datetime | None:
    """Return a date that feedparser has read (in UTC), None where it cannot be true."""
    if parsed is None:
        return None
    try:
        return plausible(datetime.fromtimestamp(calendar.timegm(parsed), UTC), fetched_at)
    except (OverflowError, OSError, ValueError, TypeError):
        return None


def from_text(text: str, fetched_at: datetime) -> datetime | None:
    """Return a date written as W3C-DTF (RFC 3339, ISO 8601) or as RFC 5322, None where it is neither.

    A day without a time is its midnight in UTC; a month or year alone is no date of publishing.
    """
    return plausible(_w3c(text) or _mail(text), fetched_at)


def _w3c(text: str) -> datetime | None:
    match = _W3C.match(text)
    if not match or not match[3]:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - _offset(match[7])
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    """Return what to take off; a zone that cannot be (`+9999`) is an error."""
    if not zone or zone.upper() in ("Z", "UTC", "GMT"):
        return timedelta()
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    size = timedelta(hours=hours, minutes=minutes)
    return -size if zone[0] == "-" else size


def _mail(text: str) -> datetime | None:
    if _YEAR_NEAR_ZERO.search(text):  # the standard library would take 0001 for 2001
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
