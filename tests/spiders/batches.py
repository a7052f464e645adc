"""Batches for the spider's tests, and one run of a real child process over them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from earshot.batches import save_batch
from earshot.clock import SystemClock
from earshot.lake import WarcLake
from earshot.model import (
    Batch,
    Capture,
    CollectEvent,
    CollectLimits,
    Fetched,
    FetchItem,
    FilePublished,
    HandedBack,
    RobotsCopy,
    Role,
)
from spiders.collector import ScrapyCollector

AGENT = "earshot/1.0 (+mailto:listening@example.org)"
LOOPBACK = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")


def make_limits(**changes: Any) -> CollectLimits:
    return dataclasses.replace(
        CollectLimits(AGENT, timeout_s=2.0, max_bytes=1024 * 1024, allow_hosts=LOOPBACK), **changes
    )


def make_item(url: str, **changes: Any) -> FetchItem:
    item = FetchItem(id=f"page:{url}", role=Role.PAGE, url=url, source_id="blog", delay_s=0.0, parallel=8)
    return dataclasses.replace(item, **changes)


@dataclasses.dataclass
class Run:
    """What came of a batch. events: in order."""

    events: list[CollectEvent]
    captures: list[tuple[Capture, bytes]]

    @property
    def fetched(self) -> dict[str, Fetched]:
        return {event.item_id: event for event in self.events if isinstance(event, Fetched)}

    @property
    def handed_back(self) -> list[HandedBack]:
        return [event for event in self.events if isinstance(event, HandedBack)]

    @property
    def robots(self) -> list[RobotsCopy]:
        return [event for event in self.events if isinstance(event, RobotsCopy)]

    def of(self, url: str) -> Fetched:
        return self.fetched[f"page:{url}"]

    def body(self, url: str) -> bytes:
        return next(body for capture, body in self.captures if capture.item_id == f"page:{url}")


def save(folder: Path, items: list[FetchItem], robots: tuple[RobotsCopy, ...] = (), **limits: Any) -> Path:
    path = folder / "batch.json"
    save_batch(Batch("b1", tuple(items), robots, make_limits(**limits), str(folder / "lake")), path)
    return path


def run(folder: Path, items: list[FetchItem], robots: tuple[RobotsCopy, ...] = (), **limits: Any) -> Run:
    spider = ScrapyCollector(SystemClock(), seconds=60, proxy=limits.get("proxy", ""))
    events = list(spider.collect(save(folder, items, robots, **limits)))
    lake = WarcLake(str(folder / "lake"), SystemClock())
    published = [event.file for event in events if isinstance(event, FilePublished)]
    assert published == list(lake.iter_files())
    return Run(events, [pair for file in published for pair in lake.iter_captures(file)])
