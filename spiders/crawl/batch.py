"""The one spider: fetches the items of a batch, every host at its own pace. Knows neither the lake nor the record."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import scrapy

from earshot.model import Batch, FetchItem, HostRests, RobotsCopy
from earshot.ports import Clock
from spiders.asking import Asker
from spiders.fetch import Captured, Fetcher, Found
from spiders.politeness import Politeness, ThrottledError, lane_of

WAITING = 4
"""Bodies that may wait for the lake in memory."""


class BatchSpider(scrapy.Spider):
    """Yields one `Captured`, `Fetched` or `HandedBack` per item of the batch, and robots.txt copies, as they come."""

    name = "batch"

    def __init__(self, batch: Batch, clock: Clock, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._batch, self._clock = batch, clock
        self._seconds, self._ends_at = seconds, 0.0
        self._found: asyncio.Queue[Found | BaseException | None] = asyncio.Queue(WAITING)

    async def start(self) -> AsyncIterator[Found]:
        """Run the lanes and yield what they find until all of them are done."""
        self._ends_at = self._clock.monotonic() + self._seconds
        running = asyncio.ensure_future(self._run())
        try:
            while (found := await self._found.get()) is not None:
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            running.cancel()

    async def _run(self) -> None:
        try:
            await asyncio.gather(*self._workers())
        except BaseException as error:  # noqa: BLE001 (handed to the one who reads the queue)
            await self._found.put(error)
        else:
            await self._found.put(None)

    def _workers(self) -> list[Coroutine[Any, Any, None]]:
        batch = self._batch
        polite = Politeness(batch.items, batch.limits.concurrency, self._clock, batch.hosts)
        asker = Asker(self.crawler.engine.download_async, self.crawler.settings["EARSHOT_GUARD"], batch.limits)
        fetcher = Fetcher(batch, asker, polite, self._report, self._clock)
        lanes: dict[str, deque[FetchItem]] = {}
        for item in batch.items:
            lanes.setdefault(lane_of(item.url), deque()).append(item)
        return [
            self._work(host, items, polite, fetcher)
            for host, items in lanes.items()
            for _ in range(min(polite.parallel(host), len(items)))
        ]

    async def _work(self, host: str, items: deque[FetchItem], polite: Politeness, fetcher: Fetcher) -> None:
        while items:
            item = items.popleft()
            try:
                if self._clock.monotonic() >= self._ends_at:
                    raise ThrottledError(f"not reached within the batch's {self._seconds:.0f} s", None)
                polite.check(host)
            except ThrottledError as throttled:
                await self._found.put(fetcher.throttled(item, throttled))
                continue
            await self._found.put(await fetcher.fetch(item))

    async def _report(self, found: RobotsCopy | HostRests) -> None:
        await self._found.put(found)


__all__ = ["BatchSpider", "Captured"]
