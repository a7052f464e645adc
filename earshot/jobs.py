"""One entry function per task: plain values in, a plain dict out. Airflow and the command line call the same.

Knows what a stage needs, not how it is shown.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from earshot import leases
from earshot.clock import SystemClock
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import SearchRequest
from earshot.pipeline.alert import AlertReport, alert
from earshot.pipeline.collect import collect as collect_batch
from earshot.pipeline.erase import erase as erase_everywhere
from earshot.pipeline.plan import plan as plan_batches
from earshot.pipeline.publish import Published
from earshot.pipeline.publish import publish as publish_outbox
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.pipeline.writing import Ingested
from earshot.present import mention_dict
from earshot.wiring import Parts, make_cluster_index, open_parts


@contextmanager
def opened(workspace: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Parts]:
    """Open a workspace's parts for the length of one job."""
    parts = open_parts(Path(workspace), environment() if environ is None else environ)
    try:
        yield parts
    finally:
        parts.close()


def plan(workspace: str, most_batches: int | None = None) -> dict[str, Any]:
    """Lease what is due and write batch files, `collect.processes` at most unless said; return their paths.

    The leases outlive this process: they are the batches' until `collect` takes them over, or they run out.
    """
    with opened(workspace) as parts:
        with parts.record.write() as writer:
            writer.put_sources(parts.workspace.sources, parts.clock.now())
        planned = plan_batches(
            parts.record,
            parts.workspace,
            parts.clock,
            f"planned/{secrets.token_hex(8)}",
            parts.limits,
            most_batches=most_batches or parts.workspace.settings.collect.processes,
        )
        return {"batches": [str(one.file) for one in planned], "items": sum(len(one.batch.items) for one in planned)}


def collect(workspace: str, batch_file: str) -> dict[str, Any]:
    """Run one batch; captures are left in the lake for ingest."""
    with opened(workspace) as parts:
        events = collect_batch(
            parts.record, parts.collector, parts.workspace, parts.clock, leases.me(), Path(batch_file)
        )
        kinds: dict[str, int] = {}
        for event in events:
            name = str(getattr(event, "outcome", type(event).__name__))
            kinds[name] = kinds.get(name, 0) + 1
        return {"events": kinds}


def ingest(workspace: str, on_capture: Callable[[Ingested], None] | None = None) -> dict[str, Any]:
    """Ingest every capture of the lake that is not ingested yet."""
    with opened(workspace) as parts:
        done = Ingested()
        for name in parts.ingest.open_files():
            done.add(parts.ingest.file(name, on_capture))
        return _plain(done)


def publish(workspace: str) -> dict[str, Any]:
    """Bring what changed to the index."""
    with opened(workspace) as parts:
        return _plain(run_publish(parts))


def tell(workspace: str) -> dict[str, Any]:
    """Judge late teasers and send what is due."""
    with opened(workspace) as parts:
        return _plain(run_alert(parts))


def reindex(workspace: str) -> dict[str, Any]:
    """Build the index anew from the record."""
    with opened(workspace) as parts:
        mentions = reindex_all(parts.record, parts.index, parts.clock, leases.me())
        return {"mentions": mentions, **_plain(run_publish(parts))}


def replay(workspace: str, on_capture: Callable[[Ingested], None] | None = None) -> dict[str, Any]:
    """Try every quarantined capture again."""
    with opened(workspace) as parts:
        with parts.record.read() as reader:
            waiting = reader.quarantine()
        done, lost = Ingested(), 0
        for one in waiting:
            try:
                result = parts.ingest.replay(one.ref, one.id)
            except StorageError:
                lost += 1
                continue
            done.add(result)
            if on_capture:
                on_capture(result)
        return {"tried": len(waiting), "lost": lost, **_plain(done)}


def erase(workspace: str, author: str = "", url: str = "", document: str = "") -> dict[str, Any]:
    """Erase an author, an address or a document everywhere."""
    with opened(workspace) as parts:
        run = partial(erase_everywhere, parts.record, parts.lake, partial(run_publish, parts), parts.clock)
        report = run(author=author, url=url, document_id=document)
        if author:  # inside, the same person stands under a pseudonym
            inside = run(author=parts.pseudonyms.of(author))
            report.documents += inside.documents
            report.mentions += inside.mentions
            report.captures += inside.captures
        return _plain(report)


def status(workspace: str) -> dict[str, Any]:
    """Return the counts of record and index."""
    with opened(workspace) as parts:
        with parts.record.write() as writer:
            writer.put_sources(parts.workspace.sources, parts.clock.now())
        with parts.record.read() as reader:
            counts = _plain(reader.counts())
        behind = counts.pop("behind")
        try:
            mentions: int | None = parts.index.mentions()
        except StorageError:
            mentions = None
        return {**counts, "index": {"engine": parts.index.engine, "mentions": mentions, "behind": behind}}


def index_server(workspace: Workspace) -> str:
    """Return which product in which version answers as the search cluster; empty where there is none.

    Raises:
        ConfigError: it is not what the settings say, or refuses the login.
        StorageError: it does not answer.
    """
    if workspace.settings.index.engine == "embedded":
        return ""
    with closing(make_cluster_index(workspace, SystemClock())) as index:
        return str(index.server())


def search(workspace: str, query: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the mentions that match, newest first, with the fields of the index."""
    with opened(workspace) as parts:
        cursor, left = "", limit
        zone = parts.workspace.settings.time_zone
        while left is None or left > 0:
            size = 200 if left is None else min(200, left)
            page = parts.index.search(SearchRequest(query, size=size, cursor=cursor, time_zone=zone))
            yield from (mention_dict(hit.mention) for hit in page.hits)
            left = None if left is None else left - len(page.hits)
            cursor = page.next_cursor
            if not cursor:
                return


def make_runner(parts: Parts, on_change: Callable[[RoundReport], None] | None = None) -> Runner:
    """Return the runner of a workspace's stages."""
    stages = Stages(
        record=parts.record,
        collector=parts.collector,
        ingest=parts.ingest,
        publish=partial(run_publish, parts),
        alert=lambda: run_alert(parts, lambda: runner.is_stopping),
        workspace=parts.workspace,
        limits=parts.limits,
        clock=parts.clock,
        owner=leases.me(),
    )
    runner = Runner(stages, on_change)
    return runner


def run_publish(parts: Parts) -> Published:
    """Run the index relay once."""
    return publish_outbox(parts.record, parts.index, parts.clock, leases.me())


def run_alert(parts: Parts, is_stopping: Callable[[], bool] = lambda: False) -> AlertReport:
    """Run the alert stage once; `is_stopping` is asked before each mail."""
    return alert(
        parts.record,
        parts.mailer,
        parts.ledger,
        parts.renderer,
        parts.book,
        parts.workspace.settings,
        parts.clock,
        leases.me(),
        is_stopping,
    )


def _plain(report: Any) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "ended"}
