"""What a record needs after it was brought back from a backup: what was erased since goes again, and nobody is at work.

Knows neither the backup nor the lake. The digests of tombstones are enough to find again what they stand against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from earshot.identity import digest
from earshot.model import Outcome
from earshot.operating import JobState
from earshot.ports import Erased, Restored
from earshot.record import tombstones
from earshot.record.erasure import ErasureWrites
from earshot.record.session import Session, add_new
from earshot.record.tables import (
    capture,
    document,
    document_key,
    frontier,
    job_run,
    lease,
    quarantine,
    restored,
    sign_in,
    source_run,
    tombstone,
)

_HEARD = [str(outcome) for outcome in Outcome if outcome.is_heard]


class RestoringReads(Session):
    """What the record says of having been brought back."""

    def last_restored(self) -> Restored | None:
        """Return from which backup the record was brought back last, or None."""
        row = self.db.execute(select(restored).order_by(restored.c.at.desc()).limit(1)).first()
        return Restored(row.at, row.backup_at, row.place, row.documents) if row else None

    def first_heard(self, source_id: str, since: datetime) -> datetime | None:
        """Return when a source was first heard at `since` or later, or None."""
        mine = (source_run.c.source_id == source_id) & (source_run.c.at >= since) & source_run.c.outcome.in_(_HEARD)
        at: datetime | None = self.db.execute(select(func.min(source_run.c.at)).where(mine)).scalar()
        return at


class RestoringWrites(ErasureWrites):
    """What is written of it."""

    def erase_again(self, lines: Sequence[tuple[str, str, datetime]], now: datetime) -> Erased:
        """Set tombstones by digest, kind and time, and erase what they stand against, as `erase` does. Twice is once.

        Raises:
            ConfigError: authors were erased under another secret.
        """
        self.has_erased = self.has_tombstones = True
        known = set(self.db.execute(select(tombstone.c.digest)).scalars())
        new = {line[0] for line in lines} - known
        rows = [{"digest": name, "kind": kind, "at": at} for name, kind, at in lines if name in new]
        add_new(self.db, tombstone, rows)
        tombstones.check_secret(self)
        return self.forget(sorted(self._meant_by(new)), self._urls_meant_by(new), now)

    def _meant_by(self, digests: set[str]) -> set[str]:
        """Return ids of the documents that these tombstones stand against."""
        if not digests:
            return set()
        found = set()
        for row in self.db.execute(select(document.c.id, document.c.url, document.c.author_folded)):
            named = [("document", row.id), ("url", row.url)]
            if any(digest("tombstone", *each) in digests for each in named) or self._is_author(row, digests):
                found.add(row.id)
        for row in self.db.execute(select(document_key.c.kind, document_key.c.value, document_key.c.document_id)):
            if digest("tombstone", row.kind, row.value) in digests:
                found.add(row.document_id)
        return found

    def _is_author(self, row: tuple[str, str, str], digests: set[str]) -> bool:
        return bool(row[2]) and not digests.isdisjoint(tombstones.author_digests(self, row[2]))

    def _urls_meant_by(self, digests: set[str]) -> set[str]:
        """Return addresses that are known without a document: waiting pages, captures, what is set aside."""
        columns = (frontier.c.url, capture.c.url, capture.c.final_url, quarantine.c.url, quarantine.c.final_url)
        return (
            {url for url in self._values(columns) if digest("tombstone", "url", url) in digests} if digests else set()
        )

    def _values(self, columns: Iterable[object]) -> Iterator[str]:
        for column in columns:
            yield from self.db.execute(select(column).distinct()).scalars()  # type: ignore[call-overload]

    def note_restored(self, what: Restored) -> None:
        """Note it, free all leases and end all jobs: who held them does not work on this record.

        Everybody signs in again, too: who has signed out since would be signed in.
        """
        self.db.execute(update(lease).values(owner=""))
        self.db.execute(delete(sign_in))
        is_running = job_run.c.state == JobState.RUNNING
        ended = {
            "state": JobState.FAILED,
            "ended_at": what.at,
            "reason": "cut off: the record was restored from a backup",
        }
        self.db.execute(update(job_run).where(is_running).values(**ended))
        row = {"at": what.at, "backup_at": what.backup_at, "place": what.place, "documents": what.documents}
        add_new(self.db, restored, [row])
