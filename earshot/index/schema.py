"""The fields of `earshot.query.fields` as a tantivy schema. Knows no directory and no query.

Beside the agreed fields the embedded engine keeps some of its own: `sort_key`, `gone`, the pairs of short words and
the stored `mention`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import tantivy

from earshot import identity
from earshot.index.codec import pack
from earshot.index.cursors import ID, microseconds
from earshot.model import Mention
from earshot.query import fields
from earshot.query.pairs import pairs_field, pairs_of
from earshot.query.tree import BOTH
from earshot.query.words import ANALYSIS, joined_words

WHITESPACE = "whitespace"
"""Name of the tokenizer of words fields; tantivy registers it by itself."""

SORT_KEY = "sort_key"
"""Hex microseconds of `published_at` and the id: one text value that sorts like the pair, on a fast field.

tantivy sorts by one field only, and breaks ties by the place in a segment, which moves when segments merge.
"""

GONE = "gone"
"""True on the tombstone of a deleted mention, absent on all others."""

OWN = (SORT_KEY, GONE, fields.SOURCE)
"""What this engine keeps beside `fields.ALL`, and the clusters too."""

PAIRS = tuple(pairs_field(part) for part in BOTH)
"""Fields of neighbouring short words, without places: only here."""

_MIDDLE = 1 << 63


def make_schema() -> tantivy.Schema:
    """Return the schema; fast fields are those that are counted, sorted or compared."""
    builder = tantivy.SchemaBuilder()
    for name in fields.RAW + fields.RAW_MANY:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in fields.LOOKED_UP:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in fields.WORDS:
        builder.add_text_field(name, tokenizer_name=WHITESPACE, index_option="position")
    for name in PAIRS:
        builder.add_text_field(name, tokenizer_name=WHITESPACE, index_option="freq")
    for name in fields.INTEGERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in fields.FLOATS:
        builder.add_float_field(name, indexed=True, fast=True)
    for name in (*fields.BOOLEANS, GONE):
        builder.add_boolean_field(name, indexed=True, fast=True)
    for name in fields.DATES:
        builder.add_date_field(name, indexed=True, fast=True)
    builder.add_text_field(SORT_KEY, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(fields.SOURCE, stored=True)
    return builder.build()


def schema_version() -> str:
    """Return a digest that changes when the fields, their make or their words do; another version is rebuilt."""
    layout = "3"  # raised by hand when make_schema changes and the names do not
    return identity.digest(layout, str(ANALYSIS), *fields.ALL, *OWN, *PAIRS)[:16]


def sort_key(published_at: datetime, mention_id: str = "") -> str:
    """Return the text that sorts like (published_at, id); without an id, the least of its microsecond."""
    return f"{microseconds(published_at) + _MIDDLE:016x}{mention_id}"


def make_document(mention: Mention) -> tantivy.Document:
    """Return what the index holds of a mention.

    Raises:
        ValueError: the id is none that `ID` takes.
        UnicodeError: a text holds lone surrogates.
    """
    if not ID.fullmatch(mention.id):
        raise ValueError(f"id {mention.id!r} is not made of up to 200 letters, digits, _ and -")
    document = tantivy.Document()
    for name, value in fields.index_fields(mention).items():
        for one in value if isinstance(value, list) else (value,):
            _ADD[name](document, name, one)
    for part in BOTH:
        if pairs := pairs_of(joined_words(getattr(mention, part)).split()):
            document.add_text(pairs_field(part), " ".join(pairs))
    document.add_text(SORT_KEY, sort_key(mention.published_at, mention.id))
    document.add_bytes(fields.SOURCE, pack(mention))
    return document


def make_tombstone(mention_id: str, revision: int) -> tantivy.Document:
    """Return the document that remembers a delete: an id, its revision, and that it is gone."""
    document = tantivy.Document()
    document.add_text("id", mention_id)
    document.add_integer("revision", revision)
    document.add_boolean(GONE, True)
    return document


_ADD: dict[str, Callable[[tantivy.Document, str, Any], None]] = (
    dict.fromkeys(fields.RAW + fields.RAW_MANY + fields.LOOKED_UP + fields.WORDS, tantivy.Document.add_text)
    | dict.fromkeys(fields.INTEGERS, tantivy.Document.add_integer)
    | dict.fromkeys(fields.FLOATS, tantivy.Document.add_float)
    | dict.fromkeys(fields.BOOLEANS, tantivy.Document.add_boolean)
    | dict.fromkeys(fields.DATES, tantivy.Document.add_date)
)
