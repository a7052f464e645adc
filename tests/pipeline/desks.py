"""Several who ingest, erase, publish and lease on one record at the same moment, each over a connection of its own.

What each writes goes through the functions that ingest itself uses. Every statement may be late by a moment, as over a
network, so that what can meet does meet.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import event, text

from earshot.alerts.rules import RuleBook
from earshot.config.settings import Settings, Workspace
from earshot.model import CaptureRef, Entry, Outcome, Reading
from earshot.pipeline.publish import publish
from earshot.pipeline.reading import Origin, Reader, shared_names
from earshot.pipeline.writing import Ingested, Work, write_capture
from earshot.ports import IndexAnswer, IndexWrite
from earshot.pseudonyms import Pseudonyms
from earshot.query.recognise import BrandRecogniser
from earshot.record import SqlRecord
from earshot.record.tables import metadata
from tests.builders import NOW, FakeClock, make_brand, make_capture, make_entry, make_rule, make_source
from tests.pipeline.world import WordJudge

SITES, TOPICS, SOURCES = ("a", "b", "c"), ("tents", "kettles"), ("blog", "other")
BRAND = make_brand(rules=(make_rule(id="bad", query="sentiment:negative"),))


@dataclass(frozen=True)
class Article:
    """What a site writes of a topic: of one topic all sites tell nearly the same, each in an edition of its own."""

    topic: str
    site: str
    edition: int = 0

    @property
    def author(self) -> str:
        return f"{self.topic} writer"

    def entry(self) -> Entry:
        words = [f"{self.topic}{number}" for number in range(60)]
        ends = f"Read at {self.site}, edition {self.edition}."
        return make_entry(
            url=f"http://{self.site}.example/{self.topic}",
            own_id=f"tag:{self.site}.example,2026:{self.topic}",
            title=f"Halden {self.topic} broke",
            text=f"The Halden {self.topic} broke again. {' '.join(words)} {ends}",
            author=self.author,
            published_at=NOW - timedelta(hours=2),
        )


class TickingClock(FakeClock):
    """A clock of which no two looks are at the same time."""

    def now(self) -> datetime:
        with _ticking:
            return self.advance(microseconds=1)


_ticking = threading.Lock()


class Shelf:
    """The index's part that publish needs: the newest revision of each mention wins, a delete too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.held: dict[str, IndexWrite] = {}

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        with self._lock:
            for each in writes:
                if each.id not in self.held or self.held[each.id].revision <= each.revision:
                    self.held[each.id] = each
        return [IndexAnswer(each.id, each.revision, is_done=True) for each in writes]


class Connections:
    """Records open on one database, one for each who works at once; what each says may be late by a moment."""

    def __init__(self, url: str, most_late_s: float = 0.002, count: int = 8) -> None:
        self.clock, chance = TickingClock(), random.Random()
        self.records = [SqlRecord(url, self.clock, secret=lambda: b"secret") for _ in range(count)]
        self.records[0].migrate()
        for record in self.records:
            event.listen(record._engine, "before_cursor_execute", lambda *_: time.sleep(chance.uniform(0, most_late_s)))

    def empty(self) -> None:
        """Empty the record, and set the clock back."""
        self.clock.advance(seconds=-self.clock.monotonic())
        with self.records[0].write() as writer:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            if writer.db.dialect.name == "postgresql":
                writer.db.execute(text(f"TRUNCATE {names}"))
            else:
                for table in metadata.sorted_tables:
                    writer.db.execute(table.delete())

    def close(self) -> None:
        for record in self.records:
            record.close()


class Desks:
    """Ways to work on one record at once, from its beginning."""

    def __init__(self, connections: Connections, root: Path) -> None:
        connections.empty()
        self._free = SimpleQueue[SqlRecord]()
        for record in connections.records:
            self._free.put(record)
        self.clock, self.shelf = connections.clock, Shelf()
        sources = tuple(make_source(id=name, url=f"http://{name}.example/feed") for name in SOURCES)
        self.workspace = Workspace(root, Settings(), (BRAND,), sources)
        self.book = RuleBook(self.workspace.brands, "UTC", self.workspace.settings.alerts)
        self.reader = Reader(BrandRecogniser((BRAND,)), WordJudge(), self.book, (BRAND,), Pseudonyms("key"))
        self.grants: list[tuple[str, int]] = []
        self.ingested: list[Ingested] = []
        self._number = 0
        with self.opened() as record, record.write() as writer:
            writer.put_sources(sources, self.clock.now())

    @contextmanager
    def opened(self) -> Iterator[SqlRecord]:
        record = self._free.get()
        try:
            yield record
        finally:
            self._free.put(record)

    def reading(self, source_id: str, articles: Sequence[Article], copies: int = 1) -> list[Callable[[], None]]:
        """Return calls that ingest one and the same capture of a feed with these articles, `copies` times."""
        self._number += 1
        file, at = f"file{self._number}", self.clock.now() + timedelta(seconds=self._number)
        with self.opened() as record, record.write() as writer:
            writer.add_file(file, at)
        source = next(each for each in self.workspace.sources if each.id == source_id)
        capture = make_capture(
            ref=CaptureRef(file, 0, 1, "d"),
            url=source.url,
            final_url=source.url,
            source_id=source_id,
            item_id=f"source:{source_id}",
            fetched_at=at,
        )
        reading = Reading("rss", entries=tuple(each.entry() for each in articles))
        prepared = [
            self.reader.prepare(each, Origin(capture, source), shared_names(reading)) for each in reading.entries
        ]
        work = Work(capture, source, None, reading=reading, prepared=tuple(prepared), outcome=Outcome.OK)

        def call() -> None:
            with self.opened() as record:
                done = write_capture(record, work, self.workspace, self.book, self.reader.judge, self.clock)
            self.ingested.append(done)

        return [call] * copies

    def erasing(self, author: str) -> Callable[[], None]:
        def call() -> None:
            with self.opened() as record, record.write() as writer:
                writer.erase(author=author, now=self.clock.now())

        return call

    def publishing(self) -> Callable[[], None]:
        def call() -> None:
            with self.opened() as record:
                publish(record, self.shelf, self.clock, threading.current_thread().name)  # type: ignore[arg-type]

        return call

    def leasing(self, name: str) -> Callable[[], None]:
        def call() -> None:
            now = self.clock.now()
            with self.opened() as record, record.write(beside=True) as writer:
                fences = writer.lease([name], secrets.token_hex(4), now, now + timedelta(seconds=30))
            self.grants += fences.items()

        return call

    def at_once(self, calls: Sequence[Callable[[], None]]) -> None:
        """Run the calls at the same moment, and raise what the first of them raised."""
        begin, failures = threading.Barrier(len(calls)), []

        def run(call: Callable[[], None]) -> None:
            begin.wait()
            try:
                call()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(call,), name=f"desk{n}") for n, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
