"""What every part of a reader or writer stands on: one open connection, the clock, and inserts that may meet a row.

Knows no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from earshot.model import Capture
from earshot.ports import Clock

T = TypeVar("T")

CHUNK = 500
"""Most values in one IN list; SQLite takes 32,766 parameters, PostgreSQL 65,535."""


@dataclass
class Session:
    """An open transaction. Topic modules add the methods."""

    db: Connection
    clock: Clock


@dataclass
class WriteSession(Session):
    """A writing one. What it writes beside a capture came out of that capture (`earshot.record.captures`).

    secret: returns the workspace's; asked for only where authors are or were erased.
    """

    secret: Callable[[], bytes] = bytes
    touched: set[str] = field(default_factory=set)
    captured: list[Capture] = field(default_factory=list)
    has_erased: bool = False
    has_tombstones: bool | None = None


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield `values` in slices of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def add_new(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is taken are left as they are."""
    if rows:
        db.execute(_insert_new(db.dialect.name, table), list(rows))


def put(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]], keep: Sequence[str] = ()) -> None:
    """Insert rows, or change the rows with their primary keys; columns in `keep` stay as they were."""
    if rows:
        db.execute(_upsert(db.dialect.name, table, tuple(rows[0]), tuple(keep)), list(rows))


@cache
def _insert_new(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _upsert(
    dialect: str, table: Table, names: tuple[str, ...], keep: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key.columns]
    changes = {name: statement.excluded[name] for name in names if name not in keys and name not in keep}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's INSERT; both spell ON CONFLICT alike, SQLAlchemy has no common name for them."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
