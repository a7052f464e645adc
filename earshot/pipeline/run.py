"""Run: the stages one after another, once round or for ever. The same stages that Airflow drives, no others.

In a run for good a thread collects, so that nothing that the other stages do makes a source late, and mails are sent in
another; everything else happens in the calling thread.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog

from earshot.config.schedule import write_schedule
from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import CollectEvent, CollectLimits, Fetched, FilePublished, HandedBack, Outcome
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.beside import Beside
from earshot.pipeline.ingest import Ingest
from earshot.pipeline.maintain.timing import Upkeep
from earshot.pipeline.plan import know_sources
from earshot.pipeline.publish import Published
from earshot.pipeline.resting import Resting
from earshot.pipeline.stream import Stream
from earshot.pipeline.writing import Ingested
from earshot.ports import Clock, Collector, Record

log = structlog.get_logger(__name__)
_TICK_S = 0.25
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_BUSY_TICK_S = 0.1
"""Between two steps of collecting while something happens: what happens meanwhile is written together."""
_RELAY_EVERY_S, _BRIEF_EVERY_S, _READ_AGAIN_AFTER_S, _LOOK_EVERY_S = 2.0, 30.0, 60.0, 5.0
_RELOAD_PATIENCE_S = 20.0
T = TypeVar("T")
_MAIL_GRACE_S = 2.5
"""How long a run that was asked to stop waits for a mail's last answer, for which two seconds are given."""

_GRACE_S = 2.0
"""How long a run that was asked to stop waits for its spiders. They die with this process, as if it had been killed."""


@dataclass(slots=True)
class RoundReport:
    """What one round did.

    outcomes: how many sources ended how; handed_back: redirects that left their batch.
    broken: stages that failed in an unforeseen way and did not work since, with the error.
    """

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
    broken: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages as the runner calls them.

    brief: makes the briefs that are due, told whether all that was due has just been heard; `alert` mails them.
    failed: is told of a stage that failed in an unforeseen way. is_telling: whether operations are still being mailed.
    has_changed: whether the workspace's files were changed and have no mistake.
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
    failed: Callable[[str, Exception], None] = lambda *_: None
    is_telling: Callable[[], bool] = lambda: False
    has_changed: Callable[[], bool] = lambda: False


