"""The book of jobs: each run of a job is noted in the record when it begins and when it ends, whoever started it.

Knows no stage. What a job does, it has done whether or not the book could be written afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from earshot import leases
from earshot.errors import StorageError
from earshot.operating import JobRun, JobState
from earshot.ports import Clock, Record

PROMPT, RUN, AIRFLOW = "prompt", "run", "airflow"
MAP_INDEX = "AIRFLOW_CTX_MAP_INDEX"
"""Set by the operator of our DAGs: which of its siblings a mapped task is."""
_last: list[str] = []


@dataclass(slots=True)
class Entry:
    """The line of one run while it goes on.

    counts: what it did so far. is_tried: it only looks what it would do, and writes nothing. skipped: why it did
    nothing, and rightly; or empty. note: what it waits for or left undone, though it is done; or empty.
    """

    id: str
    counts: dict[str, int] = field(default_factory=dict)
    is_tried: bool = False
    skipped: str = ""
    note: str = ""

    def count(self, report: Mapping[str, Any]) -> None:
        """Take the whole numbers of a report as what the job did; noughts and flags are left out."""
        numbers = {name: value for name, value in report.items() if type(value) is int and value}
        self.counts.update(numbers)


@contextmanager
def noted(
    record: Record,
    clock: Clock,
    job: str,
    *,
    subject: str = "",
    environ: Mapping[str, str] | None = None,
    airflow_url: str = "",
    starter: str = PROMPT,
) -> Iterator[Entry]:
    """Note a job's run: RUNNING inside, then DONE, TRIED, SKIPPED where `skipped` says why, or FAILED with the reason.

    Args:
        record: where it is noted.
        clock: time.
        job: its name, the same at the prompt and in Airflow.
        subject: what it is about: a brand's id, a batch's collections, a day; or empty.
        environ: of this process; Airflow's variables there say which task it is.
        airflow_url: under which people reach Airflow, or empty.
        starter: who starts it where it is not Airflow.
    """
    entry = Entry(secrets.token_hex(12))
    _last[:] = [entry.id]
    origin, url = _origin(environ or {}, airflow_url)
    origin = starter if origin == PROMPT else origin
    run = JobRun(entry.id, job, subject, JobState.RUNNING, origin, clock.now(), leases.me(), url)
    with record.write(beside=True) as writer:
        writer.begin_job(run)
    try:
        yield entry
    except BaseException as error:
        with suppress(StorageError):  # what failed is what the caller has to hear
            _end(record, clock, entry, JobState.FAILED, f"{type(error).__name__}: {error}".strip(": ")[:500])
        raise
    state = JobState.SKIPPED if entry.skipped else JobState.TRIED if entry.is_tried else JobState.DONE
    _end(record, clock, entry, state, entry.skipped or entry.note[:500])


def is_airflow(environ: Mapping[str, str]) -> bool:
    """Tell whether the process with this environment is a task of Airflow."""
    return bool(environ.get("AIRFLOW_CTX_DAG_ID"))


def last_run_id() -> str:
    """Return the id of the run that this process noted last, or "": a task of Airflow is a process of its own."""
    return _last[0] if _last else ""


def _end(record: Record, clock: Clock, entry: Entry, state: JobState, reason: str) -> None:
    with record.write(beside=True) as writer:
        writer.end_job(entry.id, state, clock.now(), entry.counts, reason)


def _origin(environ: Mapping[str, str], airflow_url: str) -> tuple[str, str]:
    """Return who started this process's job, and where Airflow shows it.

    Source: Airflow 3.3, `airflow.sdk.execution_time.context` (AIRFLOW_CTX_*), and the addresses of its pages. Which of
    its siblings a mapped task is Airflow does not say there; the operator of our DAGs adds it.
    """
    dag, run, task = (environ.get(f"AIRFLOW_CTX_{name}", "") for name in ("DAG_ID", "DAG_RUN_ID", "TASK_ID"))
    if not dag:
        return PROMPT, ""
    if not airflow_url:
        return AIRFLOW, ""
    sibling = environ.get(MAP_INDEX, "")
    parts = ("dags", dag, "runs", run, "tasks", task, *(("mapped", sibling) if sibling else ()))
    page = "/".join(quote(part, safe="") for part in parts)
    return AIRFLOW, f"{airflow_url.rstrip('/')}/{page}"
