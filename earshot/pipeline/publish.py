"""Publish: the index relay. Brings what the outbox names to the index and takes out what was answered.

The current row of the record is written, never what the outbox saw; an answer acknowledges exactly its row.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.errors import StorageError
from earshot.model import Mention
from earshot.pipeline.transactions import written
from earshot.ports import Clock, IndexWrite, Kept, MentionIndex, OutboxRow, Record, RecordWriter

TARGET = "index"
LEASE_NAME, REBUILD_LEASE_NAME = "relay:index", "rebuild:index"
_LEASE, _REBUILD_LEASE = timedelta(minutes=5), timedelta(hours=6)
_REBUILD_RENEWED_EVERY_S = 60.0
_BATCH = 1000
_QUIET_TRIES = 600
"""How often, a second apart, a rebuild tries to find nobody writing."""

_among_threads = threading.Lock()
"""A lease is a process's: among its threads this decides."""


@dataclass(slots=True)
class Published:
    """What one run of the relay did. waiting: why it stopped early, or empty."""

    written: int = 0
    removed: int = 0
    refused: int = 0
    waiting: str = ""


def publish(record: Record, index: MentionIndex, clock: Clock, owner: str, seconds: float | None = None) -> Published:
    """Empty the outbox into the index. Twice is once; a locked or silent index is a wait, not a failure.

    seconds: after which the rest is left for another call, at the end of a batch; None brings all.
    """
    done, began = Published(), clock.monotonic()
    with publishing(record, clock, owner) as may_write:
        if not may_write:
            done.waiting = "another process is publishing"
            return done
        try:
            while _batch(record, index, clock, done):
                if not _renewed(record, clock, owner):
                    done.waiting = "another process is publishing"
                    break
                if seconds is not None and clock.monotonic() - began >= seconds:
                    done.waiting = "its time was up; what is left goes with the next run"
                    break
        except StorageError as error:
            done.waiting = str(error)
    return done


@contextmanager
def publishing(record: Record, clock: Clock, owner: str) -> Iterator[bool]:
    """Hold the lease of those who write to the index; False where another process or thread has it."""
    has_lease = False
    is_first = _among_threads.acquire(blocking=False)
    try:
        has_lease = is_first and _renewed(record, clock, owner)
        yield has_lease
    finally:
        if has_lease:
            with record.write(beside=True) as writer:
                writer.free([LEASE_NAME], owner)
        if is_first:
            _among_threads.release()


def _renewed(record: Record, clock: Clock, owner: str) -> bool:
    """Take the lease, or hold it for longer; False where another process has it."""
    now = clock.now()
    with record.write(beside=True) as writer:
        return bool(writer.lease([LEASE_NAME], owner, now, now + _LEASE))


@contextmanager
def quiet(record: Record, clock: Clock, owner: str) -> Iterator[None]:
    """Hold the lease of those who write to the index; waits for whoever has it.

    Raises:
        StorageError: another process went on writing for ten minutes.
    """
    for _ in range(_QUIET_TRIES):
        with publishing(record, clock, owner) as is_quiet:
            if is_quiet:
                yield
                return
        clock.sleep(1)
    raise StorageError("another process is publishing all the time; try again when it is done")


def keep(record: Record, index: MentionIndex, clock: Clock, owner: str, since: datetime | None) -> Kept:
    """Keep the index in shape while nobody writes to it or builds it anew.

    Raises:
        StorageError: the index does not answer, or another process is at it.
    """
    with rebuilding(record, clock, owner), quiet(record, clock, owner):
        return index.keep(since)


def reindex(record: Record, index: MentionIndex, clock: Clock, owner: str, since: datetime | None = None) -> int:
    """Build the index anew from the record and switch over; return how many mentions it holds.

    since: what was published before is left out; None: nothing. Publishing may go on meanwhile: an index either takes
    what is written into the new one too, or is locked and leaves it in the outbox. Dead letters from before are done
    with.

    Raises:
        StorageError: another process is building it, or the index did not take all; the old one is in force.
    """
    now = clock.now()
    with rebuilding(record, clock, owner):
        with closing(_snapshot(record, since)) as snapshot:
            batches = _renewing(snapshot, record, clock, owner)
            built = index.rebuild(batches, lambda: quiet(record, clock, owner))
        with record.write() as writer:
            writer.end_dead_letters(now)
        return built


def go_back(record: Record, index: MentionIndex, clock: Clock, owner: str) -> int:
    """Put the index that the last `reindex` replaced in force again; return how many mentions it holds.

    What was published since is not in it: `verify` brings that.

    Raises:
        ConfigError: none is kept.
        StorageError: another process is writing or building all the time.
    """
    with rebuilding(record, clock, owner), quiet(record, clock, owner):
        return index.go_back()


@contextmanager
def rebuilding(record: Record, clock: Clock, owner: str) -> Iterator[None]:
    """Hold the lease of those who build the index anew or keep it in shape.

    Raises:
        StorageError: another process has it.
    """
    _renew_rebuilding(record, clock, owner)
    try:
        yield
    finally:
        with record.write(beside=True) as writer:
            writer.free([REBUILD_LEASE_NAME], owner)


def _renew_rebuilding(record: Record, clock: Clock, owner: str) -> None:
    now = clock.now()
    with record.write(beside=True) as writer:
        if not writer.lease([REBUILD_LEASE_NAME], owner, now, now + _REBUILD_LEASE):
            raise StorageError("another process is building the index anew; try again when it is done")


def _renewing(batches: Iterable[list[Mention]], record: Record, clock: Clock, owner: str) -> Iterator[list[Mention]]:
    """Yield the batches and hold the lease for as long as that takes: days, for many millions."""
    renewed = clock.monotonic()
    for batch in batches:
        yield batch
        if clock.monotonic() - renewed >= _REBUILD_RENEWED_EVERY_S:
            _renew_rebuilding(record, clock, owner)
            renewed = clock.monotonic()


def _snapshot(record: Record, since: datetime | None) -> Generator[list[Mention], None, None]:
    """Yield the mentions, oldest first. The record is opened when the first is asked for: what an index was told before
    that, and may have brought to the old one alone, is in the snapshot then.
    """
    with record.read() as reader:
        yield from reader.iter_published(since)


def _batch(record: Record, index: MentionIndex, clock: Clock, done: Published) -> bool:
    """Bring one batch over; False when there is nothing left that helps."""
    with record.read() as reader:
        rows = reader.outbox(TARGET, _BATCH)
        mentions = {m.id: m for m in reader.mentions([row.mention_id for row in rows if not row.is_gone])}
    if not rows:
        return False
    writes = []
    for row in rows:
        mention = None if row.is_gone else mentions.get(row.mention_id)
        writes.append(IndexWrite(row.mention_id, mention.revision if mention else row.revision, mention))
    answers = index.write(writes)
    kept: list[OutboxRow] = []
    refused: list[tuple[OutboxRow, str]] = []
    for row, write, answer in zip(rows, writes, answers, strict=True):
        if answer.is_done:
            kept.append(row)
            done.removed += write.mention is None
            done.written += write.mention is not None
        elif answer.is_refused:
            refused.append((row, answer.reason))

    def note(writer: RecordWriter) -> None:
        for row, reason in refused:
            writer.add_dead_letter(row, reason, clock.now())
        writer.ack(kept)

    written(record, note)
    done.refused += len(refused)
    return bool(kept or refused) and len(rows) == _BATCH
