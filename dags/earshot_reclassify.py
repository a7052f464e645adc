"""Reclassifying and backfilling, by hand: what is in the record is judged again for a brand that is new or changed."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param
from earshot_dags.forms import day, one_of, share
from earshot_dags.job import Job
from earshot_dags.rules import BY_HAND, every_dag
from earshot_dags.timetable import BRANDS

with DAG(
    "earshot_reclassify",
    dag_display_name="Earshot: reclassify a brand",
    description="By hand, after a brand was added or changed: judge again what was heard before.",
    schedule=None,
    params={
        "brand": one_of(BRANDS, "all brands", "Brand", "The brand that is new or has changed."),
        "since": day("From day", "For example 2026-11-01. Empty: from the first."),
        "until": day("Before day", "Not included. Empty: up to now."),
        "write": Param(
            False,
            type="boolean",
            title="Write it",
            description="Off: only report what would enter, leave and change. Look at the report first.",
        ),
        "share": share(),
    },
    doc_md="""
### What it does
Reads every document of the record again (nothing is fetched) and judges it as the brand is written now. Mentions enter,
leave or change. Nobody is mailed about what is old (`alerts.max_age`).

### How to use it
Trigger it with *Write it* **off** and read the report at the end of the task's log: a line for each brand with what
would enter, leave and change. Examples with their titles are shown at the prompt: `earshot reclassify --brand ID`. Is
that what you meant? Then trigger it again with *Write it* on. This is how a brand that was added today is run over
all that was ever heard.

### When it is red
- At once: the workspace has mistakes, or there is no such brand or day. The log says which.
- After three tries: the record did not answer, or another pass over this brand is at work. Trigger it again later: it
  goes on where it was.

### Safe to do
Stop it, clear it, run it twice: it goes on where it was, and a second pass changes nothing.
""",
    **every_dag(),
):
    Job(
        task_id="reclassify",
        job="reclassify",
        gives_way=True,
        asks=["brand", "since", "until", "write", "share"],
        reports="on_progress",
        pool=BY_HAND,
        execution_timeout=timedelta(hours=24),
        doc_md="Judge the record's documents again: report, or write.",
    )
