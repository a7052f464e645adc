"""Rows to model objects and back, for documents and mentions. Knows no query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select

from earshot.identity import digest
from earshot.model import (
    Category,
    DateFrom,
    Document,
    Evidence,
    Flag,
    Mention,
    Sentiment,
    Severity,
    Span,
    TextIs,
)
from earshot.ports import MentionWrite
from earshot.record.tables import document, mention


def document_of(row: Any) -> Document:
    """Return the document of a row of its table."""
    return Document(
        id=row.id,
        url=row.url,
        site=row.site,
        title=row.title,
        text=row.text,
        text_is=TextIs(row.text_is),
        author=row.author,
        published_at=row.published_at,
        published_from=DateFrom(row.published_from),
        found_at=row.found_at,
        language=row.language,
        source_id=row.source_id,
        source_kind=row.source_kind,
        collection=row.collection,
        scope=row.scope,
        story_id=row.story_id,
        images=tuple(row.images),
        links=tuple(row.links),
        engagement=row.engagement,
        published_as=row.published_as,
        parent=row.parent,
    )


_DOCUMENT_COLUMNS = (
    "story_id", "url", "site", "title", "text", "text_is", "author", "source_id", "source_kind", "collection",
    "scope", "published_at", "published_from", "found_at", "language", "engagement", "images",
    "published_as", "parent", "links",
)  # fmt: skip


def select_mentions() -> Select[Any]:
    """Return a query for mentions with what they show of their documents; `mention_of` reads its rows."""
    own = [column for column in mention.c if column.name != "shown"]
    shown = [document.c[name] for name in _DOCUMENT_COLUMNS]
    return select(*own, *shown).join(document, document.c.id == mention.c.document_id)


def mention_of(row: Any) -> Mention:
    """Return the mention of a row of `select_mentions`."""
    return Mention(
        id=row.id,
        document_id=row.document_id,
        story_id=row.story_id,
        brand=row.brand,
        revision=row.revision,
        url=row.url,
        site=row.site,
        title=row.title,
        text=row.text,
        author=row.author,
        source=row.source_id,
        source_kind=row.source_kind,
        collection=row.collection,
        scope=row.scope,
        published_at=row.published_at,
        published_at_from=DateFrom(row.published_from),
        found_at=row.found_at,
        language=row.language,
        relevance=row.relevance,
        sentiment=Sentiment(row.sentiment),
        sentiment_score=row.sentiment_score,
        confidence=row.confidence,
        categories=tuple(Category(each) for each in row.categories),
        topics=tuple(row.topics),
        entities=tuple(row.entities),
        flags=tuple(_flag(each) for each in row.flags),
        severity=Severity(row.severity) if row.severity else None,
        is_own_voice=row.is_own_voice,
        text_is=TextIs(row.text_is),
        reach=row.reach,
        engagement=row.engagement,
        images=tuple(row.images),
        evidence=tuple(Evidence(*each) for each in row.evidence),
        status=row.status,
        assignee=row.assignee,
        brand_version=row.brand_version,
        model_version=row.model_version,
        published_as=row.published_as,
        parent=row.parent,
        links=tuple(row.links),
    )


def judged(write: MentionWrite) -> dict[str, Any]:
    """Return the columns of a mention that a write decides."""
    verdict = write.verdict
    return {
        "relevance": verdict.relevance,
        "sentiment": str(verdict.sentiment),
        "sentiment_score": verdict.sentiment_score,
        "confidence": verdict.confidence,
        "categories": [str(each) for each in verdict.categories],
        "entities": list(write.entities),
        "flags": [_plain_flag(each) for each in write.flags],
        "severity": _highest(write.flags),
        "is_own_voice": write.is_own_voice,
        "evidence": [[each.part, each.start, each.end, each.why] for each in verdict.evidence],
        "brand_version": verdict.brand_version,
        "model_version": verdict.model_version,
    }


def shown(row: Any, columns: dict[str, Any]) -> dict[str, str]:
    """Return digests of what the index shows, by what changes together: text, details, verdict, flags.

    Story and triage are not in them: who moves or triages a mention counts its revision there.
    """
    details = (
        row.url, row.author, row.published_at, row.published_from, row.published_as, row.parent, row.language,
        row.images, row.engagement, row.links,
    )  # fmt: skip
    flags = {"flags", "severity"}
    return {
        "text": digest(row.title, row.text, row.text_is)[:16],
        "details": digest(*map(repr, details))[:16],
        "verdict": digest(*(repr(value) for name, value in columns.items() if name not in flags))[:16],
        "flags": digest(repr(columns["flags"]))[:16],
    }


def _highest(flags: Iterable[Flag]) -> str:
    ranked = sorted((flag.severity for flag in flags), key=lambda severity: severity.rank)
    return str(ranked[-1]) if ranked else ""


def _plain_flag(flag: Flag) -> dict[str, Any]:
    return {
        "rule_id": flag.rule_id,
        "rule_name": flag.rule_name,
        "severity": str(flag.severity),
        "clause": flag.clause,
        "words": list(flag.words),
        "spans": [[span.part, span.start, span.end] for span in flag.spans],
    }


def _flag(plain: dict[str, Any]) -> Flag:
    spans: Sequence[Sequence[Any]] = plain["spans"]
    return Flag(
        rule_id=plain["rule_id"],
        rule_name=plain["rule_name"],
        severity=Severity(plain["severity"]),
        clause=plain["clause"],
        words=tuple(plain["words"]),
        spans=tuple(Span(*span) for span in spans),
    )
