"""How much more four processes write to one PostgreSQL than one does, through the functions of ingest.

    python -m benchmarks.writers [--captures 60] [--workers 1,4]

What is slow about a capture (reading, judging) is done before the clock starts; measured are the transactions. Between
each writer and the server stands a proxy that adds a network's way there and back, as before a server of its own; rows
of 0 ms are without it, and measure the processors of the machine too. `alone` is the same with one writer at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing as mp
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.report import report
from earshot.alerts.rules import RuleBook
from earshot.clock import SystemClock
from earshot.config.settings import Settings, Workspace
from earshot.model import Capture, CaptureRef, Outcome, Reading, Role, Source
from earshot.pipeline.reading import Origin, Reader, shared_names
from earshot.pipeline.writing import Work, write_capture
from earshot.pseudonyms import Pseudonyms
from earshot.query.recognise import BrandRecogniser
from earshot.record import SqlRecord
from tests.builders import make_brand, make_entry, make_rule, make_source
from tests.pipeline.world import WordJudge
from tests.postgresql.server import Server

BRANDS = tuple(
    make_brand(id=f"brand{n}", name=f"Halden{n}", rules=(make_rule(query="sentiment:negative"),)) for n in range(20)
)
SOURCES = tuple(make_source(id=f"site{n}", url=f"http://site{n}.example/feed") for n in range(40))
_SPACE = Workspace(Path(), Settings(), BRANDS, SOURCES)


def main() -> None:
    """Measure, print a table, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=60, help="of each worker")
    parser.add_argument("--workers", default="1,4")
    parser.add_argument("--way-ms", default="2,1,0", help="what the proxy adds each way")
    asked = parser.parse_args()
    counts = [int(each) for each in asked.workers.split(",")]
    rows: list[dict[str, Any]] = []
    server = Server()
    try:
        for way_ms in map(float, asked.way_ms.split(",")):
            for kind in ("beside", "alone"):
                for workers in counts:
                    rate = _measured(server, workers, asked.captures, way_ms, is_alone=kind == "alone")
                    base = next((row["rate"] for row in rows if (row["way_ms"], row["kind"]) == (way_ms, kind)), rate)
                    rows.append({"way_ms": way_ms, "kind": kind, "workers": workers, "rate": round(rate, 1)})
                    rows[-1]["times"] = round(rate / base, 2)
    finally:
        server.stop()
    report("writers", rows, ["way_ms: added by a proxy, each way; a capture is a page of one article"])


def _measured(server: Server, workers: int, captures: int, way_ms: float, *, is_alone: bool) -> float:
    """Return captures written a second, by all together."""
    context = mp.get_context("spawn")
    with server.database() as url, ExitStack() as ways:
        ports = [ways.enter_context(_proxy(context, url.port or 5432, way_ms)) for _ in range(workers)]
        record = SqlRecord(url.render_as_string(hide_password=False), SystemClock())
        record.migrate()
        with record.write() as writer:
            writer.put_sources(SOURCES, SystemClock().now())
            for number in range(workers):
                writer.add_file(f"file{number}", SystemClock().now())
        record.close()
        begin, took = context.Barrier(workers + 1), context.Queue()
        far = [url.set(port=port).render_as_string(hide_password=False) for port in ports]
        processes = [
            context.Process(target=_work, args=(far[number], number, captures, is_alone, begin, took))
            for number in range(workers)
        ]
        for process in processes:
            process.start()
        begin.wait()
        since = time.monotonic()
        for _ in processes:
            took.get()
        seconds = time.monotonic() - since
        for process in processes:
            process.join()
        return workers * captures / seconds


def _work(url: str, number: int, captures: int, is_alone: bool, begin: Any, took: Any) -> None:
    clock = SystemClock()
    book = RuleBook(BRANDS, "UTC", _SPACE.settings.alerts)
    reader = Reader(BrandRecogniser(BRANDS), WordJudge(), book, BRANDS, Pseudonyms("key"))
    works = [_prepared(reader, clock, number, each) for each in range(captures)]
    record = SqlRecord(url, clock)
    if is_alone:
        write = record.write
        record.write = lambda beside=False: write()  # type: ignore[method-assign,misc]  # noqa: ARG005
    with record.read() as opened:
        opened.counts()
    begin.wait()
    for work in works:
        write_capture(record, work, _SPACE, book, reader.judge, clock)
    took.put(number)
    record.close()


def _prepared(reader: Reader, clock: SystemClock, worker: int, number: int) -> Work:
    """Return a page with an article about a brand; every tenth is bad news of it."""
    source: Source = SOURCES[(worker * 7 + number) % len(SOURCES)]
    brand = BRANDS[(worker * 5 + number) % len(BRANDS)]
    words = " ".join(f"w{worker}x{number}y{each}" for each in range(120))
    url = f"http://{source.id}.example/{worker}/{number}"
    entry = make_entry(
        url=url,
        own_id="",
        title=f"{brand.name} {'broke' if number % 10 == 0 else 'ships'} w{worker}x{number}",
        text=f"{brand.name} writes. {words}",
        published_at=clock.now() - timedelta(hours=1),
    )
    ref = CaptureRef(f"file{worker}", number, 1, "d")
    capture = Capture(ref, url, url, 200, {}, clock.now(), f"page:{worker}-{number}", source.id, Role.PAGE)
    reading = Reading("html", entries=(entry,))
    prepared = reader.prepare(entry, Origin(capture, source), shared_names(reading))
    return Work(capture, source, None, reading=reading, prepared=(prepared,), outcome=Outcome.OK)


@contextmanager
def _proxy(context: Any, port: int, way_ms: float) -> Iterator[int]:
    """Yield the port under which the server is reached over a network of this length; its own port for none."""
    if not way_ms:
        yield port
        return
    ready = context.Queue()
    process = context.Process(target=_serve, args=(port, way_ms / 1000, ready), daemon=True)
    process.start()
    try:
        yield ready.get()
    finally:
        process.terminate()
        process.join()


def _serve(port: int, way_s: float, ready: Any) -> None:
    async def pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await asyncio.sleep(way_s)
            target.write(data)
            await target.drain()
        target.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, ours), pipe(theirs, writer), return_exceptions=True)

    async def serve() -> None:
        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
