"""The runner of all stages, for `earshot run`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from earshot import jobbook, leases
from earshot.jobs.indexing import run_publish
from earshot.jobs.telling import run_alert, run_briefs
from earshot.jobs.upkeep import run_maintain
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.wiring import Parts


def make_runner(parts: Parts, on_change: Callable[[RoundReport], None] | None = None) -> Runner:
    """Return the runner of a workspace's stages."""
    stages = Stages(
        record=parts.record,
        collector=parts.collector,
        ingest=parts.ingest,
        publish=partial(run_publish, parts),
        alert=lambda: run_alert(parts, lambda: runner.is_stopping),
        brief=lambda is_heard: run_briefs(parts, is_heard=is_heard),
        workspace=parts.workspace,
        limits=parts.limits,
        clock=parts.clock,
        owner=leases.me(),
        maintain=lambda part: run_maintain(parts, part, is_stopping=lambda: runner.is_stopping, starter=jobbook.RUN),
    )
    runner = Runner(stages, on_change)
    return runner
