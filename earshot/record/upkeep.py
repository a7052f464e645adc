"""What the record says of its own state, and what it forgets by age. Knows no threshold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import DatabaseError

from earshot.leases import is_gone
from earshot.model import DeliveryState, NoticeState, Outcome
from earshot.operating import JobState
from earshot.record import captures
from earshot.record.frontier import WAITING
from earshot.record.revisions import ACTIVE, INDEX
from earshot.record.session import Session, WriteSession, chunks
from earshot.record.tables import (
    alarm,
    capture,
    condemned,
    dead_letter,
    delivery,
    document,
    found_in,
    frontier,
    gone_mention,
    job_run,
    lake_file,
    lease,
    level,
    mention,
    notice,
    outbox,
    quarantine,
    source,
    source_run,
)
from earshot.upkeep import Backlogs, HeldLease, Inconsistency, Listening, Unheard, Waiting

_UNSENT = [str(state) for state in (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.DOT)]
_MOST_DAMAGES = 10


class UpkeepReads(Session):
    """What the record says of its own state."""

    def backlogs(self, now: datetime, leave_out: Collection[str] = ()) -> Backlogs:
        """Return what waits; notices of the brands in `leave_out` are not counted."""
        due = (notice.c.state == NoticeState.PENDING) & or_(notice.c.not_before.is_(None), notice.c.not_before <= now)
        due &= notice.c.brand_id.not_in(sorted(leave_out))
        due_since = case((notice.c.not_before > notice.c.created_at, notice.c.not_before), else_=notice.c.created_at)
        unsent = delivery.c.state.in_(_UNSENT)
        return Backlogs(
            index=self._waiting(outbox, outbox.c.at, outbox.c.target == INDEX),
            notices=self._waiting(notice, due_since, due),
            deliveries=self._waiting(delivery, delivery.c.bound_at, unsent),
            unread=self._waiting(lake_file, lake_file.c.known_at, lake_file.c.is_finished.is_(False)),
            quarantined=self._waiting(quarantine, quarantine.c.at),
            dead_letters=self._waiting(dead_letter, dead_letter.c.at),
        )

    def _waiting(self, table: Table, since: Any, *where: ColumnElement[bool]) -> Waiting:
        first = func.min(since, type_=lake_file.c.known_at.type)
        row = self.db.execute(select(func.count(), first).select_from(table).where(*where)).one()
        return Waiting(row[0], row[1])

    def listening(self) -> list[Listening]:
        """Return the active sources, by id."""
        rows = self.db.execute(select(source).where(source.c.is_active).order_by(source.c.id))
        return [
            Listening(
                source_id=row.id,
                name=row.name,
                collection=row.collection,
                added_at=row.added_at,
                next_due_at=row.next_due_at,
                last_run_at=row.last_run_at,
                last_heard_at=row.last_heard_at,
                last_outcome=Outcome(row.last_outcome) if row.last_outcome else None,
                last_reason=row.last_reason,
            )
            for row in rows
        ]

    def unheard(self, time: datetime, due_until: datetime) -> Unheard:
        """Return what is still to be done before everything up to `time` has been heard."""
        is_unasked = or_(source.c.last_run_at.is_(None), source.c.last_run_at < time)
        is_of_then = or_(frontier.c.published_at.is_(None), frontier.c.published_at < time)
        may_come = or_(
            frontier.c.not_before.is_(None), frontier.c.not_before <= self.clock.now(), frontier.c.outcome == Outcome.OK
        )  # a page that was fetched waits, with that outcome, for being read
        active = select(source.c.id).where(source.c.is_active)
        mine = (source_run.c.source_id == source.c.id) & (source_run.c.at >= time)
        # One look into an index for each source; over all runs it would read those of a quarter of a year.
        first = select(func.min(source_run.c.at, type_=source_run.c.at.type)).where(mine).scalar_subquery()
        begun = select(func.min(first, type_=source_run.c.at.type)).where(source.c.is_active)
        return Unheard(
            sources=self._count_of(source, source.c.is_active, source.c.next_due_at <= due_until, is_unasked),
            pages=self._count_of(
                frontier, frontier.c.state == WAITING, is_of_then, may_come, frontier.c.source_id.in_(active)
            ),
            begun_at=self.db.execute(begun).scalar_one(),
        )

    def _count_of(self, table: Table, *where: ColumnElement[bool]) -> int:
        return int(self.db.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    def brand_sources(self, since: datetime) -> dict[str, set[str]]:
        """Return by brand the sources that held an active mention found at or after `since`."""
        spoke = (
            select(mention.c.brand, found_in.c.source_id)
            .join(found_in, found_in.c.document_id == mention.c.document_id)
            .where(found_in.c.found_at >= since, mention.c.state == ACTIVE)
            .distinct()
        )
        found: dict[str, set[str]] = {}
        for row in self.db.execute(spoke):
            found.setdefault(row.brand, set()).add(row.source_id)
        return found

    def held_leases(self, leave_out: str = "host:") -> list[HeldLease]:
        """Return held leases by name, those whose names begin with `leave_out` not among them."""
        held = select(lease).where(lease.c.owner != "", ~lease.c.name.startswith(leave_out, autoescape=True))
        return [HeldLease(row.name, row.owner, row.until) for row in self.db.execute(held.order_by(lease.c.name))]

    def quarantined_since(self, since: datetime) -> int:
        """Return how many captures were set aside at or after `since` and still are."""
        new = select(func.count()).select_from(quarantine).where(quarantine.c.at >= since)
        return int(self.db.execute(new).scalar_one())

    def inconsistencies(self) -> list[Inconsistency]:
        """Return what does not fit together, in a fixed order."""
        found = []
        for name, query in _MISFITS.items():
            row = self.db.execute(query).one()
            if row[0]:
                found.append(Inconsistency(name, row[0], row[1]))
        return found

    def damages(self) -> list[str]:
        """Return what the database says is damaged in itself, at most ten lines; always nothing on PostgreSQL.

        Source: https://www.sqlite.org/pragma.html#pragma_quick_check, read 2026-11-24: one row "ok", or one a fault.
        """
        if self.db.dialect.name != "sqlite":
            return []
        try:
            said = self.db.exec_driver_sql(f"PRAGMA quick_check({_MOST_DAMAGES})").scalars().all()
        except DatabaseError as error:  # damaged beyond what the check itself can read
            return [str(error.orig)]
        return [] if said == ["ok"] else [str(line) for line in said]

    def needed_files(self) -> set[str]:
        """Return the names of lake files that captures, the quarantine, or unfinished reading need."""
        open_ones = select(lake_file.c.name).where(lake_file.c.is_finished.is_(False))
        needed: set[str] = set()
        for query in (select(capture.c.file).distinct(), select(quarantine.c.file).distinct(), open_ones):
            needed |= set(self.db.execute(query).scalars())
        return needed

    def is_wholly_condemned(self, file: str) -> bool:
        """Tell whether a file is finished and every one of its captures, quarantined ones too, is condemned."""
        finished = select(lake_file.c.is_finished).where(lake_file.c.name == file)
        if not self.db.execute(finished).scalar():
            return False
        kept = [
            select(literal(1)).where(table.c.file == file, ~_is_in(condemned, table)).limit(1)
            for table in (capture, quarantine)
        ]
        return not any(self.db.execute(query).first() for query in kept)

    def capture_sources(self) -> set[str]:
        """Return ids of the sources that captures are of."""
        return set(self.db.execute(select(capture.c.source_id).distinct()).scalars())

    def scope_of(self, source_id: str) -> str:
        """Return the scope of a source by its documents, also of one that left the workspace; "" if it has none."""
        own = (
            select(document.c.scope)
            .join(found_in, found_in.c.document_id == document.c.id)
            .where(found_in.c.source_id == source_id, document.c.source_id == source_id)
        )
        return str(self.db.execute(own.limit(1)).scalar() or "")


class UpkeepWrites(WriteSession):
    """What forgets by age. Each call takes at most `limit` rows, oldest first."""

    def condemn_captures(
        self, internal: Collection[str], internal_before: datetime | None, before: datetime | None, limit: int = 2000
    ) -> int:
        """Condemn captures fetched before these times and return how many; None condemns none."""
        inside = capture.c.source_id.in_(sorted(internal))
        old: list[ColumnElement[bool]] = []
        if internal_before is not None and internal:
            old.append(and_(inside, capture.c.fetched_at < internal_before))
        if before is not None:
            old.append(and_(~inside, capture.c.fetched_at < before))
        if not old:
            return 0
        finished = exists().where(lake_file.c.name == capture.c.file, lake_file.c.is_finished)
        query = (
            select(capture)
            .where(or_(*old), finished, ~_is_in(quarantine, capture), ~_is_in(condemned, capture))
            .order_by(capture.c.file, capture.c.offset)
            .limit(limit)
        )
        rows = self.db.execute(query).all()
        captures.condemn(self.db, rows)
        return len(rows)

    def bring_forward(self, due: Mapping[str, datetime]) -> None:
        """Let these sources be due at these times, those that are due earlier left as they are. Twice is once."""
        for source_id, time in due.items():
            later = (source.c.id == source_id) & (source.c.next_due_at > time)
            self.db.execute(update(source).where(later).values(next_due_at=time))

    def drop_source_runs(self, before: datetime, limit: int = 5000) -> int:
        """Delete runs of sources that ended before; return how many."""
        return self._drop(source_run, source_run.c.at < before, source_run.c.at, limit)

    def drop_job_runs(self, before: datetime, limit: int = 5000) -> int:
        """Delete runs of jobs that ended before, or that began before and whose process is gone; return how many."""
        dropped = self._drop(job_run, job_run.c.ended_at < before, job_run.c.ended_at, limit)
        running = (job_run.c.state == JobState.RUNNING) & (job_run.c.started_at < before)
        rows = self.db.execute(select(job_run.c.id, job_run.c.owner).where(running).limit(limit)).all()
        lost = [row.id for row in rows if is_gone(row.owner)]
        for part in chunks(lost):
            self.db.execute(delete(job_run).where(job_run.c.id.in_(part)))
        return dropped + len(lost)

    def drop_levels(self, before: datetime, limit: int = 5000) -> int:
        """Delete readings from before; return how many."""
        return self._drop(level, level.c.at < before, level.c.at, limit)

    def drop_alarms(self, before: datetime, limit: int = 5000) -> int:
        """Delete alarms that ended before; return how many."""
        return self._drop(alarm, alarm.c.ended_at < before, alarm.c.ended_at, limit)

    def _drop(self, table: Table, old: ColumnElement[bool], by: ColumnElement[Any], limit: int) -> int:
        keys = tuple_(*table.primary_key.columns)
        oldest = select(*table.primary_key.columns).where(old).order_by(by).limit(limit)
        return self.db.execute(delete(table).where(keys.in_(oldest))).rowcount

    def end_dead_letters(self, before: datetime) -> int:
        """Delete dead letters written before: the index was built anew since. Return how many."""
        return self.db.execute(delete(dead_letter).where(dead_letter.c.at < before)).rowcount


def _is_in(other: Table, table: Table) -> ColumnElement[bool]:
    """Return whether a row of `other` names the same place in the lake as the row of `table`."""
    return exists().where(other.c.file == table.c.file, other.c.offset == table.c.offset)


_COUNT = func.count()
_MISFITS: dict[str, Select[int, Any]] = {
    "mentions without document": (
        select(_COUNT, func.min(mention.c.id))
        .select_from(mention)
        .join(document, document.c.id == mention.c.document_id, isouter=True)
        .where(document.c.id.is_(None))
    ),
    "outbox of unknown mentions": (
        select(_COUNT, func.min(outbox.c.mention_id))
        .select_from(outbox)
        .join(mention, mention.c.id == outbox.c.mention_id, isouter=True)
        .join(gone_mention, gone_mention.c.mention_id == outbox.c.mention_id, isouter=True)
        .where(mention.c.id.is_(None), gone_mention.c.mention_id.is_(None))
    ),
    "notices without delivery": (
        select(_COUNT, func.min(notice.c.key))
        .select_from(notice)
        .join(delivery, delivery.c.key == notice.c.delivery_key, isouter=True)
        .where(notice.c.state == NoticeState.BOUND, delivery.c.key.is_(None))
    ),
}
