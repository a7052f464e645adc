"""A web on the loopback for benchmarks of collecting: every address 127.A.B.1 is a host with one feed of some manner.

`python -m benchmarks.loopback_web PORT_FILE SEEN_FILE` serves in a process of its own, so that its time is not counted
as Earshot's, and appends a line of host and monotonic time for each request of a feed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FEED = (
    b"<rss version='2.0'><channel><title>A feed</title>"
    + b"".join(b"<item><title>Entry %d</title><link>http://feed.example/%d</link></item>" % (n, n) for n in range(2))
    + b"</channel></rss>"
)
SLOW_S = 29.0
MANNERS = ("good", "hash", "slow", "delay", "drip")
"""By A of its address, from 1: answers 304; answers the same bytes; answers after 29 s; Crawl-delay of 10 s; drips."""


def host(manner: str, number: int) -> str:
    """Return the host of a feed."""
    return f"127.{MANNERS.index(manner) * 16 + 1 + number // 250}.{number % 250 + 1}.1"


def manner_of(address: str) -> str:
    """Return the manner of the host at an address."""
    return MANNERS[(int(address.split(".")[1]) - 1) // 16]


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve in a process of its own; yield the port."""
    port = folder / "port"
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.loopback_web", str(port), str(folder / "seen")])
    try:
        while not port.exists() or not port.read_text():
            time.sleep(0.05)
        yield int(port.read_text())
    finally:
        process.kill()
        process.wait()


def seen(folder: Path, manner: str) -> dict[str, list[float]]:
    """Return when each host of a manner was asked for its feed."""
    times: dict[str, list[float]] = defaultdict(list)
    for line in (folder / "seen").read_text().splitlines():
        name, _, at = line.partition(" ")
        if at and manner_of(name) == manner:
            times[name].append(float(at))
    return times


def is_warm(folder: Path, manner: str, hosts: int) -> Callable[[], bool]:
    """Return what tells whether so many hosts of a manner were asked three times."""
    return lambda: sum(len(looks) > 2 for looks in seen(folder, manner).values()) >= hosts


class _Web:
    def __init__(self, seen_file: Path) -> None:
        self._seen = seen_file.open("w", buffering=1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("sockname")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(writer, address, head)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, address: str, head: bytes) -> None:
        manner = manner_of(address)
        if b" /robots.txt " in head:
            body = b"User-agent: *\nCrawl-delay: 10\n" if manner == "delay" else b""
            writer.write(_head(b"200 OK", len(body)) + body)
            return
        self._seen.write(f"{address} {time.monotonic():.4f}\n")
        if manner == "slow":
            await asyncio.sleep(SLOW_S)
        if manner == "drip":
            writer.write(_head(b"200 OK", 100_000))
            for _ in range(240):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.5)
        elif manner == "good" and b"If-None-Match" in head:
            writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n')
        else:
            writer.write(_head(b"200 OK", len(FEED), b'ETag: "one"\r\n' if manner == "good" else b"") + FEED)


def _head(status: bytes, length: int, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (status, more, length)


async def _main(port_file: Path, seen_file: Path) -> None:
    web = _Web(seen_file)
    server = await asyncio.start_server(web.serve, "0.0.0.0", 0, backlog=4096)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240 (nobody is served yet)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
