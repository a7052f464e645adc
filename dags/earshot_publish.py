"""Schedules publishing: what changed goes to the index, and brands that have something to tell are called up."""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, TriggerRule
from earshot_dags.job import Job
from earshot_dags.rules import BRIEFING, INDEX, MENTIONS, TELLING, every_dag
from earshot_dags.timetable import CRON, ZONE

with DAG(
    "earshot_publish",
    dag_display_name="Earshot 3: publish",
    description="Bring what changed to the index, then call up the brands that have something to tell.",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(CRON["publish"], timezone=ZONE), assets=[MENTIONS]),
    doc_md="""
### What it does
*publish* empties the outbox into the search index; there is one writer at a time. *call up* looks which brands have
an alert due or a daily brief to write, and starts a run of **alert** or **brief** for each of them. It runs also
where the index does not answer: mails do not wait for it.

### When it is red
- **publish**: the index is locked, full or broken for longer than three tries. Nothing is lost; what waits is counted
  as *behind* on the **Operations** page. `earshot reindex` builds a new one from the record.
- **call up**: the record does not answer.

### Safe to do
Clear, trigger, run twice: a mention is written by its revision, an older one never overwrites a newer.
""",
    **every_dag(),
):
    published = Job(
        task_id="publish",
        job="publish",
        pool=INDEX,
        doc_md="Write what waits in the outbox to the index, and take out what was answered.",
    )
    published >> Job(
        task_id="call_up",
        task_display_name="call up",
        job="waiting",
        announces={TELLING.name: "alert", BRIEFING.name: "brief"},
        outlets=[TELLING, BRIEFING],
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Start an alert run, or a brief, for each brand that has something to tell now.",
    )
