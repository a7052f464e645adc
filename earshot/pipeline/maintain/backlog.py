"""What waits for too long, and disks that fill up. Pure: told what the record knows, it names alarms.

What is counted or measured alarms above a limit, and ends only below half of it (a disk: above one and a half), so
that nothing flaps at a border. What waits by age ends when nothing that old waits.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from earshot.config.settings import FreshnessSettings, Workspace
from earshot.operating import Alarm
from earshot.pipeline.calling import PREFIX as CALLS
from earshot.pipeline.maintain.kinds import Kind, in_words, make_alarm
from earshot.upkeep import Backlogs, HeldLease, Waiting

GB = 1024**3
_ROOM_AGAIN = 1.5


@dataclass(frozen=True, slots=True)
class Space:
    """The disk that something lies on."""

    what: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much, now. has_mail: a mail server is named; without one notices wait on purpose."""

    settings: FreshnessSettings
    open_keys: Collection[str]
    now: datetime
    has_mail: bool = True

    def is_open(self, kind: Kind, subject: str = "") -> bool:
        """Tell whether this alarm is open already."""
        return (f"{kind}: {subject}" if subject else str(kind)) in self.open_keys

    def is_above(self, value: float, limit: float, kind: Kind) -> bool:
        """Tell whether a number is too high; once it was, half of that still is."""
        return value > limit / (2 if self.is_open(kind) else 1)

    def is_late(self, waiting: Waiting) -> bool:
        """Tell whether the first of what waits has waited for too long."""
        return waiting.since is not None and self.now - waiting.since > self.settings.waiting


def backlog(backlogs: Backlogs, set_aside: int, limits: Limits) -> list[Alarm]:
    """Return the alarms of what waits. set_aside: captures that were quarantined within the last day."""
    found = [*_index(backlogs.index, limits), *_mail(backlogs, limits), *_unread(backlogs.unread, limits)]
    if limits.is_above(set_aside, limits.settings.quarantined, Kind.QUARANTINE_GROWING):
        what = f"{set_aside} captures were set aside within a day, {backlogs.quarantined.count} in all."
        found.append(make_alarm(Kind.QUARANTINE_GROWING, "", what, limits.now))
    if letters := backlogs.dead_letters.count:
        what = f"The index refuses {_many(letters, 'mention')}."
        found.append(make_alarm(Kind.DEAD_LETTERS, "", what, limits.now))
    return found


def _index(index: Waiting, limits: Limits) -> Iterable[Alarm]:
    if limits.is_late(index) or limits.is_above(index.count, limits.settings.index_behind, Kind.INDEX_BEHIND):
        what = f"{_many(index.count, 'mention')} wait for the index, the first for {_age(index, limits.now)}."
        yield make_alarm(Kind.INDEX_BEHIND, "", what, limits.now)


def _mail(backlogs: Backlogs, limits: Limits) -> Iterable[Alarm]:
    waiting = {"notice": backlogs.notices, "mail": backlogs.deliveries}
    late = {name: each for name, each in waiting.items() if limits.is_late(each)}
    if late and limits.has_mail:
        parts = [f"{_many(each.count, name)}, the first for {_age(each, limits.now)}" for name, each in late.items()]
        yield make_alarm(Kind.MAIL_WAITING, "", f"Due and not sent: {'; '.join(parts)}.", limits.now)


def _unread(unread: Waiting, limits: Limits) -> Iterable[Alarm]:
    if limits.is_late(unread):
        what = f"{_many(unread.count, 'lake file')} not read, the first for {_age(unread, limits.now)}."
        yield make_alarm(Kind.CAPTURES_UNREAD, "", what, limits.now)


def stuck_relays(held: Sequence[HeldLease], is_gone: Callable[[str], bool], limits: Limits) -> list[Alarm]:
    """Return alarms of relays whose lease ran out while its holder is still there and gave nothing back.

    A holder that is known to have ended is no trouble: the next relay takes over at once. Leases of hosts are none
    either: the next plan takes them, and where the source has left the workspace nobody wants them. Nor are calls.
    """
    return [
        make_alarm(Kind.RELAY_STUCK, each.name, f"{each.owner} has let its lease of {each.name} run out.", limits.now)
        for each in held
        if limits.now - each.until > limits.settings.waiting
        and not each.name.startswith(CALLS)
        and not is_gone(each.owner)
    ]


def full_disks(spaces: Sequence[Space], limits: Limits) -> list[Alarm]:
    """Return alarms of disks with too little free space, in percent or in GB."""
    found = []
    for each in spaces:
        more = _ROOM_AGAIN if limits.is_open(Kind.DISK_NEARLY_FULL, each.what) else 1
        percent, gb = 100 * each.free_bytes / max(each.total_bytes, 1), each.free_bytes / GB
        if percent < limits.settings.disk_percent * more or gb < limits.settings.disk_gb * more:
            what = f"The disk of the {each.what} has {gb:.1f} GB free, {percent:.0f} % of it."
            found.append(make_alarm(Kind.DISK_NEARLY_FULL, each.what, what, limits.now))
    return found


def disk_spaces(workspace: Workspace) -> list[Space]:
    """Return the disks of this machine that a workspace writes to, each once, named by what lies there."""
    places = {"workspace": workspace.var}
    if "://" not in workspace.lake_url:
        places["lake"] = Path(workspace.lake_url)
    spaces: dict[int, Space] = {}
    for what, path in places.items():
        there = next((each for each in (path, *path.parents) if each.exists()), None)
        if there is not None:
            usage = shutil.disk_usage(there)
            spaces.setdefault(there.stat().st_dev, Space(what, usage.free, usage.total))
    return list(spaces.values())


def _age(waiting: Waiting, now: datetime) -> str:
    return in_words(now - waiting.since) if waiting.since else "0 min"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
