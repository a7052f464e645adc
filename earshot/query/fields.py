"""The fields of a mention in every index, and what fills them. Knows no engine.

Each engine maps RAW, RAW_MANY and LOOKED_UP to exact strings, WORDS to text that is split at white space only, with
positions, and keeps the whole mention beside them as its JSON source `mention`.
"""

from __future__ import annotations

from earshot.model import DocumentKind, Mention
from earshot.query.links import link_values
from earshot.query.words import folded_handles, folded_tags, joined_cased, joined_words

SOURCE = "mention"
"""The stored mention itself."""

RAW = (
    "id",
    "document_id",
    "story_id",
    "brand",
    "site",
    "author",
    "source",
    "source_kind",
    "kind",
    "collection",
    "scope",
    "language",
    "sentiment",
    "severity",
    "status",
    "assignee",
)
RAW_MANY = ("category", "flag", "topic", "entity", "tags", "handles")
LOOKED_UP = ("link",)
"""Exact strings, many, that nothing is counted or sorted by."""
INTEGERS = ("revision", "reach")
FLOATS = ("relevance", "sentiment_score", "confidence")
BOOLEANS = ("own_voice", "flagged")
DATES = ("published_at", "found_at")
WORDS = ("title_words", "text_words", "title_cased", "text_cased", "author_words")
ALL = RAW + RAW_MANY + LOOKED_UP + INTEGERS + FLOATS + BOOLEANS + DATES + WORDS


def words_field(part: str, *, is_cased: bool = False) -> str:
    """Return the field that holds the words of "title", "text" or "author"; an author has no cased ones."""
    return f"{part}_cased" if is_cased else f"{part}_words"


def index_fields(mention: Mention) -> dict[str, object]:
    """Return what the index holds of a mention, by field; a field without a value is left out.

    Strings for RAW and WORDS, lists of strings for RAW_MANY and LOOKED_UP, aware datetimes in UTC for DATES.
    """
    values = _raw(mention) | _many(mention) | _words(mention)
    values |= {
        "revision": mention.revision,
        "reach": mention.reach,
        "relevance": mention.relevance,
        "sentiment_score": mention.sentiment_score,
        "confidence": mention.confidence,
        "own_voice": mention.is_own_voice,
        "flagged": bool(mention.flags),
        "published_at": mention.published_at,
        "found_at": mention.found_at,
    }
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def _raw(mention: Mention) -> dict[str, object]:
    severity = mention.severity.value if mention.severity else ""
    same = {name: getattr(mention, name) for name in RAW if name not in ("kind", "sentiment", "severity")}
    kind = DocumentKind.of(mention.parent).value
    return same | {"kind": kind, "sentiment": mention.sentiment.value, "severity": severity}


def _many(mention: Mention) -> dict[str, object]:
    return {
        "category": [category.value for category in mention.categories],
        "flag": list(dict.fromkeys(flag.rule_id for flag in mention.flags)),
        "topic": list(mention.topics),
        "entity": list(mention.entities),
        "tags": folded_tags(mention.title, mention.text),
        "handles": folded_handles(mention.title, mention.text),
        "link": link_values(mention.links),
    }


def _words(mention: Mention) -> dict[str, object]:
    return {
        "title_words": joined_words(mention.title),
        "text_words": joined_words(mention.text),
        "title_cased": joined_cased(mention.title),
        "text_cased": joined_cased(mention.text),
        "author_words": joined_words(mention.author),
    }
