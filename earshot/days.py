"""Days as people write them become instants in the workspace's zone. Knows no clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from earshot.errors import ConfigError
from earshot.query.times import instant


def day_start(text: str, time_zone: str, name: str) -> datetime | None:
    """Return the instant in UTC at which a day begins in `time_zone` (IANA); None for an empty text.

    Args:
        text: an ISO date, 2026-11-23.
        time_zone: the workspace's.
        name: what the date is for, to be named in the error.

    Raises:
        ConfigError: not such a date.
    """
    day = _day(text, name)
    return None if day is None else instant(day, time_zone)


def day_span(text: str, time_zone: str, name: str) -> tuple[datetime, datetime]:
    """Return when a day begins and ends; 23 or 25 hours lie between where the clock changes.

    Raises:
        ConfigError: not an ISO date.
    """
    day = _day(text, name)
    if day is None:
        raise ConfigError("no date is given", where=name, advice="write a date, 2026-11-23")
    return instant(day, time_zone), instant(day + timedelta(days=1), time_zone)


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no date", where=name, advice="write 2026-11-23") from error
