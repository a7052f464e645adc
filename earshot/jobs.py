"""One entry function per task: plain values in, a plain dict out. Airflow and the command line call the same.

Knows what a stage needs, not how it is shown.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from earshot import choices, jobbook, leases
from earshot import trouble as trouble_mail
from earshot.briefs import Day, last_day
from earshot.clock import SystemClock
from earshot.config.cron import Cron
from earshot.config.environment import environment
from earshot.config.schedule import write_schedule
from earshot.config.settings import Workspace
from earshot.days import day_span, day_start
from earshot.errors import ConfigError, EarshotError, StorageError
from earshot.model import FilePublished, SearchRequest
from earshot.operating import Alarm, JobRun, JobState
from earshot.pipeline import replay as replaying
from earshot.pipeline.account import account
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.alert import alert as tell_what_is_due
from earshot.pipeline.alert import judge as judge_what_is_late
from earshot.pipeline.brief import briefs_due as due_briefs
from earshot.pipeline.brief import figures_of
from earshot.pipeline.brief import make_brief as make_one_brief
from earshot.pipeline.collect import collect as collect_batch
from earshot.pipeline.erase import erase as erase_everywhere
from earshot.pipeline.maintain import freshness, integrity, retention
from earshot.pipeline.pace import checked_share
from earshot.pipeline.plan import know_sources
from earshot.pipeline.plan import plan as plan_batches
from earshot.pipeline.publish import Published
from earshot.pipeline.publish import publish as publish_outbox
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.reclassified import Reclassified
from earshot.pipeline.reclassify import Reclassify, Scope
from earshot.pipeline.replay import Replayed
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.pipeline.writing import Ingested
from earshot.ports import RecordReader
from earshot.present import mention_dict, plain
from earshot.wiring import Parts, make_cluster_index, open_parts

PARTS = ("retention", "integrity", "freshness")
"""The parts of `maintain`, in the order in which all of them are done."""
NIGHTLY = ("retention", "integrity")


@contextmanager
def opened(workspace: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Parts]:
    """Open a workspace's parts for the length of one job."""
    parts = open_parts(Path(workspace), environment() if environ is None else environ)
    try:
        yield parts
    finally:
        parts.close()


def last_run_id() -> str:
    """Return the id under which this process's last job stands in the record, or ""."""
    return jobbook.last_run_id()


def trouble(workspace: str, dag: str, run: str) -> dict[str, Any]:
    """Return the mail to operations for a failed run of a scheduler: `sender`, `subject`, `html`, and if it `is_news`.

    sender: None where the workspace names none, or cannot be read.

    It needs as little as can be: where record or workspace are what failed, it says so.
    """
    failed: list[JobRun] = []
    alarms: list[Alarm] = []
    pages = run_url = sender = ""
    try:
        with opened(workspace) as parts:
            airflow, pages = parts.workspace.settings.airflow.url.rstrip("/"), parts.workspace.pages_url
            sender = parts.workspace.settings.mail.sender
            run_url = f"{airflow}/dags/{quote(dag, safe='')}/runs/{quote(run, safe='')}" if airflow else ""
            with parts.record.read() as reader:
                since = parts.clock.now() - timedelta(hours=1)
                failed = reader.job_runs(states=[JobState.FAILED], since=since, limit=10)
                alarms = reader.alarms()
    except EarshotError as error:
        failed = [JobRun("", "the workspace", "", JobState.FAILED, "", SystemClock().now(), reason=str(error))]
    mail = trouble_mail.compose(dag, failed, alarms, pages, run_url)
    is_news = trouble_mail.is_news(Path(workspace) / "var" / "told", mail, dag)
    return {"sender": sender or None, "subject": mail.subject, "html": mail.html, "is_news": is_news}


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


