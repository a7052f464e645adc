"""The index outbox and its dead letters. Knows no index; a row is (target, mention, revision), never text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Table, bindparam, delete, select

from earshot.ports import OutboxRow
from earshot.record.revisions import ACTIVE
from earshot.record.session import Session, WriteSession, put
from earshot.record.tables import dead_letter, mention, outbox

_ACK = delete(outbox).where(
    outbox.c.target == bindparam("t"), outbox.c.mention_id == bindparam("m"), outbox.c.revision == bindparam("r")
)
_OVERTAKEN = delete(dead_letter).where(
    dead_letter.c.target == bindparam("t"),
    dead_letter.c.mention_id == bindparam("m"),
    dead_letter.c.revision <= bindparam("r"),
)


class OutboxReads(Session):
    """What waits for the index."""

    def outbox(self, target: str, limit: int = 1000) -> list[OutboxRow]:
        """Return rows to bring to `target`, oldest first, with the mention's current revision and fate."""
        return self._rows(outbox, target, limit)

    def dead_letters(self, target: str, limit: int = 1000) -> list[OutboxRow]:
        """Return what the index refused and nothing newer has overtaken, oldest first."""
        return self._rows(dead_letter, target, limit)

    def _rows(self, table: Table, target: str, limit: int) -> list[OutboxRow]:
        chosen = (
            select(table, mention.c.state)
            .join(mention, mention.c.id == table.c.mention_id, isouter=True)
            .where(table.c.target == target)
            .order_by(table.c.at, table.c.mention_id)
            .limit(limit)
        )
        rows = self.db.execute(chosen)
        return [OutboxRow(row.target, row.mention_id, row.revision, row.state != ACTIVE) for row in rows]


class OutboxWrites(WriteSession):
    """What the index relay writes."""

    def ack(self, rows: Sequence[OutboxRow]) -> None:
        """Take exactly these (target, mention, revision) out of the outbox. Twice is once."""
        if rows:
            named = [{"t": row.target, "m": row.mention_id, "r": row.revision} for row in rows]
            named.sort(key=itemgetter("m"))  # as `send` does: who holds one waits for none before it
            self.db.execute(_ACK, named)
            self.db.execute(_OVERTAKEN, named)

    def add_dead_letter(self, row: OutboxRow, reason: str, now: datetime) -> None:
        """Move a row the index refuses to the dead letters; one that was overtaken by a newer revision is left."""
        taken = self.db.execute(_ACK, {"t": row.target, "m": row.mention_id, "r": row.revision})
        if taken.rowcount:
            letter = {"target": row.target, "mention_id": row.mention_id, "revision": row.revision}
            put(self.db, dead_letter, [letter | {"reason": reason, "at": now}])
