"""How much of real feeds is read, and how fast: against feedparser alone.

Run as `EARSHOT_SHARED=... python -m benchmarks.feeds`; without the shared data there is nothing to measure.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import time
import warnings
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import feedparser

from benchmarks.report import report
from earshot.clock import SystemClock
from earshot.extract import BoundedExtractor
from earshot.extract.reader import read_capture, warm_up
from earshot.model import Capture, CaptureRef, Reading, Role

Item = tuple[Capture, bytes]


def main() -> None:
    shared = Path(os.environ["EARSHOT_SHARED"])
    feeds = {"captured feeds": list(captured_feeds(shared)), "real feeds": list(real_feeds(shared))}
    rows = [row for name, items in feeds.items() for row in feed_rows(name, items)]
    report(
        "feeds",
        rows,
        [
            "found by feedparser: entries without sanitizing and resolving, the fastest it goes",
            "bounded: with the start of the reader process",
        ],
    )


def capture(url: str, role: Role, kind: str = "") -> Capture:
    headers = {"content-type": kind} if kind else {}
    return Capture(CaptureRef("", 0, 0, ""), url, url, 200, headers, SystemClock().now(), "", "", role)


def captured_feeds(shared: Path) -> Iterator[Item]:
    for site in json.loads((shared / "web/dev/manifest.json").read_text()):
        with zipfile.ZipFile(shared / "web/dev" / f"{site['host']}.zip") as archive:
            names = set(archive.namelist())
            for path in site["feeds"]:
                inside = path.strip("/")
                forms = (inside, f"{inside}/index.xml", f"{inside}/index.html")
                for name in [name for name in forms if name in names][:1]:
                    yield capture(f"http://{site['host']}{path}", Role.FEED), archive.read(name)


def real_feeds(shared: Path) -> Iterator[Item]:
    for path in sorted((shared / "data/feeds_real_kagi/dev").glob("*.gz")):
        yield capture(f"http://feeds.example/{path.stem}", Role.FEED), gzip.decompress(path.read_bytes())


def feed_rows(name: str, items: list[Item]) -> Iterator[dict[str, Any]]:
    def alone(item: Item) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = feedparser.parse(io.BytesIO(item[1]), sanitize_html=False, resolve_relative_uris=False)
        return len(parsed.entries)

    yield timed(f"{name}: feedparser alone", items, lambda: sum(map(alone, items)))
    warm_up()
    yield timed(f"{name}: our reader, no child", items, lambda: sum(entries_of(*item) for item in items))
    for parallel in (1, os.cpu_count() or 1):
        extractor = BoundedExtractor(SystemClock(), parallel=parallel)
        yield timed(f"{name}: bounded, {parallel} at a time", items, partial(read_all, extractor, items))


def entries_of(about: Capture, body: bytes) -> int:
    return len(read_capture(about, body).entries)


def read_all(extractor: BoundedExtractor, items: list[Item]) -> int:
    """Return how many entries were found; closes the extractor, since only ended children tell their time."""
    found = sum(len(answer.entries) for answer in extractor.read_many(items) if isinstance(answer, Reading))
    extractor.close()
    return found


def timed(name: str, items: list[Item], work: Any) -> dict[str, Any]:
    """Return a row: what was found, wall time, and processor time with that of ended children."""
    started, cpu = time.perf_counter(), time.process_time() + child_cpu()
    found = work()
    wall = time.perf_counter() - started
    return {
        "reader": name,
        "feeds": len(items),
        "entries": found,
        "feeds/s": len(items) / wall,
        "ms a feed": wall * 1000 / len(items),
        "cpu ms a feed": (time.process_time() + child_cpu() - cpu) * 1000 / len(items),
    }


def child_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
