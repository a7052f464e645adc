"""Collecting as a stream: what comes due is given to spider processes that work on, host by host, and never waited for.

A host is leased as long as it is visited, and free again as soon as all that was wanted of it has come to its end,
whatever the others do. What happens is written before anybody hears of it, many events in one transaction.
"""

from __future__ import annotations

import math
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import (
    ITEM_ENDS,
    Batch,
    CollectEvent,
    CollectLimits,
    FetchItem,
    HandedBack,
    NotReached,
    RobotsCopy,
    Role,
    Visit,
)
from earshot.pipeline.collect import failures, settle
from earshot.pipeline.plan import (
    LEASE,
    ROBOTS_KEPT,
    Group,
    batch_id,
    believe_due,
    find_due,
    origin_at,
    sweep,
    take,
    tied,
    write_batch,
)
from earshot.ports import Clock, Collector, CollectSession, Record, RecordWriter

log = structlog.get_logger(__name__)
_RENEW_S = 30.0
_IDLE_S = 60.0
"""A process that has had nothing to do for so long ends; the next one is started when something is due."""
_MOST_OPEN = 5000
"""Items in the hands of one process; more are not given to it."""
_MOST_ITEMS, _LONGEST_S = 20_000, 3600.0
"""After that many items, or so long, a process gets nothing more, and a new one takes its place beside it."""
_SET_BACK_S = 1.0
_PAGES_EVERY_S = 1.0


@dataclass(eq=False, slots=True)
class _Spider:
    """A process. known: origins whose robots.txt it has, and since when. open: items that have not come to an end."""

    session: CollectSession
    folder: Path
    began_s: float
    busy_s: float
    given: int = 0
    is_closing: bool = False
    open: dict[str, FetchItem] = field(default_factory=dict)
    known: dict[str, datetime] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Open:
    """A visit that is being made. left: ids of items that have not come to an end."""

    spider: _Spider
    hosts: tuple[str, ...]
    left: set[str]


