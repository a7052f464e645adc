"""Model objects as plain values for JSON: what scripts and pages are given. Knows no storage."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import Enum
from typing import Any

from earshot.model import Mention


def mention_dict(mention: Mention) -> dict[str, Any]:
    """Return a mention with the fields of section 5 of the design; times as ISO 8601 in UTC, ending in Z."""
    return {name: plain(value) for name, value in _fields(mention).items()}


def plain(value: Any) -> Any:
    """Return JSON's own types for a model value."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def _fields(mention: Mention) -> dict[str, Any]:
    return dataclasses.asdict(mention)
