"""Who may send when: per host so many at a time and so far apart, over all hosts so many. Knows no HTTP.

One host is one lane. A slow host keeps only its own lane waiting: a request that has taken two seconds no longer
counts against the number for all hosts (of which at most 512 are open at all).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from w3lib.url import safe_url_string

from earshot.model import FetchItem
from earshot.ports import Clock
from earshot.urls import host_of

PATIENCE_S = 2.0
"""From then on a request counts as slow and holds no other one up."""
MOST_OPEN = 512
"""Requests open at a time, slow ones included; what their bodies may take has a bound of its own (`budget`)."""


class ThrottledError(Exception):
    """The host asked to be left alone. seconds: for how long still; None where it did not say."""

    def __init__(self, reason: str, seconds: float | None) -> None:
        self.reason, self.seconds = reason, seconds
        super().__init__(reason)


@dataclass
class Lane:
    """What one host is owed. until: monotonic time, None where the host did not say how long."""

    delay_s: float
    parallel: int
    next_at: float = 0.0
    reason: str = ""
    until: float | None = None
    pace: asyncio.Lock = field(default_factory=asyncio.Lock)
    free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.parallel)


class Politeness:
    """The lanes of a batch. Where items of one host differ, the politer one counts."""

    def __init__(self, items: Iterable[FetchItem], concurrency: int, clock: Clock, hosts: Iterable[str] = ()) -> None:
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._room = _Room(max(1, concurrency))
        for item in items:
            lane = self._lanes.setdefault(lane_of(item.url), Lane(item.delay_s, max(1, item.parallel)))
            lane.delay_s = max(lane.delay_s, item.delay_s)
            if item.parallel < lane.parallel:
                lane.parallel = max(1, item.parallel)
                lane.free = asyncio.Semaphore(lane.parallel)
        for host in hosts:  # where redirects lead: one at a time, as far apart as the slowest item wants
            slowest = max((lane.delay_s for lane in self._lanes.values()), default=1.0)
            self._lanes.setdefault(host, Lane(slowest, 1))

    def has(self, host: str) -> bool:
        """Tell whether the host is one of the batch's; no other may be asked."""
        return host in self._lanes

    def parallel(self, host: str) -> int:
        """Return how many requests the host takes at a time."""
        return self._lanes[host].parallel

    def slow_down(self, host: str, delay_s: float) -> None:
        """Keep at least `delay_s` seconds between two requests to the host from now on."""
        lane = self._lanes[host]
        lane.delay_s = max(lane.delay_s, delay_s)

    def throttle(self, host: str, reason: str, seconds: float | None) -> None:
        """Send nothing more to the host in this batch; it may be asked again in `seconds`."""
        lane = self._lanes[host]
        lane.reason = reason
        lane.until = None if seconds is None else self._clock.monotonic() + seconds

    def check(self, host: str) -> None:
        """Raise ThrottledError if the host asked to be left alone."""
        lane = self._lanes[host]
        if lane.reason:
            left = None if lane.until is None else max(0.0, lane.until - self._clock.monotonic())
            raise ThrottledError(lane.reason, left)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until one request may be sent to the host; it is in flight inside the context.

        Raises:
            ThrottledError: the host asked to be left alone, perhaps while this one waited.
        """
        lane = self._lanes[host]
        async with lane.free:
            self.check(host)
            async with lane.pace:
                await asyncio.sleep(max(0.0, lane.next_at - self._clock.monotonic()))
                self.check(host)
                leave = await self._room.enter()
                lane.next_at = self._clock.monotonic() + lane.delay_s
            try:
                yield
            finally:
                leave()


def lane_of(url: str) -> str:
    """Return the host that a request to `url` goes to, as it is sent: lower case, in ASCII; "" where there is none."""
    try:
        return host_of(safe_url_string(url))
    except ValueError:
        return ""


class _Room:
    """Places for requests of all hosts."""

    def __init__(self, concurrency: int) -> None:
        self._quick = asyncio.Semaphore(concurrency)
        self._open = asyncio.Semaphore(max(concurrency, MOST_OPEN))

    async def enter(self) -> Callable[[], None]:
        """Wait for a place and return the function that leaves it."""
        await self._open.acquire()
        try:
            await self._quick.acquire()
        except BaseException:
            self._open.release()
            raise
        is_counted = True

        def give_way() -> None:
            nonlocal is_counted
            if is_counted:
                is_counted = False
                self._quick.release()

        waiting = asyncio.get_running_loop().call_later(PATIENCE_S, give_way)

        def leave() -> None:
            waiting.cancel()
            give_way()
            self._open.release()

        return leave
