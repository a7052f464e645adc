"""How long do people wait for a page while Earshot collects beside: one reader, fifty, and fifty beside 800 half-open
connections?

`python -m benchmarks.readers` starts the demonstration (26 sources, most of them asked every 20 s, new posts all the
time) and lets readers open pages as people do: a page, then one to five seconds of looking. All on one machine, the
readers too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from benchmarks.report import report

PORT = 18992
HALF_OPEN = 800
_PAGES = (
    *("/", "/?brand=harbor&range=30d", "/?range=90d"),
    *("/mentions", "/mentions?q=refund+OR+locked", "/mentions?flagged=yes&range=30d", "MENTION", "MENTION"),
    *("/words?range=24h", "/sources", "/operations", "/incidents", "/mails", "/brands/harbor", "/fresh.json"),
)
_LOOKS_S = (1.0, 5.0)
_CHANCE = random.Random(7)


@contextmanager
def demonstration() -> Iterator[str]:
    """Run the demonstration in a folder of its own, and yield its address once mentions are there."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "earshot", "demo", "--dir", f"{folder}/demo", "--port", str(PORT)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{PORT}"
        try:
            while _total(url) < 50:
                time.sleep(1)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def _total(url: str) -> int:
    try:
        return int(httpx.get(f"{url}/fresh.json?range=all", timeout=30).json()["total"])
    except (httpx.HTTPError, KeyError, json.JSONDecodeError):
        return 0


def known(url: str) -> list[str]:
    """Return the ids of all mentions."""
    return [each["id"] for each in httpx.get(f"{url}/mentions.json?range=all", timeout=60).json()["mentions"]]


async def read(url: str, ids: list[str], readers: int, seconds: float) -> list[float]:
    """Let readers open pages, and return how long each page took; a page that is no 200 ends the run."""
    took: list[float] = []

    async def one(client: httpx.AsyncClient) -> None:
        while time.monotonic() < ends:
            await asyncio.sleep(_CHANCE.uniform(*_LOOKS_S))
            path = _CHANCE.choice(_PAGES).replace("MENTION", f"/mentions/{_CHANCE.choice(ids)}")
            begun = time.monotonic()
            answer = await client.get(url + path, headers={"accept": "text/html"})
            took.append(time.monotonic() - begun)
            answer.raise_for_status()

    limits = httpx.Limits(max_connections=readers, max_keepalive_connections=readers)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        ends = time.monotonic() + seconds
        await asyncio.gather(*(one(client) for _ in range(readers)))
    return took


@contextmanager
def half_open(url: str, count: int) -> Iterator[None]:
    """Hold connections open whose request does not end."""
    with ExitStack() as stack:
        for _ in range(count):
            link = stack.enter_context(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 10))
            link.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        yield


def row(what: str, took: list[float], seconds: float) -> dict[str, Any]:
    """Return a line of the table."""
    ordered = sorted(took)
    return {
        "what": what,
        "pages": len(took),
        "pages/s": len(took) / seconds,
        "median ms": statistics.median(ordered) * 1000,
        "p95 ms": ordered[int(len(ordered) * 0.95)] * 1000,
        "worst ms": ordered[-1] * 1000,
    }


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="Of each row.")
    seconds = parser.parse_args().seconds
    with demonstration() as url:
        ids = known(url)

        def measured(what: str, readers: int) -> dict[str, Any]:
            return row(what, asyncio.run(read(url, ids, readers, seconds)), seconds)

        asyncio.run(read(url, ids, 5, 10))  # what is made when it is first asked for
        rows = [measured("1 reader", 1), measured("50 readers", 50)]
        with half_open(url, HALF_OPEN):
            rows.append(measured(f"50 readers beside {HALF_OPEN} half-open connections", 50))
    report("readers", rows)


if __name__ == "__main__":
    main()
