"""One entry function per task: plain values in, a plain dict out. Airflow and the command line call the same.

Knows what a stage needs, not how it is shown.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from earshot import choices, jobbook, leases
from earshot.config.environment import environment
from earshot.days import day_span, day_start
from earshot.errors import ConfigError, StorageError
from earshot.model import SearchRequest
from earshot.pipeline import replay as replaying
from earshot.pipeline.account import account
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.alert import alert as tell_what_is_due
from earshot.pipeline.collect import collect as collect_batch
from earshot.pipeline.erase import erase as erase_everywhere
from earshot.pipeline.pace import checked_share
from earshot.pipeline.plan import plan as plan_batches
from earshot.pipeline.publish import Published
from earshot.pipeline.publish import publish as publish_outbox
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.reclassified import Reclassified
from earshot.pipeline.reclassify import Reclassify, Scope
from earshot.pipeline.replay import Replayed
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.pipeline.writing import Ingested
from earshot.present import mention_dict
from earshot.wiring import Parts, open_parts


@contextmanager
def opened(workspace: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Parts]:
    """Open a workspace's parts for the length of one job."""
    parts = open_parts(Path(workspace), environment() if environ is None else environ)
    try:
        yield parts
    finally:
        parts.close()


def _noted(parts: Parts, job: str, subject: str = "") -> AbstractContextManager[jobbook.Entry]:
    """Note this run of a job in the record, where the Operations page shows it."""
    url = parts.workspace.settings.airflow.url
    return jobbook.noted(parts.record, parts.clock, job, subject=subject, environ=parts.environ, airflow_url=url)


def plan(workspace: str, most_batches: int | None = None) -> dict[str, Any]:
    """Lease what is due and write batch files, `collect.processes` at most unless said; return their paths.

    The leases outlive this process: they are the batches' until `collect` takes them over, or they run out.
    """
    with opened(workspace) as parts, _noted(parts, "plan") as entry:
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
        items = sum(len(one.batch.items) for one in planned)
        entry.count({"batches": len(planned), "items": items})
        return {"batches": [str(one.file) for one in planned], "items": items}


def collect(workspace: str, batch_file: str) -> dict[str, Any]:
    """Run one batch; captures are left in the lake for ingest."""
    with opened(workspace) as parts, _noted(parts, "collect", Path(batch_file).parent.name) as entry:
        events = collect_batch(
            parts.record, parts.collector, parts.workspace, parts.clock, leases.me(), Path(batch_file)
        )
        kinds: dict[str, int] = {}
        for event in events:
            name = str(getattr(event, "outcome", type(event).__name__))
            kinds[name] = kinds.get(name, 0) + 1
        entry.count(kinds)
        return {"events": kinds}


def ingest(workspace: str, on_capture: Callable[[Ingested], None] | None = None) -> dict[str, Any]:
    """Ingest every capture of the lake that is not ingested yet."""
    with opened(workspace) as parts, _noted(parts, "ingest") as entry:
        done = Ingested()
        for name in parts.ingest.open_files():
            done.add(parts.ingest.file(name, on_capture))
        return _told(entry, done)


def publish(workspace: str) -> dict[str, Any]:
    """Bring what changed to the index."""
    with opened(workspace) as parts, _noted(parts, "publish") as entry:
        return _told(entry, run_publish(parts))


def alert(workspace: str) -> dict[str, Any]:
    """Judge late teasers and send what is due."""
    with opened(workspace) as parts, _noted(parts, "alert") as entry:
        return _told(entry, run_alert(parts))


def reindex(workspace: str) -> dict[str, Any]:
    """Build the index anew from the record."""
    with opened(workspace) as parts, _noted(parts, "reindex") as entry:
        mentions = reindex_all(parts.record, parts.index, parts.clock, leases.me())
        entry.count({"mentions": mentions})
        return {"mentions": mentions, **_told(entry, run_publish(parts))}


