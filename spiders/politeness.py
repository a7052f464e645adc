"""Who may send when: per host so many at a time and so far apart, over all hosts so many. Knows no HTTP.

One host is one lane. A slow host keeps only its own lane waiting: a request that has taken half a second no longer
counts against the number for all hosts, and hosts that answered quickly the last time have places of their own, so that
they never wait behind those that did not, or that nobody knows yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from w3lib.url import safe_url_string

from earshot.model import FetchItem
from earshot.ports import Clock
from earshot.urls import host_of

PATIENCE_S = 0.5
"""From then on a request counts as slow and holds no other one up."""
MOST_OPEN = 1024
"""Requests open at a time to hosts of one kind, slow ones included; what their bodies may take has a bound of its own
(`budget`)."""
LONG_S = 2.0
"""From then on the time until a host may be asked again outlives the visit: others are told."""
_MOST_KNOWN = 20_000


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
    """The lanes of the hosts that are being visited. Where items of one host differ, the politer one counts."""

    def __init__(self, concurrency: int, clock: Clock) -> None:
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._next: dict[str, float] = {}
        self._quick: set[str] = set()
        self._rooms = {is_quick: _Room(max(1, concurrency)) for is_quick in (True, False)}

    def begin(self, items: Sequence[FetchItem], hosts: Iterable[str]) -> None:
        """Open lanes for a visit."""
        opened: dict[str, Lane] = {}
        for item in items:
            lane = opened.setdefault(lane_of(item.url), Lane(item.delay_s, max(1, item.parallel)))
            lane.delay_s = max(lane.delay_s, item.delay_s)
            lane.parallel = min(lane.parallel, max(1, item.parallel))
        slowest = max((lane.delay_s for lane in opened.values()), default=1.0)
        for host in hosts:  # where redirects lead: one at a time, as far apart as the slowest item wants
            opened.setdefault(host, Lane(slowest, 1))
        for host, lane in opened.items():
            lane.free = asyncio.Semaphore(lane.parallel)
            lane.next_at = self._next.pop(host, 0.0)
        self._lanes |= opened

    def end(self, hosts: Iterable[str]) -> dict[str, float]:
        """Close the lanes of a visit; return the hosts that may not be asked again for long, with the seconds."""
        now, rests = self._clock.monotonic(), {}
        for host in hosts:
            lane = self._lanes.pop(host, None)
            if lane is not None and lane.next_at > now:
                self._next[host] = lane.next_at
                if lane.next_at > now + LONG_S:
                    rests[host] = lane.next_at - now
        if len(self._next) > _MOST_KNOWN:
            self._next = {host: at for host, at in self._next.items() if at > now}
        return rests

    def parallel(self, host: str) -> int:
        """Return how many requests the host takes at a time."""
        return self._lanes[host].parallel

    def slow_down(self, host: str, delay_s: float) -> None:
        """Keep at least `delay_s` seconds between two requests to the host from now on."""
        lane = self._lanes[host]
        lane.delay_s = max(lane.delay_s, delay_s)

    def throttle(self, host: str, reason: str, seconds: float | None) -> None:
        """Send nothing more to the host in this visit; it may be asked again in `seconds`."""
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
                leave = await self._rooms[host in self._quick].enter()
                began = self._clock.monotonic()
                lane.next_at = began + lane.delay_s
            try:
                yield
            finally:
                leave()
                self._learn(host, is_quick=self._clock.monotonic() - began < PATIENCE_S)

    def _learn(self, host: str, *, is_quick: bool) -> None:
        if is_quick and len(self._quick) < _MOST_KNOWN:
            self._quick.add(host)
        else:
            self._quick.discard(host)


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
