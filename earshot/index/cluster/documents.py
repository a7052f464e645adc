"""A mention, and the memory of a deleted one, as documents of a cluster. Knows the mapping, no client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import mappings
from earshot.index.codec import mention_source
from earshot.index.cursors import microseconds
from earshot.model import Mention
from earshot.query.fields import SOURCE, index_fields

PUBLISHED_US = "published_us"
"""Microseconds of `published_at` since 1970: what lists are sorted and bounds compared by. Dates hold milliseconds."""

GONE = "gone"
"""True on the tombstone of a deleted mention, absent on all others. The engine's own memory of a delete lasts a
minute (`index.gc_deletes`); a tombstone is there until the record, too, has forgotten the mention."""

MAPPED = frozenset(mappings.properties())


def make_document(mention: Mention) -> dict[str, Any]:
    """Return what a cluster holds of a mention: the fields that are asked for, and the mention itself."""
    fields = {name: _plain(value) for name, value in index_fields(mention).items() if name in MAPPED}
    return fields | {PUBLISHED_US: microseconds(mention.published_at), SOURCE: mention_source(mention)}


def make_tombstone(mention_id: str, revision: int) -> dict[str, Any]:
    """Return the document that remembers a delete."""
    return {"id": mention_id, "revision": revision, GONE: True}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