class Stream:
    """Gives out what is due and takes in what happens. Not for several threads, but for any one.

    The spider processes end with the thread that calls `step`.
    """

    def __init__(
        self,
        record: Record,
        collector: Collector,
        workspace: Workspace,
        limits: CollectLimits,
        clock: Clock,
        owner: str,
        *,
        is_round: bool = False,
    ) -> None:
        """Keep what it works with. is_round: every source is looked at once, and pages of it within its limit."""
        self._record, self._collector, self._workspace = record, collector, workspace
        self._limits, self._clock, self._owner, self._is_round = limits, clock, owner, is_round
        self._sources = {source.id: source for source in workspace.sources}
        self._spiders: list[_Spider] = []
        self._visits: dict[str, _Open] = {}
        self._busy: set[str] = set()
        self._unwritten: list[CollectEvent] = []
        self._untold: list[CollectEvent] = []
        self._done: set[str] = set()
        self._pages_taken: Counter[str] = Counter()
        self._renewed_s, self._swept_s, self._pages_s = clock.monotonic(), -math.inf, -math.inf
        self._ahead_s = self._wall_s()
        self.is_closing = False

    @property
    def is_working(self) -> bool:
        """Whether a visit is being made."""
        return bool(self._busy)

    def step(self) -> list[CollectEvent]:
        """Take in what has happened, give out what is due, and return what has happened; the record knows of it.

        Never waits for a host.

        Raises:
            StorageError: the record does not answer, or no process can be started. Nothing is lost: the next step
                writes what this one could not, and returns it.
        """
        self._unwritten += self._happened()
        events, now = self._unwritten, self._clock.now()
        ended = self._ended(events)
        with self._record.write() as writer:
            self._settle(writer, events, now)
            writer.free([f"host:{host}" for visit in ended for host in visit.hosts], self._owner)
            lost = self._renew(writer, now)
            self._believe(writer, now)
            self._busy.difference_update(host for visit in ended for host in visit.hosts)
            groups = [] if self.is_closing or lost else self._find(writer, now)
            robots = self._robots(writer, groups, now)
        self._unwritten = []
        for event in events:
            self._note(event)
        if lost:
            self._give_up(lost)
        self._untold += events
        self._send(groups, robots, now)
        self._tend()
        told, self._untold = self._untold, []
        return told

    def end(self) -> None:
        """End the processes, and free their hosts: what they had not come to is as due as before. Twice is once."""
        for spider in self._spiders:
            self._let_go(spider)
        self._spiders.clear()
        self._visits.clear()
        hosts, self._busy = sorted(self._busy), set()
        if hosts:
            with self._record.write() as writer:
                writer.free([f"host:{host}" for host in hosts], self._owner)

    # --- taking in
    def _happened(self) -> list[CollectEvent]:
        found: list[CollectEvent] = []
        for spider in list(self._spiders):
            try:
                found += spider.session.events()
            except StorageError as error:
                found += self._died(spider, f"the spider ended early: {error}"[:300], found)
                continue
            if spider.session.is_over:
                found += self._died(spider, "the spider ended early", found)
        return found

    def _died(self, spider: _Spider, reason: str, found: list[CollectEvent]) -> list[CollectEvent]:
        """A process is over: whatever it had not come to has failed."""
        self._spiders.remove(spider)
        self._let_go(spider)
        ended = {event.item_id for event in (*self._unwritten, *found) if isinstance(event, ITEM_ENDS)}
        return list(failures([i for i in spider.open.values() if i.id not in ended], reason, self._clock.now()))

    def _ended(self, events: list[CollectEvent]) -> list[_Open]:
        """Return the visits that are over with these events."""
        over = {event.item_id for event in events if isinstance(event, ITEM_ENDS)}
        visits = {id(visit): visit for item in over if (visit := self._visits.get(item))}
        return [visit for visit in visits.values() if visit.left <= over]

    def _settle(self, writer: RecordWriter, events: list[CollectEvent], now: datetime) -> None:
        for event in events:
            settle(writer, event, self._sources, now)

    def _note(self, event: CollectEvent) -> None:
        """Follow what an event, which is written, means for what is open."""
        if not isinstance(event, ITEM_ENDS):
            return
        if isinstance(event, HandedBack | NotReached):
            self._done.discard(event.source_id if event.item_id.startswith("source:") else "")
            self._pages_taken[event.source_id] -= isinstance(event, NotReached) and event.item_id.startswith("page:")
        visit = self._visits.pop(event.item_id, None)
        if visit is not None:
            visit.left.discard(event.item_id)
            visit.spider.open.pop(event.item_id, None)
            visit.spider.busy_s = self._clock.monotonic()

    # --- leases and clocks
    def _renew(self, writer: RecordWriter, now: datetime) -> set[str]:
        """Renew the leases of what is being visited; return the hosts that another process has meanwhile."""
        if self._clock.monotonic() - self._renewed_s < _RENEW_S:
            return set()
        names = [f"host:{host}" for host in self._busy]
        granted = writer.lease(names, self._owner, now, now + LEASE)
        self._renewed_s = self._clock.monotonic()
        return {name.removeprefix("host:") for name in names if name not in granted}

    def _give_up(self, lost: set[str]) -> None:
        """This process slept too long: what is another's now is not asked by ours any more."""
        log.error("hosts were taken by another process meanwhile", hosts=len(lost))
        self._busy -= lost
        self.end()

    def _believe(self, writer: RecordWriter, now: datetime) -> None:
        """Where the clock was set back, believe no due time that it gave before."""
        ahead_s, self._ahead_s = self._ahead_s, self._wall_s()
        if self._ahead_s < ahead_s - _SET_BACK_S:
            log.warning("the clock was set back", seconds=round(ahead_s - self._ahead_s))
            believe_due(writer, self._workspace, now)

    def _wall_s(self) -> float:
        """Return how far the time of day is ahead of the time that has passed."""
        return self._clock.now().timestamp() - self._clock.monotonic()

    # --- giving out
    def _find(self, writer: RecordWriter, now: datetime) -> list[Group]:
        free = self._processes * _MOST_OPEN - len(self._visits)
        if free <= 0:
            return []
        has_pages = self._is_round or self._clock.monotonic() - self._pages_s >= _PAGES_EVERY_S
        if has_pages:
            self._pages_s = self._clock.monotonic()
        open_items = [item for spider in self._spiders for item in spider.open.values()]
        asked = {item.source_id for item in open_items if item.id.startswith("source:")}
        found, moves = find_due(
            writer,
            self._sources,
            now,
            free,
            asked | self._done if self._is_round else asked,
            self._pages_taken if self._is_round else None,
            self._busy,
            has_pages=has_pages,
            pages_open={item.source_id for item in open_items if item.id.startswith("page:")},
        )
        groups = [group for group in tied(found, moves) if self._busy.isdisjoint(group.hosts)]
        return [group for group in take(writer, groups, self._owner, now) if group.items]

    def _robots(self, writer: RecordWriter, groups: list[Group], now: datetime) -> dict[str, RobotsCopy]:
        """Return copies of robots.txt that some process does not have."""
        origins = {origin_at(item.url) for group in groups for items in group.items.values() for item in items}
        since = now - ROBOTS_KEPT
        unknown = {o for o in origins if o and any(s.known.get(o, since) <= since for s in self._open_spiders())}
        if not self._open_spiders():
            unknown = origins - {""}
        return {copy.origin: copy for copy in writer.robots(sorted(unknown), since)} if unknown else {}

    def _send(self, groups: list[Group], robots: dict[str, RobotsCopy], now: datetime) -> None:
        for place, group in enumerate(groups):
            items = tuple(item for found in group.items.values() for item in found)
            hosts = tuple(group.hosts)
            try:
                spider = self._spider(now)
            except StorageError:
                left = [f"host:{host}" for each in groups[place:] for host in each.hosts]
                with self._record.write() as writer:
                    writer.free(left, self._owner)
                raise
            self._busy.update(hosts)
            visit = _Open(spider, hosts, {item.id for item in items})
            for item in items:
                self._visits[item.id] = visit
                spider.open[item.id] = item
                self._count(item)
            origins = {origin_at(item.url) for item in items}
            copies = [robots[o] for o in sorted(origins) if o in robots and o not in spider.known]
            spider.known |= dict.fromkeys(origins - {""}, now)
            spider.given += len(items)
            spider.session.send(Visit(items, hosts, tuple(copies)))

    def _count(self, item: FetchItem) -> None:
        if item.id.startswith("source:"):
            self._done.add(item.source_id)
        elif item.role is Role.PAGE:
            self._pages_taken[item.source_id] += 1

    # --- processes
    @property
    def _processes(self) -> int:
        return self._workspace.settings.collect.processes

    def _open_spiders(self) -> list[_Spider]:
        return [spider for spider in self._spiders if not spider.is_closing]

    def _spider(self, now: datetime) -> _Spider:
        """Return the process that has least to do."""
        spiders = self._open_spiders()
        if len(spiders) >= self._processes:
            return min(spiders, key=lambda spider: len(spider.open))
        file = write_batch(Batch(batch_id(now), (), (), self._limits, self._workspace.lake_url), self._workspace)
        began_s = self._clock.monotonic()
        spider = _Spider(self._collector.open(file), file.parent, began_s, began_s)
        self._spiders.append(spider)
        return spider

    def _tend(self) -> None:
        """Close processes that are old or idle, and remove what others left lying."""
        now_s = self._clock.monotonic()
        for spider in self._open_spiders():
            is_idle = not spider.open and now_s - spider.busy_s >= _IDLE_S
            if is_idle or spider.given >= _MOST_ITEMS or now_s - spider.began_s >= _LONGEST_S:
                spider.is_closing = True
                spider.session.close()
        if now_s - self._swept_s >= _LONGEST_S:
            self._swept_s = now_s
            sweep(self._workspace, self._clock.now(), {spider.folder for spider in self._spiders})

    def _let_go(self, spider: _Spider) -> None:
        spider.session.kill()
        shutil.rmtree(spider.folder, ignore_errors=True)
