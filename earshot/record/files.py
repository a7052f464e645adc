"""The file of a record on SQLite: made whole where there is none, refused where it is damaged. Knows no table.

SQLite takes an empty file for a new database. Nothing of Earshot leaves an empty one: a record begins as a whole file
under its name. So an empty file was a record once, and a new one in its place would tell everybody everything again.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from earshot.errors import Damaged, StorageError

ADVICE = (
    "Stop Earshot, and put the last good backup back: `earshot restore BACKUPS --into WORKSPACE --replace` "
    "(docs/operations/backup.md)"
)
"""What a person does about a record that cannot be read."""
_RIGHTS = "Give it back to the user that Earshot runs as (`chown`, `chmod u+rw`), or mount its disk for writing"
_NEVER = "If there never was a record, remove the file"
_DAMAGE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def make(path: Path) -> None:
    """Make an empty database where there is no file. Twice is once, also by two processes at a time.

    Raises:
        Damaged: only the log of a record is there.
        StorageError: it cannot be made.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            return
        if log.exists() and log.stat().st_size:
            raise Damaged(f"the record's file {path} is gone, and its log is there", ADVICE)
        _make(path)
    except OSError as error:
        raise StorageError(f"the record's file {path} cannot be made: {error}") from error


def refuse_empty(path: Path) -> None:
    """Raise Damaged where the file is there and holds nothing."""
    with suppress(FileNotFoundError):
        if path.is_file() and not path.stat().st_size:
            raise Damaged(f"the record's file {path} is empty", f"{ADVICE}. {_NEVER}")


def refuse_closed(path: Path) -> None:
    """Raise where something else than a file that may be read and written has the record's name.

    Raises:
        Damaged: it is no file, or this user may not read and write it and its folder.
    """
    if path.exists() and not path.is_file():
        raise Damaged(f"{path} is not a file, so it is not the record", ADVICE)
    for each in (path, path.parent):
        wanted = os.R_OK | os.W_OK | (os.X_OK if each.is_dir() else 0)
        if each.exists() and not os.access(each, wanted):
            raise Damaged(f"{each} cannot be read and written by this user", _RIGHTS)


def damage(error: BaseException | None, path: str) -> Damaged | None:
    """Return the damage that SQLite tells of; None where it says something else.

    Source: https://www.sqlite.org/rescode.html, read 2026-11-30: the low byte of a code is its kind.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _DAMAGE:
        return None
    return Damaged(f"the record's file {path} is damaged: {error}", ADVICE)


def _make(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):  # another process was faster
            os.link(temporary, path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
