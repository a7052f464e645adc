"""The web server of the pages: uvicorn, with an end for who connects and does not ask, or asks and does not read.

uvicorn itself closes only connections that are idle after an answer. Knows no page.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""

SLOWEST = 16 * 1024
"""Bytes that a reader takes within `Patience.stalled_s`, or is given up."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may keep us waiting, in seconds, and how many may at once.

    head_s: from connecting, or from a further request's first byte, to the end of its headers. body_s: from there to
    the end of its body. idle_s: after an answer. stalled_s: while a reader takes (next to) nothing of an
    answer. ending_s: for
    answers on the way when the server is told to end. connections: at once; one more costs the one that has kept us
    waiting longest, so that who asks at once is always answered.
    """

    head_s: float = 10
    body_s: float = 20
    idle_s: float = 15
    stalled_s: float = 30
    ending_s: float = 5
    connections: int = 500


def make_server(app: ASGIApp, host: str, port: int, patience: Patience | None = None, **more: Any) -> uvicorn.Server:
    """Return a server that is not yet running. more: further settings of uvicorn's."""
    patience = patience or Patience()
    ends: dict[str, Any] = {"timeout_keep_alive": patience.idle_s, "timeout_graceful_shutdown": patience.ending_s}
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=type("Patient", (PatientProtocol,), {"patience": patience}),
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # `dashboards.security` believes the named ones
        h11_max_incomplete_event_size=MAX_HEAD,
        **ends,
        **more,
    )
    return uvicorn.Server(config)


class PatientProtocol(H11Protocol):
    """A connection with deadlines. What a client sends in between does not move them."""

    patience = Patience()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._deadline: asyncio.TimerHandle | None = None
        self._awaited = ""
        self._stall: asyncio.TimerHandle | None = None
        self._unread = 0
        self.waiting_since: float | None = None
        """When it began to keep us waiting for a request, in the loop's time; None while we owe it an answer."""
        self.stalled_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait, and make room."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # whatever a reader has not taken counts as a stall, and ends
        self.waiting_since = self.loop.time()
        self._expect("head", self.patience.head_s)
        if len(self.connections) > _room(self.patience):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._expect("")
        self._read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; an end of waiting is not moved by a part."""
        super().data_received(data)
        self._look(has_begun=True)

    def on_response_complete(self) -> None:
        """Wait for a further request."""
        super().on_response_complete()
        self._look(has_begun=False)

    def pause_writing(self) -> None:
        """Begin to wait for the reader."""
        super().pause_writing()
        self.stalled_since = self.loop.time()
        self._await_reader()

    def resume_writing(self) -> None:
        """The reader has read on."""
        super().resume_writing()
        self._read_on()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; of what is only too long, say so."""
        if len(self.conn.trailing_data[0]) <= MAX_HEAD:
            super().send_400_response(msg)
        else:
            self._refuse(431, f"Address and headers of a request have {MAX_HEAD:,} bytes at the most.")

    def _look(self, *, has_begun: bool) -> None:
        """Set the end of waiting for what the client owes us now."""
        state = self.conn.their_state
        if state is h11.IDLE:
            self.waiting_since = self.waiting_since or self.loop.time()
            if has_begun:
                self._expect("head", self.patience.head_s)
            else:  # idle: uvicorn's own timer runs
                self._expect("")
        elif state is h11.SEND_BODY:
            self.waiting_since = self.waiting_since or self.loop.time()
            self._expect("body", self.patience.body_s)
        else:
            self.waiting_since = None
            self._expect("")

    def _expect(self, awaited: str, seconds: float = 0) -> None:
        if awaited == self._awaited:
            return
        if self._deadline:
            self._deadline.cancel()
        self._awaited = awaited
        self._deadline = self.loop.call_later(seconds, self._give_up) if awaited else None

    def _give_up(self) -> None:
        self._refuse(408, f"The request's {self._awaited} did not come in time.")

    def _refuse(self, status: int, text: str) -> None:
        """Answer where nothing was answered yet, and close."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_plain(status, text))
        self.transport.close()

    def _await_reader(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self.patience.stalled_s, self._end_stall)

    def _end_stall(self) -> None:
        if self.transport.get_write_buffer_size() > self._unread - SLOWEST:
            self.transport.abort()
        else:
            self._await_reader()

    def _read_on(self) -> None:
        self.stalled_since = None
        if self._stall:
            self._stall.cancel()
            self._stall = None

    def _make_room(self) -> None:
        """Close the connection that has kept us waiting longest for a request, else for reading; else the new one."""
        others = [one for one in self.connections if isinstance(one, PatientProtocol) and one is not self]
        for since in (_waiting_since, _stalled_since):
            if found := [one for one in others if since(one) is not None]:
                min(found, key=lambda one: since(one) or 0).transport.abort()
                return
        self._refuse(503, "Too many readers at once. Try again in a minute.")


def _waiting_since(one: PatientProtocol) -> float | None:
    return None if one.transport.is_closing() else one.waiting_since


def _stalled_since(one: PatientProtocol) -> float | None:
    return None if one.transport.is_closing() else one.stalled_since


def _room(patience: Patience) -> int:
    """Return how many connections may be open: half of the files this process may open, at the most."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return patience.connections if soft == resource.RLIM_INFINITY else min(patience.connections, soft // 2)


def _plain(status: int, text: str) -> bytes:
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
