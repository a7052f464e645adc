"""The words of keeping Earshot well: what waits, who listens, what does not fit together; and what the record says of
it. Knows no threshold: what is too much is the maintain stage's to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from earshot.model import Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of something wait, and since when the first of them; None where none does."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlogs:
    """What waits in the record.

    index: outbox rows of the index. notices: due and not bound, those of the brands that are left out not counted.
    deliveries: bound and neither sent nor given up; `since` is when they were bound, whatever was tried meanwhile.
    unread: lake files known and not wholly read. quarantined, dead_letters: set aside.
    """

    index: Waiting = Waiting()
    notices: Waiting = Waiting()
    deliveries: Waiting = Waiting()
    unread: Waiting = Waiting()
    quarantined: Waiting = Waiting()
    dead_letters: Waiting = Waiting()


@dataclass(frozen=True, slots=True)
class Listening:
    """An active source, as far as it matters for whether it is heard."""

    source_id: str
    name: str
    collection: str
    added_at: datetime
    next_due_at: datetime
    last_run_at: datetime | None = None
    last_heard_at: datetime | None = None
    last_outcome: Outcome | None = None
    last_reason: str = ""

    @property
    def heard_at(self) -> datetime:
        """When it was last heard; where it never was, when it was added."""
        return self.last_heard_at or self.added_at


@dataclass(frozen=True, slots=True)
class Unheard:
    """What listening still has to do before it has heard everything up to a time.

    sources: active ones that are due, or soon will be, and have not ended a run since that time: one that was fetched
    and is not read counts too. pages: of that time, or of no date, that may be fetched or that were and are not read;
    those that failed and wait for another try do not count. begun_at: when the first run of an active source after
    that time ended; None where nobody has listened since.
    """

    sources: int = 0
    pages: int = 0
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease that somebody holds, also one that ran out and was not given back."""

    name: str
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """Rows that do not fit together. name: which ("mentions without document", ...). example: the id of one."""

    name: str
    count: int
    example: str


class UpkeepReads(Protocol):
    """What the record says of its own state. Part of `earshot.ports.RecordReader`."""

    def backlogs(self, now: datetime, leave_out: Collection[str] = ()) -> Backlogs:
        """Return what waits; notices of the brands in `leave_out` are not counted."""

    def listening(self) -> list[Listening]:
        """Return the active sources, by id."""

    def unheard(self, time: datetime, due_until: datetime) -> Unheard:
        """Return what is still to be done before everything up to `time` has been heard.

        `due_until`: sources that are due later are not waited for. Later than now, since what was just fetched is put
        off until it has been read (`earshot.pipeline.due.UNREAD`).
        """

    def brand_sources(self, since: datetime) -> dict[str, set[str]]:
        """Return by brand the sources that held an active mention found at or after `since`."""

    def held_leases(self, leave_out: str = "host:") -> list[HeldLease]:
        """Return held leases by name, those whose names begin with `leave_out` not among them."""

    def quarantined_since(self, since: datetime) -> int:
        """Return how many captures were set aside at or after `since` and still are."""

    def inconsistencies(self) -> list[Inconsistency]:
        """Return what does not fit together, in a fixed order.

        "mentions without document", "outbox of unknown mentions" (erased ones are known),
        "notices without delivery" (bound ones).
        """

    def damages(self) -> list[str]:
        """Return what the database says is damaged in itself, at most ten lines; always nothing on PostgreSQL."""

    def needed_files(self) -> set[str]:
        """Return the names of lake files that captures, the quarantine, or unfinished reading need."""

    def is_wholly_condemned(self, file: str) -> bool:
        """Tell whether a file is finished and every one of its captures, quarantined ones too, is condemned."""

    def capture_sources(self) -> set[str]:
        """Return ids of the sources that captures are of."""

    def scope_of(self, source_id: str) -> str:
        """Return the scope of a source by its documents, also of one that left the workspace; "" if it has none."""


class UpkeepWrites(Protocol):
    """What forgets by age, at most `limit` rows a call, oldest first; and what a changed schedule means.

    Part of `earshot.ports.RecordWriter`.
    """

    def condemn_captures(
        self, internal: Collection[str], internal_before: datetime | None, before: datetime | None, limit: int = 2000
    ) -> int:
        """Condemn captures fetched before these times and return how many; None condemns none.

        `internal_before` is for the sources in `internal`, `before` for all others. Quarantined captures, those of a
        file that is not wholly read, and those that are condemned already are left.
        """

    def bring_forward(self, due: Mapping[str, datetime]) -> None:
        """Let these sources be due at these times, those that are due earlier left as they are. Twice is once."""

    def drop_source_runs(self, before: datetime, limit: int = 5000) -> int:
        """Delete runs of sources that ended before; return how many."""

    def drop_job_runs(self, before: datetime, limit: int = 5000) -> int:
        """Delete runs of jobs that ended before, or that began before and whose process is gone; return how many."""

    def drop_levels(self, before: datetime, limit: int = 5000) -> int:
        """Delete readings from before; return how many."""

    def drop_alarms(self, before: datetime, limit: int = 5000) -> int:
        """Delete alarms that ended before; return how many."""

    def end_dead_letters(self, before: datetime) -> int:
        """Delete dead letters written before: the index was built anew since. Return how many."""
