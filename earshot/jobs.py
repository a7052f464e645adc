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

from earshot import jobbook, leases
from earshot.config.environment import environment
from earshot.config.schedule import write_schedule
from earshot.errors import ConfigError, StorageError
from earshot.model import SearchRequest
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.alert import alert as tell_what_is_due
from earshot.pipeline.collect import collect as collect_batch
from earshot.pipeline.erase import erase as erase_everywhere
from earshot.pipeline.maintain import freshness, integrity, retention
from earshot.pipeline.plan import know_sources
from earshot.pipeline.plan import plan as plan_batches
from earshot.pipeline.publish import Published
from earshot.pipeline.publish import publish as publish_outbox
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.pipeline.writing import Ingested
from earshot.present import mention_dict, plain
from earshot.wiring import Parts, open_parts

PARTS = ("retention", "integrity", "freshness")
"""The parts of `maintain`, in the order in which all of them are done."""


@contextmanager
def opened(workspace: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Parts]:
    """Open a workspace's parts for the length of one job."""
    parts = open_parts(Path(workspace), environment() if environ is None else environ)
    try:
        yield parts
    finally:
        parts.close()


def _noted(
    parts: Parts, job: str, subject: str = "", starter: str = jobbook.PROMPT
) -> AbstractContextManager[jobbook.Entry]:
    """Note this run of a job in the record, where the Operations page shows it."""
    url = parts.workspace.settings.airflow.url
    return jobbook.noted(
        parts.record, parts.clock, job, subject=subject, environ=parts.environ, airflow_url=url, starter=starter
    )


def schedule(workspace: str) -> dict[str, Any]:
    """Compile what a scheduler has to know of the workspace, write it to var/schedule.json and return it."""
    with opened(workspace) as parts:
        return write_schedule(parts.workspace)


def plan(workspace: str, most_batches: int | None = None) -> dict[str, Any]:
    """Lease what is due and write batch files, `collect.processes` at most unless said; return their paths.

    The leases outlive this process: they are the batches' until `collect` takes them over, or they run out.
    """
    with opened(workspace) as parts, _noted(parts, "plan") as entry:
        write_schedule(parts.workspace)
        with parts.record.write() as writer:
            know_sources(writer, parts.workspace, parts.clock.now())
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


def replay(workspace: str, on_capture: Callable[[Ingested], None] | None = None) -> dict[str, Any]:
    """Try every quarantined capture again."""
    with opened(workspace) as parts, _noted(parts, "replay") as entry:
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
        entry.count({"tried": len(waiting), "lost": lost})
        return {"tried": len(waiting), "lost": lost, **_told(entry, done)}


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


def maintain(
    workspace: str, part: str = "", on_step: Callable[[retention.Retained], None] = lambda _: None
) -> dict[str, Any]:
    """Do one part of the upkeep: "retention", "integrity" or "freshness"; "" is all three, each under its name.

    Freshness says `open` (how many alarms are), `new` (`key`, `what`, `advice` of those that were not before) and
    `ended` (how many); integrity the same of its own and its `findings`; retention what was dropped.

    Raises:
        ConfigError: there is no such part.
    """
    if part and part not in PARTS:
        raise ConfigError(f"there is no part {part!r}", where="maintain", advice=f"one of {', '.join(PARTS)}")
    with opened(workspace) as parts:
        return run_maintain(parts, part, on_step)


def alarms(workspace: str, everything: bool = False) -> dict[str, Any]:
    """Return `open`, how many alarms are, and `alarms`: the open ones oldest first, or all of them, latest seen first.

    Where nobody has looked for alarms lately, that is an alarm too.
    """
    with opened(workspace) as parts, parts.record.read() as reader:
        is_open = reader.alarms(limit=freshness.ALL)
        shown = reader.alarms(is_open=False, limit=freshness.ALL) if everything else is_open
        unwatched = freshness.not_watched(reader, parts.workspace, parts.clock.now())
    watch = [unwatched] if unwatched else []
    return {"open": len(is_open) + len(watch), "alarms": plain([*watch, *shown])}


def status(workspace: str) -> dict[str, Any]:
    """Return the counts of record and index."""
    with opened(workspace) as parts:
        with parts.record.write() as writer:
            writer.put_sources(parts.workspace.sources, parts.clock.now())
        with parts.record.read() as reader:
            counts = _plain(reader.counts())
            counts["alarms"] = len(reader.alarms(limit=freshness.ALL))
        behind = counts.pop("behind")
        try:
            mentions: int | None = parts.index.mentions()
        except StorageError:
            mentions = None
        return {**counts, "index": {"engine": parts.index.engine, "mentions": mentions, "behind": behind}}


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
        maintain=lambda part: run_maintain(parts, part, is_stopping=lambda: runner.is_stopping, starter=jobbook.RUN),
    )
    runner = Runner(stages, on_change)
    return runner


def run_maintain(
    parts: Parts,
    part: str = "",
    on_step: Callable[[retention.Retained], None] = lambda _: None,
    is_stopping: Callable[[], bool] = lambda: False,
    starter: str = jobbook.PROMPT,
) -> dict[str, Any]:
    """Do one part of the upkeep, or all three."""
    with _noted(parts, "maintain", part, starter) as entry:
        done = {name: _part(parts, name, on_step, is_stopping) for name in ([part] if part else PARTS)}
        for answer in done.values():
            entry.count(answer | {"new": len(answer.get("new", ()))})
        return done[part] if part else done


def _part(
    parts: Parts, name: str, on_step: Callable[[retention.Retained], None], is_stopping: Callable[[], bool]
) -> dict[str, Any]:
    record, workspace, clock = parts.record, parts.workspace, parts.clock
    if name == "retention":
        return _plain(retention.retain(record, parts.lake, workspace, clock, on_step, is_stopping))
    if name == "freshness":
        return _raised(freshness.look(record, workspace, clock))
    found = integrity.examine(record, parts.lake, parts.index, clock)
    findings = [plain(each) for each in found.findings]
    return {"findings": findings, "unjudged": plain(found.unjudged), "cut": found.cut, **_raised(found.raised)}


def _raised(raised: freshness.Raised) -> dict[str, Any]:
    new = [{"key": each.key, "what": each.what, "advice": each.advice} for each in raised.new]
    return {"open": raised.open, "new": new, "ended": raised.ended}


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
