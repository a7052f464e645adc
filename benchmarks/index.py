"""How fast the engines of the index are, side by side: loading, then each route of the dashboards under readers.

    python -m benchmarks.index [--mentions 100000] [--engine embedded,opensearch] [--calls 30] [--readers 8]
                               [--url URL] [--heap 2g] [--directory DIR]

A cluster is started on this machine (which needs Java and Maven), or asked at --url. Readers ask without a pause
between two calls, all the same route at a time: one alone, as threads of one process (so run FastAPI's sync routes) and
as processes. With 2 cores a figure of 8 readers is about 4 times what one reader alone waits.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.mentions import END, make_mentions
from benchmarks.report import report
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.reading import Connection
from earshot.index.cursors import NEWEST, TimeCursor, save_cursor
from earshot.index.elasticsearch import ElasticsearchIndex
from earshot.index.embedded import EmbeddedIndex
from earshot.index.opensearch import OpenSearchIndex
from earshot.model import Filters, Mention, SearchRequest
from earshot.ports import IndexWrite, MentionIndex
from scripts.engines import distributions, nodes

CLUSTERS = {"opensearch": OpenSearchIndex, "elasticsearch": ElasticsearchIndex}
TARGET_MS = {"embedded": 50, "opensearch": 100, "elasticsearch": 100}
"""Of any route of the pages at 1,000,000 mentions, p95, for one reader on two cores."""

BATCH, WRITTEN = 500, 20_000
WARM_UP = 40
"""Calls of each route that are not counted: Java compiles while a route is asked the first few dozen times."""
FACETS = ("sentiment", "category", "site", "author", "source_kind", "language", "flag", "status")
Cell = tuple[str, str]
"""What was asked, and by whom."""


@dataclass(frozen=True)
class Place:
    """An engine and where its indices are: a folder, or the address of a cluster."""

    engine: str
    where: str

    def open(self, name: str = "rebuilt") -> MentionIndex:
        """Open one of its indices."""
        if self.engine == "embedded":
            return EmbeddedIndex(Path(self.where) / name)
        return CLUSTERS[self.engine](Connection((self.where,), timeout=timedelta(minutes=2)), f"benchmark-{name}")

    def size_mb(self, name: str = "rebuilt") -> float:
        """Return what one of its indices takes on disk."""
        if self.engine == "embedded":
            return sum(f.stat().st_size for f in (Path(self.where) / name).rglob("*") if f.is_file()) / 1e6
        with urllib.request.urlopen(f"{self.where}/benchmark-{name}/_stats/store", timeout=60) as answer:
            return float(json.load(answer)["_all"]["primaries"]["store"]["size_in_bytes"]) / 1e6


@dataclass
class Measured:
    """What one engine did. cells: by what was asked and who asked, in the order of asking."""

    cells: dict[Cell, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def routes(index: MentionIndex) -> dict[str, Callable[[], object]]:
    """Return the calls that the pages make, by what they show."""
    every = SearchRequest(filters=Filters(min_relevance=0.5))
    words = replace(every, query="rea10 OR pua12")
    brand = replace(every, filters=Filters(brands=("brand1",), min_relevance=0.5))
    month = replace(every, filters=Filters(brands=("brand1",), min_relevance=0.5, since=END - timedelta(days=30)))
    deep = replace(every, cursor=save_cursor(TimeCursor(NEWEST, END - timedelta(days=182), "0")))
    return {
        "newest, everything": lambda: index.search(every),
        "newest, two words": lambda: index.search(words),
        "newest, phrase": lambda: index.search(replace(every, query='"rea0 rea1"')),
        "newest, prefix": lambda: index.search(replace(every, query="rea10*")),
        "relevance, two words": lambda: index.search(replace(words, sort="relevance")),
        "newest, one brand": lambda: index.search(brand),
        "newest, page half a year back": lambda: index.search(deep),
        "count, one brand, 30 days": lambda: index.count(month),
        "facets of 8 fields, everything": lambda: index.facets(every, FACETS),
        "facets of 8 fields, two words": lambda: index.facets(words, FACETS),
        "facets of 8 fields, one brand": lambda: index.facets(brand, FACETS),
        "facet of stories, everything": lambda: index.facets(every, ("story",)),
        "chart by sentiment, a year": lambda: index.hours(every, "sentiment", spans(365, 7)),
        "chart by sentiment, one brand, 30 days": lambda: index.hours(month, "sentiment", spans(30, 1)),
    }


def spans(days: int, wide: int) -> list[datetime]:
    """Return when the columns of a chart begin, as the pages ask for them."""
    return [END - timedelta(days=day) for day in range(days, 0, -wide)]


# --- loading -------------------------------------------------------------------------------------------


def load(place: Place, count: int, measured: Measured) -> None:
    """Fill an index by rebuild, and another by the relay's writes of 500. To invent the mentions takes its part."""
    began, invented = time.perf_counter(), _Timed(make_mentions(count))
    _close(place.open(), lambda index: index.rebuild(_batches(invented)))
    whole_s = time.perf_counter() - began
    measured.cells["rebuild", "none"] = {"per s": count / whole_s}
    measured.notes.append(
        f"{place.engine}: rebuilt in {whole_s:.0f} s, of which {invented.spent_s:.0f} s to invent the mentions; "
        f"{place.size_mb() * 1e6 / count:.0f} bytes a mention on disk"
    )
    few = list(islice(make_mentions(count), min(count, WRITTEN)))
    for what, revision in ((f"write, {BATCH} a commit", 1), ("write again, revision 2", 2)):
        began = time.perf_counter()
        _close(place.open("written"), partial(_write, few, revision))
        measured.cells[what, "none"] = {"per s": len(few) / (time.perf_counter() - began)}


