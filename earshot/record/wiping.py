"""Erased mentions of which the index's files may still hold the text. Knows no index."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update

from earshot.ports import Unwiped
from earshot.record.session import Session, WriteSession, chunks
from earshot.record.tables import gone_mention, outbox


class WipingReads(Session):
    """What is still to be wiped."""

    def unwiped(self) -> Unwiped:
        """Return the erased mentions that are not known to be wiped out of the index's files, by id."""
        waits = select(outbox.c.mention_id).where(outbox.c.mention_id == gone_mention.c.mention_id).exists()
        rows = self.db.execute(
            select(gone_mention.c.mention_id, waits.label("waits"))
            .where(gone_mention.c.is_wiped.is_(False))
            .order_by(gone_mention.c.mention_id)
        ).all()
        told = tuple(row.mention_id for row in rows if not row.waits)
        return Unwiped(told, tuple(row.mention_id for row in rows if row.waits))

    def unwiped_since(self, before: datetime) -> int:
        """Return how many mentions that were erased before are not known to be wiped."""
        is_old = gone_mention.c.at.is_(None) | (gone_mention.c.at < before)
        count = select(func.count()).select_from(gone_mention).where(gone_mention.c.is_wiped.is_(False), is_old)
        return int(self.db.execute(count).scalar_one())


class WipingWrites(WriteSession):
    """What was wiped."""

    def note_wiped(self, mention_ids: Collection[str]) -> None:
        """Note that no file of the index holds these any more. Twice is once."""
        for part in chunks(sorted(mention_ids)):
            self.db.execute(update(gone_mention).where(gone_mention.c.mention_id.in_(part)).values(is_wiped=True))
