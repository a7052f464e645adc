"""Turns the dates of a query into instants, in the reader's time zone. Knows no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earshot.errors import ConfigError


def instant(moment: date | datetime, time_zone: str) -> datetime:
    """Return the instant in UTC at which `moment` begins in `time_zone` (IANA).

    A date begins at its local midnight; where the clock skips midnight, at the skip. A naive time that occurs twice
    means the first.

    Raises:
        ConfigError: no such time zone.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(time_zone))
    return moment.astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"there is no time zone {name!r}", advice="write an IANA name: Europe/Berlin") from error
