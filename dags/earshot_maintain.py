"""Schedules maintenance: freshness every few minutes; retention, index, integrity and a backup at night, beside it."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, MultipleCronTriggerTimetable
from earshot_dags.job import Job
from earshot_dags.rules import LABEL, UPKEEP, WATCH, every_dag
from earshot_dags.timetable import CRON, ZONE, page

with DAG(
    "earshot_maintain",
    dag_display_name="Earshot 6: maintain",
    description="Alarms every few minutes; retention, index, integrity and a backup at night.",
    schedule=MultipleCronTriggerTimetable(CRON["maintain_freshness"], CRON["maintain_nightly"], timezone=ZONE),
    doc_md=f"""
### What it does
*freshness* looks whether sources, collections and brands are heard and nothing piles up. Once a night *maintain* does
its parts, one after another: *retention* drops what the workspace no longer wants to keep; *index* begins the
cluster's next index and drops old ones, as `index:` in earshot.yaml says; *integrity* compares record, lake and index;
*backup* saves record, lake and settings, where `backup.folder` in earshot.yaml names a place.
They may take hours; the next run looks for alarms meanwhile, and leaves them alone.

### When freshness is red
**There is a new alarm.** The mail, the task's log and the {page("Operations", "/operations")} page say which and what
to do; the runbook (docs/operations/alarms.md, beside these DAG files) says more. It is green again with the next run
after the mail was taken: an alarm is told once, and stays open on the page until its cause is gone.

### When maintain is red
- *integrity*: record, lake and index do not agree. The log names each finding with what to do; nothing was changed.
- Any part, at once: the workspace has mistakes. `earshot check`. After three tries: record, lake or index did not
  answer. The part is due again with the next run.

### Safe to do
Clear, trigger, run twice. Pausing this DAG stops all alarms, and what is too old stays.
""",
    **every_dag(max_active_runs=2),
):
    Job(
        task_id="freshness",
        job="maintain",
        arguments={"part": "freshness"},
        alarms="new",
        pool=WATCH,
        execution_timeout=timedelta(minutes=10),
        doc_md="Look for what is not heard and what piles up. Red where there is a new alarm.",
    )
    due = Job(
        task_id="due",
        job="maintain_due",
        gives="parts",
        is_lone=True,
        doc_md="Which parts of the night are due; none while another run is at them.",
    )
    Job.partial(
        task_id="maintain",
        job="maintain",
        alarms="new",
        pool=UPKEEP,
        gives_way=True,
        execution_timeout=timedelta(hours=6),
        map_index_template=LABEL,
        doc_md="One part of the night's maintenance. Red where it has found something new for operations.",
    ).expand_kwargs(due.output)
