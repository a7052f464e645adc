"""Jobs of the upkeep: maintain with its alarms, status, erasure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from earshot import jobbook, leases
from earshot.config.cron import Cron
from earshot.errors import ConfigError, StorageError
from earshot.jobs.again import stale_mentions
from earshot.jobs.backing_up import keep_what_must_not_come_back, run_backup
from earshot.jobs.indexing import indexed_since, rebuild, run_keep, run_publish, run_wipe, why_rebuild
from earshot.jobs.opening import counted, noted, opened, report_dict
from earshot.operating import Alarm, JobState
from earshot.pipeline.erase import erase as erase_everywhere
from earshot.pipeline.maintain import freshness, integrity, retention
from earshot.pipeline.maintain.kinds import FRESHNESS, INTEGRITY, Kind
from earshot.ports import RecordReader
from earshot.present import plain
from earshot.wiring import Parts

PARTS = ("retention", "index", "integrity", "backup", "freshness")
"""The parts of `maintain`, in the order in which all of them are done; a backup only where a folder for it is named."""
_WIPING_S = 60.0
"""How long an erasure goes on cleaning files of the index; the next maintenance has no limit."""
NIGHTLY = ("retention", "index", "integrity", "backup")


def maintain_due(workspace: str) -> dict[str, Any]:
    """Return the parts of the night's maintenance that are due: those that did not run since then.

    Freshness is always due, and not among them. A night that was missed is made up for at the next look. Each of
    `parts` holds the arguments of `maintain`.
    """
    with opened(workspace) as parts:
        night = Cron(parts.workspace.settings.schedules.maintain_nightly, parts.workspace.settings.time_zone)
        with parts.record.read() as reader:
            due = [part for part in _wanted(parts, NIGHTLY) if _is_due(reader, part, night, parts.clock.now())]
    return {"parts": [{"part": part} for part in due]}


def _wanted(parts: Parts, names: Sequence[str]) -> list[str]:
    return [name for name in names if name != "backup" or parts.workspace.settings.backup.folder]


def _is_due(reader: RecordReader, part: str, night: Cron, now: datetime) -> bool:
    done = reader.job_runs(job="maintain", subject=part, states=[JobState.DONE, JobState.RUNNING], limit=1)
    return not done or night.next_after(done[0].started_at) <= now


def maintain(
    workspace: str, part: str = "", on_step: Callable[[retention.Retained], None] = lambda _: None
) -> dict[str, Any]:
    """Do one part of the upkeep: "retention", "index", "integrity", "backup" or "freshness"; "" is all, each under its
    name.

    Freshness says `open` (how many alarms are), `new` (`key`, `what`, `advice` of those that were not before, or,
    under a scheduler that mails operations, of those that they were not told of yet) and `ended` (how many);
    integrity the same of its own and its `findings`; retention what was dropped; index how many indices were `begun`
    and `dropped` on the cluster, what the login was `refused`, how many erased mentions were `wiped` out of the index's
    files, and how many are `unwiped`, and `why`.

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
            counts = report_dict(reader.counts())
            counts["alarms"] = len(reader.alarms(limit=freshness.ALL))
        behind = counts.pop("behind")
        try:
            mentions: int | None = parts.index.mentions()
        except StorageError:
            mentions = None
        index = {"engine": parts.index.engine, "mentions": mentions, "behind": behind}
        return {**counts, "stale": stale_mentions(parts), "index": index}


