"""The runner of all stages, for `earshot run`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from earshot import jobbook, leases
from earshot.config.environment import environment
from earshot.config.rereading import Rereading
from earshot.errors import ConfigError, EarshotError, StorageError
from earshot.jobs.indexing import publish_beside, rebuild, run_publish, why_rebuild
from earshot.jobs.opening import opened
from earshot.jobs.operations_mail import OperationsMail
from earshot.jobs.telling import run_alert, run_briefs
from earshot.jobs.upkeep import run_maintain
from earshot.pipeline.publish import Published
from earshot.pipeline.run import RoundReport, Runner, Stages
from earshot.wiring import Parts

log = structlog.get_logger(__name__)
_TRY_AGAIN_S = 2.0
_REBUILD_AGAIN_S = 10.0
_REBUILDING = "search is being rebuilt from the record"


def make_runner(
    parts: Parts,
    on_change: Callable[[RoundReport], None] | None = None,
    has_changed: Callable[[], bool] = lambda: False,
    *,
    is_beside: bool = False,
) -> Runner:
    """Return the runner of a workspace's stages.

    has_changed: whether its files are others now, and good. is_beside: an index that has to be built anew is built
    beside the stages; else they wait for it.
    """
    operations = OperationsMail(parts, lambda: runner.is_ending_mail)
    stages = Stages(
        record=parts.record,
        collector=parts.collector,
        ingest=parts.ingest,
        publish=_Publishing(parts, is_beside=is_beside),
        alert=lambda: run_alert(parts, lambda: runner.is_ending_mail),
        brief=lambda is_heard: run_briefs(parts, is_heard=is_heard),
        workspace=parts.workspace,
        limits=parts.limits,
        clock=parts.clock,
        owner=leases.me(),
        maintain=lambda part: _maintain(parts, operations, part, lambda: runner.is_stopping),
        failed=operations.note_failure,
        is_telling=lambda: operations.is_telling,
        has_changed=has_changed,
    )
    runner = Runner(stages, on_change)
    return runner


class Listening:
    """`earshot run` for good: begins again with the workspace's files whenever they were changed and are good."""

    def __init__(self, workspace: Path, on_change: Callable[[RoundReport], None] | None = None) -> None:
        """Keep where it is; nothing is opened yet."""
        self._root, self._on_change = workspace, on_change
        self._runner: Runner | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """Ask it to end soon. Safe from a signal handler."""
        self._is_stopped = True
        if self._runner:
            self._runner.stop()

    def forever(self) -> RoundReport:
        """Listen until `stop`.

        Raises:
            EarshotError: the workspace could not be opened at the start. Later a change that cannot be opened waits
                until it can.
        """
        environ, report = environment(), None
        while report is None or not self._is_stopped:
            files = Rereading(self._root, environ)
            try:
                with opened(self._root, environ) as parts:
                    report = self._once(parts, files)
            except (ConfigError, StorageError) as error:
                if report is None:
                    raise
                log.error("the changed workspace cannot be opened; it is tried again until it can", reason=str(error))
                time.sleep(_TRY_AGAIN_S)
        return report

    def _once(self, parts: Parts, files: Rereading) -> RoundReport:
        self._runner = make_runner(parts, self._on_change, files.has_changed, is_beside=True)
        if self._is_stopped:
            self._runner.stop()
        report = self._runner.forever()
        self._is_stopped = self._is_stopped or not self._runner.is_reloading
        return report


def _maintain(
    parts: Parts, operations: OperationsMail, part: str, is_stopping: Callable[[], bool]
) -> Mapping[str, Any]:
    """Do a part of the maintenance, and have operations mailed the alarms that they do not know yet."""
    answer = run_maintain(parts, part, is_stopping=is_stopping, starter=jobbook.RUN)
    if answer.get("new"):
        operations.tell("maintain", is_failed=False)
    return answer


class _Publishing:
    """The index relay, for which a refused login is a wait as silence is: who listens goes on listening and telling."""

    def __init__(self, parts: Parts, *, is_beside: bool = False) -> None:
        self._parts, self._said, self._is_beside = parts, "", is_beside
        self._rebuild: threading.Thread | None = None
        self._next_at, self._is_examined = 0.0, False

    def __call__(self) -> Published:
        try:
            return self._beside() if self._is_beside else run_publish(self._parts)
        except ConfigError as error:
            if str(error) != self._said:
                self._said = str(error)
                log.error("nothing is published until the settings of the index are right", reason=self._said)
            return Published(waiting=self._said)

    def _beside(self) -> Published:
        """Publish; an index that has to be built anew is that in a thread, and what changed waits for it."""
        is_at_it = self._rebuild is not None and self._rebuild.is_alive()
        why = "" if is_at_it else why_rebuild(self._parts, is_thorough=not self._is_examined)
        self._is_examined = True
        if why and self._parts.clock.monotonic() >= self._next_at:
            self._next_at = self._parts.clock.monotonic() + _REBUILD_AGAIN_S
            self._rebuild = threading.Thread(target=self._build, args=(why,), name="rebuild", daemon=True)
            self._rebuild.start()
            is_at_it = True
        return Published(waiting=_REBUILDING) if is_at_it else publish_beside(self._parts)

    def _build(self, why: str) -> None:
        try:
            rebuild(self._parts, why, jobbook.RUN)
        except EarshotError as error:
            log.error("the index could not be built anew; it is tried again", reason=str(error))
        except Exception:  # noted in the book of jobs; listening goes on
            log.exception("the index could not be built anew; it is tried again")
