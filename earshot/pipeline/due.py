"""When to look again: pace, back-off, and what a server asked for. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from earshot.model import Outcome

LONGEST = timedelta(hours=24)
"""No source waits longer than this: feeds that answer 404 for a while do come back.

Source: Media Cloud rss-fetcher, linear back-off capped at 24 h (read 2026-11).
"""
PAGE_TRIES = 3
_PAGE_WAIT = timedelta(minutes=5)


def next_look(now: datetime, pace_s: float, outcome: Outcome, failures: int, retry_after_s: float | None) -> datetime:
    """Return when a source is due again.

    Args:
        now: end of the run.
        pace_s: the source's own pace.
        outcome: how the run ended.
        failures: runs in a row before this one that were not heard.
        retry_after_s: what the server asked for, or None.
    """
    wait = timedelta(seconds=pace_s)
    if not outcome.is_heard:
        doublings = failures + (3 if outcome is Outcome.GONE else 1)
        wait = min(wait * (1 << min(doublings, 12)), LONGEST)
    if retry_after_s is not None:
        wait = max(wait, min(timedelta(seconds=retry_after_s), LONGEST))
    return now + wait


def next_try(now: datetime, outcome: Outcome, attempts: int, retry_after_s: float | None) -> datetime | None:
    """Return when a page is to be tried again, or None if this was its end. attempts: tries before this one."""
    if outcome is Outcome.THROTTLED:
        return now + max(timedelta(seconds=min(retry_after_s or 0, 86400)), _PAGE_WAIT)
    if outcome is Outcome.FAILED and attempts + 1 < PAGE_TRIES:
        return now + _PAGE_WAIT * (1 << attempts)
    return None
