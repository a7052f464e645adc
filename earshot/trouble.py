"""The mail to operations when a scheduler's run has failed: what failed and why, which alarms are open.

Plain: one look on a phone. Knows no scheduler; it is made of what the record says, and says so where that is silent.
The same news is worth one mail an hour, however often the run fails again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from earshot.identity import digest
from earshot.operating import Alarm, JobRun

AGAIN_S = 3600.0
"""After so many seconds the same news is told again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mail, not yet sent. subject: one line."""

    subject: str
    html: str


def compose(dag: str, failed: Sequence[JobRun], alarms: Sequence[Alarm], pages: str, run_url: str) -> Trouble:
    """Return the mail.

    Args:
        dag: id of the scheduler's DAG whose run failed.
        failed: jobs that failed lately, latest first.
        alarms: what is open now, oldest first.
        pages: address of the dashboards, or empty.
        run_url: where the scheduler shows the run, or empty.
    """
    what = alarms[-1].what if dag.endswith("maintain") and alarms else f"{dag} failed"
    parts = [f"<p><strong>{escape(what)}</strong></p>"]
    if failed:
        lines = (f"<li>{escape(_title(run))}: {escape(run.reason)}</li>" for run in failed)
        parts.append(f"<p>Jobs that failed within the hour:</p><ul>{''.join(lines)}</ul>")
    if alarms:
        lines = (f"<li>{escape(alarm.what)} <em>{escape(alarm.advice)}</em></li>" for alarm in alarms)
        parts.append(f"<p>Open alarms:</p><ul>{''.join(lines)}</ul>")
    if not failed and not alarms:
        parts.append("<p>The record says nothing of it: look at the task's log.</p>")
    links = [(run_url, "The run in Airflow"), (f"{pages}/operations" if pages else "", "The Operations page")]
    parts += [f'<p><a href="{escape(url)}">{escape(url)}</a><br>{name}</p>' for url, name in links if url]
    return Trouble(" ".join(f"[Earshot] {what}".split())[:140], "".join(parts))


def is_news(folder: Path, trouble: Trouble, dag: str) -> bool:
    """Tell whether this was not told within the hour, and remember it. Needs no record: that may be what failed.

    Args:
        folder: where a small file for each news is kept; made if need be.
        trouble: the mail.
        dag: whose run it is.
    """
    mark = folder / digest(dag, trouble.subject)[:24]
    try:
        if time.time() - mark.stat().st_mtime < AGAIN_S:
            return False
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return True


def _title(run: JobRun) -> str:
    return f"{run.job} of {run.subject}" if run.subject else run.job
