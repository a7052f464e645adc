"""When to look again: pace or schedule, back-off, and what a server asked for. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from earshot.config.cron import Cron
from earshot.model import Outcome, Source
from earshot.ports import DueSource

LONGEST = timedelta(hours=24)
"""No source waits longer than this: feeds that answer 404 for a while do come back.

Source: Media Cloud rss-fetcher, linear back-off capped at 24 h (read 2026-11).
"""
UNREAD = timedelta(hours=1)
"""So long nothing is fetched again while its capture lies in the lake unread."""
FULL_EVERY = timedelta(hours=24)
"""So often a source is asked for its body whatever it says of its age: some servers answer 304 for ever."""
COMMENTED_FOR = timedelta(days=14)
"""So long after its publishing an article's comments are fetched."""
PAGE_TRIES = 3
_AFTER_ANOTHER_PAGE = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(hours=72))
"""A wall may be of the hour (too many visitors), of the day (free articles used up) or for good."""
_PAGE_WAIT = timedelta(minutes=5)
_SKEW = timedelta(seconds=5)
"""Clocks of several machines differ by as much."""
_BEFORE_A_DAILY_CRON = timedelta(hours=1)
"""Back-off of a source with a schedule ends this much earlier, else the seconds of its run would cost a whole day."""


PAGE_WAITS = {
    "": LONGEST,
    Outcome.OK: UNREAD,
    Outcome.FAILED: _PAGE_WAIT * (1 << PAGE_TRIES),
    Outcome.THROTTLED: LONGEST,
    Outcome.NOT_THE_ARTICLE: _AFTER_ANOTHER_PAGE[-1],
    Outcome.UNCHANGED: _AFTER_ANOTHER_PAGE[-1],
}
"""By the outcome of its last try how long a page waits for the next at most."""


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


def latest_look(now: datetime, source: Source, state: DueSource) -> datetime:
    """Return the latest time at which a source can be due after the run that `state` tells of.

    One that is due later got its time under another pace or schedule, or from a clock that ran ahead; of the latter
    tells also a run that ended in the future, whatever is due: then it is due now.
    """
    if state.last_run_at is not None and state.last_run_at > now + _SKEW:
        return now
    outcome = state.last_outcome or Outcome.OK
    asked = LONGEST.total_seconds() if outcome is Outcome.THROTTLED else None
    latest = next_look(now, source, outcome, max(state.failures - 1, 0), asked)
    return max(latest, now + UNREAD)


def asks_in_full(now: datetime, source: Source, state: DueSource) -> bool:
    """Tell whether a source is asked for its body this time, because the next time would be too late for that."""
    full_at, pace = state.full_at, timedelta(seconds=source.pace_s)
    return full_at is None or full_at > now + _SKEW or now + pace >= full_at + FULL_EVERY


def rest_until(now: datetime, source: Source, asked_s: float | None) -> datetime:
    """Return until when a host rests that asked us to wait: what it asked for, else the source's pace; 24 h at most."""
    wait = timedelta(seconds=asked_s or source.pace_s)
    return now + min(max(wait, timedelta(0)), LONGEST)


def next_try_of_article(now: datetime, attempts: int) -> datetime | None:
    """Return when to ask again for a page that was not the article, or None if this was its end.

    Args:
        now: time of reading.
        attempts: as the frontier counts them: a fetch, and its reading, each count one.
    """
    tries = attempts // 2
    return now + _AFTER_ANOTHER_PAGE[tries] if tries < len(_AFTER_ANOTHER_PAGE) else None


def next_try(now: datetime, outcome: Outcome, failures: int, retry_after_s: float | None) -> datetime | None:
    """Return when a page is to be tried again, or None if this was its end.

    failures: fetches in a row that failed before this one. Readings of what was not the article do not count: a page
    that fails later gets as many tries as one that fails the first time.
    """
    if outcome is Outcome.THROTTLED:
        return now + max(timedelta(seconds=min(retry_after_s or 0, 86400)), _PAGE_WAIT)
    if outcome is Outcome.FAILED and failures + 1 < PAGE_TRIES:
        return now + _PAGE_WAIT * (1 << failures)
    return None


def next_look_at_comments(now: datetime, published_at: datetime, attempts: int) -> datetime | None:
    """Return when to look again at the comments of an article, None where that is old or was looked at often enough."""
    later = next_try_of_article(now, attempts)
    return later if later is not None and later < published_at + COMMENTED_FOR else None
