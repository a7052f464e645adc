"""What happens whenever a mention changes: revision + 1, a line of history, a row of the outbox. Knows no reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from earshot.record.session import chunks, put
from earshot.record.tables import mention, mention_event, outbox

INDEX = "index"
"""The one target of the outbox so far: the index, whatever engine it is."""

_INSERT_EVENTS = insert(mention_event)

ACTIVE, WITHDRAWN = "active", "withdrawn"


def count_up(db: Connection, ids: Sequence[str], what: str, detail: str, now: datetime) -> None:
    """Raise the revision of these mentions, with history and outbox."""
    changes: list[tuple[str, int, str, str]] = []
    for part in chunks(ids):
        raised = update(mention).where(mention.c.id.in_(part)).values(revision=mention.c.revision + 1)
        rows = db.execute(raised.returning(mention.c.id, mention.c.revision))
        changes += [(row.id, row.revision, what, detail) for row in rows]
    announce(db, sorted(changes), now)


def announce(db: Connection, changes: Sequence[tuple[str, int, str, str]], now: datetime) -> None:
    """Write history and outbox for changes (mention id, new revision, what, detail)."""
    if changes:
        remember(db, changes, now)
        send(db, {mention_id: revision for mention_id, revision, _, _ in changes}, now)


def remember(db: Connection, changes: Sequence[tuple[str, int, str, str]], now: datetime) -> None:
    """Write history only (mention id, revision, what, detail)."""
    rows = [
        {"mention_id": mention_id, "at": now, "what": what, "detail": detail, "revision": revision}
        for mention_id, revision, what, detail in changes
    ]
    if rows:
        db.execute(_INSERT_EVENTS, rows)


def send(db: Connection, revisions: Mapping[str, int], now: datetime) -> None:
    """Put mentions into the outbox. One that waits already keeps its place and gets the new revision."""
    rows: list[dict[str, Any]] = [
        {"target": INDEX, "mention_id": mention_id, "revision": revision, "at": now}
        for mention_id, revision in sorted(revisions.items())
    ]
    put(db, outbox, rows, keep=["at"])


def active_of(db: Connection, document_ids: Sequence[str]) -> list[str]:
    """Return ids of the active mentions of these documents."""
    found: list[str] = []
    for part in chunks(document_ids):
        mine = mention.c.document_id.in_(part) & (mention.c.state == ACTIVE)
        found += db.execute(select(mention.c.id).where(mine)).scalars()
    return found
