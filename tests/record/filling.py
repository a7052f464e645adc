"""Rows for every table, whatever it is for: each column gets values that are hard on its type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, Integer, LargeBinary, Table, func, select

from earshot.record.tables import metadata
from earshot.record.types import Structure, UtcDateTime

TEXTS = (
    "",
    " spaces at both ends ",
    "quotes ' \" ` and a back\\slash, a tab\t, lines\r\n\n, %s %(name)s :name $1 {x} \\x41",
    "ö é ß Ａ \u202e\u200d\ufeff 😀 👩‍👩‍👧 שלום 日本語 \U0010ffff",
    "\x01\x1f\x7f\x85\u2028",
)
TIMES = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
STRUCTURES: tuple[Any, ...] = ([], {}, {"b": [1, 2.5, None, True, "ö\n"], "a": {"": TEXTS[2]}}, [["x", 0, 3]], "text")
FLOATS = (0.0, 0.1 + 0.2, -1e-300, 1.7976931348623157e308, 3.0)
INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31))
BYTES = (b"", bytes(range(256)), b"\\x00'\"")


def fill(connection: Connection, rows: int = 12) -> dict[str, int]:
    """Insert rows into every table of the schema and return how many each has now."""
    for table in metadata.sorted_tables:
        connection.execute(table.insert(), [_row(table, number) for number in range(rows)])
    return counted(connection)


def counted(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in metadata.sorted_tables
    }


def read(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, by primary key."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
        for table in metadata.sorted_tables
    }


def _row(table: Table, number: int) -> dict[str, Any]:
    unique = {column.name for index in table.indexes if index.unique for column in index.columns}
    unique |= {column.name for column in table.primary_key.columns}
    return {
        column.name: _value(column, number, place, is_unique=column.name in unique or bool(column.unique))
        for place, column in enumerate(table.columns)
        if column is not table.autoincrement_column
    }


def _value(column: Column[Any], number: int, place: int, *, is_unique: bool) -> Any:
    kind = column.type
    if column.nullable and number % 3 == 0:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number) if is_unique else TIMES[number % len(TIMES)]
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Structure):
        return STRUCTURES[number % len(STRUCTURES)]
    if isinstance(kind, LargeBinary):
        return BYTES[number % len(BYTES)]
    if isinstance(kind, Float):
        return FLOATS[number % len(FLOATS)]
    if isinstance(kind, Integer):
        return number if is_unique else INTEGERS[(number + place) % len(INTEGERS)]
    text = TEXTS[(number + place) % len(TEXTS)]
    return f"{number} {text}" if is_unique else text


def fill_numbered(connection: Connection) -> None:
    """Insert one more row into each table whose rows the database numbers."""
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            connection.execute(table.insert(), [_row(table, 99)])
