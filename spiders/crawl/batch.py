"""The one spider: fetches the items it is given, every host at its own pace. Knows neither the lake nor the record."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import scrapy

from earshot.model import Batch, FetchItem, HostRests, NotReached, RobotsCopy, Visit
from earshot.ports import Clock
from spiders.asking import Asker
from spiders.fetch import Captured, Fetcher, Found
from spiders.politeness import Politeness, ThrottledError, lane_of

WAITING = 4
"""Bodies that may wait for the lake in memory."""
VISIT_S = 60.0
"""So long after the beginning of a visit its items get their turn; what still waits then is given back."""


class BatchSpider(scrapy.Spider):
    """Yields one `Captured`, `Fetched`, `HandedBack` or `NotReached` per item, and what it learns of hosts.

    more: visits beyond the batch's own, as they are wanted. It ends when it has ended and all visits are over; a slow
    host keeps no other visit waiting.
    """

    name = "batch"

    def __init__(
        self, batch: Batch, clock: Clock, seconds: float, more: AsyncIterator[Visit] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._batch, self._clock, self._more = batch, clock, more
        self._seconds = min(seconds, VISIT_S)
        self._found: asyncio.Queue[Found | BaseException | None] = asyncio.Queue(WAITING)
        self._visits: set[asyncio.Task[None]] = set()
        self._all_over = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no visit is being made: no other capture comes soon."""
        return not self._visits

    async def start(self) -> AsyncIterator[Found]:
        """Make the visits and yield what they find until all of them are over."""
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
            await self._all_visits()
        except BaseException as error:  # noqa: BLE001 (handed to the one who reads the queue)
            await self._found.put(error)
        else:
            await self._found.put(None)

    async def _all_visits(self) -> None:
        batch = self._batch
        self._polite = Politeness(batch.limits.concurrency, self._clock)
        asker = Asker(self.crawler.engine.download_async, self.crawler.settings["EARSHOT_GUARD"], batch.limits)
        self._fetcher = Fetcher(batch.limits, asker, self._polite, self._report, self._clock)
        if batch.items:
            self._begin(Visit(batch.items, batch.hosts, batch.robots))
        if self._more is not None:
            async for visit in self._more:
                self._begin(visit)
        while self._visits:
            self._all_over.clear()
            await self._all_over.wait()

    def _begin(self, visit: Visit) -> None:
        task = asyncio.ensure_future(self._visit(visit))
        self._visits.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._visits.discard(task)
        if not self._visits:
            self._all_over.set()
        if not task.cancelled() and (error := task.exception()):
            self._telling = asyncio.ensure_future(self._found.put(error))

    async def _visit(self, visit: Visit) -> None:
        hosts = {*visit.hosts, *(lane_of(item.url) for item in visit.items)}
        self._polite.begin(visit.items, hosts)
        self._fetcher.know_robots(visit.robots, hosts)
        lanes: dict[str, deque[FetchItem]] = {}
        for item in visit.items:
            lanes.setdefault(lane_of(item.url), deque()).append(item)
        ends_at = self._clock.monotonic() + self._seconds
        left = [len(visit.items)]
        await asyncio.gather(
            *(
                self._work(host, items, hosts, ends_at, left)
                for host, items in lanes.items()
                for _ in range(min(self._polite.parallel(host), len(items)))
            )
        )

    async def _work(self, host: str, items: deque[FetchItem], hosts: set[str], ends_at: float, left: list[int]) -> None:
        while items:
            item = items.popleft()
            found = await self._fetch(host, item, hosts, ends_at)
            left[0] -= 1
            if not left[0]:  # before its last item is reported, for then the hosts are another's
                await self._leave(hosts)
            await self._found.put(found)

    async def _fetch(self, host: str, item: FetchItem, hosts: set[str], ends_at: float) -> Found:
        if self._clock.monotonic() >= ends_at:
            return NotReached(item.id, item.source_id, self._clock.now())
        try:
            self._polite.check(host)
        except ThrottledError as throttled:
            return self._fetcher.throttled(item, throttled)
        return await self._fetcher.fetch(item, hosts)

    async def _leave(self, hosts: set[str]) -> None:
        for host, seconds in self._polite.end(hosts).items():
            await self._report(HostRests(host, "", f"{seconds:.0f} s between two requests", seconds, self._clock.now()))

    async def _report(self, found: RobotsCopy | HostRests) -> None:
        await self._found.put(found)


__all__ = ["BatchSpider", "Captured"]
