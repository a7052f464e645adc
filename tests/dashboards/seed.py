"""A small invented world in a real record and a real index: three brands, nine sources, a complaint wave."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from earshot import identity, leases
from earshot.config.settings import DashboardSettings, Settings, Workspace
from earshot.index.embedded import EmbeddedIndex
from earshot.model import (
    Brand,
    CaptureRef,
    Category,
    DateFrom,
    Document,
    Evidence,
    Flag,
    Mention,
    Notice,
    NoticeState,
    Outcome,
    Rule,
    Sentiment,
    SentMessage,
    Severity,
    Source,
    Span,
    TextIs,
    Verdict,
)
from earshot.operating import Alarm, Brief, JobRun, JobState
from earshot.ports import DocumentKey, IndexWrite, MentionWrite, RunEnd
from earshot.record import SqlRecord
from tests.builders import NOW, FakeClock, make_capture, make_recipient

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
RULES = (
    Rule("safety", "Safety first", "category:safety", Severity.CRITICAL, (make_recipient(),)),
    Rule("complaints", "Complaints", "sentiment:negative", Severity.WARNING, (make_recipient(),)),
)
BRANDS = tuple(
    Brand(id=id_, name=name, version="f3a9c2d1e0", rules=RULES, is_paused=id_ == "mint")
    for id_, name in (("halden", "Halden"), ("aurin", "Aurin Coffee"), ("mint", "Mint"))
)
SITES = (
    ("gartenpost", "Gartenpost", "gartenpost.example", "de"),
    ("pumpforum", "Pump Forum", "forum.pumps.example", "en"),
    ("dailybay", "The Daily Bay", "dailybay.example", "en"),
    ("cafejournal", "Café Journal", "cafe-journal.example", "fr"),
    ("reviews", "Honest Reviews", "reviews.example", "en"),
    ("vozlocal", "Voz Local", "vozlocal.example", "es"),
    ("haldenblog", "Halden's own blog", "halden.example", "en"),
    ("dead", "An old feed that is gone", "gone.example", "en"),
    ("wall", "Behind a consent page", "wall.example", "en"),
)
COLLECTIONS = {"pumpforum": "forums", "reviews": "forums", "dead": "forums", "haldenblog": "own"}
"""Collections by source; the rest is "press"."""
TEXTS = {
    "negative": (
        (
            "{b} pump broke after two days",
            "My {b} pump broke after two days. I want my money back, and nobody answers.",
        ),
        ("Never again {b}", "The {b} app is a mess: it lost my settings twice. I am disappointed."),
        (
            "Is the {b} recall serious?",
            "A defect in the {b} valve can burn your hand. This is dangerous, they should recall it.",
        ),
    ),
    "neutral": (
        ("{b} opens a shop in Turin", "{b} will open a shop in Turin in spring, the company said on Monday."),
        ("Which {b} for a small garden?", "Does anybody know which {b} fits a small garden? I compare three models."),
    ),
    "positive": (
        ("Five years with {b}", "Five years with my {b} and I love it. Quiet, reliable, a great buy."),
        ("{b} support was wonderful", "The {b} support was wonderful: a new part within a day. Recommended!"),
    ),
}
AUTHORS = ("Ada", "bernd_k", "Chloé", "D. Okafor", "Elif", "", "")


@dataclass
class World:
    """What a test of the pages needs."""

    record: SqlRecord
    index: EmbeddedIndex
    workspace: Workspace
    clock: FakeClock
    mentions: list[Mention]


class Ledger:
    """A MailLedger that holds what it is given."""

    def __init__(self, *messages: SentMessage) -> None:
        self._messages = {message.name: message for message in messages}

    def find(self, message_id: str) -> bool:
        return any(message.message_id == message_id for message in self._messages.values())

    def messages(self, limit: int = 100) -> list[SentMessage]:
        return list(self._messages.values())[:limit]

    def headers(self, limit: int = 100) -> list[SentMessage]:
        return [replace(mail, text="", html="") for mail in self.messages(limit)]

    def message(self, name: str) -> SentMessage | None:
        return self._messages.get(name)


def make_workspace(root: Path, **dashboards: Any) -> Workspace:
    sources = tuple(
        Source(
            id=id_,
            kind="feed",
            url=f"https://{host}/feed",
            name=name,
            collection=COLLECTIONS.get(id_, "press"),
            language=language,
            listening_since=NOW - timedelta(days=6, hours=5),
        )
        for id_, name, host, language in SITES
    )
    settings = Settings(name="Demo", time_zone="Europe/Berlin", dashboards=DashboardSettings(**dashboards))
    return Workspace(root, settings, BRANDS, sources)


def make_world(root: Path, *, days: int = 14, seed: int = 7, **dashboards: Any) -> World:
    """Fill a record and an index: about twelve mentions a day, a wave two days ago, a hostile title, a story."""
    workspace, clock = make_workspace(root, **dashboards), FakeClock(NOW)
    workspace.var.mkdir(parents=True, exist_ok=True)
    record = SqlRecord(workspace.record_url, clock)
    record.migrate()
    index = EmbeddedIndex(workspace.var / "index")
    world = World(record, index, workspace, clock, [])
    with record.write() as writer:
        writer.put_sources(workspace.sources, NOW - timedelta(days=6, hours=5))
    documents = list(_documents(random.Random(seed), days))
    add(world, documents)
    _end_runs(world)
    return world


def add(world: World, documents: list[tuple[Document, str, Sentiment, dict[str, Any]]]) -> list[Mention]:
    """Write documents with one mention each, as ingest and publish do."""
    ids = []
    with world.record.write() as writer:
        for document, brand, sentiment, more in documents:
            writer.put_document(document, [DocumentKey("url", document.url)], "", b"", ())
            writer.join_story(document.id, [more["story"]] if more.get("story") else [])
            writer.add_found_in(document.id, document.source_id, document.url, document.found_at)
            ids += writer.put_mentions(document.id, [_mention(document, brand, sentiment, more)], document.found_at)
    with world.record.read() as reader:
        mentions = reader.mentions(ids)
    world.index.write([IndexWrite(m.id, m.revision, m) for m in mentions])
    world.mentions += mentions
    return mentions


def make_document(
    url: str, site: tuple[str, str, str, str], at: datetime, title: str, text: str, author: str
) -> Document:
    return Document(
        id=identity.document_id(url),
        url=url,
        site=site[2],
        title=title,
        text=text,
        text_is=TextIs.FULL,
        author=author,
        published_at=at,
        published_from=DateFrom.FEED,
        found_at=min(NOW, at + timedelta(minutes=12)),
        language=site[3],
        source_id=site[0],
        source_kind="feed",
        collection="default",
        scope="public",
    )


def _documents(dice: random.Random, days: int) -> Any:
    story = ""
    for day in range(days):
        wave = 26 if day == 2 else 0
        for number in range(dice.randint(7, 14) + wave):
            at = NOW - timedelta(days=day, minutes=dice.randint(20, 1400))
            sentiment = Sentiment.NEGATIVE if number >= 12 else dice.choice((*Sentiment, Sentiment.NEUTRAL))
            brand = BRANDS[0] if number >= 12 else dice.choice((*BRANDS, BRANDS[0]))
            site = dice.choice(SITES[:7] if brand.id == "halden" else SITES[:6])
            title, text = (part.format(b=brand.name) for part in dice.choice(TEXTS[sentiment]))
            if day == 1 and number == 0:
                title = HOSTILE
            url = f"https://{site[2]}/{day}/{number}"
            document = make_document(
                url, site, at, title, text + "\n\n" + "More of it follows here. " * 12, dice.choice(AUTHORS)
            )
            more: dict[str, Any] = {"relevance": 0.2 if number == 5 else 0.9, "story": story if number > 30 else ""}
            if number == 30:
                story = document.id
            yield document, brand.id, sentiment, more


def _mention(document: Document, brand: str, sentiment: Sentiment, more: dict[str, Any]) -> MentionWrite:
    name = next(b.name for b in BRANDS if b.id == brand)
    is_dangerous = "dangerous" in document.text
    categories = {"negative": (Category.COMPLAINT,), "positive": (Category.PRAISE,), "neutral": ()}[sentiment.value]
    if "?" in document.title:
        categories += (Category.QUESTION,)
    evidence = [Evidence("title", 0, 0, "brand")]
    at = document.text.find(name)
    evidence = [Evidence("text", at, at + len(name), "brand")] if at >= 0 else []
    for word in ("broke", "mess", "dangerous", "disappointed", "love", "wonderful", "great"):
        at = document.text.find(word)
        if at >= 0:
            evidence.append(Evidence("text", at, at + len(word), sentiment.value))
    flags: tuple[Flag, ...] = ()
    if is_dangerous:
        at = document.text.find("dangerous")
        words, spans = ("dangerous",), (Span("text", at, at + 9),)
        flags = (Flag("safety", "Safety first", Severity.CRITICAL, "category:safety", words, spans),)
        categories += (Category.SAFETY,)
    verdict = Verdict(
        brand_id=brand,
        relevance=more.get("relevance", 0.9),
        sentiment=sentiment,
        sentiment_score={"negative": -0.72, "neutral": 0.02, "positive": 0.66}[sentiment.value],
        categories=categories,
        evidence=tuple(evidence),
        confidence=0.78,
        brand_version="f3a9c2d1e0",
        model_version="baseline-1",
    )
    return MentionWrite(
        identity.mention_id(document.id, brand), document.id, verdict, flags, document.source_id == "haldenblog"
    )


def _end_runs(world: World) -> None:
    fates = {
        "dead": (Outcome.GONE, "410 Gone"),
        "wall": (Outcome.NOT_A_FEED, "a consent page came back (HTML, title “Before you continue”)"),
        "vozlocal": (Outcome.THROTTLED, "429 Too Many Requests, Retry-After 1800 s"),
    }
    with world.record.write() as writer:
        for id_, *_ in SITES:
            outcome, reason = fates.get(id_, (Outcome.OK, ""))
            for hours, since in ((98, 140), (50, 92), (2, 44)):
                at = NOW - timedelta(hours=hours)
                is_heard = outcome is Outcome.OK
                writer.end_run(
                    RunEnd(
                        source_id=id_,
                        at=at,
                        outcome=outcome,
                        reason=reason,
                        next_due_at=NOW + timedelta(minutes=13 if is_heard else 190),
                        entries=30 if is_heard else 0,
                        new=4 if is_heard else 0,
                        status=200 if is_heard else 410,
                        elapsed_s=0.4,
                        heard_since=NOW - timedelta(hours=since) if is_heard else None,
                    )
                )
        flagged = next(m for m in world.mentions if m.flags and m.published_at > NOW - timedelta(days=3))
        incident, _ = writer.open_incident(flagged, "safety", Severity.CRITICAL, NOW - timedelta(hours=3))
        key = identity.notice_key(incident, "safety", "mail", "mara@example.org")
        writer.add_notice(
            Notice(key, incident, flagged.brand, "safety", "mail", "mara@example.org", NoticeState.PENDING, NOW)
        )


def make_mail(mention: Mention, base: str) -> SentMessage:
    link = f"{base}/mentions/{mention.id}"
    return SentMessage(
        name="1795521600.M1P1.host",
        message_id="<a1@earshot.example>",
        sender="earshot@example.org",
        recipient="mara@example.org",
        subject="Halden, critical: Is the Halden recall serious?",
        received_at=NOW - timedelta(minutes=9),
        text=f"Halden, critical: Safety first\n\nRead it: {link}\n",
        html=f"<!doctype html><html><head><title>x</title></head><body style='font-family:sans-serif'>"
        f"<h1 style='color:#a3360b'>Safety first</h1><p>It is dangerous.</p><a href='{link}'>Open the mention</a>"
        f"<script>document.title='owned'</script><img src='https://tracker.example/x.png'></body></html>",
    )


AIRFLOW = "http://127.0.0.1:8081/dags/earshot_ingest/runs/scheduled__1/tasks/ingest"
GONE = leases.me().rpartition("/")[0] + "/0.00"
"""A process of this machine that has ended: our number, another start."""


def make_run(id_: str, job: str, minutes: float, **changes: Any) -> JobRun:
    """A run that began so many minutes ago; RUNNING unless its state says otherwise."""
    at = NOW - timedelta(minutes=minutes)
    changes = {"origin": "airflow", "subject": "", "owner": leases.me(), "state": JobState.RUNNING, **changes}
    return JobRun(id_, job, started_at=at, **changes)


def operate(world: World) -> None:
    """Let it have been run for a week: jobs of each fate, alarms, readings, a pause, briefs, things set aside."""
    with world.record.write() as writer:
        for run, state, seconds, counts, reason in _runs():
            writer.begin_job(run)
            if state is not JobState.RUNNING:
                writer.end_job(run.id, state, run.started_at + timedelta(seconds=seconds), counts, reason)
        writer.set_alarms(ALARMS[:1], NOW - timedelta(days=2))
        writer.set_alarms(ALARMS, NOW - timedelta(hours=4))
        writer.ack(writer.outbox("index")[:-5])
        writer.pause_brand("aurin", "somebody on the pages", NOW - timedelta(hours=5))
        for number, (source, reason) in enumerate(ASIDE):
            ref = CaptureRef(f"2026/11/{number}.warc.gz", number, 100, "d")
            capture = make_capture(ref=ref, source_id=source, url=f"https://{source}.example/page/{number}")
            for attempt in range(number + 1):
                writer.add_quarantined(capture, reason, NOW - timedelta(hours=30 - 9 * number - attempt))
        for brand in BRANDS[:2]:
            for day in (1, 2):
                until = (NOW - timedelta(days=day - 1)).replace(hour=0)
                since, made = until - timedelta(days=1), until + timedelta(hours=7)
                id_ = identity.digest("brief", brand.id, str(day))
                writer.put_brief(Brief(id_, brand.id, since, until, made, {}))
    _read_levels(world)


ALARMS = (
    Alarm(
        key="source not heard: dead",
        kind="source not heard",
        subject="dead",
        what="An old feed that is gone was not heard for 6 days",
        advice="Look for its new address and change the source, or remove it.",
        since=NOW - timedelta(days=2),
        seen_at=NOW,
    ),
    Alarm(
        key="collection not heard: forums",
        kind="collection not heard",
        subject="forums",
        what="A third of the forums was not heard for 4 hours",
        advice="Open the collection's sources: one reason for all of them is a network or a proxy.",
        since=NOW - timedelta(hours=4),
        seen_at=NOW,
    ),
)
ASIDE = (("gartenpost", "its reader cost more than 512 MB"), ("wall", "its reader crashed (signal 11)"))


def _runs() -> Any:
    dice = random.Random(3)
    jobs = (("collect", "press", 40), ("ingest", "", 12), ("publish", "", 3), ("maintain", "", 2), ("plan", "", 1))
    for number in range(70):
        for job, subject, seconds in jobs:
            run = make_run(f"{job}{number}", job, 6 + number * 20, subject=subject)
            counts = {
                "collect": {"ok": 4, "unchanged": 2, "FilePublished": 1},
                "ingest": {"captures": 7, "mentions": 3},
            }
            yield run, JobState.DONE, seconds * dice.uniform(0.6, 2), counts.get(job, {}), ""
    for brand in ("halden", "aurin"):
        for number in range(4):
            run = make_run(f"alert-{brand}{number}", "alert", 8 + number * 60, subject=brand)
            is_skipped = brand == "aurin" and number < 3
            state = JobState.SKIPPED if is_skipped else JobState.DONE
            yield run, state, 2.0, {"sent": 1} if state is JobState.DONE else {}, "the brand is paused" * is_skipped
    why = "StorageError: the record did not answer within 30 s"
    yield make_run("broken", "brief", 190, subject="halden", origin_url=AIRFLOW), JobState.FAILED, 31.0, {}, why
    yield make_run("mended", "ingest", 400, origin_url=AIRFLOW), JobState.FAILED, 31.0, {"captures": 2}, why
    yield (
        make_run("vanished", "reclassify", 300, subject="halden", owner=GONE, origin="prompt"),
        JobState.RUNNING,
        0,
        {},
        "",
    )
    yield make_run("busy", "collect", 3.4, subject="press", origin_url=AIRFLOW), JobState.RUNNING, 0, {}, ""
    yield make_run("busy2", "replay", 0.4, origin="prompt"), JobState.RUNNING, 0, {}, ""


def _read_levels(world: World) -> None:
    dice = random.Random(5)
    documents, mentions = 1000, 300
    with world.record.write() as writer:
        for hour in range(24 * 8, 0, -1):
            at = NOW - timedelta(hours=hour, minutes=4)
            documents += dice.randint(0, 9)
            mentions += dice.randint(0, 3)
            if 60 < hour < 70:  # upkeep stood
                continue
            values = {
                "index behind": dice.randint(0, 20) + (400 if 20 < hour < 26 else 0),
                "notices pending": dice.randint(0, 3),
                "quarantined": 0 if hour > 30 else 1 if hour > 21 else 2,
                "sources not fetched": 0 if hour > 50 else 2,
                "documents": documents,
                "mentions": mentions,
            }
            writer.add_levels(values, at)
