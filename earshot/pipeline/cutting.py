"""Cut what is condemned out of the lake: captures that hold what was erased, or are older than they are kept.

Knows no tombstone, no age and no index. Only one at a time cuts: two that rewrite one file without different captures
would leave two files, one of them unknown to the record, with what the other cut.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import structlog

from earshot import leases
from earshot.errors import ConfigError, DocumentError, StorageError
from earshot.model import CaptureRef
from earshot.ports import Clock, Lake, Record

log = structlog.get_logger(__name__)
LEASE_NAME = "lake:cut"
_LEASE = timedelta(minutes=5)
_HERE = threading.Lock()  # a lease is a process's, and threads of one process do not exclude each other by it
_ASK_AGAIN_S = 0.2


def cut_condemned(
    record: Record,
    lake: Lake,
    clock: Clock,
    *,
    patience_s: float = 0.0,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Cut every condemned capture out of the lake and return how many; twice is once.

    What the lake cannot rewrite now stays condemned, for the next call; so does everything where another is cutting.

    Args:
        record: what is condemned, and where the others went.
        lake: what is cut.
        clock: time.
        patience_s: how long to wait for another that is cutting.
        is_stopping: asked before each file; True leaves the rest for the next call.
    """
    if not _HERE.acquire(timeout=patience_s):
        return 0
    try:
        return _cut_all(record, lake, clock, is_stopping) if _take(record, clock, patience_s) else 0
    finally:
        _HERE.release()


def _take(record: Record, clock: Clock, patience_s: float) -> bool:
    until = clock.monotonic() + patience_s
    while not _lease(record, clock):
        if clock.monotonic() >= until:
            return False
        clock.sleep(_ASK_AGAIN_S)
    return True


def _lease(record: Record, clock: Clock) -> bool:
    now = clock.now()
    with record.write(beside=True) as writer:
        return bool(writer.lease([LEASE_NAME], leases.me(), now, now + _LEASE))


def _cut_all(record: Record, lake: Lake, clock: Clock, is_stopping: Callable[[], bool]) -> int:
    with record.read() as reader:
        condemned = reader.condemned()
    by_file: dict[str, list[CaptureRef]] = defaultdict(list)
    for ref in condemned:
        by_file[ref.file].append(ref)
    cut = 0
    try:
        for file, gone in by_file.items():
            if is_stopping() or not _lease(record, clock):
                break
            cut += _cut(record, lake, file, gone)
    finally:
        with record.write(beside=True) as writer:
            writer.free([LEASE_NAME], leases.me())
    return cut


def _cut(record: Record, lake: Lake, file: str, gone: list[CaptureRef]) -> int:
    with record.read() as reader:
        is_whole, known = reader.is_wholly_condemned(file), reader.captures_in(file)
    try:
        if is_whole:  # nothing of it stays, so nothing of it has to be read
            lake.remove(file)
            moved: dict[CaptureRef, CaptureRef] = {}
        else:
            moved = lake.rewrite_without(file, gone, known)
    except (StorageError, DocumentError, ConfigError) as error:
        log.error("captures were not cut out of a lake file; the next call tries again", file=file, reason=str(error))
        return 0
    broken = [ref for ref in known if moved and ref not in moved and ref not in gone]
    if broken:
        log.error("captures of a broken lake file could not be read, and are lost", file=file, captures=len(broken))
    record.move_captures(moved, [*gone, *broken])
    return len(gone)
