"""The robots.txt of every origin: copies that came along, else fetched once, and reported.

Knows neither how a request is sent nor who waits; both are given to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from earshot.model import RobotsCopy
from earshot.ports import Clock
from earshot.urls import host_of, origin_of
from spiders.rules import MAX_BYTES, RobotsRules

FRESH = timedelta(hours=24)
STALE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What an origin said when it was asked: HTTP status (0: no answer, and why) and body, of which 500 KiB count."""

    status: int
    body: bytes
    reason: str = ""


class RobotsBook:
    """One set of rules per origin. `ask` fetches a robots.txt; `report` is told of every copy that was fetched."""

    def __init__(
        self,
        ask: Callable[[str, Collection[str]], Awaitable[RobotsAnswer]],
        report: Callable[[RobotsCopy], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._copies: dict[str, RobotsCopy] = {}
        self._origins: dict[str, set[str]] = {}
        self._ask, self._report, self._clock = ask, report, clock
        self._rules: dict[str, asyncio.Task[RobotsRules]] = {}

    def know(self, copies: Iterable[RobotsCopy], hosts: Collection[str]) -> None:
        """Take copies from elsewhere. Of these hosts, what could not be had, or is old, is asked for again."""
        self._copies |= {copy.origin: copy for copy in copies}
        for origin in [origin for host in hosts for origin in self._origins.get(host, ()) if origin in self._rules]:
            task, copy = self._rules[origin], self._copies.get(origin)
            is_old = copy is None or self._clock.now() - copy.fetched_at >= FRESH
            if task.done() and (is_old or task.cancelled() or task.exception() or task.result().is_unreachable):
                del self._rules[origin]

    async def rules_for(self, url: str, hosts: Collection[str]) -> RobotsRules:
        """Return the rules for a URL's origin; whoever comes while they are fetched waits for the same answer.

        hosts: where robots.txt may redirect to.

        Raises:
            SourceError: not an http(s) URL.
            Exception: whatever `ask` raised; it is asked again next time.
        """
        origin = origin_of(url)
        if origin not in self._rules:
            self._origins.setdefault(host_of(origin), set()).add(origin)
            self._rules[origin] = asyncio.ensure_future(self._find(origin, hosts))
        try:
            return await asyncio.shield(self._rules[origin])
        except BaseException:
            self._rules.pop(origin, None)
            raise

    async def _find(self, origin: str, hosts: Collection[str]) -> RobotsRules:
        kept = self._copies.get(origin)
        age = self._clock.now() - kept.fetched_at if kept else STALE
        if kept and age < FRESH and not RobotsRules(kept).is_unreachable:
            return RobotsRules(kept)
        answer = await self._ask(f"{origin}/robots.txt", hosts)
        body = answer.body[:MAX_BYTES].decode("utf-8-sig", "replace") if 200 <= answer.status < 300 else ""
        copy = RobotsCopy(origin, answer.status, body.replace("\x00", ""), self._clock.now())
        await self._report(copy)
        rules = RobotsRules(copy, answer.reason)
        if not rules.is_unreachable:
            self._copies[origin] = copy
        if rules.is_unreachable and kept and age < STALE:
            return RobotsRules(kept)
        return rules
