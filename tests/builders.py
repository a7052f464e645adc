"""Builders of model objects for tests: sensible defaults, and `**changes` for what the test is about."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from earshot import identity
from earshot.model import (
    Brand,
    Capture,
    CaptureRef,
    Category,
    DateFrom,
    Document,
    Entry,
    Evidence,
    Flag,
    Mention,
    Outcome,
    Recipient,
    Recognised,
    Role,
    Rule,
    Sentiment,
    Severity,
    Source,
    Span,
    TextIs,
    Verdict,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that moves only when told, and when somebody sleeps."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now
        self._start = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def jump(self, **delta: float) -> datetime:
        """Be set forward or back: the time of day changes, and no time passes."""
        self._start += timedelta(**delta)
        return self.advance(**delta)

    def advance(self, **delta: float) -> datetime:
        self._now += timedelta(**delta)
        return self._now


def make_source(**changes: Any) -> Source:
    return dataclasses.replace(Source(id="blog", kind="feed", url="http://blog.example/feed", name="A blog"), **changes)


def make_recipient(**changes: Any) -> Recipient:
    return dataclasses.replace(Recipient(address="mara@example.org", name="Mara"), **changes)


def make_rule(**changes: Any) -> Rule:
    rule = Rule(
        id="complaints",
        name="Complaints",
        query="sentiment:negative",
        severity=Severity.WARNING,
        recipients=(make_recipient(),),
    )
    return dataclasses.replace(rule, **changes)


def make_brand(**changes: Any) -> Brand:
    return dataclasses.replace(
        Brand(id="halden", name="Halden", version="v1", rules=(make_rule(),), max_per_hour=12), **changes
    )


def make_entry(**changes: Any) -> Entry:
    entry = Entry(
        url="http://blog.example/one",
        own_id="guid-1",
        title="Halden pump broke",
        text="My Halden pump broke after two days. I want my money back.",
        author="Ada",
        published_at=NOW - timedelta(hours=1),
        published_from=DateFrom.FEED,
        language="en",
    )
    return dataclasses.replace(entry, **changes)


def make_document(**changes: Any) -> Document:
    url = changes.get("url", "http://blog.example/one")
    document = Document(
        id=identity.document_id(url),
        url=url,
        site="blog.example",
        title="Halden pump broke",
        text="My Halden pump broke after two days. I want my money back.",
        text_is=TextIs.FULL,
        author="Ada",
        published_at=NOW - timedelta(hours=1),
        published_from=DateFrom.FEED,
        found_at=NOW,
        language="en",
        source_id="blog",
        source_kind="feed",
        collection="default",
        scope="public",
    )
    return dataclasses.replace(document, **changes)


def make_verdict(**changes: Any) -> Verdict:
    verdict = Verdict(
        brand_id="halden",
        relevance=0.9,
        sentiment=Sentiment.NEGATIVE,
        sentiment_score=-0.7,
        categories=(Category.COMPLAINT,),
        evidence=(Evidence("text", 3, 9, "brand"), Evidence("text", 15, 20, "negative")),
        confidence=0.8,
        brand_version="v1",
        model_version="m1",
    )
    return dataclasses.replace(verdict, **changes)


def make_flag(**changes: Any) -> Flag:
    flag = Flag(
        rule_id="complaints",
        rule_name="Complaints",
        severity=Severity.WARNING,
        clause="sentiment:negative",
        words=("broke",),
        spans=(Span("text", 15, 20),),
    )
    return dataclasses.replace(flag, **changes)


def make_recognised(**changes: Any) -> Recognised:
    return dataclasses.replace(Recognised("halden", "v1", (Span("text", 3, 9),)), **changes)


def make_capture(**changes: Any) -> Capture:
    capture = Capture(
        ref=CaptureRef("", 0, 0, ""),
        url="http://blog.example/feed",
        final_url="http://blog.example/feed",
        status=200,
        headers={"content-type": "application/rss+xml"},
        fetched_at=NOW,
        item_id="source:blog",
        source_id="blog",
        role=Role.FEED,
    )
    return dataclasses.replace(capture, **changes)


def make_mention(**changes: Any) -> Mention:
    """Return a mention; `url` and `brand` decide its ids unless they are given."""
    url, brand = changes.get("url", "http://blog.example/one"), changes.get("brand", "halden")
    document = changes.get("document_id", identity.document_id(url))
    mention = Mention(
        id=identity.mention_id(document, brand),
        document_id=document,
        story_id=document,
        brand=brand,
        revision=1,
        url=url,
        site="blog.example",
        title="Halden pump broke",
        text="My Halden pump broke after two days. I want my money back.",
        author="Ada",
        source="blog",
        source_kind="feed",
        collection="default",
        scope="public",
        published_at=NOW - timedelta(hours=1),
        published_at_from=DateFrom.FEED,
        found_at=NOW,
        language="en",
        relevance=0.9,
        sentiment=Sentiment.NEGATIVE,
        sentiment_score=-0.7,
        confidence=0.8,
        categories=(Category.COMPLAINT,),
        evidence=(Evidence("text", 3, 9, "brand"), Evidence("text", 15, 20, "negative")),
        brand_version="v1",
        model_version="m1",
    )
    return dataclasses.replace(mention, **changes)


__all__ = ["NOW", "FakeClock", "Outcome"] + [name for name in globals() if name.startswith("make_")]
