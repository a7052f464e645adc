"""The files of a record on this machine: set aside before another takes their place, and put into their place.

Knows nothing of what is in them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from earshot.errors import StorageError


def in_use(path: Path) -> int:
    """Return the id of another process of this machine that has a file open, as far as this user may see; 0: none."""
    wanted = path.resolve()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and any(Path(each.path) == wanted for each in process.open_files()):
                return int(process.pid)
    return 0


def away(record: Path, index: Path, now: datetime | None = None) -> Path:
    """Move a record with its logs, and the folder of the index, into a new folder beside it, and return that.

    Raises:
        StorageError: they cannot be moved.
    """
    at = now or datetime.now(UTC)  # noqa: TID251 (a name for people)
    aside = record.parent / f"set-aside-{at:%Y-%m-%dT%H-%M-%SZ}"
    try:
        aside.mkdir(parents=True)
        for each in sorted(record.parent.glob(f"{record.name}*")):
            each.rename(aside / each.name)
        if index.exists():
            index.rename(aside / index.name)
    except OSError as error:
        raise StorageError(f"what is there cannot be set aside: {error}") from error
    return aside


def into_place(part: Path, final: Path) -> None:
    """Put a record that nobody has open in its place, in one step, and durably.

    Raises:
        StorageError: somebody has it open, or there is one.
    """
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log = part.with_name(f"{part.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StorageError(f"the log of {part} is not empty: somebody has it open")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(part, final)  # unlike a rename it never takes the place of another
    except FileExistsError as error:
        raise StorageError(f"{final} was made meanwhile; end Earshot first") from error
    part.unlink()
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
