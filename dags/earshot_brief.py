"""Schedules the daily brief: one run a brand, once its day is over and its hour has come."""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable
from earshot_dags.forms import by_hand, day
from earshot_dags.job import Job
from earshot_dags.rules import BRIEFING, FIRST, LABEL, MAIL, ONE_BRAND, every_dag
from earshot_dags.timetable import page

with DAG(
    "earshot_brief",
    dag_display_name="Earshot 5: brief",
    description="Write and send the daily account of a brand: one run a brand and day.",
    schedule=PartitionedAssetTimetable(assets=BRIEFING),
    params={
        "brand": by_hand(),
        "day": day("Day", "For example 2026-11-23. Empty: the last whole day."),
    },
    doc_md=f"""
### What it does
One run a brand and day, started by *publish* (the list of runs shows the brand as *partition key*): what was said
against the day before, what was flagged, what was not heard; one mail to each of the brand's people. A brief that was
sent is not sent again, whatever is cleared.

### When it is skipped, or no run is started
The brand is paused, in its YAML or on the {page("Operations", "/operations")} page, or has no brief. No run is started
for it; one that had begun, or is started by hand, ends as skipped.

### When it is red
- At once: the workspace has mistakes. `earshot check`.
- After three tries: the record does not answer.

### Safe to do
Clear, trigger with a brand and a day chosen, run twice. A day whose brief was not sent can be sent later this way.
""",
    **every_dag(max_active_runs=8),
):
    Job.partial(
        task_id="brief",
        job="brief",
        asks=["day"],
        pool=MAIL,
        priority_weight=FIRST,
        map_index_template=LABEL,
        doc_md="Count the day, write the brief, send it to each of the brand's people, once.",
    ).expand(arguments=ONE_BRAND)
