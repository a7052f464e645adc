"""The workspace compiled to one small file: `var/schedule.json`, which DAG files read instead of thousands of sources.

A scheduler reads its DAG files every few seconds, and 2,000 sources in YAML take seconds to read. Knows no scheduler.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import defaultdict
from pathlib import Path
from typing import Any

from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import Source

VERSION = 1


def compile_schedule(workspace: Workspace) -> dict[str, Any]:
    """Return what a scheduler has to know of a workspace, in order of id.

    version: of this form. time_zone: that of every cron expression here. collections: `id`, `sources` (how many),
    `pace_s` (the least of theirs) and `cron` (empty: each source at its pace). brands: `id`, `name` and `paused` as
    their YAML says; who paused one on a page is in the record. schedules: cron expressions by job. pages_url: of the
    dashboards, for links. failure_mail: who hears of failed runs and new alarms.
    """
    groups: dict[str, list[Source]] = defaultdict(list)
    for source in workspace.sources:
        groups[source.collection].append(source)
    return {
        "version": VERSION,
        "time_zone": workspace.settings.time_zone,
        "collections": [_collection(name, groups[name]) for name in sorted(groups)],
        "brands": [{"id": each.id, "name": each.name, "paused": each.is_paused} for each in workspace.brands],
        "schedules": workspace.settings.schedules.model_dump(),
        "pages_url": workspace.pages_url,
        "failure_mail": list(workspace.settings.operations_mail),
    }


def _collection(name: str, sources: list[Source]) -> dict[str, Any]:
    pace_s = min(source.pace_s for source in sources)
    return {"id": name, "sources": len(sources), "pace_s": pace_s, "cron": sources[0].schedule}


def schedule_file(workspace: Workspace) -> Path:
    """Return where the compiled schedule of a workspace lies."""
    return workspace.var / "schedule.json"


def write_schedule(workspace: Workspace) -> dict[str, Any]:
    """Compile the schedule, write its file if that says anything else, and return it. Twice is once.

    The file appears whole: who reads it meanwhile sees the old one or the new one.

    Raises:
        StorageError: it cannot be written.
    """
    schedule, path = compile_schedule(workspace), schedule_file(workspace)
    text = json.dumps(schedule, ensure_ascii=False, indent=1) + "\n"
    try:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be written: {error.strerror or error}") from error
    return schedule


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
