"""Schedules ingesting: captures become documents and mentions, as soon as they appear, and each minute anyway."""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable
from earshot_dags.job import Job
from earshot_dags.rules import CAPTURES, LABEL, MENTIONS, READ, every_dag
from earshot_dags.timetable import CRON, ZONE, page

with DAG(
    "earshot_ingest",
    dag_display_name="Earshot 2: ingest",
    description="Read captures: documents, brands, verdicts, stories, flags.",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(CRON["publish"], timezone=ZONE), assets=[CAPTURES]),
    doc_md=f"""
### What it does
Reads every file of captures that nobody has read yet, also those that a killed task left behind. All of one capture
is written in one transaction: whatever happens, it is there whole or not at all, and never twice. A task reads for ten
minutes at most; what is left then is read by the next run.

### When it is red
- **unread** or **ingest**, at once: the workspace has mistakes. `earshot check`.
- After three tries: record or lake did not answer. The next run goes on where this one stopped.
- A capture that cannot be read makes nothing red: it is set aside ({page("Operations", "/operations")}, *Set aside*)
  and can be tried again.

### Safe to do
Clear, trigger, run twice. An asset event may be lost or come together with others: this DAG runs each minute too.
""",
    **every_dag(),
):
    waiting = Job(
        task_id="unread",
        job="unread",
        gives="parts",
        doc_md="Find the files of captures that nobody has read yet, and share them out.",
    )
    Job.partial(
        task_id="ingest",
        job="ingest",
        gives_way=True,
        hands_over="captures",
        outlets=[MENTIONS],
        pool=READ,
        map_index_template=LABEL,
        doc_md="Read a share of the captures: extract, recognise all brands, judge, write.",
    ).expand_kwargs(waiting.output)
