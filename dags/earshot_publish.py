"""Schedules publishing: what changed goes to the index; beside it, brands that have something to tell are called up."""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable
from earshot_dags.job import Job
from earshot_dags.rules import BRIEFING, FIRST, INDEX, MENTIONS, TELLING, every_dag
from earshot_dags.timetable import CRON, ZONE, page

with DAG(
    "earshot_publish",
    dag_display_name="Earshot 3: publish",
    description="Bring what changed to the index, and call up the brands that have something to tell.",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(CRON["publish"], timezone=ZONE), assets=[MENTIONS]),
    doc_md=f"""
### What it does
*publish* brings what waits in the outbox to the search index; there is one writer at a time. After fifty seconds it
leaves the rest to the next run. *call up* looks which brands have an alert due or a daily brief to write, and starts a
run of **alert** or **brief** for each of them. The two stand side by side: mails do not wait for the index.

### When it is red
- At once: the workspace has mistakes. `earshot check`. After three tries: the record does not answer.
- An index that is locked, full or silent makes nothing red: *publish* waits for it, its log and the page of what it did
  say why, what waits is counted on the {page("Operations", "/operations")} page, and an alarm is raised if it goes on.
  Nothing is lost; `earshot reindex` builds a broken index anew from the record.

### Safe to do
Clear, trigger, run twice: a mention is written by its revision, an older one never overwrites a newer.
""",
    **every_dag(),
):
    Job(
        task_id="publish",
        job="publish",
        arguments={"seconds": 50},
        pool=INDEX,
        doc_md="Write what waits in the outbox to the index, and take out what was answered.",
    )
    Job(
        task_id="call_up",
        task_display_name="call up",
        priority_weight=FIRST,
        job="waiting",
        announces={TELLING.name: "alert", BRIEFING.name: "brief"},
        outlets=[TELLING, BRIEFING],
        doc_md="Start an alert run, or a brief, for each brand that has something to tell now.",
    )
