"""Schedules maintenance: freshness every few minutes; retention, index and integrity at night."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, MultipleCronTriggerTimetable
from earshot_dags.job import Job
from earshot_dags.rules import UPKEEP, every_dag
from earshot_dags.timetable import CRON, ZONE

with DAG(
    "earshot_maintain",
    dag_display_name="Earshot 6: maintain",
    description="Alarms every few minutes; retention, index and integrity at night.",
    schedule=MultipleCronTriggerTimetable(CRON["maintain_freshness"], CRON["maintain_nightly"], timezone=ZONE),
    doc_md="""
### What it does
*freshness* looks whether sources, collections and brands are heard and nothing piles up; *retention* drops what the
workspace no longer wants to keep; *index* begins the cluster's next index and drops old ones, as `index:` in
earshot.yaml says; *integrity* compares record, lake and index. The last three run once a night.

### When freshness is red
**There is a new alarm.** The mail, the task's log and the **Operations** page say which, and the runbook what to do
(docs/operations/alarms.md). It is green again with the next run: an alarm is told once, and stays open on the page
until its cause is gone.

### When integrity is red
The record, the lake and the index do not agree. The log names each finding with what to do; nothing was changed.
""",
    **every_dag(),
):
    due = Job(
        task_id="due",
        job="maintain_due",
        gives="parts",
        doc_md="Which parts are due: freshness always, the others once a night.",
    )
    Job.partial(
        task_id="maintain",
        job="maintain",
        alarms="new",
        pool=UPKEEP,
        execution_timeout=timedelta(hours=6),
        map_index_template="{{ label }}",
        doc_md="One part of maintenance. Red where it has found something new for operations.",
    ).expand_kwargs(due.output)
