"""A real HTTP server that misbehaves in every way we know of, and a real forward proxy. Raw sockets, port 0."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

import brotli
from backports import zstd

FEED = b"<rss version='2.0'><channel><title>t</title><item><title>Halden</title></item></channel></rss>"
MB = 1024 * 1024
BAN = "User-agent: *\nDisallow: /private\nCrawl-delay: 0.1\n"


@dataclass
class Seen:
    """One request as the server read it."""

    at: float
    host: str
    path: str
    headers: dict[str, str]


@cache
def _gzip_bomb(megabytes: int) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MB)
    return b"".join(machine.compress(zeros) for _ in range(megabytes)) + machine.flush()


@cache
def _brotli_bomb(megabytes: int) -> bytes:
    machine = brotli.Compressor(quality=5)
    zeros = bytes(MB)
    return b"".join(machine.process(zeros) for _ in range(megabytes)) + machine.finish()


@dataclass
class MisbehavingServer:
    """Listens on several loopback addresses, each of which is a host of its own. robots: host -> (status, body)."""

    hosts: tuple[str, ...] = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
    robots: dict[str, tuple[int, bytes] | Callable[[socket.socket], None]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    flight: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[socket.socket] = []
        self._is_open = True

    def start(self) -> None:
        _gzip_bomb(50)  # made before anybody waits for them
        _brotli_bomb(20)
        for host in self.hosts:
            listener = socket.create_server((host, self.port), backlog=256)
            self.port = listener.getsockname()[1]
            self._listeners.append(listener)
            threading.Thread(target=self._accept, args=(listener, host), daemon=True).start()

    def stop(self) -> None:
        self._is_open = False
        for listener in self._listeners:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def url(self, path: str, host: int = 0) -> str:
        return f"http://{self.hosts[host]}:{self.port}{path}"

    def paths(self, host: int | None = None) -> list[str]:
        return [seen.path for seen in self.seen if host is None or seen.host == self.hosts[host]]

    def _accept(self, listener: socket.socket, host: str) -> None:
        while self._is_open:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, host), daemon=True).start()

    def _serve(self, client: socket.socket, host: str) -> None:
        with client, suppress(OSError, TimeoutError):
            client.settimeout(30)
            request = read_head(client)
            if not request:
                return
            first, *rest = request.decode("latin-1").split("\r\n")
            path = first.split(" ")[1]
            pairs = (line.partition(":") for line in rest if ":" in line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            with self._lock:
                self.seen.append(Seen(time.monotonic(), host, path, headers))
                self.flight[host] = self.flight.get(host, 0) + 1
                self.most[host] = max(self.most.get(host, 0), self.flight[host])
            try:
                self._answer(client, host, path, headers)
            finally:
                with self._lock:
                    self.flight[host] -= 1

    def _answer(self, client: socket.socket, host: str, path: str, headers: dict[str, str]) -> None:
        plain, _, query = path.partition("?")
        if plain == "/robots.txt":
            robots = self.robots.get(host, (404, b""))
            if callable(robots):
                robots(client)
            else:
                send(client, robots[0], robots[1], [("Content-Type", "text/plain")])
            return
        name = "answer_" + plain.strip("/").split("/")[0].replace(".", "_").replace("-", "_")
        getattr(self, name, self.answer_page)(client, query, headers)

    # --- proper answers
    def answer_page(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 200, b"<html>" + query.encode() + b"</html>", [("Content-Type", "text/html")])

    def answer_feed(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        if headers.get("if-none-match") == '"v1"' or headers.get("if-modified-since"):
            send(client, 304, b"", [("ETag", '"v1"')])
        else:
            more = [("ETag", '"v1"'), ("Content-Type", "application/rss+xml"), ("Set-Cookie", "a=b"), ("X-Two", "1")]
            send(client, 200, FEED, [*more, ("X-Two", "2")])

    def answer_slow(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        time.sleep(float(query or 0.3))
        send(client, 200, b"slow")

    def answer_status(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        code, _, retry_after = unquote(query).partition("&")
        send(client, int(code), b"<html>sorry</html>", [("Retry-After", retry_after)] if retry_after else [])

    def answer_coded(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        coders = {
            "gzip": gzip.compress,
            "x-gzip": gzip.compress,
            "deflate": zlib.compress,
            "raw": lambda body: zlib.compress(body)[2:-4],
            "br": brotli.compress,
            "zstd": zstd.compress,
            "compress": lambda body: body,
            "identity": lambda body: body,
        }
        body = FEED
        for name in query.split(","):
            body = coders[name](body)
        send(client, 200, body, [("Content-Encoding", query.replace("raw", "deflate"))])

    # --- lies, bombs and drips
    def answer_always304(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 304, b"")

    def answer_empty(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 200, b"")

    def answer_plaingzip(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 200, FEED, [("Content-Encoding", "gzip")])

    def answer_cutgzip(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 200, gzip.compress(FEED * 50)[:-20], [("Content-Encoding", "gzip")])

    def answer_bomb(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        bomb = _brotli_bomb(20) if query == "br" else _gzip_bomb(50)
        body = gzip.compress(bomb) if query == "twice" else bomb
        coding = {"br": "br", "twice": "gzip, gzip"}.get(query, "gzip")
        send(client, 200, body, [("Content-Encoding", coding)])

    def answer_redirbomb(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 302, _gzip_bomb(50), [("Location", "/page?afterbomb"), ("Content-Encoding", "gzip")])

    def answer_frames(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        codings, _, size = query.partition("&")
        body = b""
        for number, coding in enumerate(codings.split(",")):
            empty = {"gzip": gzip.compress(b""), "zstd": zstd.compress(b""), "skip": b"\x50\x2a\x4d\x18" + bytes(4)}
            body = gzip.compress(body) if number else empty[coding] * (int(size) // len(empty[coding]))
        send(client, 200, body, [("Content-Encoding", codings.replace("skip", "zstd"))])

    def answer_headerflood(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        lines = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(64))
        while self._is_open:
            client.sendall(lines)

    def answer_interim(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        while self._is_open:
            client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 1000)

    def answer_crumbs(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while self._is_open:
            client.sendall(b"1\r\nx\r\n" * 10_000)

    def answer_endless(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        while self._is_open:
            client.sendall(block)

    def answer_heavy(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12000001\r\n\r\n" + bytes(12_000_000))
        time.sleep(2)
        client.sendall(b"x")

    def answer_large(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 1000)
        time.sleep(0.5)

    def answer_drip(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while self._is_open:
            client.sendall(b"x")
            time.sleep(0.2)

    def answer_driphead(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while self._is_open:
            client.sendall(b"X-More: b\r\n")
            time.sleep(0.2)

    def answer_headerbomb(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        for n in range(200):
            client.sendall(b"X-%d: " % n + b"y" * 60000 + b"\r\n")
        client.sendall(b"Content-Length: 2\r\n\r\nok")

    def answer_cut(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")

    def answer_reset(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        reset(client)

    def answer_nonsense(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        client.sendall(b"\x00\x01\x02 what?\r\n\r\n")

    # --- redirects
    def answer_to(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 302, b"moved", [("Location", unquote(query))])

    def answer_hop(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        left = int(query)
        send(client, 301, b"", [("Location", f"/hop?{left - 1}" if left else "/page?hopped")])

    def answer_loop(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 307, b"", [("Location", "/loop")])

    def answer_nowhere(self, client: socket.socket, query: str, headers: dict[str, str]) -> None:
        send(client, 302, b"")


def read_head(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            return b""
        data += piece
    return data.partition(b"\r\n\r\n")[0]


def send(client: socket.socket, status: int, body: bytes, headers: list[tuple[str, Any]] | None = None) -> None:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers or [])]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    client.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class ForwardProxy:
    """Sends every name to one address; keeps the request lines it got. CONNECT opens a tunnel there too."""

    target: tuple[str, int]
    lines: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = read_head(client)
            first, _, rest = head.partition(b"\r\n")
            self.lines.append(first.decode("latin-1"))
            for line in rest.split(b"\r\n"):
                if line.lower().startswith(b"proxy-authorization:"):
                    self.authorizations.append(line.partition(b":")[2].decode().strip())
            method, url, version = first.split(b" ")
            with socket.create_connection(self.target) as origin:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    path = b"/" + url.split(b"/", 3)[3]
                    origin.sendall(
                        b" ".join((method, path, version)) + b"\r\n" + rest + b"\r\nConnection: close\r\n\r\n"
                    )
                back = threading.Thread(target=_pump, args=(origin, client), daemon=True)
                back.start()
                if method == b"CONNECT":
                    _pump(client, origin)
                back.join(10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def serving(**changes: Any) -> Iterator[MisbehavingServer]:
    server = MisbehavingServer(**changes)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def proxying(target: tuple[str, int]) -> Iterator[ForwardProxy]:
    proxy = ForwardProxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
