"""How fast the embedded index is at 100,000 mentions: loading, then each route of the dashboards under 8 readers.

    python -m benchmarks.index [--mentions 100000] [--calls 30] [--directory DIR]

Readers ask without a pause between two calls, all the same route at a time: as 8 threads of one process (so run
FastAPI's sync routes) and as 8 processes. With 2 cores a figure is about 4 times what one reader alone waits.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.report import report
from earshot import identity
from earshot.index.cursors import NEWEST, TimeCursor, save_cursor
from earshot.index.embedded import EmbeddedIndex
from earshot.model import Category, DateFrom, Evidence, Filters, Flag, Mention, SearchRequest, Sentiment, Severity
from earshot.ports import IndexWrite

READERS = 8
END = datetime(2026, 11, 20, tzinfo=UTC)
BRANDS = tuple(f"brand{n}" for n in range(20))
FACETS = ("sentiment", "category", "site", "author", "source_kind", "language", "flag", "status")
VOCABULARY = [
    f"{a}{b}{c}" for a in ("re", "pu", "ha", "mo", "ti", "so", "ka", "be") for b in "aeiou" for c in range(750)
]


def make_mentions(count: int, seed: int = 7) -> Iterator[Mention]:
    """Yield invented mentions of a year: words, sites and authors by Zipf, 10 to 1,500 words, half shorter than 90."""
    rng = random.Random(seed)
    weights = [1 / (n + 2) for n in range(len(VOCABULARY))]
    words = rng.choices(VOCABULARY, weights, k=400_000)
    sites = rng.choices(range(2_000), [1 / (n + 5) for n in range(2_000)], k=count)
    authors = rng.choices(range(20_000), [1 / (n + 50) for n in range(20_000)], k=count)
    for n in range(count):
        length = min(1_500, max(10, int(rng.lognormvariate(4.5, 0.9))))
        at = rng.randrange(len(words) - length)
        brand = BRANDS[min(int(rng.expovariate(0.25)), len(BRANDS) - 1)]
        text = f"{brand} " + " ".join(words[at : at + length])
        yield _make_mention(rng, n, brand, f"site{sites[n]}.example", f"author{authors[n]}", text)


def _make_mention(rng: random.Random, n: int, brand: str, site: str, author: str, text: str) -> Mention:
    document = identity.document_id(f"http://{site}/{n}")
    at = END - timedelta(seconds=rng.randrange(365 * 86_400))
    sentiment = rng.choices(list(Sentiment), (2, 6, 3))[0]
    flags = (Flag(f"rule{n % 7}", "A rule", Severity.WARNING, "sentiment:negative", ("broke",)),) * (n % 11 == 0)
    return Mention(
        id=identity.mention_id(document, brand),
        document_id=document,
        story_id=document,
        brand=brand,
        revision=1,
        url=f"http://{site}/{n}",
        site=site,
        title=" ".join(text.split()[:8]),
        text=text,
        author=author,
        source=site,
        source_kind=rng.choice(("feed", "sitemap")),
        collection="default",
        scope="public",
        published_at=at,
        published_at_from=DateFrom.FEED,
        found_at=END,
        language=rng.choice(("en", "en", "de", "es", "fr")),
        relevance=round(rng.uniform(0.3, 1), 2),
        sentiment=sentiment,
        sentiment_score=0.0,
        confidence=0.8,
        categories=tuple(rng.sample(list(Category), rng.randrange(3))),
        flags=flags,
        severity=Severity.WARNING if flags else None,
        evidence=(Evidence("text", 0, len(brand), "brand"),),
        brand_version="v1",
        model_version="m1",
    )


def routes(index: EmbeddedIndex) -> dict[str, Callable[[], object]]:
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
        "hours by sentiment, a year": lambda: index.hours(every, "sentiment"),
        "hours by sentiment, one brand, 30 days": lambda: index.hours(month, "sentiment"),
    }


def load(directory: Path, count: int) -> list[dict[str, object]]:
    """Fill an index by rebuild, and another by the relay's writes of 500."""
    mentions = list(make_mentions(count))
    index = EmbeddedIndex(directory / "rebuilt")
    began = time.perf_counter()
    index.rebuild(mentions[n : n + 500] for n in range(0, count, 500))
    rows = [_loaded("rebuild", count, began)]
    index = EmbeddedIndex(directory / "written")
    few, began = mentions[: count // 5], time.perf_counter()
    for n in range(0, len(few), 500):
        index.write([IndexWrite(m.id, m.revision, m) for m in few[n : n + 500]])
    rows.append(_loaded("write, 500 a commit", len(few), began))
    began = time.perf_counter()
    for n in range(0, len(few), 500):
        index.write([IndexWrite(m.id, 2, m) for m in few[n : n + 500]])
    rows.append(_loaded("write again, revision 2", len(few), began))
    return rows


def _loaded(what: str, count: int, began: float) -> dict[str, object]:
    rate = count / (time.perf_counter() - began)
    return {"what": what, "readers": "none", "p50 ms": 0.0, "p95 ms": 0.0, "per second": rate, "cpu ms": 0.0}


def ask(call: Callable[[], object], calls: int) -> list[float]:
    """Return how long each of `calls` calls took, in ms."""
    waits = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        waits.append((time.perf_counter() - began) * 1000)
    return waits


def _row(what: str, readers: str, waits: list[float], whole_s: float, cpu_s: float) -> dict[str, object]:
    """Return a line of the table; cpu ms, of one call, is what a busy machine leaves alone."""
    p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    rest = {"per second": len(waits) / whole_s, "cpu ms": cpu_s * 1000 / len(waits)}
    return {"what": what, "readers": readers, "p50 ms": p50, "p95 ms": p95} | rest


def in_threads(index: EmbeddedIndex, calls: int) -> list[dict[str, object]]:
    """Ask every route from 8 threads of this process."""
    rows = []
    for what, call in routes(index).items():
        call()
        began, cpu = time.perf_counter(), time.process_time()
        waits = ask(call, calls)
        rows.append(_row(what, "1 thread", waits, time.perf_counter() - began, time.process_time() - cpu))
        with ThreadPoolExecutor(READERS) as pool:
            began, cpu = time.perf_counter(), time.process_time()
            waits = [w for part in pool.map(lambda _, call=call: ask(call, calls), range(READERS)) for w in part]
            whole_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        rows.append(_row(what, f"{READERS} threads", waits, whole_s, cpu_s))
    return rows


def _process(directory: Path, calls: int, gate: object, answers: object) -> None:
    for what, call in routes(EmbeddedIndex(directory)).items():
        call()
        gate.wait()  # type: ignore[attr-defined]
        answers.put((what, ask(call, calls)))  # type: ignore[attr-defined]


def in_processes(directory: Path, calls: int) -> list[dict[str, object]]:
    """Ask every route from 8 processes, one route at a time."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(READERS), context.Queue()
    readers = [context.Process(target=_process, args=(directory, calls, gate, answers)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    waits: dict[str, list[float]] = {}
    for _ in range(READERS * len(routes(EmbeddedIndex(directory)))):
        what, part = answers.get()
        waits.setdefault(what, []).extend(part)
    for reader in readers:
        reader.join()
    return [_row(what, f"{READERS} processes", w, sum(w) / 1000 / READERS, 0.0) for what, w in waits.items()]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=30, help="calls of each reader on each route")
    parser.add_argument("--directory", type=Path, help="an index to ask, made before; nothing is loaded then")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = given.directory or Path(temporary)
        rows = [] if (directory / "rebuilt").exists() else load(directory, given.mentions)
        index = EmbeddedIndex(directory / "rebuilt")
        size_mb = sum(f.stat().st_size for f in (directory / "rebuilt").rglob("*") if f.is_file()) / 1e6
        rows += in_threads(index, given.calls) + in_processes(directory / "rebuilt", given.calls)
        notes = [
            f"{index.mentions():,} mentions, {size_mb:.0f} MB on disk",
            "readers ask without a pause",
            "facets and hours are remembered until the next commit: only their first asking costs",
        ]
    report("index", rows, notes)


if __name__ == "__main__":
    main()