def plan(workspace: str, most_batches: int | None = None, *, by_collection: bool = False) -> dict[str, Any]:
    """Lease what is due and write batch files, `collect.processes` at most unless said; return them with a label each.

    by_collection: that many for each collection, so that a scheduler shows them apart.
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
            by_collection=by_collection,
        )
        items = sum(len(one.batch.items) for one in planned)
        entry.count({"batches": len(planned), "items": items})
        return {"batches": [{"batch_file": str(one.file), "label": one.label} for one in planned], "items": items}


def collect(workspace: str, batch_file: str, label: str = "") -> dict[str, Any]:
    """Run one batch; captures are left in the lake for ingest, in the `files` that are returned."""
    with opened(workspace) as parts, _noted(parts, "collect", label or Path(batch_file).parent.name) as entry:
        events = collect_batch(
            parts.record, parts.collector, parts.workspace, parts.clock, leases.me(), Path(batch_file)
        )
        kinds: dict[str, int] = {}
        files = []
        for event in events:
            name = str(getattr(event, "outcome", type(event).__name__))
            kinds[name] = kinds.get(name, 0) + 1
            if isinstance(event, FilePublished):
                files.append(event.file)
        entry.count(kinds)
        return {"events": kinds, "files": files}


def unread(workspace: str, most: int = 4) -> dict[str, Any]:
    """Return files of captures that nobody has read yet, shared out into at most `most` parts of about equal number."""
    with opened(workspace) as parts:
        files = parts.ingest.open_files()
        shares = [files[start::most] for start in range(min(most, len(files)))]
        return {"parts": [{"files": share, "label": f"{len(share)} of {len(files)} files"} for share in shares]}


def ingest(
    workspace: str,
    files: Sequence[str] | None = None,
    label: str = "",
    on_capture: Callable[[Ingested], None] | None = None,
) -> dict[str, Any]:
    """Ingest these files of captures, or where None every one of the lake that is not ingested yet. Twice is once."""
    with opened(workspace) as parts, _noted(parts, "ingest", label) as entry:
        done = Ingested()
        for name in parts.ingest.open_files() if files is None else files:
            done.add(parts.ingest.file(name, on_capture))
        return _told(entry, done)


def publish(workspace: str) -> dict[str, Any]:
    """Bring what changed to the index."""
    with opened(workspace) as parts, _noted(parts, "publish") as entry:
        return _told(entry, run_publish(parts))


def waiting(workspace: str) -> dict[str, Any]:
    """Return what a scheduler is to start now: brands with something to tell (`alert`), or with a brief due."""
    return {"alert": judge(workspace)["brands"], "brief": briefs_due(workspace)["brands"]}


def maintain_due(workspace: str) -> dict[str, Any]:
    """Return the parts of maintenance that are due: freshness always, the others if they did not run since the night.

    A night that was missed is made up for at the next look. Each of `parts` holds the arguments of `maintain`.
    """
    with opened(workspace) as parts:
        night = Cron(parts.workspace.settings.schedules.maintain_nightly, parts.workspace.settings.time_zone)
        with parts.record.read() as reader:
            due = ["freshness", *(part for part in NIGHTLY if _is_due(reader, part, night, parts.clock.now()))]
    return {"parts": [{"part": part} for part in due]}


def _is_due(reader: RecordReader, part: str, night: Cron, now: datetime) -> bool:
    done = reader.job_runs(job="maintain", subject=part, states=[JobState.DONE, JobState.RUNNING], limit=1)
    return not done or night.next_after(done[0].started_at) <= now


def judge(workspace: str) -> dict[str, Any]:
    """Judge late teasers; return the brands that have something to tell now, for a scheduler to start `alert` for."""
    with opened(workspace) as parts, _noted(parts, "judge") as entry:
        judged, brands = judge_what_is_late(parts.record, parts.book, parts.workspace.settings, parts.clock)
        entry.count({"incidents": judged.incidents, "notices": judged.notices, "brands": len(brands)})
        return {"brands": brands}


def alert(workspace: str, brand: str = "") -> dict[str, Any]:
    """Judge late teasers and send what is due: one brand's, or, where `brand` is empty, every brand's.

    Of a paused brand nobody is told; where it was named, "skipped" says why.

    Raises:
        ConfigError: neither the workspace nor a notice in the record knows this brand.
    """
    with opened(workspace) as parts, _noted(parts, "alert", brand) as entry:
        if brand:
            _known(parts, brand)
        return _alerted(entry, run_alert(parts, brand=brand), brand)


def brief(workspace: str, brand: str = "", day: str = "") -> dict[str, Any]:
    """Make a brand's brief of a day and mail it, each recipient's once. A brief made twice is one mail.

    Args:
        workspace: its folder.
        brand: id; empty means every brand of the workspace, one after another, and the answer holds `briefs`.
        day: like 2026-11-23, a day of the workspace's time zone that is over; empty means the last whole one.

    Raises:
        ConfigError: there is no such brand, or the day is none or not over.
    """
    if not brand:
        with opened(workspace) as parts:
            names = [each.id for each in parts.workspace.brands]
        return {"briefs": [brief(workspace, name, day) for name in names]}
    with opened(workspace) as parts, _noted(parts, "brief", brand) as entry:
        which, on = parts.brand(brand), brief_day(parts, day)
        if not parts.workspace.settings.mail.host:
            entry.skipped = "no mail server is set (mail.host)"
            return {"brand": brand, "day": str(on.date), "skipped": entry.skipped}
        made = make_one_brief(parts.record, parts.workspace.brands, which, on, parts.clock)
        told: dict[str, Any] = {"brand": brand, "day": str(on.date), "made": int(made.is_new), "notices": made.notices}
        entry.count(told)
        if made.skipped:
            entry.skipped = made.skipped
            return told | {"skipped": made.skipped}
        report = _alerted(entry, run_alert(parts, brand=brand), brand)
        return report | told | {"brief": made.brief.id if made.brief else ""}


def briefs_due(workspace: str) -> dict[str, Any]:
    """Return the brands whose brief of the last whole day is due and not made yet, for a scheduler to start."""
    with opened(workspace) as parts:
        return {"brands": due_briefs(parts.record, parts.workspace.brands, parts.workspace.settings, parts.clock)}


def preview_brief(workspace: str, brand: str, day: str = "") -> str:
    """Return the plain text of a brand's brief as its first recipient would get it. Nothing is written or sent.

    One that was made already is shown with the figures it was made with.

    Raises:
        ConfigError: as for `brief`.
    """
    from earshot.alerts.previews import preview

    with opened(workspace) as parts:
        which, on = parts.brand(brand), brief_day(parts, day)
        with parts.record.read() as reader:
            figures = figures_of(reader, parts.workspace.brands, which, on)
            return preview(reader, figures, which, parts.book, parts.workspace.settings)


def brief_day(parts: Parts, day: str) -> Day:
    """Return a day of the workspace's time zone; empty means the last whole one.

    Raises:
        ConfigError: it is no day, or not over yet.
    """
    last = last_day(parts.clock.now(), ZoneInfo(parts.workspace.settings.time_zone))
    if not day:
        return last
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"{day!r} is no day", advice="write it like 2026-11-23") from None
    if on > last.date:
        raise ConfigError(f"{on} is not over yet", advice=f"the last whole day is {last.date}")
    return Day(on, last.zone)


def pause(workspace: str, brand: str, by: str = "at the prompt") -> dict[str, Any]:
    """Pause a brand: it is heard and shown as ever, and nobody is told until `resume`. Twice is once.

    Raises:
        ConfigError: there is no such brand.
    """
    with opened(workspace) as parts, _noted(parts, "pause", brand):
        which = parts.brand(brand)
        with parts.record.write() as writer:
            writer.pause_brand(which.id, by, parts.clock.now())
        return {"brand": which.id, "paused": True}


def resume(workspace: str, brand: str) -> dict[str, Any]:
    """End a brand's pause: what is still news is told by the next run. Twice is once.

    Returns "paused": True where the brand's file says `paused: true` all the same.

    Raises:
        ConfigError: there is no such brand.
    """
    with opened(workspace) as parts, _noted(parts, "resume", brand):
        which = parts.brand(brand)
        with parts.record.write() as writer:
            writer.resume_brand(which.id)
        return {"brand": which.id, "paused": which.is_paused}


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
        index = {"engine": parts.index.engine, "mentions": mentions, "behind": behind}
        return {**counts, "stale": _stale(parts), "index": index}


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
        brief=partial(run_briefs, parts),
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


def run_briefs(parts: Parts) -> int:
    """Make the briefs that are due, each noted as a job of its own; return how many. The alert stage mails them."""
    settings, brands = parts.workspace.settings, parts.workspace.brands
    due = due_briefs(parts.record, brands, settings, parts.clock)
    for brand_id in due:
        with _noted(parts, "brief", brand_id) as entry:
            day = last_day(parts.clock.now(), ZoneInfo(settings.time_zone))
            made = make_one_brief(parts.record, brands, parts.brand(brand_id), day, parts.clock)
            entry.skipped = made.skipped
            entry.count({"made": int(made.is_new), "notices": made.notices})
    return len(due)


def run_alert(parts: Parts, is_stopping: Callable[[], bool] = lambda: False, *, brand: str = "") -> AlertReport:
    """Run the alert stage once, for one brand or for all; `is_stopping` is asked before each mail."""
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
        brand_id=brand,
    )


def _known(parts: Parts, brand: str) -> None:
    """Take a brand of the workspace, or one that left it with notices behind.

    Raises:
        ConfigError: neither.
    """
    if any(each.id == brand for each in parts.workspace.brands):
        return
    with parts.record.read() as reader:
        if not any(notice.brand_id == brand for notice in reader.all_notices()):
            parts.brand(brand)


def _alerted(entry: jobbook.Entry, report: AlertReport, brand: str) -> dict[str, Any]:
    plain = _told(entry, report)
    plain.pop("why_paused")
    if not brand or not report.why_paused:
        return plain
    entry.skipped = report.why_paused
    return plain | {"skipped": report.why_paused}


def _told(entry: jobbook.Entry, report: Any) -> dict[str, Any]:
    """Note a report's numbers and return it as plain values."""
    plain = _plain(report)
    entry.count(plain)
    return plain


def _plain(report: Any) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "ended"}
