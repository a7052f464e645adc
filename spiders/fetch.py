"""One item of a batch from its address to its end: robots, redirects, answer, verdict. Knows no lake and no file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from earshot.errors import SourceError
from earshot.model import (
    Capture,
    CaptureRef,
    CollectLimits,
    Fetched,
    FetchItem,
    HandedBack,
    HostRests,
    NotReached,
    Outcome,
    RobotsCopy,
    Role,
)
from earshot.ports import Clock
from spiders.answers import body_of, headers_of, is_redirect, plain_body, request_headers
from spiders.asking import Asker
from spiders.endings import EndedError, end_of_failure
from spiders.politeness import Politeness, ThrottledError, lane_of
from spiders.robots import RobotsAnswer, RobotsBook
from spiders.waiting import retry_after_s

ROBOTS_REDIRECTS = 5
_ROBOTS_ITEM = FetchItem("robots", Role.PAGE, "", "")


@dataclass(frozen=True, slots=True)
class Captured:
    """A new body, and what is to be reported once it lies in the lake."""

    capture: Capture
    body: bytes
    fetched: Fetched


Found = Captured | Fetched | HandedBack | NotReached | RobotsCopy | HostRests


@dataclass(slots=True)
class _Trail:
    """Where an item has got to. hosts: where it may be led. spent_s: time its requests took so far, without waiting."""

    item: FetchItem
    url: str
    hops: int
    hosts: Collection[str]
    spent_s: float = 0.0


class Fetcher:
    """Fetches items; `report` is told of robots.txt copies, and of hosts that ask to be left alone."""

    def __init__(
        self,
        limits: CollectLimits,
        asker: Asker,
        polite: Politeness,
        report: Callable[[RobotsCopy | HostRests], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._limits: CollectLimits = limits
        self._report = report
        self._asker, self._polite, self._clock = asker, polite, clock
        self._robots = RobotsBook(self._ask_robots, report, clock)

    def know_robots(self, copies: Iterable[RobotsCopy], hosts: Collection[str]) -> None:
        """Take copies of robots.txt that came along; those of these hosts that could not be had are asked for again."""
        self._robots.know(copies, hosts)

    async def fetch(self, item: FetchItem, hosts: Collection[str]) -> Captured | Fetched | HandedBack:
        """Return what became of an item, which is led to no host but these.

        Never raises: one item's failure is its outcome.
        """
        trail = _Trail(item, item.url, item.hops, hosts)
        try:
            return await self._follow(trail)
        except EndedError as end:
            return self._fetched(trail, end)
        except ThrottledError as throttled:
            return self._fetched(trail, EndedError(Outcome.THROTTLED, throttled.reason, 0, throttled.seconds))
        except SourceError as error:
            return self._fetched(trail, EndedError(Outcome.FAILED, error.reason))
        except Exception as error:  # noqa: BLE001 (one item's failure is recorded and the next begins)
            return self._fetched(trail, end_of_failure(error, self._limits, ""))

    def throttled(self, item: FetchItem, error: ThrottledError) -> Fetched:
        """Return the outcome of an item that is not sent because its host asked to be left alone."""
        return self._fetched(
            _Trail(item, item.url, item.hops, ()), EndedError(Outcome.THROTTLED, error.reason, 0, error.seconds)
        )

    async def _follow(self, trail: _Trail) -> Captured | HandedBack:
        while True:
            await self._check(trail.url, trail.item, trail.hosts)
            response = await self._send(trail.url, request_headers(trail.item), trail)
            trail.url = response.url
            if not is_redirect(response):
                return await self._captured(trail, response)
            trail.hops += 1
            trail.url = self._target(trail, response)
            if lane_of(trail.url) not in trail.hosts:
                item = trail.item
                return HandedBack(item.id, item.source_id, item.role, trail.url, trail.hops, self._clock.now())

    async def _check(self, url: str, item: FetchItem, hosts: Collection[str]) -> None:
        self._asker.check(url)
        if not item.obeys_robots:
            return
        rules = await self._robots.rules_for(url, hosts)
        refusal = rules.refusal(url)
        if refusal:
            raise EndedError(Outcome.BLOCKED, refusal)
        self._polite.slow_down(lane_of(url), rules.delay_s)

    def _target(self, trail: _Trail, response: Any) -> str:
        location = response.headers.get(b"Location", b"").decode("utf-8", "replace").strip()
        if not location:
            raise EndedError(Outcome.FAILED, f"a redirect ({response.status}) that leads nowhere", response.status)
        if trail.hops > self._limits.max_redirects:
            raise EndedError(Outcome.FAILED, f"more than {self._limits.max_redirects} redirects", response.status)
        target = self._asker.normal(urljoin(response.url, location))
        self._asker.check(target, "a redirect led there: ")
        return target

    async def _send(self, url: str, headers: dict[str, str], trail: _Trail) -> Any:
        host = lane_of(url)
        async with self._polite.turn(host):
            began = self._clock.monotonic()
            try:
                response = await self._asker.send(url, headers, self._limits.timeout_s - trail.spent_s)
            finally:
                trail.spent_s += self._clock.monotonic() - began
        await self._heed(host, response, trail.item)
        return response

    async def _heed(self, host: str, response: Any, item: FetchItem) -> None:
        """Leave a host alone that asks for it (RFC 6585 section 4, RFC 9110 section 15.6.4)."""
        asked = response.headers.get(b"Retry-After", b"").decode("latin-1")
        seconds = retry_after_s(asked, self._clock.now())
        if response.status == 429 or (response.status == 503 and seconds is not None):
            reason = f"{host} asks us to wait{_for_how_long(seconds)} (HTTP {response.status})"
            self._polite.throttle(host, reason, seconds)
            await self._report(HostRests(host, item.source_id, reason, seconds, self._clock.now()))
            raise EndedError(Outcome.THROTTLED, reason, response.status, seconds)

    async def _ask_robots(self, url: str, hosts: Collection[str]) -> RobotsAnswer:
        """Fetch a robots.txt over at most five redirects; one that leads further, or to another host, is none."""
        trail = _Trail(_ROBOTS_ITEM, url, 0, hosts)
        response = None
        for _ in range(ROBOTS_REDIRECTS + 1):
            try:
                response = await self._send(trail.url, request_headers(_ROBOTS_ITEM), trail)
                if not is_redirect(response):
                    return RobotsAnswer(response.status, await plain_body(response, self._limits))
                trail.url = self._target(trail, response)
            except EndedError as end:
                return self._no_robots(end)
            if lane_of(trail.url) not in hosts:
                break
        return RobotsAnswer(response.status if response else 0, b"")

    def _no_robots(self, end: EndedError) -> RobotsAnswer:
        if end.outcome in (Outcome.THROTTLED, Outcome.BLOCKED):
            raise end  # not robots.txt's fault: the host is left alone, or was refused by the guard
        return RobotsAnswer(0, b"", end.reason)

    async def _captured(self, trail: _Trail, response: Any) -> Captured:
        item = trail.item
        body = await body_of(item, response, self._limits)
        capture = Capture(
            ref=CaptureRef("", 0, 0, ""),
            url=item.url,
            final_url=trail.url,
            status=response.status,
            headers=headers_of(response),
            fetched_at=self._clock.now(),
            item_id=item.id,
            source_id=item.source_id,
            role=item.role,
        )
        end = EndedError(Outcome.OK, "", response.status, None, len(body))
        return Captured(capture, body, self._fetched(trail, end))

    def _fetched(self, trail: _Trail, end: EndedError) -> Fetched:
        item = trail.item
        return Fetched(
            item_id=item.id,
            source_id=item.source_id,
            role=item.role,
            url=item.url,
            final_url=trail.url,
            outcome=end.outcome,
            reason=end.reason,
            status=end.status,
            retry_after_s=end.retry_after_s,
            size_bytes=end.size_bytes,
            elapsed_s=round(trail.spent_s, 3),
            at=self._clock.now(),
        )


def _for_how_long(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f" {seconds:.0f} s" if seconds < 120 else f" {seconds / 60:.0f} min"
