"""Sources and the ends of their runs. Knows neither their pages nor which hours they heard."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, or_, select, update

from earshot.model import Outcome, Source
from earshot.ports import DueSource, RunEnd, SourceRun, SourceState, holds
from earshot.record import heard
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.tables import found_in, frontier, source, source_run

_BLANK = {
    "etag": "",
    "last_modified": "",
    "body_hash": "",
    "failures": 0,
    "rounds": 0,
    "last_outcome": "",
    "last_reason": "",
    "last_run_at": None,
    "last_heard_at": None,
    "last_entries": 0,
    "last_new": 0,
    "oldest_at": None,
    "hosts": [],
    "full_at": None,
}

_MOVED: dict[str, Any] = {
    "etag": "",
    "last_modified": "",
    "body_hash": "",
    "oldest_at": None,
    "hosts": [],
    "full_at": None,
}

_WITH_BODY = (200, 203)
MAX_HOSTS = 10
"""Most hosts kept of one source's redirects."""


_ONE = select(source).where(source.c.id == bindparam("wanted"))
_FAILURES = select(source.c.failures).where(source.c.id == bindparam("wanted"))
_NOTED = select(1).where(
    source_run.c.source_id == bindparam("wanted"),
    source_run.c.at == bindparam("at"),
    source_run.c.outcome == bindparam("outcome"),
)
_INSERT_RUN = insert(source_run)
"""What every poll says is built once: to build a statement takes longer than to execute it."""


class SourceReads(Session):
    """What the record says of sources."""

    def sources(self) -> list[SourceState]:
        """Return all sources, by id."""
        return [_state(row) for row in self.db.execute(_states().order_by(source.c.id))]

    def source(self, source_id: str) -> SourceState | None:
        """Return one source, or None."""
        row = self.db.execute(_states().where(source.c.id == source_id)).first()
        return None if row is None else _state(row)

    def failures(self, source_id: str) -> int:
        """Return how many runs of a source in a row were not heard; 0 where it is not known."""
        return int(self.db.execute(_FAILURES, {"wanted": source_id}).scalar() or 0)

    def source_runs(self, source_id: str, limit: int = 50) -> list[SourceRun]:
        """Return a source's runs, newest first."""
        query = select(source_run).where(source_run.c.source_id == source_id)
        newest = query.order_by(source_run.c.at.desc(), source_run.c.id.desc()).limit(limit)
        return [
            SourceRun(
                source_id=row.source_id,
                at=row.at,
                outcome=Outcome(row.outcome),
                reason=row.reason,
                entries=row.entries,
                new=row.new,
                status=row.status,
                size_bytes=row.size_bytes,
                elapsed_s=row.elapsed_s,
            )
            for row in self.db.execute(newest)
        ]


class SourceWrites(WriteSession):
    """What changes sources."""

    def put_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the record know these sources and no others as active. New ones are due at once.

        One that moved to another URL, or comes back, is due at once too; validators of the old URL are dropped.
        """
        known = {row.id: row for row in self.db.execute(select(source))}
        wanted = {each.id: each for each in sources}
        add_new(self.db, source, [_new(each, now) for each in wanted.values() if each.id not in known])
        for source_id, row in known.items():
            changes = _settled(row, wanted.get(source_id), now)
            self._change_source(source_id, {k: v for k, v in changes.items() if getattr(row, k) != v})

    def _change_source(self, source_id: str, changes: dict[str, Any]) -> None:
        if changes:
            self.db.execute(update(source).where(source.c.id == source_id).values(**changes))

    def due_sources(self, now: datetime, limit: int, leave_out: Container[str] = ()) -> list[DueSource]:
        """Return active sources with next_due_at <= now, longest due first, then by id; those in `leave_out` not."""
        due = select(source.c.id).where(source.c.is_active, source.c.next_due_at <= now)
        names = self.db.execute(due.order_by(source.c.next_due_at, source.c.id)).scalars()
        wanted = list(islice((name for name in names if name not in leave_out), limit))
        rows: list[Any] = []
        for part in chunks(wanted):
            rows += self.db.execute(select(source).where(source.c.id.in_(part))).all()
        place = {name: at for at, name in enumerate(wanted)}
        return [due_source(row) for row in sorted(rows, key=lambda row: place[row.id])]

    def due_after(self, time: datetime) -> list[DueSource]:
        """Return the active sources that are due later than `time`, by id."""
        late = select(source).where(source.c.is_active, source.c.next_due_at > time)
        return [due_source(row) for row in self.db.execute(late.order_by(source.c.id))]

    def end_run(self, end: RunEnd) -> None:
        """Write how a run ended, with validators, next due time, failures and the heard span.

        The same end twice (source, time, outcome) is counted once.
        """
        self.hold([holds.of_source(end.source_id)])
        row = self.db.execute(_ONE, {"wanted": end.source_id}).first()
        if row is None:
            return
        changes: dict[str, Any] = {"next_due_at": end.next_due_at} | _validators(end)
        if not self._is_noted(end):
            self.db.execute(_INSERT_RUN, _run(end))
            changes |= _counted(end, row)
        since = end.heard_since
        if since is None and end.outcome is Outcome.UNCHANGED:
            since = row.oldest_at
        if since is not None and end.outcome.is_heard:
            heard.add(self.db, end.source_id, since, end.at)
            changes["oldest_at"] = since
        self._change_source(end.source_id, changes)

    def put_off(self, source_id: str, fetched_at: datetime, until: datetime) -> None:
        """Let a source not be due before `until`, unless a run has ended since `fetched_at`."""
        is_unread = or_(source.c.last_run_at.is_(None), source.c.last_run_at < fetched_at)
        late = (source.c.id == source_id) & (source.c.next_due_at < until) & is_unread
        self.db.execute(update(source).where(late).values(next_due_at=until))

    def add_host(self, source_id: str, host: str) -> None:
        """Note that a source's redirects lead to this host; the newest 10 are kept. Twice is once."""
        self.hold([holds.of_source(source_id)])
        hosts = self.db.execute(select(source.c.hosts).where(source.c.id == source_id)).scalar()
        if hosts is not None and host not in hosts:
            self._change_source(source_id, {"hosts": [*hosts, host][-MAX_HOSTS:]})

    def _is_noted(self, end: RunEnd) -> bool:
        same = {"wanted": end.source_id, "at": end.at, "outcome": end.outcome}
        return self.db.execute(_NOTED, same).first() is not None


