"""A mention as the JSON that every engine stores beside its fields, and back. Knows no engine.

The form is flat and explicit because it is read once per hit of every page: `dataclasses.asdict` copies deeply.
"""

from __future__ import annotations

import json
from datetime import datetime
from operator import attrgetter
from typing import Any

from earshot.model import Category, DateFrom, Evidence, Flag, Mention, Sentiment, Severity, Span, TextIs

_PLAIN = (
    "id",
    "document_id",
    "story_id",
    "brand",
    "revision",
    "url",
    "site",
    "title",
    "text",
    "author",
    "source",
    "source_kind",
    "collection",
    "scope",
    "published_at_from",
    "language",
    "relevance",
    "sentiment",
    "sentiment_score",
    "confidence",
    "categories",
    "topics",
    "entities",
    "severity",
    "is_own_voice",
    "text_is",
    "reach",
    "engagement",
    "images",
    "status",
    "assignee",
    "brand_version",
    "model_version",
    "published_as",
    "parent",
    "links",
)
_values = attrgetter(*_PLAIN)


def mention_source(mention: Mention) -> dict[str, Any]:
    """Return a mention as plain values, ready for JSON; times as ISO 8601 in UTC, spans as lists."""
    source = dict(zip(_PLAIN, _values(mention), strict=True))
    source["published_at"] = mention.published_at.isoformat()
    source["found_at"] = mention.found_at.isoformat()
    source["flags"] = [
        [f.rule_id, f.rule_name, f.severity, f.clause, f.words, [(s.part, s.start, s.end) for s in f.spans]]
        for f in mention.flags
    ]
    source["evidence"] = [(e.part, e.start, e.end, e.why) for e in mention.evidence]
    return source


def mention_of(source: dict[str, Any]) -> Mention:
    """Return the mention that `mention_source` was made of.

    Raises:
        KeyError, ValueError, TypeError: not such a source.
    """
    values = {name: source[name] for name in _PLAIN}
    values |= {name: tuple(source[name]) for name in ("topics", "entities", "images", "links")}
    return Mention(
        **values
        | {
            "published_at": datetime.fromisoformat(source["published_at"]),
            "found_at": datetime.fromisoformat(source["found_at"]),
            "published_at_from": DateFrom(source["published_at_from"]),
            "sentiment": Sentiment(source["sentiment"]),
            "severity": Severity(source["severity"]) if source["severity"] else None,
            "text_is": TextIs(source["text_is"]),
            "categories": tuple(map(Category, source["categories"])),
            "flags": tuple(map(_flag, source["flags"])),
            "evidence": tuple(Evidence(*one) for one in source["evidence"]),
        }
    )


def pack(mention: Mention) -> bytes:
    """Return a mention as UTF-8 JSON.

    Raises:
        UnicodeError: a text holds lone surrogates.
    """
    return json.dumps(mention_source(mention), ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes) -> Mention:
    """Return the mention that was packed.

    Raises:
        KeyError, ValueError, TypeError: not a packed mention.
    """
    return mention_of(json.loads(data))


def _flag(raw: list[Any]) -> Flag:
    rule_id, rule_name, severity, clause, words, spans = raw
    return Flag(rule_id, rule_name, Severity(severity), clause, tuple(words), tuple(Span(*s) for s in spans))
