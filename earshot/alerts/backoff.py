"""When a message that was not taken is tried again, and when it is given up.

Source: RFC 5321 section 4.5.4.1 (two tries in the first hour, then every 2 or 3 hours; 4 to 5 days in all).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

FIRST = timedelta(minutes=30)
LONGEST = timedelta(hours=3)
GIVE_UP = timedelta(days=4)

_SINCE = re.compile(r"\(tried since (\d{4}-\d\d-\d\d \d\d:\d\d) UTC\)$")


def next_try(since: datetime, now: datetime) -> datetime | None:
    """Return when to try next, or None where four days of trying are enough.

    Args:
        since: first try that failed.
        now: the failure just seen. Waits half the time already spent, but 30 minutes to 3 hours.
    """
    spent = now - since
    if spent >= GIVE_UP:
        return None
    return now + min(max(spent / 2, FIRST), LONGEST)


def since_when(reason: str) -> datetime | None:
    """Return the first failed try that a delivery's reason names ("... (tried since 2026-11-20 12:00 UTC)")."""
    found = _SINCE.search(reason)
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) if found else None
