"""Run: the stages one after another, once round or for ever. The same stages that Airflow drives, no others.

Spiders run in threads that only wait for their child processes; everything else happens in the calling thread.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from earshot.config.schedule import write_schedule
from earshot.config.settings import Workspace
from earshot.errors import EarshotError, StorageError
from earshot.model import CollectEvent, CollectLimits, Fetched, FilePublished, HandedBack, Outcome, Role
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.collect import collect
from earshot.pipeline.ingest import Ingest
from earshot.pipeline.maintain.timing import Upkeep
from earshot.pipeline.plan import Planned, know_sources, plan
from earshot.pipeline.publish import Published
from earshot.pipeline.writing import Ingested
from earshot.ports import Clock, Collector, Record

log = structlog.get_logger(__name__)
_TICK_S = 0.25
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_RELAY_EVERY = timedelta(seconds=2)
_BRIEF_EVERY = timedelta(seconds=30)
_READ_AGAIN_AFTER = timedelta(minutes=1)
_GRACE_S = 2.0
"""How long a run that was asked to stop waits for its spiders. They die with this process, as if it had been killed."""


@dataclass(slots=True)
class RoundReport:
    """What one round did. outcomes: how many sources ended how; handed_back: redirects that left their batch."""

    sources: int = 0
    pages: int = 0
    handed_back: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    ingested: Ingested = field(default_factory=Ingested)
    published: Published = field(default_factory=Published)
    sent: int = 0
    held: int = 0
    dead: int = 0
    mail_waiting: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages as the runner calls them.

    brief: makes the briefs that are due, told whether all that was due has just been heard; `alert` mails them.
    """

    record: Record
    collector: Collector
    ingest: Ingest
    publish: Callable[[], Published]
    alert: Callable[[], AlertReport]
    workspace: Workspace
    limits: CollectLimits
    clock: Clock
    owner: str
    brief: Callable[[bool], int] = lambda _: 0
    maintain: Callable[[str], Mapping[str, Any] | None] = lambda _: None