def erase(workspace: str, author: str = "", url: str = "", document: str = "") -> dict[str, Any]:
    """Erase an author, an address or a document everywhere; `says` what is clean now, and what will be by when."""
    with opened(workspace) as parts, noted(parts, "erase") as entry:
        run = partial(
            erase_everywhere,
            parts.record,
            parts.lake,
            partial(run_publish, parts),
            partial(run_wipe, parts, _WIPING_S),
            parts.clock,
        )
        report = run(author=author, url=url, document_id=document)
        if author:  # inside, the same person stands under a pseudonym
            inside = run(author=parts.pseudonyms.of(author))
            for name in ("documents", "mentions", "captures", "wiped"):
                setattr(inside, name, getattr(inside, name) + getattr(report, name))
            report = inside  # what is left is as it was found last
        keep_what_must_not_come_back(parts)
        entry.note = "" if report.is_clean else report.in_words(_next_night(parts))[1]
        return {**counted(entry, report), "says": report.in_words(_next_night(parts))}


def _next_night(parts: Parts) -> str:
    """Return when the next maintenance begins, in the workspace's zone."""
    settings = parts.workspace.settings
    at = Cron(settings.schedules.maintain_nightly, settings.time_zone).next_after(parts.clock.now())
    return f"{at.astimezone(ZoneInfo(settings.time_zone)):%A %H:%M}"


def run_maintain(
    parts: Parts,
    part: str = "",
    on_step: Callable[[retention.Retained], None] = lambda _: None,
    is_stopping: Callable[[], bool] = lambda: False,
    starter: str = jobbook.PROMPT,
) -> dict[str, Any]:
    """Do one part of the upkeep, or all of them."""
    with noted(parts, "maintain", part, starter) as entry:
        done = {
            name: _part(parts, name, on_step, is_stopping, starter)
            for name in ([part] if part else _wanted(parts, PARTS))
        }
        for answer in done.values():
            entry.count(answer | {"new": len(answer.get("new", ()))})
        return done[part] if part else done


def _part(
    parts: Parts,
    name: str,
    on_step: Callable[[retention.Retained], None],
    is_stopping: Callable[[], bool],
    starter: str,
) -> dict[str, Any]:
    record, workspace, clock = parts.record, parts.workspace, parts.clock
    if name == "retention":
        parts.lake.sweep()
        return report_dict(retention.retain(record, parts.lake, workspace, clock, on_step, is_stopping))
    if name == "backup":
        made, removed = run_backup(parts)
        return {"files": len(made.manifest.files) if made.manifest else 0, "removed": len(removed)}
    if name == "freshness":
        keep_what_must_not_come_back(parts)
        return _raised(parts, FRESHNESS, freshness.look(record, workspace, clock), starter)
    if name == "index":
        kept, wiped = run_keep(parts), run_wipe(parts)
        record.forget_deleted()
        indices = {"begun": int(bool(kept.begun)), "dropped": len(kept.dropped), "refused": kept.refused}
        return indices | report_dict(wiped)
    if why := why_rebuild(parts, is_thorough=True):
        rebuild(parts, why, starter)
    found = integrity.examine(record, parts.lake, parts.index, clock, leases.me(), indexed_since(parts))
    numbers = {"cut": found.cut, "repaired": found.repaired}
    findings = [plain(each) for each in found.findings]
    return {
        "findings": findings,
        "unjudged": plain(found.unjudged),
        **numbers,
        **_raised(parts, INTEGRITY, found.raised, starter),
    }


def _raised(parts: Parts, kinds: Collection[Kind], raised: freshness.Raised, starter: str) -> dict[str, Any]:
    """Return what a look at these kinds of alarms changed.

    Where operations are mailed (by a scheduler or by `earshot run`), `new` is what they do not know yet, whoever raised
    it: it is mailed again until the mail was taken. For everybody else it is what was raised now.
    """
    new: Iterable[Alarm] = raised.new
    is_mailed = starter == jobbook.RUN or jobbook.is_airflow(parts.environ)
    if parts.workspace.settings.operations_mail and is_mailed:
        with parts.record.read() as reader:
            open_ones = reader.alarms(limit=freshness.ALL)
        new = (each for each in open_ones if each.kind in kinds and not each.is_told)
    said = [{"key": each.key, "what": each.what, "advice": each.advice} for each in new]
    return {"open": raised.open, "new": said, "ended": raised.ended}
