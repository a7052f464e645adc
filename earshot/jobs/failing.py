"""What operations are told of a failed run of a scheduler."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from earshot import trouble as trouble_mail
from earshot.clock import SystemClock
from earshot.errors import EarshotError
from earshot.jobs.opening import opened
from earshot.operating import Alarm, JobRun, JobState


def trouble(workspace: str, dag: str, run: str) -> dict[str, Any]:
    """Return the mail to operations for a failed run of a scheduler: `sender`, `subject`, `html`, and if it `is_news`.

    sender: None where the workspace names none, or cannot be read.

    It needs as little as can be: where record or workspace are what failed, it says so.
    """
    failed: list[JobRun] = []
    alarms: list[Alarm] = []
    pages = run_url = sender = ""
    try:
        with opened(workspace) as parts:
            airflow, pages = parts.workspace.settings.airflow.url.rstrip("/"), parts.workspace.pages_url
            sender = parts.workspace.settings.mail.sender
            run_url = f"{airflow}/dags/{quote(dag, safe='')}/runs/{quote(run, safe='')}" if airflow else ""
            with parts.record.read() as reader:
                since = parts.clock.now() - timedelta(hours=1)
                failed = reader.job_runs(states=[JobState.FAILED], since=since, limit=10)
                alarms = reader.alarms()
    except EarshotError as error:
        failed = [JobRun("", "the workspace", "", JobState.FAILED, "", SystemClock().now(), reason=str(error))]
    mail = trouble_mail.compose(dag, failed, alarms, pages, run_url)
    is_news = trouble_mail.is_news(Path(workspace) / "var" / "told", mail, dag)
    return {"sender": sender or None, "subject": mail.subject, "html": mail.html, "is_news": is_news}
