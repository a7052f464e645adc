"""Model objects as plain values for JSON: what scripts and pages are given. Knows no storage."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import Enum
from typing import Any

from earshot.model import DocumentKind, Mention

NOT_BUILT = frozenset({"topics", "entities", "reach", "status", "assignee"})
"""Fields of a mention that nothing fills yet: nobody is shown them."""


def mention_dict(mention: Mention) -> dict[str, Any]:
    """Return what a mention says, by field, without NOT_BUILT; times as ISO 8601 in UTC, ending in Z.

    kind: "article" or "comment", as the query language's `kind:` says it.
    """
    names = (each.name for each in dataclasses.fields(mention) if each.name not in NOT_BUILT)
    said = {name: plain(getattr(mention, name)) for name in names}
    return said | {"kind": DocumentKind.of(mention.parent).value}


def plain(value: Any) -> Any:
    """Return JSON's own types for a model value; dataclasses become objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
