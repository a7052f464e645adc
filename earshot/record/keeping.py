"""Saves a record into one file and brings it back, whatever database it is in. Knows no row's meaning.

SQLite's own backup reads one consistent state while others go on writing. From PostgreSQL all rows are read in one
transaction that sees one state, and written into a new file of SQLite: a backup needs no tool of PostgreSQL's.

Source: https://www.sqlite.org/backup.html, read 2026-11-30.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select

from earshot.errors import ConfigError, Damaged, StorageError
from earshot.ports import Unsubscription
from earshot.record import files, schema
from earshot.record.engine import make_engine, transaction
from earshot.record.moving import copy_all, count_all
from earshot.record.tables import lake_file, metadata, tombstone, unsubscription

Kept = tuple[list[tuple[str, str, datetime]], list[Unsubscription]]
"""Tombstones (digest, kind, time), and who wants no more mails of a brand."""


def save(engine: Engine, path: Path) -> None:
    """Write one state of the record to a new file, which is whole and durable afterwards.

    Raises:
        StorageError: the record does not answer, or the file cannot be written. Damaged: the record is.
    """
    with transaction(engine, writes=False) as connection:
        schema.look(connection)
    try:
        if engine.dialect.name == "sqlite":
            _save_file(Path(engine.url.database or ""), path)
        else:
            _save_rows(engine, path)
        with closing(sqlite3.connect(path)) as saved:
            saved.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            _check(saved, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except sqlite3.DatabaseError as error:
        raise files.damage(error, str(engine.url.database or path)) or StorageError(f"the backup: {error}") from error
    except OSError as error:
        raise StorageError(f"the backup: {error}") from error


def files_known(path: Path) -> set[str]:
    """Return the files of the lake that a saved record knows."""
    with closing(sqlite3.connect(path)) as saved:
        return {name for (name,) in saved.execute(str(select(lake_file.c.name)))}


def bring_back(path: Path, engine: Engine) -> None:
    """Copy a saved record into an empty database of PostgreSQL: all of it, or nothing.

    Raises:
        ConfigError: the database holds something.
        StorageError: it does not answer.
    """
    saved = make_engine(f"sqlite:///{path}")
    try:
        with transaction(saved, writes=False) as source, transaction(engine, writes=True) as target:
            schema.upgrade(target)
            if any(count_all(target).values()):
                advice = "name an empty database in record.url; nothing was changed"
                raise ConfigError("the database holds a record already", where="record.url", advice=advice)
            copy_all(source, target, count_all(source))
    finally:
        saved.dispose()


def tombstones(engine: Engine) -> Kept:
    """Return all tombstones, and all who have unsubscribed."""
    with transaction(engine, writes=False) as connection:
        schema.look(connection)
        erased = [(row.digest, row.kind, row.at) for row in connection.execute(select(tombstone))]
        rows = connection.execute(select(unsubscription))
        return erased, [Unsubscription(row.recipient, row.brand_id, row.mails, row.at) for row in rows]


def _save_file(source: Path, path: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(path)) as saved:
        live.backup(saved)  # all pages in one step: others read and write on, beside it


def _save_rows(engine: Engine, path: Path) -> None:
    files.make(path)
    target_engine = make_engine(f"sqlite:///{path}")
    try:
        with transaction(target_engine, writes=True) as target:
            schema.upgrade(target)
        with transaction(engine, writes=False) as source, transaction(target_engine, writes=True) as target:
            schema.look(source)
            copy_all(source, target, {table.name: 0 for table in metadata.sorted_tables})
    finally:
        target_engine.dispose()


def _check(saved: sqlite3.Connection, path: Path) -> None:
    said = saved.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise Damaged(f"the record is damaged, and so is its copy {path}: {said}", files.ADVICE)
