"""When to look again: pace or schedule, back-off, and what a server asked for. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from earshot.config.cron import Cron
from earshot.model import Outcome, Source

LONGEST = timedelta(hours=24)
"""No source waits longer than this: feeds that answer 404 for a while do come back.

Source: Media Cloud rss-fetcher, linear back-off capped at 24 h (read 2026-11).
"""
PAGE_TRIES = 3
_AFTER_ANOTHER_PAGE = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(hours=72))
"""A wall may be of the hour (too many visitors), of the day (free articles used up) or for good."""
_PAGE_WAIT = timedelta(minutes=5)
_BEFORE_A_DAILY_CRON = timedelta(hours=1)
"""Back-off of a source with a schedule ends this much earlier, else the seconds of its run would cost a whole day."""


def next_look(now: datetime, source: Source, outcome: Outcome, failures: int, retry_after_s: float | None) -> datetime:
    """Return when a source is due again: after its pace, or when its schedule says; back-off and server can only delay.

    Args:
        now: end of the run.
        source: whose pace or schedule it is.
        outcome: how the run ended.
        failures: runs in a row before this one that were not heard.
        retry_after_s: what the server asked for, or None.
    """
    wait = timedelta(seconds=source.pace_s)
    if not outcome.is_heard:
        doublings = failures + (3 if outcome is Outcome.GONE else 1)
        longest = LONGEST - _BEFORE_A_DAILY_CRON if source.schedule else LONGEST
        wait = min(wait * (1 << min(doublings, 12)), longest)
    elif source.schedule:
        wait = timedelta(0)
    if retry_after_s is not None:
        wait = max(wait, min(timedelta(seconds=retry_after_s), LONGEST))
    if source.schedule:
        return Cron(source.schedule, source.time_zone).next_after(now + wait)
    return now + wait


def latest_look(now: datetime, source: Source) -> datetime:
    """Return the time after which a source is due only if its pace or schedule was another one when that was set."""
    return next_look(now, source, Outcome.OK, 0, LONGEST.total_seconds())


def next_try_of_article(now: datetime, attempts: int) -> datetime | None:
    """Return when to ask again for a page that was not the article, or None if this was its end.

    Args:
        now: time of reading.
        attempts: as the frontier counts them: a fetch, and its reading, each count one.
    """
    tries = attempts // 2
    return now + _AFTER_ANOTHER_PAGE[tries] if tries < len(_AFTER_ANOTHER_PAGE) else None


def next_try(now: datetime, outcome: Outcome, attempts: int, retry_after_s: float | None) -> datetime | None:
    """Return when a page is to be tried again, or None if this was its end. attempts: tries before this one."""
    if outcome is Outcome.THROTTLED:
        return now + max(timedelta(seconds=min(retry_after_s or 0, 86400)), _PAGE_WAIT)
    if outcome is Outcome.FAILED and attempts + 1 < PAGE_TRIES:
        return now + _PAGE_WAIT * (1 << attempts)
    return None
