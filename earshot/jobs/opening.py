"""How a job opens a workspace's parts, and how its run is noted in the record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from earshot import jobbook
from earshot.config.environment import environment
from earshot.wiring import Parts, open_parts


@contextmanager
def opened(workspace: str | Path, environ: Mapping[str, str] | None = None) -> Iterator[Parts]:
    """Open a workspace's parts for the length of one job."""
    parts = open_parts(Path(workspace), environment() if environ is None else environ)
    try:
        yield parts
    finally:
        parts.close()


def last_run_id() -> str:
    """Return the id under which this process's last job stands in the record, or ""."""
    return jobbook.last_run_id()


def noted(
    parts: Parts, job: str, subject: str = "", starter: str = jobbook.PROMPT
) -> AbstractContextManager[jobbook.Entry]:
    """Note this run of a job in the record, where the Operations page shows it."""
    url = parts.workspace.settings.airflow.url
    return jobbook.noted(
        parts.record, parts.clock, job, subject=subject, environ=parts.environ, airflow_url=url, starter=starter
    )


def counted(entry: jobbook.Entry, report: Any) -> dict[str, Any]:
    """Note a report's numbers and return it as plain values."""
    plain = report_dict(report)
    entry.count(plain)
    return plain


def report_dict(report: Any) -> dict[str, Any]:
    """Return a report's fields as plain values."""
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "ended"}
