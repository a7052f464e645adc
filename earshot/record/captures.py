"""Captures and lake files: which are known, ingested, set aside. Knows nothing of what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, or_, select, update

from earshot.identity import digest
from earshot.model import Capture, CaptureRef, Outcome, Role
from earshot.ports import Quarantined
from earshot.record.session import Session, WriteSession, add_new, chunks, put
from earshot.record.tables import capture, condemned, found_in, lake_file, page_capture, quarantine


class CaptureReads(Session):
    """What the record says of captures."""

    def is_ingested(self, ref: CaptureRef) -> bool:
        """Tell whether this capture was written already."""
        return self.db.execute(select(1).where(_at(capture, ref))).first() is not None

    def captures(self, since: datetime, until: datetime, source_ids: Sequence[str]) -> list[CaptureRef]:
        """Return ingested captures of these sources fetched in this time, oldest first; at one time, pages last."""
        at = capture.c.fetched_at
        found: list[Any] = []
        for part in chunks(sorted(set(source_ids))):
            meant = capture.c.source_id.in_(part) & (at >= since) & (at < until)
            found += self.db.execute(select(capture).where(meant)).all()
        found.sort(key=lambda row: (row.fetched_at, row.role == Role.PAGE, row.url, row.file, row.offset))
        return [ref_of(row) for row in found]

    def known_files(self, names: Sequence[str]) -> set[str]:
        """Return those of `names`, files of the lake, that are known."""
        known: set[str] = set()
        for part in chunks(names):
            known |= set(self.db.execute(select(lake_file.c.name).where(lake_file.c.name.in_(part))).scalars())
        return known

    def captures_in(self, file: str) -> list[CaptureRef]:
        """Return the captures of a file of the lake, quarantined ones too, by place."""
        found: set[CaptureRef] = set()
        for table in (capture, quarantine):
            found |= {ref_of(row) for row in self.db.execute(select(table).where(table.c.file == file))}
        return sorted(found, key=lambda ref: ref.offset)

    def condemned(self) -> list[CaptureRef]:
        """Return captures that are still to be cut out of the lake, by file and place."""
        return list(condemned_refs(self.db))

    def quarantine(self) -> list[Quarantined]:
        """Return what is quarantined, oldest first."""
        rows = self.db.execute(select(quarantine).order_by(quarantine.c.at, quarantine.c.id))
        return [
            Quarantined(
                id=row.id,
                ref=ref_of(row),
                source_id=row.source_id,
                url=row.url,
                reason=row.reason,
                at=row.at,
                attempts=row.attempts,
            )
            for row in rows
        ]


class CaptureWrites(WriteSession):
    """What ingest writes of captures."""

    def condemn(self, ref: CaptureRef) -> None:
        """Note a capture as to be cut out of the lake, until `move` drops it. Twice is once."""
        condemn(self.db, [ref])

    def add_file(self, file: str, now: datetime) -> None:
        """Know a published file. Twice is once."""
        add_new(self.db, lake_file, [{"name": file, "known_at": now, "is_finished": False}])

    def open_files(self) -> list[str]:
        """Return known files that are not finished, oldest first."""
        is_open = select(lake_file.c.name).where(lake_file.c.is_finished.is_(False))
        return list(self.db.execute(is_open.order_by(lake_file.c.known_at, lake_file.c.name)).scalars())

    def finish_file(self, file: str) -> None:
        """All captures of the file are ingested or quarantined."""
        self.db.execute(update(lake_file).where(lake_file.c.name == file).values(is_finished=True))

    def forget_file(self, file: str) -> None:
        """Know a file no more that nothing was read of; one that anything is known of stays. Twice is once."""
        named = [select(1).where(table.c.file == file).exists() for table in (capture, quarantine, condemned)]
        self.db.execute(delete(lake_file).where(lake_file.c.name == file, ~or_(*named)))

    def add_capture(self, capture: Capture, outcome: Outcome) -> None:
        """Note a capture as ingested. Twice is once."""
        row = _row(capture) | {"role": capture.role, "outcome": outcome}
        add_new(self.db, _CAPTURE, [row])
        self.captured.append(capture)

    def add_quarantined(self, capture: Capture, reason: str, now: datetime) -> None:
        """Set a capture aside. Again: counts an attempt and keeps the newest reason."""
        name = _quarantine_id(capture.ref)
        known = self.db.execute(select(quarantine.c.attempts).where(quarantine.c.id == name)).scalar()
        row = {"id": name, "reason": reason, "at": now, "attempts": (known or 0) + 1} | _row(capture)
        put(self.db, quarantine, [row], keep=["at"])

    def end_quarantined(self, quarantine_id: str) -> None:
        """Take a capture out of quarantine."""
        self.db.execute(delete(quarantine).where(quarantine.c.id == quarantine_id))

    def link_captures(self) -> None:
        """Note, at the end of the transaction, which documents its captures hold, so that erasure finds them.

        A feed shows a document for weeks: per source only its first and last capture are kept. A page is one row.
        """
        for taken in self.captured:
            if taken.role is Role.PAGE:
                rows = [
                    {"document_id": each, "file": taken.ref.file, "offset": taken.ref.offset}
                    for each in sorted(self.touched)
                ]
                add_new(self.db, page_capture, rows)
            else:
                self._stretch(taken)

    def _stretch(self, taken: Capture) -> None:
        at, column = taken.fetched_at, found_in.c
        for part in chunks(sorted(self.touched)):
            mine = (column.source_id == taken.source_id) & column.document_id.in_(part)
            earlier = mine & (column.first_fetched_at.is_(None) | (column.first_fetched_at > at))
            later = mine & (column.last_fetched_at.is_(None) | (column.last_fetched_at < at))
            self.db.execute(update(found_in).where(earlier).values(first_fetched_at=at))
            self.db.execute(update(found_in).where(later).values(last_fetched_at=at))


_CAPTURE = capture  # the table, where a parameter of the port has its name


def ref_of(row: Any) -> CaptureRef:
    """Return where the capture of a row lies."""
    return CaptureRef(row.file, row.offset, row.length, row.digest)


def move(db: Connection, moved: Mapping[CaptureRef, CaptureRef], dropped: Sequence[CaptureRef], now: datetime) -> None:
    """Follow a rewritten lake file: change addresses, forget what was cut out. Twice is once."""
    for ref in dropped:
        for table in (capture, page_capture, quarantine, condemned):
            db.execute(delete(table).where(_at(table, ref)))
    gone, new = {ref.file for ref in (*moved, *dropped)}, sorted({ref.file for ref in moved.values()})
    for old, ref in moved.items():
        _move(db, old, ref)
    open_ones = set(db.execute(select(lake_file.c.name).where(lake_file.c.is_finished.is_(False))).scalars())
    is_finished = not gone & open_ones
    add_new(db, lake_file, [{"name": name, "known_at": now, "is_finished": is_finished} for name in new])
    db.execute(delete(lake_file).where(lake_file.c.name.in_(gone - set(new))))


def _move(db: Connection, old: CaptureRef, new: CaptureRef) -> None:
    """Change a capture's address. Where its new one is known already, because somebody read the new file before we
    came here, what stands there is of the same capture, and the old rows go.
    """
    at = {"file": new.file, "offset": new.offset}
    whole: dict[str, Any] = at | {"length": new.length, "digest": new.digest}
    moving: tuple[tuple[Table, dict[str, Any]], ...] = (
        (page_capture, at),
        (capture, whole),
        (condemned, whole),
        (quarantine, whole | {"id": _quarantine_id(new)}),
    )
    for table, to in moving:
        if db.execute(select(1).select_from(table).where(_at(table, new))).first():
            db.execute(delete(table).where(_at(table, old)))
        else:
            db.execute(update(table).where(_at(table, old)).values(**to))


def condemn(db: Connection, rows: Sequence[Any]) -> None:
    """Note captures as to be cut out of the lake."""
    named = [{"file": row.file, "offset": row.offset, "length": row.length, "digest": row.digest} for row in rows]
    add_new(db, condemned, named)


def condemned_refs(db: Connection) -> tuple[CaptureRef, ...]:
    """Return captures that still have to be cut out of the lake, by file and place."""
    return tuple(ref_of(row) for row in db.execute(select(condemned).order_by(condemned.c.file, condemned.c.offset)))


def _at(table: Table, ref: CaptureRef) -> Any:
    return and_(table.c.file == ref.file, table.c.offset == ref.offset)


def _quarantine_id(ref: CaptureRef) -> str:
    return digest("quarantine", ref.file, str(ref.offset))


def _row(taken: Capture) -> dict[str, Any]:
    return {
        "file": taken.ref.file,
        "offset": taken.ref.offset,
        "length": taken.ref.length,
        "digest": taken.ref.digest,
        "url": taken.url,
        "final_url": taken.final_url,
        "source_id": taken.source_id,
        "fetched_at": taken.fetched_at,
    }
