"""How far walks over the record have come. Knows no walker; what a place says is the walker's business."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from earshot.ports import Walk
from earshot.record.session import Session, WriteSession, put
from earshot.record.tables import walk


class WalkReads(Session):
    """What the record says of walks."""

    def walk(self, name: str) -> Walk | None:
        """Return how far a walk has come, or None if it has not begun or is over."""
        row = self.db.execute(select(walk).where(walk.c.name == name)).first()
        return None if row is None else Walk(row.name, row.at, row.place)


class WalkWrites(WriteSession):
    """What walks write of themselves."""

    def put_walk(self, walk: Walk) -> None:
        """Keep how far a walk has come, in place of what was kept under its name."""
        put(self.db, _WALK, [{"name": walk.name, "at": walk.at, "place": dict(walk.place)}])

    def end_walk(self, name: str) -> None:
        """Forget a walk: it is over. Twice is once."""
        self.db.execute(delete(walk).where(walk.c.name == name))

    def forget_walks(self, before: datetime) -> None:
        """Forget walks that have not moved since `before`."""
        self.db.execute(delete(walk).where(walk.c.at < before))


_WALK = walk  # the table, where a parameter of the port has its name