def _states() -> Select[Any]:
    documents = select(func.count()).where(found_in.c.source_id == source.c.id).scalar_subquery()
    waiting = (frontier.c.source_id == source.c.id) & (frontier.c.state == "waiting")
    pages = select(func.count()).select_from(frontier).where(waiting).scalar_subquery()
    return select(source, documents.label("documents"), pages.label("pages_waiting"))


def _state(row: Any) -> SourceState:
    return SourceState(
        source_id=row.id,
        kind=row.kind,
        url=row.url,
        name=row.name,
        collection=row.collection,
        is_active=row.is_active,
        added_at=row.added_at,
        next_due_at=row.next_due_at,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        failures=row.failures,
        rounds=row.rounds,
        last_outcome=Outcome(row.last_outcome) if row.last_outcome else None,
        last_reason=row.last_reason,
        last_run_at=row.last_run_at,
        last_heard_at=row.last_heard_at,
        last_entries=row.last_entries,
        last_new=row.last_new,
        documents=row.documents,
        pages_waiting=row.pages_waiting,
        hosts=tuple(row.hosts),
    )


def due_source(row: Any) -> DueSource:
    """Return what plan has to know of a row."""
    return DueSource(
        source_id=row.id,
        next_due_at=row.next_due_at,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        failures=row.failures,
        last_outcome=Outcome(row.last_outcome) if row.last_outcome else None,
        last_run_at=row.last_run_at,
        full_at=row.full_at,
        hosts=tuple(row.hosts),
    )


def _named(each: Source) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "url": each.url,
        "name": each.name,
        "collection": each.collection,
        "is_active": True,
        "listening_since": each.listening_since,
    }


def _settled(row: Any, each: Source | None, now: datetime) -> dict[str, Any]:
    """Return what a known source has to be like, given what the workspace says of it now."""
    if each is None:
        return {"is_active": False}
    moved = _MOVED if each.url != row.url else {}
    due = {"next_due_at": now} if moved or not row.is_active else {}
    return _named(each) | moved | due


def _new(each: Source, now: datetime) -> dict[str, Any]:
    return {"id": each.id, "added_at": now, "next_due_at": now} | _named(each) | _BLANK


def _validators(end: RunEnd) -> dict[str, Any]:
    given = {"etag": end.etag, "last_modified": end.last_modified, "body_hash": end.body_hash}
    return {name: value for name, value in given.items() if value is not None}


def _counted(end: RunEnd, row: Any) -> dict[str, Any]:
    heard_at = {"last_heard_at": end.at} if end.outcome.is_heard else {}
    full_at = {"full_at": end.at} if end.outcome.is_heard and end.status in _WITH_BODY else {}
    return (
        {
            "failures": 0 if end.outcome.is_heard else row.failures + 1,
            "rounds": row.rounds + int(end.outcome.is_heard),
            "last_outcome": end.outcome,
            "last_reason": end.reason,
            "last_run_at": end.at,
            "last_entries": row.last_entries if end.outcome is Outcome.UNCHANGED else end.entries,
            "last_new": end.new,
        }
        | heard_at
        | full_at
    )


def _run(end: RunEnd) -> dict[str, Any]:
    return {
        "source_id": end.source_id,
        "at": end.at,
        "outcome": end.outcome,
        "reason": end.reason,
        "entries": end.entries,
        "new": end.new,
        "status": end.status,
        "size_bytes": end.size_bytes,
        "elapsed_s": end.elapsed_s,
    }
