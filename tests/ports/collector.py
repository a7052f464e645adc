"""The contract of the Collector port: subclass `CollectorContract` and give it `collector` and `site`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import psutil

from earshot.batches import save_batch
from earshot.clock import SystemClock
from earshot.lake import WarcLake
from earshot.model import (
    Batch,
    CollectEvent,
    CollectLimits,
    Fetched,
    FetchItem,
    FilePublished,
    HandedBack,
    Outcome,
    RobotsCopy,
    Role,
    Visit,
)
from earshot.ports import Collector


class Site(Protocol):
    """A site of the test's own: url(path) of a page that is there, and url("/slow?9") of one that takes 9 seconds."""

    def url(self, path: str, host: int = 0) -> str: ...


def make_batch(folder: Path, *urls: str) -> Path:
    items = tuple(FetchItem(f"source:{n}", Role.FEED, url, f"s{n}", delay_s=0.0) for n, url in enumerate(urls))
    limits = CollectLimits(
        "earshot/1.0 (+mailto:us@example.org)", timeout_s=10.0, allow_hosts=("127.0.0.1", "127.0.0.2")
    )
    path = folder / "batch.json"
    save_batch(Batch("b1", items, (), limits, str(folder / "lake")), path)
    return path


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


class CollectorContract:
    def collected(self, collector: Collector, batch: Path) -> list[CollectEvent]:
        return list(collector.collect(batch))

    def test_every_item_ends_once_and_its_capture_lies_in_the_lake(
        self, collector: Collector, site: Site, tmp_path: Path
    ) -> None:
        urls = [
            site.url("/feed"),
            site.url("/status?404"),
            site.url("/to?http://elsewhere.example/x"),
            site.url("/page", 1),
        ]
        events = self.collected(collector, make_batch(tmp_path, *urls))
        ends = {event.item_id: event for event in events if isinstance(event, Fetched | HandedBack)}
        assert len(ends) == len([event for event in events if isinstance(event, Fetched | HandedBack)]) == 4
        assert isinstance(ends["source:2"], HandedBack)
        outcomes = [ends[f"source:{n}"].outcome for n in (0, 1, 3)]
        assert outcomes == [Outcome.OK, Outcome.GONE, Outcome.OK]
        lake = WarcLake(str(tmp_path / "lake"), SystemClock())
        files = [event.file for event in events if isinstance(event, FilePublished)]
        captures = [capture for file in files for capture, _ in lake.iter_captures(file)]
        assert {(c.item_id, c.source_id, c.role, c.url) for c in captures} == {
            ("source:0", "s0", Role.FEED, urls[0]),
            ("source:3", "s3", Role.FEED, urls[3]),
        }
        assert {event.origin for event in events if isinstance(event, RobotsCopy)} == {
            urls[0].removesuffix("/feed"),
            urls[3].removesuffix("/page"),
        }

    def test_ok_comes_after_the_file_that_holds_it(self, collector: Collector, site: Site, tmp_path: Path) -> None:
        lake = WarcLake(str(tmp_path / "lake"), SystemClock())
        held: set[str] = set()
        for event in collector.collect(make_batch(tmp_path, *(site.url(f"/page?{n}") for n in range(5)))):
            if isinstance(event, FilePublished):
                held |= {capture.item_id for capture, _ in lake.iter_captures(event.file)}
            if isinstance(event, Fetched):
                assert event.item_id in held

    def test_an_empty_batch_ends_at_once(self, collector: Collector, tmp_path: Path) -> None:
        assert self.collected(collector, make_batch(tmp_path)) == []

    def test_a_batch_may_be_collected_again(self, collector: Collector, site: Site, tmp_path: Path) -> None:
        batch = make_batch(tmp_path, site.url("/page"))
        first, second = self.collected(collector, batch), self.collected(collector, batch)
        assert [type(event) for event in first] == [type(event) for event in second]

    def test_closing_the_iterator_ends_the_child(self, collector: Collector, site: Site, tmp_path: Path) -> None:
        before = children()
        events = collector.collect(make_batch(tmp_path, site.url("/slow?9"), site.url("/status?404", 1)))
        next(events)
        assert children() - before
        events.close()  # type: ignore[attr-defined]
        assert children() == before

    def test_a_session_takes_visits_while_it_works(self, collector: Collector, site: Site, tmp_path: Path) -> None:
        before = children()
        session = collector.open(make_batch(tmp_path))
        slow = FetchItem("source:slow", Role.FEED, site.url("/slow?3"), "slow", delay_s=0.0)
        session.send(Visit((slow,), ("127.0.0.1",)))
        ended: list[str] = []
        for number in range(3):
            item = FetchItem(f"source:{number}", Role.FEED, site.url("/status?404", 1), "quick", delay_s=0.0)
            session.send(Visit((item,), ("127.0.0.2",)))
            while item.id not in ended:
                ended += [event.item_id for event in session.events() if isinstance(event, Fetched)]
                time.sleep(0.02)
        assert slow.id not in ended
        session.close()
        while not session.is_over:
            ended += [event.item_id for event in session.events() if isinstance(event, Fetched)]
            time.sleep(0.02)
        session.kill()
        session.kill()
        assert sorted(ended) == ["source:0", "source:1", "source:2", "source:slow"]
        assert children() == before

    def test_nothing_is_left_running(self, collector: Collector, site: Site, tmp_path: Path) -> None:
        before = children()
        self.collected(collector, make_batch(tmp_path, site.url("/page")))
        assert children() == before
