"""The runner of all stages, for `earshot run`."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from earshot import jobbook, leases
from earshot.errors import ConfigError
from earshot.jobs.indexing import run_publish
from earshot.jobs.telling import run_alert, run_briefs
from earshot.jobs.upkeep import run_maintain
from earshot.pipeline.publish import Published
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.wiring import Parts

log = structlog.get_logger(__name__)


def make_runner(parts: Parts, on_change: Callable[[RoundReport], None] | None = None) -> Runner:
    """Return the runner of a workspace's stages."""
    stages = Stages(
        record=parts.record,
        collector=parts.collector,
        ingest=parts.ingest,
        publish=_Publishing(parts),
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


class _Publishing:
    """The index relay, for which a refused login is a wait as silence is: who listens goes on listening and telling."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._said = parts, ""

    def __call__(self) -> Published:
        try:
            return run_publish(self._parts)
        except ConfigError as error:
            if str(error) != self._said:
                self._said = str(error)
                log.error("nothing is published until the settings of the index are right", reason=self._said)
            return Published(waiting=self._said)
