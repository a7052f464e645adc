"""Retention: what is older than the workspace keeps it is dropped, in bounded steps beside live work.

What is never dropped by age: what was not read yet, what is quarantined, notices and deliveries (they are why nobody
is told twice), settled pages of the frontier (they are why a page is fetched once), documents and mentions (a feed
that still shows one would bring it back as new). `docs/operations/running.md` says so to operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.config.settings import Workspace
from earshot.pipeline.cutting import cut_condemned
from earshot.ports import Clock, Lake, Record, RecordWriter

INTERNAL = "internal"


@dataclass(slots=True)
class Retained:
    """What was dropped. left: captures that are still to be cut out of the lake, which was busy or did not do it."""

    captures: int = 0
    source_runs: int = 0
    job_runs: int = 0
    levels: int = 0
    alarms: int = 0
    left: int = 0


def retain(
    record: Record,
    lake: Lake,
    workspace: Workspace,
    clock: Clock,
    on_step: Callable[[Retained], None] = lambda _: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Retained:
    """Drop what is older than `retention:` says. Twice is once; a call that was broken off is finished by the next.

    Args:
        record: what is known.
        lake: where captures lie.
        workspace: its settings, and which sources are internal.
        clock: time.
        on_step: called after each step with what was dropped so far.
        is_stopping: asked before each step; True leaves the rest for the next call.
    """
    done, kept, now = Retained(), workspace.settings.retention, clock.now()

    def repeat(name: str, step: Callable[[RecordWriter], int]) -> None:
        while not is_stopping():
            with record.write() as writer:
                dropped = step(writer)
            if not dropped:
                return
            setattr(done, name, getattr(done, name) + dropped)
            on_step(done)

    _captures(record, lake, workspace, clock, done, on_step, is_stopping)
    if kept.runs is not None:
        before = now - kept.runs
        repeat("source_runs", lambda writer: writer.drop_source_runs(before))
        repeat("job_runs", lambda writer: writer.drop_job_runs(before))
        repeat("alarms", lambda writer: writer.drop_alarms(before))
    if kept.levels is not None:
        oldest = now - kept.levels
        repeat("levels", lambda writer: writer.drop_levels(oldest))
    return done


def _captures(
    record: Record,
    lake: Lake,
    workspace: Workspace,
    clock: Clock,
    done: Retained,
    on_step: Callable[[Retained], None],
    is_stopping: Callable[[], bool],
) -> None:
    """Condemn what is too old and cut it out, step by step; first what others have condemned and not cut."""
    kept, now = workspace.settings.retention, clock.now()
    internal = _internal(record, workspace)
    while not is_stopping():
        cut = cut_condemned(record, lake, clock, is_stopping=is_stopping)
        done.captures += cut
        if cut:
            on_step(done)
        with record.write() as writer:
            more = writer.condemn_captures(internal, _before(now, kept.internal_captures), _before(now, kept.captures))
        if not more:
            break
    with record.read() as reader:
        done.left = len(reader.condemned())


def _before(now: datetime, kept: timedelta | None) -> datetime | None:
    return None if kept is None else now - kept


def _internal(record: Record, workspace: Workspace) -> set[str]:
    """Return the sources whose captures are internal, those that have left the workspace among them."""
    known = {source.id: source.scope for source in workspace.sources}
    with record.read() as reader:
        gone = sorted(reader.capture_sources() - known.keys())
        known |= {source_id: reader.scope_of(source_id) for source_id in gone}
    return {source_id for source_id, scope in known.items() if scope == INTERNAL}
