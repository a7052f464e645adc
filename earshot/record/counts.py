"""The numbers of `earshot status`. Knows no index; how far it is behind is what waits in the outbox."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from earshot.model import NoticeState
from earshot.ports import Counts
from earshot.record.frontier import WAITING
from earshot.record.revisions import ACTIVE, INDEX
from earshot.record.session import Session
from earshot.record.tables import (
    capture,
    dead_letter,
    delivery,
    document,
    frontier,
    lake_file,
    mention,
    notice,
    outbox,
    quarantine,
    source,
    story,
)


class CountReads(Session):
    """What there is, in numbers."""

    def counts(self) -> Counts:
        """Return what `earshot status` counts; sources are the active ones."""
        outcomes = self._by(source.c.last_outcome, source.c.is_active)
        return Counts(
            documents=self._count(document),
            mentions=self._count(mention, mention.c.state == ACTIVE),
            stories=self._count(story, story.c.merged_into == ""),
            captures=self._count(capture),
            quarantined=self._count(quarantine),
            frontier=self._count(frontier, frontier.c.state == WAITING),
            behind=self._count(outbox, outbox.c.target == INDEX),
            dead_letters=self._count(dead_letter),
            sources={outcome or "never": count for outcome, count in outcomes.items()},
            deliveries=self._by(delivery.c.state),
            notices=self._by(notice.c.state),
            held=self._count(notice, notice.c.state == NoticeState.PENDING, notice.c.not_before > self.clock.now()),
            unread=self._count(lake_file, lake_file.c.is_finished.is_(False)),
        )

    def _count(self, table: Table, *where: ColumnElement[bool]) -> int:
        return int(self.db.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    def _by(self, column: Any, *where: ColumnElement[bool]) -> dict[str, int]:
        rows = self.db.execute(select(column, func.count()).where(*where).group_by(column).order_by(column))
        return {row[0]: row[1] for row in rows}