class Runner:
    """Drives the stages. `on_change` is called, in the calling thread, whenever the report has changed."""

    def __init__(self, stages: Stages, on_change: Callable[[RoundReport], None] | None = None) -> None:
        self._s = stages
        self._on_change = on_change or (lambda _: None)
        self._events: SimpleQueue[CollectEvent | Exception | None] = SimpleQueue()
        self._stream = self._make_stream(is_round=False)
        self._collecting: threading.Thread | None = None
        self._ends_collecting = threading.Event()
        self._stop = threading.Event()
        self.report = RoundReport()
        self._relayed_s = self._briefed_s = self._looked_s = stages.clock.monotonic()
        self._read_again_s: float | None = None
        self._alert = Beside("mails", stages.alert)
        self._mail_ends_s = self._stopped_s = self._reload_ends_s = float("inf")
        self._unread: dict[str, None] = {}
        self._resting = Resting(stages.clock, stages.failed)
        self.report.broken = self._resting.broken
        self.is_reloading = False

    def stop(self) -> None:
        """Ask a running round to end soon; spiders are ended, what they published stays. Safe from a signal handler.

        What is left of a file, and mails that are not on their way, are the next start's.
        """
        self._stopped_s = min(self._stopped_s, self._s.clock.monotonic())
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    @property
    def is_ending_mail(self) -> bool:
        """Whether the mails are to end, what is on its way too: the run is, or the workspace's files have changed."""
        return self.is_stopping or self._s.clock.monotonic() >= self._mail_ends_s

    def once(self) -> RoundReport:
        """Look at every due source once, fetch what they lead to within their limits, tell what is to be told."""
        started = self._s.clock.monotonic()
        self._start()
        self._stream = self._make_stream(is_round=True)
        while not self._stop.is_set():
            events = self._attempt("collect", self._stream.step)
            for event in events or ():
                self._event(event)
            if not events and (events is None or not self._stream.is_working):
                break
            if not events:
                self._stop.wait(_BUSY_TICK_S)
        self._stream.end()
        self._finish(is_round=True)
        self.report.seconds = self._s.clock.monotonic() - started
        return self.report

    def forever(self) -> RoundReport:
        """Keep going, each source at its pace, until `stop`; where storage does not answer, until it does again.

        Where the workspace's files were changed and have no mistake, end too, once no spider is at work and no mail on
        its way: then `is_reloading` is true, and the caller is to begin again with what the files say now.
        """
        upkeep = Upkeep(self._s.maintain, self._s.workspace, self._s.clock)
        is_started, failures = False, 0
        while not self._stop.is_set() and not (self._wants_reload() and self._may_reload()):
            try:
                if not is_started:  # also after a failure: what was left lying is taken up as by a new process
                    self._start()
                    is_started = True
                self._step(upkeep)
                failures = 0
            except StorageError as error:
                self._wait_out(error, failures)
                is_started, failures = False, failures + 1
        self._finish(upkeep.wait)
        return self.report

    def _step(self, upkeep: Upkeep) -> None:
        """Give each stage its turn; one that fails in an unforeseen way rests, and the others go on."""
        self._collect()
        self._drain()
        self._read_left_over()
        self._attempt("brief", self._brief)
        self._relay()
        self._attempt("maintain", upkeep.tick)

    def _attempt(self, stage: str, call: Callable[[], T]) -> T | None:
        return self._resting.attempt(stage, call)

    def _wants_reload(self) -> bool:
        """Tell whether the workspace was changed; asked of its files every few seconds, and then for good."""
        now_s = self._s.clock.monotonic()
        if not self.is_reloading and now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self.is_reloading = bool(self._attempt("reload", self._s.has_changed))
        return self.is_reloading

    def _may_reload(self) -> bool:
        """Tell whether to begin again: nobody waits for a host, but what a spider is at is given a while to end."""
        self._stream.is_closing = True
        now_s = self._s.clock.monotonic()
        self._reload_ends_s = min(self._reload_ends_s, now_s + _RELOAD_PATIENCE_S)
        return (not self._stream.is_working or now_s >= self._reload_ends_s) and not self._has_mail()

    def _has_mail(self) -> bool:
        """Tell whether a mail is on its way, which is given a while before a new beginning."""
        has_mail = self._alert.is_at_work or self._s.is_telling()
        if has_mail and self.is_reloading:
            self._mail_ends_s = min(self._mail_ends_s, self._s.clock.monotonic() + _RELOAD_PATIENCE_S)
        return has_mail

    def _read_left_over(self) -> None:
        """Read files that an earlier process left, or that could not be read when they came."""
        if self._read_again_s is not None and self._s.clock.monotonic() >= self._read_again_s:
            self._read_again_s = None
            self._unread.update(dict.fromkeys(self._s.ingest.open_files()))
        for name in list(self._unread):
            self._ingest_one(name)

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
        self._unread = dict.fromkeys(self._s.ingest.open_files())
        self._read_left_over()
        self._relay(is_forced=True)

    def _make_stream(self, *, is_round: bool) -> Stream:
        s = self._s
        return Stream(s.record, s.collector, s.workspace, s.limits, s.clock, s.owner, is_round=is_round)

    def _collect(self) -> None:
        """Have the thread that collects at work."""
        if self._collecting is None:
            self._collecting = threading.Thread(target=self._keep_collecting, name="collect", daemon=True)
            self._collecting.start()

    def _keep_collecting(self) -> None:
        """Runs in a thread, with which the spiders end: hand over what happens until the run ends."""
        failures = 0
        while not self._ends_collecting.is_set():
            try:
                events = self._stream.step()
            except Exception as error:  # noqa: BLE001 (handed to the calling thread; what was due is tried again)
                self._events.put(error)
                if not isinstance(error, StorageError):
                    self._end_stream()
                self._ends_collecting.wait(min(_FIRST_PAUSE_S * 2**failures, _LONGEST_PAUSE_S))
                failures += 1
                continue
            if failures:
                self._events.put(None)
                failures = 0
            for event in events:
                self._events.put(event)
            self._ends_collecting.wait(_BUSY_TICK_S if events else _TICK_S)
        self._end_stream()

    def _end_stream(self) -> None:
        try:
            self._stream.end()
        except StorageError as error:  # the leases run out by themselves
            log.error("hosts were not freed", reason=str(error))

    def _drain(self) -> None:
        """Take in what has happened; wait a tick when nothing has."""
        try:
            event = self._events.get(timeout=_TICK_S)
        except Empty:
            return
        if event is None:
            self._resting.work("collect")
        elif isinstance(event, StorageError):
            log.error("nothing is collected until storage answers", reason=str(event))
        elif isinstance(event, Exception):
            self._resting.fail("collect", event)
        else:
            self._event(event)

    def _event(self, event: CollectEvent) -> None:
        report = self.report
        if isinstance(event, FilePublished):
            self._ingest(event.file)
        elif isinstance(event, HandedBack):
            report.handed_back += 1
        elif isinstance(event, Fetched):
            if not event.item_id.startswith("source:"):
                report.pages += 1
            elif event.outcome is not Outcome.OK:
                self._ended(event.source_id, event.outcome, event.reason)
        self._on_change(report)

    def _ended(self, source_id: str, outcome: Outcome, reason: str = "") -> None:
        self.report.sources += 1
        self.report.outcomes[outcome] += 1
        if not outcome.is_heard:
            self.report.failed[source_id] = f"{outcome}: {reason}" if reason else str(outcome)

    def _ingest(self, name: str) -> None:
        """Ingest a file; where another process rewrote it meanwhile, what is left of it is in a new one."""
        done = self._ingest_one(name)
        if done is not None and done.rewritten:
            for other in self._s.ingest.open_files():
                self._ingest_one(other)

    def _ingest_one(self, name: str) -> Ingested | None:
        """Read a file; one over which reading fails in an unforeseen way, or that cannot be read, is tried later."""
        self._unread[name] = None
        done = self._attempt(f"ingest {name}", lambda: self._read(name))
        if done is not None:
            self._unread.pop(name)
            if done.rewritten or done.unreadable:
                self._read_again_s = self._s.clock.monotonic() + _READ_AGAIN_AFTER_S
        return done

    def _read(self, name: str) -> Ingested:
        if self.is_stopping:
            return Ingested()

        def on_capture(done: Ingested) -> None:
            for source_id, (outcome, reason) in done.ended.items():
                self._ended(source_id, outcome, reason)
            done.ended.clear()
            self.report.ingested.add(done)
            self._on_change(self.report)
            self._relay()

        return self._s.ingest.file(name, on_capture, self._stop.is_set)

    def _relay(self, *, is_forced: bool = False) -> None:
        """Publish, and have told what is to be told, at most every two seconds; not where it was asked to end."""
        now_s = self._s.clock.monotonic()
        if self.is_stopping or (not is_forced and now_s - self._relayed_s < _RELAY_EVERY_S):
            return
        self._relayed_s = now_s
        if published := self._attempt("publish", self._s.publish):
            total = self.report.published
            total.written += published.written
            total.removed += published.removed
            total.refused += published.refused
            total.waiting = published.waiting
        self._take_told()
        if not self.is_reloading and not self._resting.is_resting("alert"):
            self._alert.begin()
        self._on_change(self.report)

    def _take_told(self, seconds: float = 0.0) -> None:
        """Take what the mails have come to, which go on beside the rest; wait so long at most."""
        if self._alert.has_ended(seconds) and (sent := self._attempt("alert", self._alert.result)):
            self.report.sent += sent.sent
            self.report.dead += sent.dead
            self.report.held = sent.held
            self.report.mail_waiting = sent.problem

    def _brief(self) -> None:
        """Make the briefs that are due, at most every half minute; the stage knows what they have to wait for."""
        now_s = self._s.clock.monotonic()
        if now_s - self._briefed_s >= _BRIEF_EVERY_S:
            self._briefed_s = now_s
            self._s.brief(False)

    def _finish(self, last: Callable[[float], None] = lambda _: None, *, is_round: bool = False) -> None:
        """Wait for the spiders and tell what is to be told; where it was asked to end, wait a moment and no more.

        last: is waited for at the end, so many seconds.
        """
        self._ends_collecting.set()
        while self._is_collecting and not self._is_over(_GRACE_S):
            self._drain()
        while not self.is_stopping and not self._events.empty():
            self._drain()
        if is_round and not self.is_stopping:
            self._read_left_over()
            self._attempt("brief", lambda: self._s.brief(True))
        self._finish_mails()  # what is on its way
        self._relay(is_forced=True)  # and what came after that began
        self._finish_mails()
        last(_TICK_S if self.is_stopping else _GRACE_S)

    @property
    def _is_collecting(self) -> bool:
        return self._collecting is not None and self._collecting.is_alive()

    def _finish_mails(self) -> None:
        while self._has_mail() and not self._is_over(_MAIL_GRACE_S):
            self._take_told(_TICK_S)
            if not self._alert.is_at_work:
                self._s.clock.sleep(_TICK_S / 10)

    def _is_over(self, grace_s: float) -> bool:
        """Tell whether it was asked to end so long ago."""
        return self.is_stopping and self._s.clock.monotonic() > self._stopped_s + grace_s