def reclassify(
    workspace: str,
    brand: str = "",
    since: str = "",
    until: str = "",
    write: bool = False,
    share: float = 0.5,
    on_progress: Callable[[Reclassified], None] | None = None,
) -> dict[str, Any]:
    """Judge documents of the record anew; say what enters, leaves and changes, and with `write` do it.

    Args:
        workspace: its folder.
        brand: id of the one whose mentions are judged; empty means all.
        since: first day, and `until` the day after the last: ISO dates in the workspace's zone, by date of
            publication; empty means no end.
        write: False only says what would be.
        share: of the time that it works; the rest is left to the live run. Above 0, at most 1.
        on_progress: called after each batch with the report as it stands.

    Raises:
        ConfigError: no such brand, date or share.
        StorageError: the brand is being reclassified already.
    """
    with opened(workspace) as parts:
        zone = parts.workspace.settings.time_zone
        scope = Scope(brand, day_start(since, zone, "since"), day_start(until, zone, "until"))
        if scope.since and scope.until and scope.since >= scope.until:
            raise ConfigError(f"nothing lies between {since} and {until}", where="until", advice="name a later day")
        if brand not in _stale(parts):  # what is left of a brand that was taken out is judged too: it leaves
            choices.check_brand(parts.workspace.brands, brand)
        stage = Reclassify(
            parts.record, parts.reader, parts.book, parts.workspace, parts.clock, parts.model_version, leases.me(),
            share=share,
        )  # fmt: skip
        with _noted(parts, "reclassify", brand) as entry:
            report = (stage.write if write else stage.look)(scope, on_progress)
            told = account(parts.record, report)
            entry.count(told)
            return told


def stale(workspace: str) -> dict[str, int]:
    """Return how many mentions of each brand were judged by an older version of it or of the model, by brand."""
    with opened(workspace) as parts:
        return _stale(parts)


def replay(
    workspace: str,
    day: str = "",
    collection: str = "",
    source: str = "",
    share: float = 0.5,
    on_capture: Callable[[Replayed], None] | None = None,
    *,
    quarantined: bool = False,
) -> dict[str, Any]:
    """Read captures again: those that were fetched on a day, or without `day` those in quarantine.

    Args:
        workspace: its folder.
        day: ISO date in the workspace's zone.
        collection: only sources of this collection.
        source: only this source.
        share: of the time that it works; the rest is left to the live run. Above 0, at most 1.
        on_capture: called after each capture with the report as it stands.
        quarantined: with `day`, only what of it is quarantined.

    Raises:
        ConfigError: no such day, collection, source or share.
    """
    with opened(workspace) as parts:
        checked_share(share)
        names = choices.chosen_sources(parts.workspace.sources, collection, source)
        if day:
            since, until = day_span(day, parts.workspace.settings.time_zone, "day")
            waiting = replaying.of_time(parts.record, since, until, names, is_quarantined=quarantined)
        else:
            waiting = replaying.quarantined(parts.record, names if collection or source else None)
        with _noted(parts, "replay", " ".join(filter(None, (day, collection or source)))) as entry:
            return _replay(parts, entry, waiting, share, on_capture)


def replay_one(workspace: str, quarantine_id: str) -> dict[str, Any]:
    """Try one quarantined capture again; one that has left the quarantine meanwhile is not tried."""
    with opened(workspace) as parts, _noted(parts, "replay") as entry:
        waiting = replaying.quarantined(parts.record, quarantine_id=quarantine_id or "none")
        return _replay(parts, entry, waiting, 1.0, None)


def _replay(
    parts: Parts,
    entry: jobbook.Entry,
    waiting: list[replaying.Waiting],
    share: float,
    on_capture: Callable[[Replayed], None] | None,
) -> dict[str, Any]:
    report = replaying.replay(
        parts.record, parts.lake, parts.ingest, parts.clock, waiting, share=share, on_capture=on_capture
    )
    numbers = {"tried": report.tried, "lost": report.lost}
    entry.count(numbers)
    return numbers | _told(entry, report.ingested)


def _stale(parts: Parts) -> dict[str, int]:
    versions = {brand.id: brand.version for brand in parts.workspace.brands}
    with parts.record.read() as reader:
        return reader.stale(versions, parts.model_version)


def erase(workspace: str, author: str = "", url: str = "", document: str = "") -> dict[str, Any]:
    """Erase an author, an address or a document everywhere."""
    with opened(workspace) as parts, _noted(parts, "erase") as entry:
        run = partial(erase_everywhere, parts.record, parts.lake, partial(run_publish, parts), parts.clock)
        report = run(author=author, url=url, document_id=document)
        if author:  # inside, the same person stands under a pseudonym
            inside = run(author=parts.pseudonyms.of(author))
            report.documents += inside.documents
            report.mentions += inside.mentions
            report.captures += inside.captures
        return _told(entry, report)


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
        index = {"engine": parts.index.engine, "mentions": mentions, "behind": behind}
        return {**counts, "stale": _stale(parts), "index": index}


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
    return tell_what_is_due(
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


def _told(entry: jobbook.Entry, report: Any) -> dict[str, Any]:
    """Note a report's numbers and return it as plain values."""
    plain = _plain(report)
    entry.count(plain)
    return plain


def _plain(report: Any) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "ended"}
