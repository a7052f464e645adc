"""A request has a budget: its answer begins within it, or the reader is told so. Knows no page.

What is asked for was bounded before (`dashboards.bounds`); this is for a disk, a database or a search engine that does
not answer. The work itself ends in its own time, and what it says then is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BEGINS_WITHIN_S = 30.0
"""A reader has left by then."""


class Budget:
    """ASGI middleware: answers for an app that has not begun to within `begins_within_s`."""

    def __init__(
        self, app: ASGIApp, too_late: Callable[[Request], Response], begins_within_s: float = BEGINS_WITHIN_S
    ) -> None:
        """Keep the app inside. too_late: makes the answer where the app makes none."""
        self._app, self._too_late, self._within_s = app, too_late, begins_within_s
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and wait."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        task = asyncio.create_task(_run(self._app, scope, receive, answer.send))
        done, _ = await asyncio.wait({task}, timeout=self._within_s)
        if done or answer.has_begun:
            await task
            return
        answer.is_late = True
        self._late.add(task)
        task.add_done_callback(self._forget)
        await self._too_late(Request(scope))(scope, receive, send)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, since nobody else does: the reader was answered long ago


class _Answer:
    """What the app sends. has_begun: its head is on the way; is_late: nothing of it is sent any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = self.is_late = False

    async def send(self, message: Message) -> None:
        if not self.is_late:
            self.has_begun = True
            await self._send(message)


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)
