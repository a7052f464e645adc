"""What every part of a reader or writer stands on: one open connection, the clock, what a writer holds, and inserts
that may meet a row.

Knows no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from earshot.errors import Collided
from earshot.model import Capture
from earshot.ports import Clock
from earshot.record import engine
from earshot.record.types import clean

T = TypeVar("T")

CHUNK = 500
"""Most values in one IN list; SQLite takes 32,766 parameters, PostgreSQL 65,535."""

MOST_HELD = 500
"""Names that one transaction may hold beside others. The server has room for some 6,400 by itself, for all together.

Source: https://www.postgresql.org/docs/15/runtime-config-locks.html: 64 a connection, of 100 connections.
"""


@dataclass
class Session:
    """An open transaction. Topic modules add the methods."""

    db: Connection
    clock: Clock


@dataclass
class WriteSession(Session):
    """A writing one. What it writes beside a capture came out of that capture (`earshot.record.captures`).

    secret: returns the workspace's; asked for only where authors are or were erased. is_beside: others write meanwhile.
    """

    secret: Callable[[], bytes] = bytes
    touched: set[str] = field(default_factory=set)
    captured: list[Capture] = field(default_factory=list)
    has_erased: bool = False
    has_tombstones: bool | None = None
    is_beside: bool = False
    held: set[int] = field(default_factory=set)

    def hold(self, names: Iterable[str]) -> None:
        """Wait until nobody beside us holds one of these names, and hold them until this transaction ends.

        Raises:
            Collided: it would hold more than one may beside others.
        """
        if not self.is_beside:
            return
        new = {_number(name) for name in names} - self.held
        if len(self.held) + len(new) > MOST_HELD:
            raise Collided("the record: too much at once to be written beside others", is_too_large=True)
        if new:
            engine.hold(self.db, sorted(new))
            self.held |= new


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield `values` in slices of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _number(name: str) -> int:
    """Return the number that stands for a name in the database, of 64 bits with a sign."""
    return int.from_bytes(blake2b(clean(name).encode(), digest_size=8).digest(), signed=True)


def add_new(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows; those whose key is taken are left as they are. Return how many were inserted."""
    if not rows:
        return 0
    counted = {"preserve_rowcount": True}
    return db.execute(_insert_new(db.dialect.name, table), list(rows), execution_options=counted).rowcount


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
