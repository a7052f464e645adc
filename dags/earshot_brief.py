"""Schedules the daily brief: one run a brand, once its day is over and its hour has come."""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable
from earshot_dags.forms import by_hand, day
from earshot_dags.job import Job
from earshot_dags.rules import BRIEFING, MAIL, ONE_BRAND, every_dag

with DAG(
    "earshot_brief",
    dag_display_name="Earshot 5: brief",
    description="Write and send the daily account of a brand. One run a brand: its id is the run's partition key.",
    schedule=PartitionedAssetTimetable(assets=BRIEFING),
    params={
        "brand": by_hand(),
        "day": day("Day", "For example 2026-11-23. Empty: the last whole day."),
    },
    doc_md="""
### What it does
One run a brand and day: what was said against the day before, what was flagged, what was not heard; one mail to each of
the brand's people. A brief that was sent is not sent again, whatever is cleared.

### When it is skipped
The brand is paused, or has no brief.

### When it is red
As *alert*: the workspace has mistakes, or the record does not answer.
""",
    **every_dag(max_active_runs=8),
):
    Job.partial(
        task_id="brief",
        job="brief",
        asks=["day"],
        pool=MAIL,
        map_index_template="{{ label }}",
        doc_md="Count the day, write the brief, send it to each of the brand's people, once.",
    ).expand(arguments=ONE_BRAND)
