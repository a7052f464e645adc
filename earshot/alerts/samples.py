"""A sample of each kind of mail, so that a person sees what will come and whether it arrives.

Knows no record: brand, rule and mentions are invented here.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot import identity
from earshot.alerts.binding import message_id
from earshot.alerts.brief_render import BriefRenderer
from earshot.alerts.letters import BriefLetter, Flagged, Letter, Telling
from earshot.alerts.render import AlertRenderer
from earshot.briefs import Figures, Gap, Hours, Missed, Ranked, Told, Volume, last_day
from earshot.config.settings import Settings
from earshot.model import (
    Brand,
    Category,
    DateFrom,
    Delivery,
    DeliveryState,
    Evidence,
    Flag,
    Incident,
    Mention,
    Message,
    Recipient,
    Rule,
    Sentiment,
    Severity,
    Span,
)
from earshot.ports import Clock

_BRAND = Brand(id="sample", name="Sample Pumps", version="sample")

# title, text, severity, sentiment, categories, words that fired, words that weigh
_TEXTS: tuple[tuple[str, str, Severity, Sentiment, tuple[Category, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Sample Pumps: garden pump caught fire",
        (
            "I bought the garden pump from Sample Pumps in spring. Yesterday it began to smoke and then caught fire."
            " Nobody was hurt, but the shed is gone. I wrote to them and heard nothing.\n"
            "Does anybody know whether there is a recall?"
        ),
        Severity.CRITICAL,
        Sentiment.NEGATIVE,
        (Category.SAFETY, Category.COMPLAINT),
        ("caught fire", "recall"),
        ("smoke", "heard nothing"),
    ),
    (
        "Third pump in a year",
        "Another Sample Pumps motor gave up after two days. The hotline is friendly, but I want my money back.",
        Severity.WARNING,
        Sentiment.NEGATIVE,
        (Category.COMPLAINT,),
        ("money back",),
        ("gave up",),
    ),
    (
        "Which pump for a small pond?",
        "Somebody here recommended Sample Pumps. Is the small one quiet enough for a terrace?",
        Severity.INFO,
        Sentiment.NEUTRAL,
        (Category.QUESTION, Category.PURCHASE_INTENT),
        ("recommended",),
        (),
    ),
)


def samples(address: str, settings: Settings, clock: Clock) -> list[Message]:
    """Return one mail per severity, one that carries many, and a brief, all to `address`.

    Each call makes new Message-IDs: a person who asks again wants to see them arrive again.

    Raises:
        MailError: `address` or `mail.sender` is no address.
    """
    now = clock.now()
    renderer = AlertRenderer(settings)
    recipient = Recipient(address, time_zone=settings.time_zone)
    tellings = [_telling(number, now) for number in range(len(_TEXTS))]
    many = [_copy(tellings[1], number) for number in range(18)]
    letters = [(telling,) for telling in tellings] + [tuple(many)]
    alerts = [renderer.render(_letter(part, recipient, settings, now)) for part in letters]
    return [*alerts, BriefRenderer(settings).render(_brief(tellings, recipient, settings, now))]


def _letter(tellings: tuple[Telling, ...], recipient: Recipient, settings: Settings, now: datetime) -> Letter:
    return Letter(_delivery(recipient, settings, now), recipient, tellings)


def _brief(tellings: list[Telling], recipient: Recipient, settings: Settings, now: datetime) -> BriefLetter:
    """Return a brief of yesterday, on which two things were flagged and a night was not heard."""
    day = last_day(now, ZoneInfo(settings.time_zone))
    told = [Told(id=t.incident.id, rule_id=t.rule.id, severity=t.flag.severity, mentions=t.size) for t in tellings]
    night = Gap(since=day.since + timedelta(hours=2), until=day.since + timedelta(hours=5), state="unheard")
    hours = round(day.hours)
    figures = Figures(
        date=day.date,
        time_zone=settings.time_zone,
        now=Volume(negative=14, neutral=21, positive=6, flagged=4),
        before=Volume(negative=5, neutral=19, positive=7, flagged=1),
        own=2,
        voices=(Ranked(name=_BRAND.id, count=41, before=31), Ranked(name="sample-hoses", count=12, before=15)),
        sites=(Ranked(name="garden.example", count=18, before=6), Ranked(name="pumps.example", count=9, before=11)),
        categories=(Ranked(name="complaint", count=11, before=4), Ranked(name="question", count=5, before=6)),
        incidents=tuple(told[:2]),
        opened={Severity.CRITICAL: 1, Severity.WARNING: 1},
        hours=Hours(all=hours, heard=hours - 3, unheard=3, gaps=(night,)),
        hours_before=Hours(all=24, heard=24),
        sources=(Missed(source_id="news", outcome="blocked", last_heard_at=day.since, heard=0, listening=hours),),
        missed=1,
        gappy=2,
        listened=24,
    )
    brand = replace(_BRAND, rules=tuple(telling.rule for telling in tellings))
    at = day.since + timedelta(hours=11)
    flagged = tuple(
        Flagged(one, telling.rule.name, replace(telling.mention, published_at=at))
        for one, telling in zip(told[:2], tellings, strict=False)
    )
    names = {_BRAND.id: _BRAND.name, "sample-hoses": "Sample Hoses"}
    sources = {"news": "A newspaper"}
    return BriefLetter(_delivery(recipient, settings, now), recipient, brand, figures, flagged, names, sources)


def _delivery(recipient: Recipient, settings: Settings, now: datetime) -> Delivery:
    key = identity.digest("sample", uuid.uuid4().hex)
    return Delivery(
        key=key,
        channel="mail",
        recipient=recipient.address,
        state=DeliveryState.PENDING,
        message_id=message_id(key, settings.mail.sender),
        attempts=0,
        notice_keys=(),
        changed_at=now,
    )


def _telling(number: int, now: datetime) -> Telling:
    title, text, severity, sentiment, categories, fired, weighs = _TEXTS[number]
    rule = Rule(
        id=f"sample-{severity.value}",
        name=f"Sample of a rule ({severity.value})",
        query=" OR ".join(f'"{word}"' for word in fired),
        severity=severity,
        recipients=(),
    )
    spans = tuple(_span(text, word) for word in fired)
    flag = Flag(rule.id, rule.name, severity, rule.query, fired, spans)
    url = f"https://garden.example/talk/{'-'.join(re.findall('[a-z]+', title.lower()))}"
    document = identity.document_id(url)
    names = [Evidence("text", span.start, span.end, "brand") for span in (_span(text, _BRAND.name),)]
    evidence = [Evidence("text", span.start, span.end, "negative") for span in (_span(text, word) for word in weighs)]
    mention = Mention(
        id=identity.mention_id(document, _BRAND.id),
        document_id=document,
        story_id=document,
        brand=_BRAND.id,
        revision=1,
        url=url,
        site="garden.example",
        title=title,
        text=text,
        author="",
        source="sample",
        source_kind="feed",
        collection="default",
        scope="public",
        published_at=now - timedelta(minutes=25),
        published_at_from=DateFrom.FEED,
        found_at=now,
        language="en",
        relevance=0.95,
        sentiment=sentiment,
        sentiment_score=-0.8 if sentiment is Sentiment.NEGATIVE else 0.0,
        confidence=0.9 - number / 10,
        categories=categories,
        flags=(flag,),
        severity=severity,
        evidence=(*names, *evidence),
    )
    incident = Incident(
        id=identity.incident_id(_BRAND.id, rule.id, mention.id),
        brand_id=_BRAND.id,
        rule_id=rule.id,
        story_id=document,
        severity=severity,
        opened_at=now,
        mention_ids=(mention.id,),
    )
    sites = ("garden.example", "pumps.example", "news.example")
    size, where = (4, sites) if number == 0 else (1, sites[:1])
    first_at = mention.published_at
    return Telling(_BRAND, rule, flag, incident, mention, size, where, (rule.name,), title, first_at)


def _span(text: str, word: str) -> Span:
    at = text.index(word)
    return Span("text", at, at + len(word))


def _copy(telling: Telling, number: int) -> Telling:
    mention = replace(telling.mention, title=f"{telling.mention.title} ({number + 1})")
    incident = replace(telling.incident, id=f"{telling.incident.id}{number}")
    return replace(telling, mention=mention, incident=incident)