class Runner:
    """Drives the stages. `on_change` is called, in the calling thread, whenever the report has changed."""

    def __init__(self, stages: Stages, on_change: Callable[[RoundReport], None] | None = None) -> None:
        self._s = stages
        self._on_change = on_change or (lambda _: None)
        self._events: SimpleQueue[tuple[int, CollectEvent | BaseException | None]] = SimpleQueue()
        self._live: dict[int, threading.Thread] = {}
        self._stop = threading.Event()
        self._number = 0
        self.report = RoundReport()
        self._done_sources: set[str] = set()
        self._pages_taken: Counter[str] = Counter()
        self._relayed_at = stages.clock.now()
        self._briefed_at = stages.clock.now()
        self._read_again_at: datetime | None = None

    def stop(self) -> None:
        """Ask a running round to end soon; spiders are ended, what they published stays. Safe from a signal handler.

        What is left of a file, and mails that are not on their way, are the next start's.
        """
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def once(self) -> RoundReport:
        """Look at every due source once, fetch what they lead to within their limits, tell what is to be told."""
        started = self._s.clock.monotonic()
        self._start()
        while not self._stop.is_set():
            has_work = self._plan(is_round=True)
            if not has_work and not self._live:
                break
            self._drain()
        self._finish(is_round=True)
        self.report.seconds = self._s.clock.monotonic() - started
        return self.report

    def forever(self) -> RoundReport:
        """Keep going, each source at its pace, until `stop`; where storage does not answer, until it does again."""
        upkeep = Upkeep(self._s.maintain, self._s.workspace, self._s.clock)
        is_started, failures = False, 0
        while not self._stop.is_set():
            try:
                if not is_started:  # also after a failure: what was left lying is taken up as by a new process
                    self._start()
                    is_started = True
                self._plan(is_round=False)
                self._drain()
                self._read_again()
                self._brief()
                self._relay()
                upkeep.tick()
                failures = 0
            except StorageError as error:
                self._wait_out(error, failures)
                is_started, failures = False, failures + 1
        self._finish()
        upkeep.wait(_GRACE_S)
        return self.report

    def _wait_out(self, error: StorageError, failures: int) -> None:
        """Wait until storage may answer again, each time longer."""
        if not failures:
            log.error("storage does not answer; it is asked again until it does", reason=str(error))
        self._stop.wait(min(_FIRST_PAUSE_S * 2**failures, _LONGEST_PAUSE_S))

    def _start(self) -> None:
        """Know the workspace's sources, and take up what an earlier process left behind."""
        try:
            write_schedule(self._s.workspace)
        except StorageError as error:  # only DAG files read it; who listens here goes on
            log.error("the schedule was not written", reason=str(error))
        with self._s.record.write() as writer:
            know_sources(writer, self._s.workspace, self._s.clock.now())
        for name in self._s.ingest.open_files():
            self._ingest(name)
        self._relay(is_forced=True)

    def _plan(self, *, is_round: bool) -> bool:
        """Start spiders for what is due, as many as may run at a time; True if any was started."""
        free = self._s.workspace.settings.collect.processes - len(self._live)
        if free <= 0:
            return False
        planned = plan(
            self._s.record,
            self._s.workspace,
            self._s.clock,
            self._s.owner,
            self._s.limits,
            done_sources=frozenset(self._done_sources) if is_round else frozenset(),
            pages_taken=self._pages_taken if is_round else None,
            most_batches=free,
        )
        for one in planned:
            self._launch(one)
        return bool(planned)

    def _launch(self, planned: Planned) -> None:
        self._number += 1
        for item in planned.batch.items:
            if item.id.startswith("source:"):
                self._done_sources.add(item.source_id)
            elif item.role is Role.PAGE:
                self._pages_taken[item.source_id] += 1
        thread = threading.Thread(
            target=self._collect, args=(self._number, planned.file), name=f"batch {planned.batch.id}", daemon=True
        )
        self._live[self._number] = thread
        thread.start()

    def _collect(self, number: int, file: Path) -> None:
        """Runs in a thread: hand events over until the batch ends or the run stops."""
        s = self._s
        events = collect(s.record, s.collector, s.workspace, s.clock, s.owner, file)
        try:
            for event in events:
                self._events.put((number, event))
                if self._stop.is_set():
                    events.close()  # type: ignore[attr-defined]
                    break
            self._events.put((number, None))
        except BaseException as error:  # noqa: BLE001 (handed to the calling thread, which raises it)
            self._events.put((number, error))

    def _drain(self) -> None:
        """Take in what has happened; wait a tick when nothing has."""
        try:
            number, event = self._events.get(timeout=_TICK_S)
        except Empty:
            return
        if event is None:
            self._live.pop(number).join()
        elif isinstance(event, BaseException):
            self._live.pop(number).join()
            if not isinstance(event, EarshotError):
                raise event
            log.error("a batch ended early", reason=str(event))
        else:
            self._event(event)
            self._on_change(self.report)

    def _event(self, event: CollectEvent) -> None:
        report = self.report
        if isinstance(event, FilePublished):
            self._ingest(event.file)
        elif isinstance(event, HandedBack):
            report.handed_back += 1
            if event.item_id.startswith("source:"):
                self._done_sources.discard(event.source_id)
        elif isinstance(event, Fetched):
            if not event.item_id.startswith("source:"):
                report.pages += 1
            elif event.outcome is not Outcome.OK:
                self._ended(event.source_id, event.outcome, event.reason)

    def _ended(self, source_id: str, outcome: Outcome, reason: str = "") -> None:
        self.report.sources += 1
        self.report.outcomes[outcome] += 1
        if not outcome.is_heard:
            self.report.failed[source_id] = f"{outcome}: {reason}" if reason else str(outcome)

    def _ingest(self, name: str) -> None:
        """Ingest a file; where another process rewrote it meanwhile, what is left of it is in a new one."""
        if self._ingest_one(name).rewritten:
            for other in self._s.ingest.open_files():
                self._ingest_one(other)

    def _read_again(self) -> None:
        """Try files again that could not be read a minute ago, though the lake answered."""
        if self._read_again_at is None or self._s.clock.now() < self._read_again_at:
            return
        self._read_again_at = None
        for name in self._s.ingest.open_files():
            self._ingest_one(name)

    def _ingest_one(self, name: str) -> Ingested:
        if self.is_stopping:
            return Ingested()

        def on_capture(done: Ingested) -> None:
            for source_id, (outcome, reason) in done.ended.items():
                self._ended(source_id, outcome, reason)
            done.ended.clear()
            self.report.ingested.add(done)
            self._on_change(self.report)
            self._relay()

        done = self._s.ingest.file(name, on_capture, self._stop.is_set)
        if done.rewritten or done.unreadable:
            self._read_again_at = self._s.clock.now() + _READ_AGAIN_AFTER
        return done

    def _relay(self, *, is_forced: bool = False) -> None:
        """Publish and tell, at most every two seconds; not at all where it was asked to end."""
        now = self._s.clock.now()
        if self.is_stopping or (not is_forced and now - self._relayed_at < _RELAY_EVERY):
            return
        self._relayed_at = now
        published = self._s.publish()
        total = self.report.published
        total.written += published.written
        total.removed += published.removed
        total.refused += published.refused
        total.waiting = published.waiting
        told = self._s.alert()
        self.report.sent += told.sent
        self.report.dead += told.dead
        self.report.held = told.held
        self.report.mail_waiting = told.problem
        self._on_change(self.report)

    def _brief(self) -> None:
        """Make the briefs that are due, at most every half minute; the stage knows what they have to wait for."""
        now = self._s.clock.now()
        if now - self._briefed_at >= _BRIEF_EVERY:
            self._briefed_at = now
            self._s.brief(False)

    def _finish(self, *, is_round: bool = False) -> None:
        """Wait for the spiders and tell what is to be told; where it was asked to end, wait a moment and no more."""
        ends_at = self._s.clock.monotonic() + _GRACE_S
        while self._live and not (self.is_stopping and self._s.clock.monotonic() > ends_at):
            self._drain()
        if is_round and not self.is_stopping:
            self._s.brief(True)
        self._relay(is_forced=True)
