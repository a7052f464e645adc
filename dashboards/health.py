"""How Earshot fares, as the record and the index say: what is wrong and what to do first, what runs, waits and failed.

Knows no template. Asks through ports, and of the index only how much it holds: a silent index is news, not an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboards import wording
from dashboards.board import Board
from dashboards.duties import Duty, MailTrouble, duties
from dashboards.jobwords import ASK_REPLAY, BROKEN
from earshot.alerts.gate import last_refusal
from earshot.errors import StorageError
from earshot.operating import Alarm, Brief, JobRun, JobState, Pause
from earshot.ports import Counts, Quarantined, RecordReader, SourceState

LATELY = timedelta(days=3)
"""Failures of so many days are shown; older ones are in the list of runs."""
UPKEEP = ("maintain", JobState.DONE)
_FAILED, _RUNNING, _BRIEFS = 50, 50, 12
_ASIDE = 50
EVERY_ALARM = 1_000_000


@dataclass(frozen=True, slots=True)
class CollectionHealth:
    """How well a collection's active sources are heard. pace_s: the least of their paces, None where none is known."""

    name: str
    sources: int
    heard: int
    not_heard: int
    untried: int
    last_heard_at: datetime | None
    next_due_at: datetime | None
    pace_s: int | None


@dataclass(frozen=True, slots=True)
class BrandHealth:
    """A brand and whether people are told of it. pause: None unless somebody paused it on a page or at the prompt."""

    id: str
    name: str
    pause: Pause | None
    is_paused_in_file: bool
    brief: Brief | None

    @property
    def is_paused(self) -> bool:
        """True where nobody is told of it, whoever said so."""
        return self.is_paused_in_file or self.pause is not None


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """The index as it answers now. mentions: None where it does not answer; problem: what it said instead."""

    engine: str
    mentions: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the Operations page shows but its charts.

    duties: what somebody has to do, first things first. failed: broken runs of the last days, latest first.
    still_failing: ids of those whose job has not succeeded since. aside: the oldest quarantined captures, at most 50.
    asked: ids of quarantined captures that are being tried again ("" for all of them). checked_at: when
    upkeep was last done, or None.
    """

    duties: tuple[Duty, ...]
    alarms: tuple[Alarm, ...]
    running: tuple[JobRun, ...]
    failed: tuple[JobRun, ...]
    still_failing: frozenset[str]
    counts: Counts
    index: IndexHealth
    collections: tuple[CollectionHealth, ...]
    brands: tuple[BrandHealth, ...]
    briefs: tuple[Brief, ...]
    aside: tuple[Quarantined, ...]
    asked: frozenset[str]
    next_due_at: datetime | None
    checked_at: datetime | None
    sources: int = 0
    heard: int = 0
    not_fetched: int = 0
    untried: int = 0
    pauses: tuple[Pause, ...] = field(default=())

    @property
    def paused(self) -> tuple[str, ...]:
        """Names of the brands that nobody is told of."""
        return tuple(brand.name for brand in self.brands if brand.is_paused)

    @property
    def is_well(self) -> bool:
        """True where nothing waits for a person, all sources that were asked are fetched, and no alerts are paused."""
        return not (self.not_fetched or self.paused or any(duty.is_pressing for duty in self.duties))

    @property
    def headline(self) -> str:
        """What the page says first: "21 of 26 sources fetched, 5 need you. Alerts paused: Tannwick"."""
        if self.is_well:
            return "All is well" if self.checked_at else "Nothing is known to be wrong"
        others = [duty for duty in self.duties if duty.is_pressing and not duty.is_of_sources]
        said = [self._sources_said, f"Alerts paused: {wording.some(self.paused, 3)}" if self.paused else ""]
        said = [each for each in said if each]
        if others:
            is_first = not said or others[0].weight == "critical"
            said.insert(0 if is_first else len(said), _counted_things(len(others), is_first=is_first))
        return ". ".join(said)

    @property
    def _sources_said(self) -> str:
        need = "needs" if self.not_fetched == 1 else "need"
        return (
            f"{self.heard} of {self.sources} sources fetched, {self.not_fetched} {need} you" if self.not_fetched else ""
        )


def health(board: Board) -> Health:
    """Ask for all of it.

    Raises:
        StorageError: the record does not answer.
    """
    now, index = board.clock.now(), ask_index(board)
    with board.record.read() as record:
        sources = [source for source in record.sources() if source.is_active]
        counts, alarms, pauses = record.counts(), record.alarms(limit=EVERY_ALARM), record.pauses()
        mail = _mail(record, board, counts, now)
        running = record.job_runs(states=(JobState.RUNNING,), limit=_RUNNING)
        failed = record.job_runs(states=BROKEN, since=now - LATELY, limit=_FAILED)
        failing = [run for run in _latest(failed, board) if not _has_recovered(record, run, board)]
        briefs, aside = record.briefs(limit=max(_BRIEFS, len(board.brands))), record.quarantine()
        checked_at = max((end.at for end in record.job_ends() if (end.job, end.state) == UPKEEP), default=None)
    return Health(
        duties=duties(
            board,
            now,
            alarms=alarms,
            sources=sources,
            counts=counts,
            failing=failing,
            index_problem=index.problem,
            checked_at=checked_at,
            mistakes=board.mistakes(),
            mail=mail,
        ),
        alarms=tuple(alarms),
        running=tuple(running),
        failed=tuple(failed),
        still_failing=frozenset(run.id for run in failing),
        counts=counts,
        index=index,
        collections=collections(board, sources),
        brands=_brands(board, pauses, briefs),
        briefs=tuple(briefs[:_BRIEFS]),
        aside=tuple(aside[:_ASIDE]),
        asked=frozenset(run.subject for run in running if run.job == ASK_REPLAY),
        next_due_at=min((source.next_due_at for source in sources), default=None),
        checked_at=checked_at,
        sources=len(sources),
        heard=sum(1 for source in sources if source.is_fetched),
        not_fetched=sum(1 for source in sources if source.is_not_fetched),
        untried=sum(1 for source in sources if source.last_outcome is None),
        pauses=tuple(pauses),
    )


def _counted_things(count: int, *, is_first: bool) -> str:
    if is_first:
        return "One thing needs you" if count == 1 else f"{wording.number(count)} things need you"
    return "One more thing needs you" if count == 1 else f"{wording.number(count)} more things need you"


def ask_index(board: Board) -> IndexHealth:
    """Return what the index says of itself."""
    try:
        return IndexHealth(board.index.engine, board.index.mentions())
    except StorageError as error:
        return IndexHealth(board.workspace.settings.index.engine, None, str(error))


def collections(board: Board, sources: Sequence[SourceState]) -> tuple[CollectionHealth, ...]:
    """Return the collections of these active sources, those with sources not heard first, then by name."""
    paces = {source.id: source.pace_s for source in board.workspace.sources}
    groups: dict[str, list[SourceState]] = defaultdict(list)
    for source in sources:
        groups[source.collection].append(source)
    found = [_collection(name, group, paces) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.not_heard, each.name)))


def _collection(name: str, group: Sequence[SourceState], paces: dict[str, int]) -> CollectionHealth:
    return CollectionHealth(
        name=name,
        sources=len(group),
        heard=sum(1 for source in group if source.is_fetched),
        not_heard=sum(1 for source in group if source.is_not_fetched),
        untried=sum(1 for source in group if source.last_outcome is None),
        last_heard_at=max((source.last_heard_at for source in group if source.last_heard_at), default=None),
        next_due_at=min((source.next_due_at for source in group), default=None),
        pace_s=min((paces[source.source_id] for source in group if source.source_id in paces), default=None),
    )


def _brands(board: Board, pauses: Sequence[Pause], briefs: Sequence[Brief]) -> tuple[BrandHealth, ...]:
    by_brand = {pause.brand_id: pause for pause in pauses}
    latest = {brief.brand_id: brief for brief in reversed(briefs)}
    return tuple(
        BrandHealth(brand.id, brand.name, by_brand.get(brand.id), brand.is_paused, latest.get(brand.id))
        for brand in board.workspace.brands
    )


def _mail(record: RecordReader, board: Board, counts: Counts, now: datetime) -> MailTrouble | None:
    """Return why mails that are due do not go out, or None."""
    unsent = record.backlogs(now, {pause.brand_id for pause in record.pauses()})
    waiting = counts.notices.get("bound", 0) + unsent.notices.count
    if not board.workspace.settings.mail.host:
        return MailTrouble("", waiting, unsent.notices.since) if unsent.notices.count else None
    refused = last_refusal(record)
    return MailTrouble(refused.reason, waiting, unsent.deliveries.since) if refused else None


def _line(run: JobRun, board: Board) -> tuple[str, str]:
    """Return the line a run stands in: a job's for a brand, or a part of upkeep's; else all (no batch comes twice)."""
    return run.job, run.subject if run.subject in board.brands or run.job == UPKEEP[0] else ""


def _latest(failed: Sequence[JobRun], board: Board) -> list[JobRun]:
    """Return the latest broken run of each line."""
    return list({_line(run, board): run for run in reversed(failed)}.values())


def _has_recovered(record: RecordReader, run: JobRun, board: Board) -> bool:
    job, subject = _line(run, board)
    later = record.job_runs(job=job, subject=subject, states=(JobState.DONE,), since=run.started_at, limit=1)
    return bool(later)
