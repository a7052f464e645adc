"""A small world for the stages: real record, lake, extractor, index and rules; only the network and the judge are
fakes of their ports, with verbs that set the scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from earshot.alerts.rules import RuleBook
from earshot.batches import load_batch, save_batch
from earshot.config.settings import Settings, Workspace
from earshot.errors import StorageError
from earshot.index.embedded import EmbeddedIndex
from earshot.lake import WarcLake
from earshot.model import (
    Brand,
    Capture,
    CaptureRef,
    CollectEvent,
    CollectLimits,
    Entry,
    Fetched,
    FetchItem,
    FilePublished,
    HandedBack,
    Outcome,
    Recognised,
    Sentiment,
    Source,
    Verdict,
    Visit,
)
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.ingest import Ingest
from earshot.pipeline.publish import publish
from earshot.pipeline.reading import Reader
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.ports import Extractor
from earshot.pseudonyms import Pseudonyms
from earshot.query.recognise import BrandRecogniser
from earshot.record import SqlRecord
from tests.builders import FakeClock, make_brand, make_source

OWNER = "test"
LIMITS = CollectLimits(user_agent="earshot/test")


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>A blog</title>{''.join(items)}</channel></rss>".encode()


def item(link: str, title: str, text: str, *, date: str = "Fri, 20 Nov 2026 10:00:00 GMT", guid: str = "") -> str:
    own = f"<guid>{guid}</guid>" if guid else ""
    return (
        f"<item><title>{title}</title><link>{link}</link>{own}<pubDate>{date}</pubDate>"
        f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>{text}</p>]]>"
        "</content:encoded></item>"
    )


def teaser(link: str, title: str, text: str, *, date: str = "Fri, 20 Nov 2026 10:00:00 GMT") -> str:
    start = f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate>"
    return f"{start}<description>{text}</description></item>"


def page(title: str, text: str) -> bytes:
    body = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    head = f"<html><head><title>{title}</title></head>"
    return f"{head}<body><article><h1>{title}</h1>{body}</article></body></html>".encode()


class WordJudge:
    """The Classifier port for tests: "broke" and "hate" are bad, everything else is nothing much."""

    model_version = "words"

    def __init__(self) -> None:
        self.breaks_on = ""

    def detect_language(self, text: str, hint: str = "") -> str:
        return hint or "en"

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        if self.breaks_on and self.breaks_on in entry.text:
            raise ValueError("the judge fell over")
        is_bad = any(word in entry.text for word in ("broke", "hate"))
        sentiment, score = (Sentiment.NEGATIVE, -0.8) if is_bad else (Sentiment.NEUTRAL, 0.0)
        return [
            Verdict(h.brand_id, 0.9, sentiment, score, (), (), 0.7, h.brand_version, self.model_version) for h in heard
        ]


class Web:
    """The Collector port for tests: answers by URL, through the real lake."""

    def __init__(self, lake: WarcLake, clock: FakeClock) -> None:
        self._lake, self._clock = lake, clock
        self.answers: dict[str, bytes | Outcome | str] = {}
        self.asked: list[str] = []
        self.conditions: list[tuple[datetime, str]] = []
        self.dies = False
        self.lies = False

    def says(self, url: str, answer: bytes | Outcome | str) -> None:
        """bytes: a body; an Outcome: that; a str: a redirect to another host."""
        self.answers[url] = answer

    def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
        if self.dies:
            raise StorageError("exit 9")
        batch = load_batch(batch_file)
        writer = self._lake.open_writer()
        fetched = []
        for one in batch.items:
            self.asked.append(one.url)
            self.conditions.append((self._clock.now(), one.etag))
            answer = self.answers.get(one.url, Outcome.GONE)
            if self.lies and one.etag:
                answer = Outcome.UNCHANGED
            if isinstance(answer, Outcome):
                yield self._fetched(one, answer)
            elif isinstance(answer, str) and answer.split("/")[2] not in batch.hosts:
                yield HandedBack(one.id, one.source_id, one.role, answer, one.hops + 1, self._clock.now())
            else:
                body = self.answers[answer] if isinstance(answer, str) else answer
                assert isinstance(body, bytes)
                fetched.append(self._capture(writer, one, body, answer if isinstance(answer, str) else one.url))
        if name := writer.publish():
            yield FilePublished(name)
        yield from fetched

    def open(self, batch_file: Path) -> _Session:
        return _Session(self, batch_file)

    def _capture(self, writer: object, one: FetchItem, body: bytes, final: str) -> Fetched:
        capture = Capture(
            ref=CaptureRef("", 0, 0, ""),
            url=one.url,
            final_url=final,
            status=200,
            headers={"content-type": "text/html; charset=utf-8", "etag": '"one"'},
            fetched_at=self._clock.now(),
            item_id=one.id,
            source_id=one.source_id,
            role=one.role,
        )
        writer.add(capture, body)  # type: ignore[attr-defined]
        return self._fetched(one, Outcome.OK)

    def _fetched(self, one: FetchItem, outcome: Outcome) -> Fetched:
        return Fetched(
            item_id=one.id,
            source_id=one.source_id,
            role=one.role,
            url=one.url,
            final_url=one.url,
            outcome=outcome,
            reason="" if outcome is Outcome.OK else "as the test says",
            status=304 if outcome is Outcome.UNCHANGED else 200,
            retry_after_s=None,
            size_bytes=0,
            elapsed_s=0.1,
            at=self._clock.now(),
        )


class _Session:
    """The CollectSession port for tests: visits that come together are a batch."""

    def __init__(self, web: Web, batch_file: Path) -> None:
        self._web, self._file = web, batch_file
        self._waiting: list[Visit] = []
        self._is_closing = self.is_over = False

    def send(self, visit: Visit) -> None:
        self._waiting.append(visit)

    def events(self) -> list[CollectEvent]:
        found: list[CollectEvent] = []
        whole = load_batch(self._file)
        visits, self._waiting = self._waiting, []
        if visits:
            items = tuple(item for visit in visits for item in visit.items)
            hosts = tuple(host for visit in visits for host in visit.hosts)
            save_batch(replace(whole, items=items, hosts=hosts), self._file)
            found += self._web.collect(self._file)
        self.is_over = self._is_closing and not found
        return found

    def close(self) -> None:
        self._is_closing = True

    def kill(self) -> None:
        self.is_over = True


class World:
    """A workspace with everything in it, in a folder."""

    def __init__(
        self,
        root: Path,
        clock: FakeClock,
        extractor: Extractor,
        *,
        sources: Sequence[Source] = (),
        brands: Sequence[Brand] = (),
        settings: Settings | None = None,
    ) -> None:
        self.clock = clock
        self.workspace = Workspace(
            root, settings or Settings(), tuple(brands) or (make_brand(),), tuple(sources) or (make_source(),)
        )
        (root / "var").mkdir(exist_ok=True)
        self.record = SqlRecord(self.workspace.record_url, clock)
        self.record.migrate()
        self.lake = WarcLake(self.workspace.lake_url, clock)
        self.index = EmbeddedIndex(root / "var" / "index")
        self.web = Web(self.lake, clock)
        self.judge = WordJudge()
        self.extractor = extractor
        self.brief: Callable[[bool], int] = lambda _: 0
        self.alert: Callable[[], AlertReport] = AlertReport
        self.use(self.workspace)

    def use(self, workspace: Workspace) -> None:
        """Go on with a changed workspace."""
        self.workspace = workspace
        self.book = RuleBook(workspace.brands, "UTC", workspace.settings.alerts)
        recogniser, names = BrandRecogniser(workspace.brands), Pseudonyms("key")
        self.reader = Reader(recogniser, self.judge, self.book, workspace.brands, names)
        self.ingest = Ingest(self.record, self.lake, self.extractor, self.reader, self.book, workspace, self.clock)

    def change(self, **changes: object) -> None:
        self.use(replace(self.workspace, **changes))  # type: ignore[arg-type]

    def round(self) -> RoundReport:
        """One round; then the clock moves on past every pace."""
        report = self.runner().once()
        self.clock.advance(hours=1)
        return report

    def runner(self, on_change: Callable[[RoundReport], None] | None = None) -> Runner:
        """A runner of the stages, for tests that end it."""
        stages = Stages(
            record=self.record,
            collector=self.web,
            ingest=self.ingest,
            publish=lambda: publish(self.record, self.index, self.clock, OWNER),
            alert=lambda: self.alert(),
            workspace=self.workspace,
            limits=LIMITS,
            clock=self.clock,
            owner=OWNER,
            brief=lambda is_heard: self.brief(is_heard),
        )
        return Runner(stages, on_change)


__all__ = ["World", "item", "page", "rss", "teaser"]
