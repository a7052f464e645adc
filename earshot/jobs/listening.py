"""Jobs from what is due to documents in the record: schedule, plan, collect, ingest."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from earshot import leases
from earshot.config.schedule import write_schedule
from earshot.jobs.opening import counted, noted, opened
from earshot.model import FilePublished
from earshot.pipeline.collect import collect as collect_batch
from earshot.pipeline.plan import know_sources
from earshot.pipeline.plan import plan as plan_batches
from earshot.pipeline.writing import Ingested


def schedule(workspace: str) -> dict[str, Any]:
    """Compile what a scheduler has to know of the workspace, write it to var/schedule.json and return it."""
    with opened(workspace) as parts:
        return write_schedule(parts.workspace)


def plan(workspace: str, most_batches: int | None = None, *, by_collection: bool = False) -> dict[str, Any]:
    """Lease what is due and write batch files, `collect.processes` at most unless said; return them with a label each.

    by_collection: that many for each collection, so that a scheduler shows them apart.
    The leases outlive this process: they are the batches' until `collect` takes them over, or they run out.
    """
    with opened(workspace) as parts, noted(parts, "plan") as entry:
        write_schedule(parts.workspace)
        with parts.record.write() as writer:
            know_sources(writer, parts.workspace, parts.clock.now())
        planned = plan_batches(
            parts.record,
            parts.workspace,
            parts.clock,
            f"planned/{secrets.token_hex(8)}",
            parts.limits,
            most_batches=most_batches or parts.workspace.settings.collect.processes,
            by_collection=by_collection,
        )
        items = sum(len(one.batch.items) for one in planned)
        entry.count({"batches": len(planned), "items": items})
        return {"batches": [{"batch_file": str(one.file), "label": one.label} for one in planned], "items": items}


def collect(workspace: str, batch_file: str, label: str = "") -> dict[str, Any]:
    """Run one batch; captures are left in the lake for ingest, in the `files` that are returned."""
    with opened(workspace) as parts, noted(parts, "collect", label or Path(batch_file).parent.name) as entry:
        events = collect_batch(
            parts.record, parts.collector, parts.workspace, parts.clock, leases.me(), Path(batch_file)
        )
        kinds: dict[str, int] = {}
        files = []
        for event in events:
            name = str(getattr(event, "outcome", type(event).__name__))
            kinds[name] = kinds.get(name, 0) + 1
            if isinstance(event, FilePublished):
                files.append(event.file)
        entry.count(kinds)
        return {"events": kinds, "files": files}


def unread(workspace: str, most: int = 4, most_files: int = 50, seconds: float = 600) -> dict[str, Any]:
    """Return files of captures that nobody has read yet, shared out into parts of about equal number.

    Args:
        workspace: its folder.
        most: parts, at most.
        most_files: files of a part, at most. The rest is unread at the next look.
        seconds: after which a part is to leave what it has not read: the next look finds it again.
    """
    with opened(workspace) as parts:
        files = parts.ingest.open_files()
        now = files[: most * most_files]
        shares = [now[start::most] for start in range(min(most, len(now)))]
        made = [
            {"files": share, "label": f"{len(share)} of {len(files)} files", "seconds": seconds} for share in shares
        ]
        return {"parts": made, "files": len(files)}


def ingest(
    workspace: str,
    files: Sequence[str] | None = None,
    label: str = "",
    on_capture: Callable[[Ingested], None] | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Ingest these files of captures, or where None every one of the lake that is not ingested yet. Twice is once.

    seconds: after which the rest is left for another call, at the end of a capture; None reads all.
    """
    with opened(workspace) as parts, noted(parts, "ingest", label) as entry:
        done, began = Ingested(), parts.clock.monotonic()

        def is_over() -> bool:
            return seconds is not None and parts.clock.monotonic() - began >= seconds

        for name in parts.ingest.open_files() if files is None else files:
            done.add(parts.ingest.file(name, on_capture, is_over))
            if is_over():
                entry.note = "its time was up; what is left is read by the next run"
                break
        return counted(entry, done)
