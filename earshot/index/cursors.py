"""Cursors: where a page ended, as opaque text that goes into a URL. Shared by all engines; knows none.

A cursor by time holds the sort key of the last hit (published_at, id), so that what is written between two pages
neither doubles nor hides a mention that was there before. A cursor by relevance holds how many hits were shown.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from earshot.errors import QueryError
from earshot.model import Mention

NEWEST, OLDEST, RELEVANCE = SORTS = ("newest", "oldest", "relevance")

ID = re.compile(r"[0-9A-Za-z_-]{1,200}")
"""Ids that every engine takes, unquoted in a range of sort keys too. Ours are 64 hex digits."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeCursor:
    """The last hit of a page by time."""

    sort: str
    published_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class RankCursor:
    """How many hits of a list by relevance have been shown."""

    shown: int


def save_cursor(cursor: TimeCursor | RankCursor) -> str:
    """Return a cursor as URL-safe text."""
    if isinstance(cursor, RankCursor):
        raw = [RELEVANCE, cursor.shown]
    else:
        raw = [cursor.sort, cursor.published_at.isoformat(), cursor.id]
    return base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")


def load_cursor(text: str, sort: str) -> TimeCursor | RankCursor | None:
    """Return what `text` says, None where it is empty.

    Raises:
        QueryError: it is no cursor, or one of another sort.
    """
    if not text:
        return None
    try:
        cursor = _read(text)
    except (ValueError, TypeError, KeyError, OverflowError, binascii.Error, RecursionError) as error:
        raise _refused(text, "the cursor cannot be read") from error
    if (RELEVANCE if isinstance(cursor, RankCursor) else cursor.sort) != sort:
        raise _refused(text, f"the cursor does not belong to a list sorted by {sort}")
    return cursor


def after(mention: Mention, sort: str) -> str:
    """Return the cursor of a page by time that ends with `mention`."""
    return save_cursor(TimeCursor(sort, mention.published_at, mention.id))


def microseconds(moment: datetime) -> int:
    """Return the microseconds since 1970: dates of no engine are as exact as ours."""
    past = moment - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def _read(text: str) -> TimeCursor | RankCursor:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    sort, *place = json.loads(raw)
    if sort == RELEVANCE:
        (shown,) = place
        if type(shown) is not int or not 0 < shown < 1_000_000_000:
            raise ValueError(shown)
        return RankCursor(shown)
    at, mention_id = place
    if sort not in SORTS or not ID.fullmatch(mention_id):
        raise ValueError(sort)
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(at)
    return TimeCursor(sort, moment.astimezone(UTC), mention_id)


def _refused(text: str, what: str) -> QueryError:
    return QueryError(text, 0, what, "begin with the first page again")
