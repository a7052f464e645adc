"""Connections that keep the server waiting are closed, and never keep a reader out."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboards.server import MAX_HEAD, Patience
from tests.dashboards.serving import serving

QUICK = Patience(head_s=0.4, body_s=0.4, idle_s=0.4, stalled_s=0.4, connections=40)
HEAD = b"GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def page(request: Request) -> Response:
    return PlainTextResponse(f"read {len(await request.body())}")


async def endless(_: Request) -> Response:
    async def pieces() -> Any:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)  # where the end of the connection is noticed

    return StreamingResponse(pieces())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(routes=[Route("/page", page, methods=["GET", "POST"]), Route("/endless", endless)])
    with serving(app, patience=QUICK) as url:
        yield url


@contextmanager
def connected(url: str, said: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5) as link:
        if said:
            link.sendall(said)
        yield link


def until_closed(link: socket.socket, drip: bytes = b"", within_s: float = 20) -> bytes:
    """Return what the server said until it closed. drip: said again every 50 ms."""
    begun, heard = time.monotonic(), b""
    link.settimeout(0.05)
    while time.monotonic() - begun < within_s:
        try:
            if drip:
                link.sendall(drip)
            part = link.recv(65536)
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return heard
        if not part:
            return heard
        heard += part
        if drip:
            time.sleep(0.05)
    raise AssertionError(f"still open after {within_s} s")


@pytest.mark.fault(
    case="Connections that say nothing, or drip their request", promise="Each is closed after 10 s (its body after 20)"
)
@pytest.mark.parametrize(
    ("said", "drip", "told"),
    [
        (b"", b"", b""),
        (b"GE", b"", b"408"),
        (b"GET /page", b"x", b"408"),
        (HEAD, b"", b"408"),
        (HEAD, b"X-A: b\r\n", b"408"),
        (b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab", b"", b"408"),
        (b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab", b"x", b"408"),
        (HEAD + b"\r\n", b"", b"200 OK"),  # answered, then idle
        (HEAD + b"\r\n" + HEAD, b"", b"200 OK"),  # answered, and a second one begun
    ],
)
def test_who_connects_and_does_not_ask_is_closed(url: str, said: bytes, drip: bytes, told: bytes) -> None:
    with connected(url, said) as link:
        heard = until_closed(link, drip)
    assert told in heard


@pytest.mark.fault(case="A reader that takes nothing of an answer", promise="It is given up after 30 s")
def test_who_asks_and_does_not_read_is_closed(url: str) -> None:
    with connected(url, HEAD.replace(b"/page", b"/endless") + b"\r\n") as link:
        time.sleep(1.5)
        heard = until_closed(link)
    assert heard.startswith(b"HTTP/1.1 200")


def test_a_reader_that_takes_its_time_is_not_closed(url: str) -> None:
    with connected(url, HEAD.replace(b"/page", b"/endless") + b"\r\n") as link:
        begun, read = time.monotonic(), 0
        while time.monotonic() - begun < 1.5:
            part = link.recv(300_000)
            assert part
            read += len(part)
            time.sleep(0.02)
    assert read > 1_000_000


@pytest.mark.fault(
    case="More half-open connections than the server keeps", promise="The oldest goes, and who asks is answered"
)
def test_half_open_connections_keep_no_reader_out(url: str) -> None:
    with ExitStack() as stack:
        for _ in range(4 * QUICK.connections):
            stack.enter_context(connected(url, HEAD))
        for _ in range(5):
            assert httpx.get(f"{url}/page", timeout=20).text == "read 0"


def test_readers_that_do_not_read_keep_no_other_out(url: str) -> None:
    with ExitStack() as stack:
        for _ in range(QUICK.connections):
            stack.enter_context(connected(url, HEAD.replace(b"/page", b"/endless") + b"\r\n"))
        time.sleep(0.2)
        assert httpx.get(f"{url}/page", timeout=20).text == "read 0"


def test_headers_that_are_too_long_are_refused_with_their_limit(url: str) -> None:
    with connected(url, HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(200))) as link:
        heard = until_closed(link)
    assert b" 431 " in heard
    assert f"{MAX_HEAD:,} bytes".encode() in heard


def test_a_request_that_comes_in_parts_is_answered(url: str) -> None:
    with connected(url, b"POST /page HTTP/1.1\r\nHo") as link:
        for part in (b"st: a\r\nContent-", b"Length: 4\r\nConnection: close\r\n\r\n", b"ab", b"cd"):
            time.sleep(0.05)
            link.sendall(part)
        heard = until_closed(link)
    assert heard.endswith(b"read 4")
