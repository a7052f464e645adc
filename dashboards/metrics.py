"""The same numbers for Prometheus, made anew for each scrape out of the record. Knows no page and keeps no state.

Everything is a gauge, also what mostly grows: an erasure takes away. A series is there with 0 rather than missing, so
that a rule over it can tell nothing from no answer. No label is called `job`: a scrape has one of its own, and would
rename ours.
Source: Prometheus, "Metric and label naming", https://prometheus.io/docs/practices/naming/ (read 2026-11).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from dashboards import jobwords
from dashboards.board import Board
from dashboards.health import EVERY_ALARM, IndexHealth, ask_index, collections
from dashboards.security import METRICS
from dashboards.sources import NEVER
from earshot import __version__
from earshot.model import DeliveryState, NoticeState, Outcome
from earshot.operating import Alarm, AlarmKind, JobEnd, JobRun, JobState
from earshot.ports import Counts, SourceState


def make_router(board: Board) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.get(METRICS)
    def metrics(request: Request) -> Response:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Once(look(board)))
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": kind})

    return router


class _Once(Collector):
    """What one look found, as the library wants it."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def look(board: Board) -> list[Metric]:
    """Return all metrics as they are now.

    Raises:
        StorageError: the record does not answer; a scrape then fails, and `up` says so.
    """
    index = ask_index(board)
    with board.record.read() as record:
        counts, sources, alarms = record.counts(), record.sources(), record.alarms(limit=EVERY_ALARM)
        running, ends = record.job_runs(states=(JobState.RUNNING,), limit=1000), record.job_ends()
        pauses = record.pauses()
    paused = {pause.brand_id for pause in pauses} | {brand.id for brand in board.workspace.brands if brand.is_paused}
    active = [source for source in sources if source.is_active]
    return [
        *_counted(counts, index),
        _gauge("brands_paused", "Brands of which nobody is told now.", len(paused & board.brands.keys())),
        _labelled(
            "sources", "Active sources by the outcome of their last run.", "outcome", counts.sources, (*Outcome, NEVER)
        ),
        _labelled("notices", "Notices by state.", "state", counts.notices, NoticeState),
        _labelled("deliveries", "Mails and messages by state.", "state", counts.deliveries, DeliveryState),
        *_operating(alarms, running, ends),
        *_collections(board, active),
        _gauge("workspace_mistakes", "Mistakes in the workspace; with any, no job starts.", len(board.mistakes())),
        InfoMetricFamily("earshot_build", "The version at work.", {"version": __version__}),
    ]


def _counted(counts: Counts, index: IndexHealth) -> Iterator[Metric]:
    yield _gauge("documents", "Documents in the record.", counts.documents)
    yield _gauge("mentions", "Active mentions in the record.", counts.mentions)
    yield _gauge("stories", "Stories in the record.", counts.stories)
    yield _gauge("captures", "Captures that were read.", counts.captures)
    yield _gauge("capture_files_unread", "Files of captures in the lake still to be read.", counts.unread)
    yield _gauge("quarantined", "Captures set aside because they could not be read.", counts.quarantined)
    yield _gauge("frontier_waiting", "Pages named by feeds and sitemaps that are still to be fetched.", counts.frontier)
    yield _gauge("notices_held", "Pending notices that wait for their hour.", counts.held)
    yield _gauge("index_behind", "Mentions that wait to be brought to the index.", counts.behind)
    yield _gauge("dead_letters", "Mentions that the index refused.", counts.dead_letters)
    yield _gauge("index_up", "1 if the index answered this scrape, else 0.", int(index.mentions is not None))
    if index.mentions is not None:
        yield _gauge("index_mentions", "Mentions in the index.", index.mentions)


def _operating(alarms: Iterable[Alarm], running: Iterable[JobRun], ends: Iterable[JobEnd]) -> Iterator[Metric]:
    yield _labelled("alarms_open", "Open alarms by kind.", "kind", Counter(alarm.kind for alarm in alarms), AlarmKind)
    at_work = Counter(run.job for run in running)
    yield _labelled("job_runs_running", "Runs of jobs that go on now.", "job_name", at_work, jobwords.JOBS)
    family = GaugeMetricFamily(
        "earshot_job_last_end_timestamp_seconds",
        "When a job last ended so, in Unix time.",
        labels=("job_name", "state"),
    )
    for end in ends:
        family.add_metric((end.job, str(end.state)), end.at.timestamp())
    yield family


def _collections(board: Board, active: list[SourceState]) -> Iterator[Metric]:
    found = collections(board, active)
    sources = GaugeMetricFamily(
        "earshot_collection_sources",
        "Active sources of the collection by whether they answered properly when they were last asked.",
        labels=("collection", "state"),
    )
    last = GaugeMetricFamily(
        "earshot_collection_last_heard_timestamp_seconds",
        "When a source of the collection last answered properly, in Unix time; 0 if none ever did.",
        labels=("collection",),
    )
    for each in found:
        for state, count in (("heard", each.heard), ("not_heard", each.not_heard), (NEVER, each.untried)):
            sources.add_metric((each.name, state), count)
        last.add_metric((each.name,), _unix(each.last_heard_at))
    yield sources
    yield last


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(f"earshot_{name}", said, value)


def _labelled(name: str, said: str, label: str, values: Mapping[str, int], known: Iterable[str]) -> Metric:
    family = GaugeMetricFamily(f"earshot_{name}", said, labels=(label,))
    for value in dict.fromkeys([*map(str, known), *values]):
        family.add_metric((value,), values.get(value, 0))
    return family


def _unix(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0
