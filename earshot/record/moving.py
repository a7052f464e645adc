"""Moves a whole record into another, empty database: all of it, or nothing. Knows no row's meaning.

Everything is copied in one transaction of the new database, in batches, while one of the old holds all other writers
off. Then both are read side by side and compared row by row. Only when the new one has committed is the old one marked
as moved, and from then on it refuses everything: a process that still knows the old address cannot write what nobody
reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, RowMapping, Table, func, select, text

from earshot.errors import ConfigError, StorageError
from earshot.record import schema
from earshot.record.engine import make_place, transaction
from earshot.record.tables import metadata

BATCH = 1000
"""Rows in memory at a time, of the database that is read; a row of a document holds its whole text."""


OnProgress = Callable[[int, int], None]
"""Called after each batch with how many rows were copied or compared, and how many will be; each row counts twice."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and where to, as `record.url` takes it. was_there: an earlier move had brought it over."""

    url: str
    rows: dict[str, int]
    digests: dict[str, str]
    was_there: bool


def move(old: Engine, new: Engine, now: datetime, on_progress: OnProgress) -> Moved:
    """Move everything and mark the old record as moved.

    A move that was broken off is begun again from the start; if only the mark was missing, it is set.

    Raises:
        ConfigError: the new database holds something else already, or is the old one.
        StorageError: one of the two did not answer, or another writer did not end within 30 s; nothing was changed.
    """
    if _place(old.url) == _place(new.url):
        raise ConfigError("that is where the record is", where="--to", advice="name another database")
    make_place(new)
    with transaction(old, writes=True) as source:
        schema.look(source)
        with transaction(new, writes=True) as target:
            schema.upgrade(target)
            counts = count_all(source)
            if was_there := any(_count(target, table) for table in metadata.sorted_tables):
                _refuse_another(target, counts)
            else:
                copy_all(source, target, counts, on_progress)
            digests = _compare_all(source, target, counts, on_progress, is_ours=not was_there)
        schema.mark_moved(source, _address(new.url), now)
    return Moved(_address(new.url), counts, digests, was_there)


def _address(url: URL) -> str:
    """Return where a database is, without its password, as `record.url` takes it."""
    query = {name: value for name, value in url.query.items() if name != "password"}
    parts = (url.get_backend_name(), url.username, None, url.host, url.port, url.database)
    return URL.create(*parts, query=query).render_as_string()


def _place(url: URL) -> tuple[object, ...]:
    if url.get_backend_name() == "sqlite":
        return (Path(url.database or "").resolve(),)
    return url.host, url.port or 5432, url.database, url.query.get("options")


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _refuse_another(target: Connection, counts: dict[str, int]) -> None:
    for table in metadata.sorted_tables:
        if _count(target, table) != counts[table.name]:
            raise _another()


def _another() -> ConfigError:
    return ConfigError(
        "the database holds another record", where="--to", advice="name an empty one; nothing was changed"
    )


def count_all(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table.name: _count(connection, table) for table in metadata.sorted_tables}


def copy_all(
    source: Connection,
    target: Connection,
    counts: dict[str, int],
    on_progress: OnProgress = lambda _done, _total: None,
) -> None:
    """Copy every row into empty tables. counts: rows by table, for on_progress."""
    done, total = 0, 2 * sum(counts.values())
    for table in metadata.sorted_tables:
        with closing(_batches(source, table)) as batches:
            for rows in batches:
                target.execute(table.insert(), [dict(row) for row in rows])
                done += len(rows)
                on_progress(done, total)
        _set_sequence(target, table)


def _batches(connection: Connection, table: Table) -> Generator[list[RowMapping], None, None]:
    """Yield all rows in the order of their primary keys, which both databases sort alike."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    with connection.execute(query) as result:
        for rows in result.mappings().partitions():
            yield list(rows)


def _set_sequence(target: Connection, table: Table) -> None:
    """Let new rows be numbered after the last; SQLite does so by itself."""
    column = table.autoincrement_column
    if column is None or target.dialect.name != "postgresql":
        return
    last = target.execute(select(func.max(column))).scalar()
    if last is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:of_table, :of_column), :last)")
        target.execute(sequence, {"of_table": table.name, "of_column": column.name, "last": last})


def _compare_all(
    source: Connection,
    target: Connection,
    counts: dict[str, int],
    on_progress: OnProgress,
    *,
    is_ours: bool,
) -> dict[str, str]:
    """Return a digest of each table, the same in both databases.

    is_ours: what is in the target was just written there, so a difference is not another record but a fault.
    """
    done, total, digests = 0, 2 * sum(counts.values()), {}
    for table in metadata.sorted_tables:
        digest = hashlib.sha256()
        with closing(_batches(source, table)) as old, closing(_batches(target, table)) as new:
            for ours, theirs in zip_longest(old, new):
                said = _said(ours)
                if said != _said(theirs):
                    raise _fault(table) if is_ours else _another()
                digest.update(said.encode())
                done += len(ours or ())
                on_progress(total // 2 + done, total)
        digests[table.name] = digest.hexdigest()
    return digests


def _fault(table: Table) -> StorageError:
    return StorageError(f"the move: {table.name} came out otherwise than it was; nothing was changed")


def _said(rows: list[RowMapping] | None) -> str:
    """Return rows as text that differs where a value or its type does."""
    return repr([tuple(row.values()) for row in rows or ()])