class _Timed:
    """Mentions, and how long it took to make them."""

    def __init__(self, mentions: Iterator[Mention]) -> None:
        self._mentions, self.spent_s = mentions, 0.0

    def __iter__(self) -> Iterator[Mention]:
        while True:
            began = time.perf_counter()
            mention = next(self._mentions, None)
            self.spent_s += time.perf_counter() - began
            if mention is None:
                return
            yield mention


def _batches(mentions: _Timed) -> Iterator[list[Mention]]:
    several = iter(mentions)
    while batch := list(islice(several, BATCH)):
        yield batch


def _write(mentions: list[Mention], revision: int, index: MentionIndex) -> None:
    for n in range(0, len(mentions), BATCH):
        answers = index.write([IndexWrite(m.id, revision, m) for m in mentions[n : n + BATCH]])
        assert all(answer.is_done for answer in answers)


def _close(index: MentionIndex, use: Callable[[MentionIndex], object]) -> None:
    try:
        use(index)
    finally:
        if isinstance(index, ClusterIndex):
            index.close()


# --- asking --------------------------------------------------------------------------------------------


def ask(call: Callable[[], object], calls: int) -> list[float]:
    """Return how long each of `calls` calls took, in ms."""
    waits = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        waits.append((time.perf_counter() - began) * 1000)
    return waits


def _figures(waits: list[float], whole_s: float) -> dict[str, float]:
    p95 = statistics.quantiles(waits, n=20)[-1]
    return {"p50": statistics.median(waits), "p95": p95, "per s": len(waits) / whole_s}


def in_threads(place: Place, calls: int, readers: int, measured: Measured) -> None:
    """Ask every route alone, the first time by itself, then from several threads of this process."""
    index = place.open()
    for what, call in routes(index).items():
        (first,) = ask(call, 1)
        ask(call, WARM_UP)
        began = time.perf_counter()
        waits = ask(call, calls)
        measured.cells[what, "1"] = _figures(waits, time.perf_counter() - began) | {"first": first}
        with ThreadPoolExecutor(readers) as pool:
            began = time.perf_counter()
            waits = [w for part in pool.map(lambda _, call=call: ask(call, calls), range(readers)) for w in part]
        measured.cells[what, f"{readers} threads"] = _figures(waits, time.perf_counter() - began)
    _close(index, lambda _: None)


