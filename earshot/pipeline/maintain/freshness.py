"""Freshness: is everything heard, and does everything get through? Alarms are raised and ended, and levels noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from earshot import leases
from earshot.config.settings import Workspace
from earshot.operating import Alarm
from earshot.pipeline.maintain import restored
from earshot.pipeline.maintain.backlog import Limits, Space, backlog, disk_spaces, full_disks, stuck_relays
from earshot.pipeline.maintain.kinds import FRESHNESS, Kind, make_alarm
from earshot.pipeline.maintain.silence import Known, silence, silent_sources
from earshot.ports import Clock, Counts, Record, RecordReader
from earshot.upkeep import Backlogs

LATELY = timedelta(days=30)
"""Sources that spoke of a brand within this time are those that it is heard through."""
NOT_FETCHED = "sources not fetched"
"""The level that every look notes; its latest reading says when freshness was looked at last."""
ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Raised:
    """What a look changed. new: alarms that were not open before. open: how many are now, of all kinds."""

    open: int
    new: tuple[Alarm, ...]
    ended: int


def look(
    record: Record,
    workspace: Workspace,
    clock: Clock,
    spaces: Callable[[Workspace], Sequence[Space]] = disk_spaces,
    is_gone: Callable[[str], bool] = leases.is_gone,
) -> Raised:
    """Look once: raise what is new, end what is over, note the levels. Twice is once.

    Args:
        record: what is known, and where alarms and levels are kept.
        workspace: sources, brands and limits.
        clock: time.
        spaces: asks the disks.
        is_gone: tells whether the process that holds a lease has ended.
    """
    now = clock.now()
    with record.read() as reader:
        found, levels = _found(reader, workspace, now, is_gone, spaces(workspace))
    raised = raise_alarms(record, found, FRESHNESS, now)
    with record.write() as writer:
        writer.add_levels(levels, now)
    return raised


def raise_alarms(record: Record, found: Sequence[Alarm], kinds: Sequence[Kind], now: datetime) -> Raised:
    """Make these the open alarms of these kinds; the others stay as they are."""
    with record.write() as writer:
        before = {each.key for each in writer.alarms(limit=ALL)}
        new = writer.set_alarms(found, now, kinds)
        after = {each.key for each in writer.alarms(limit=ALL)}
    return Raised(len(after), tuple(new), len(before - after))


def not_watched(reader: RecordReader, workspace: Workspace, now: datetime) -> Alarm | None:
    """Return the alarm that nobody looks for alarms any more, or None. It is not kept: who would have raised it?"""
    patience = 2 * workspace.settings.freshness.waiting
    if reader.levels(NOT_FETCHED, now - patience):
        return None
    what = f"Nobody has looked for alarms for {int(patience.total_seconds() // 60)} min or more."
    return make_alarm(Kind.NOT_WATCHED, "", what, now)


def _found(
    reader: RecordReader,
    workspace: Workspace,
    now: datetime,
    is_gone: Callable[[str], bool],
    spaces: Sequence[Space],
) -> tuple[list[Alarm], Mapping[str, float]]:
    settings = workspace.settings.freshness
    open_keys = {each.key for each in reader.alarms(limit=ALL)}
    paused = {each.brand_id for each in reader.pauses()} | {each.id for each in workspace.brands if each.is_paused}
    listening, waiting = reader.listening(), reader.backlogs(now, paused)
    sources = {source.id: source for source in workspace.sources}
    silent = silent_sources(listening, sources, settings, now)
    brands = tuple(replace(each, is_paused=each.id in paused) for each in workspace.brands)
    spoke = reader.brand_sources(now - LATELY) if silent else {}
    known = Known(listening, silent, sources, brands, spoke, open_keys, settings, now)
    limits = Limits(settings, open_keys, now, has_mail=bool(workspace.settings.mail.host))
    found = [
        *silence(known),
        *backlog(waiting, reader.quarantined_since(now - timedelta(days=1)), limits),
        *stuck_relays(reader.held_leases(), is_gone, limits),
        *full_disks(spaces, limits),
        *filter(None, [restored.alarm(reader, now)]),
    ]
    not_fetched = sum(1 for each in reader.sources() if each.is_active and each.is_not_fetched)
    return found, _levels(reader.counts(), waiting, not_fetched)


def _levels(counts: Counts, waiting: Backlogs, not_fetched: int) -> dict[str, float]:
    return {
        "documents": counts.documents,
        "mentions": counts.mentions,
        "index behind": counts.behind,
        "notices pending": counts.notices.get("pending", 0),
        "deliveries pending": sum(counts.deliveries.get(state, 0) for state in ("pending", "claimed", "dot")),
        "frontier waiting": counts.frontier,
        "quarantined": counts.quarantined,
        "dead letters": counts.dead_letters,
        "unread files": waiting.unread.count,
        NOT_FETCHED: not_fetched,
    }
