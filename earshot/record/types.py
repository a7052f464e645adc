"""Column types of the record: one for time, two for text, one for plain structures. Knows no table.

They make SQLite and PostgreSQL keep and return the same values.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


def clean(text: str) -> str:
    """Return `text` without NUL (PostgreSQL refuses it) and lone surrogates (neither database can encode them)."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "ignore").decode("utf-8")
    return text


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC and returned in UTC, to the microsecond.

    Without it an aware +02:00 value comes back from SQLite naive and unconverted (tried).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite gets the naive form, which sorts as text.

        Raises:
            ValueError: the time is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the record takes aware times only, not {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


OWN_KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that Earshot itself made (digests, bands): there is nothing in it to clean."""


class CleanText(TypeDecorator[str]):
    """Text as written, without NUL and lone surrogates; sorted by code point on every database."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give PostgreSQL the collation that SQLite has."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean the text."""
        return None if value is None else clean(str(value))


class Structure(TypeDecorator[Any]):
    """Lists, dicts, strings and numbers as JSON text; its strings are cleaned. Never queried by content."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write JSON; keys keep their order."""
        return None if value is None else clean(json.dumps(_cleaned(value), ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read JSON."""
        return None if value is None else json.loads(value)


def _cleaned(value: Any) -> Any:
    """Clean strings before they are escaped: json would turn NUL into six harmless-looking characters."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(item) for item in value]
    return value
