"""Replay: captures of the lake are read again, a day of them or those that were quarantined.

What the readers have learned since comes into the record; how a source is doing now is not touched (`Ingest.replay`).
Knows no index and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from earshot.errors import Gone, StorageError
from earshot.model import CaptureRef
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.ingest import Ingest
from earshot.pipeline.pace import checked_share, paced
from earshot.pipeline.writing import Ingested
from earshot.ports import Clock, Lake, Record


@dataclass(frozen=True, slots=True)
class Waiting:
    """A capture to be read again. quarantine_id: empty where it is not quarantined."""

    ref: CaptureRef
    quarantine_id: str = ""


@dataclass(slots=True)
class Replayed:
    """What a replay did so far. total: captures to be tried. lost: those that the lake does not hold (any more)."""

    total: int
    tried: int = 0
    lost: int = 0
    ingested: Ingested = field(default_factory=Ingested)

    @property
    def share_done(self) -> float:
        """0..1."""
        return self.tried / self.total if self.total else 1.0


def of_time(
    record: Record, since: datetime, until: datetime, source_ids: Sequence[str], *, is_quarantined: bool = False
) -> list[Waiting]:
    """Return ingested captures of these sources fetched in this time, oldest first; all, or only quarantined ones."""
    with record.read() as reader:
        refs = reader.captures(since, until, source_ids)
        ids = {one.ref: one.id for one in reader.quarantine()}
    return [Waiting(ref, ids.get(ref, "")) for ref in refs if ref in ids or not is_quarantined]


def quarantined(record: Record, source_ids: Collection[str] | None = None, quarantine_id: str = "") -> list[Waiting]:
    """Return what is quarantined, oldest first: all, of these sources only, or the one of this id."""
    with record.read() as reader:
        waiting = reader.quarantine()
    return [
        Waiting(one.ref, one.id)
        for one in waiting
        if (source_ids is None or one.source_id in source_ids) and quarantine_id in ("", one.id)
    ]


def replay(
    record: Record,
    lake: Lake,
    ingest: Ingest,
    clock: Clock,
    waiting: Sequence[Waiting],
    *,
    share: float = 0.5,
    on_capture: Callable[[Replayed], None] | None = None,
) -> Replayed:
    """Read captures again, one transaction each, in the order given. Twice is once.

    Args:
        record: where what they say goes.
        lake: where they lie.
        ingest: the stage.
        clock: time.
        waiting: oldest first, so that the newest text of a document stays.
        share: of the time that it works; the rest is left to the live run.
        on_capture: called after each with the report as it stands.

    Raises:
        ConfigError: `share` is none.
        StorageError: nothing of the lake answers.
    """
    report = Replayed(len(waiting))
    for one in waiting:
        with paced(clock, checked_share(share)):
            try:
                report.ingested.add(ingest.replay(one.ref, one.quarantine_id))
            except Gone:
                report.lost += 1
            except StorageError:
                for _ in lake.iter_files():  # raises where it is not this capture alone
                    break
                report.lost += 1
            report.tried += 1
        if on_capture:
            on_capture(report)
    if report.ingested.condemned:  # it shows something erased, or was said inside
        cut_condemned(record, lake, clock)
    return report