def _process(place: Place, calls: int, gate: object, answers: object) -> None:
    for what, call in routes(place.open()).items():
        call()
        gate.wait()  # type: ignore[attr-defined]
        answers.put((what, ask(call, calls)))  # type: ignore[attr-defined]


def in_processes(place: Place, calls: int, readers: int, measured: Measured) -> None:
    """Ask every route from several processes, one route at a time."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(readers), context.Queue()
    asking = [context.Process(target=_process, args=(place, calls, gate, answers)) for _ in range(readers)]
    for process in asking:
        process.start()
    waits: dict[str, list[float]] = {}
    for _ in range(readers * len({what for what, who in measured.cells if who == "1"})):
        what, part = answers.get()
        waits.setdefault(what, []).extend(part)
    for process in asking:
        process.join()
    for what, of_route in waits.items():
        measured.cells[what, f"{readers} processes"] = _figures(of_route, sum(of_route) / 1000 / readers)


# --- the run -------------------------------------------------------------------------------------------


@contextmanager
def running(engine: str, url: str, heap: str, directory: Path) -> Iterator[Place]:
    """Give the place of an engine; a cluster that was started for it ends with it."""
    if engine == "embedded" or url:
        yield Place(engine, url if engine != "embedded" else str(directory))
        return
    (distribution,) = [one for one in distributions.ALL if one.product == engine]
    node = nodes.Node(distribution, heap=heap)
    try:
        yield Place(engine, node.ready(300).url)
    finally:
        node.stop()


def measure(place: Place, count: int, calls: int, readers: int) -> Measured:
    """Load an engine unless that is done, and ask it."""
    measured = Measured()
    if not _holds(place, count):
        load(place, count, measured)
    in_threads(place, calls, readers, measured)
    in_processes(place, calls, readers, measured)
    slowest, p95 = max(
        ((what, cell["p95"]) for (what, who), cell in measured.cells.items() if who == "1"), key=lambda pair: pair[1]
    )
    measured.notes.append(
        f"{place.engine}: the slowest route is {slowest!r}, with a p95 of {p95:.0f} ms for one reader "
        f"(target at 1,000,000 mentions: {TARGET_MS[place.engine]} ms); {place.size_mb():,.0f} MB on disk"
    )
    return measured


def _holds(place: Place, count: int) -> bool:
    if place.engine == "embedded" and not (Path(place.where) / "rebuilt").exists():
        return False
    found: list[int] = []
    _close(place.open(), lambda index: found.append(index.mentions()))
    return found == [count]


def side_by_side(by_engine: dict[str, Measured]) -> list[dict[str, object]]:
    """Return a row for what was asked and who asked, with the figures of every engine beside each other."""
    cells = list(dict.fromkeys(cell for measured in by_engine.values() for cell in measured.cells))
    names = ("first", "p50", "p95", "per s")
    return [
        {"what": what, "readers": who}
        | {
            f"{engine} {name}": by_engine[engine].cells.get((what, who), {}).get(name, "")
            for engine in by_engine
            for name in names
        }
        for what, who in cells
    ]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=100_000)
    parser.add_argument("--engine", default="embedded", help="one or several, with commas: embedded, opensearch, ...")
    parser.add_argument("--calls", type=int, default=30, help="calls of each reader on each route")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--url", default="", help="of a cluster that runs already; its index benchmark-* stays")
    parser.add_argument("--heap", default="2g", help="of a cluster that is started")
    parser.add_argument("--directory", type=Path, help="where the embedded index is, or is made and stays")
    given = parser.parse_args()
    by_engine: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for engine in given.engine.split(","):
            with running(engine, given.url, given.heap, given.directory or Path(temporary)) as place:
                by_engine[engine] = measure(place, given.mentions, given.calls, given.readers)
    notes = [
        f"{given.mentions:,} mentions; readers ask without a pause; first, p50, p95 in ms",
        "first: asked for the first time. Facets, charts and counts are remembered until the next commit",
        f"{WARM_UP} calls of a route come before those that are counted, since Java compiles while they last",
        *(note for measured in by_engine.values() for note in measured.notes),
    ]
    report("index", side_by_side(by_engine), notes)


if __name__ == "__main__":
    main()
