"""Replaying, by hand: captures of a day, or those that were set aside, are read again from the lake."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from earshot_dags.forms import day, one_of, share
from earshot_dags.job import Job
from earshot_dags.rules import BY_HAND, every_dag
from earshot_dags.timetable import COLLECTIONS

with DAG(
    "earshot_replay",
    dag_display_name="Earshot: replay captures",
    description="By hand: read captures again, those of a day or those that were set aside.",
    schedule=None,
    params={
        "day": day("Day", "Captures fetched on it, for example 2026-11-23. Empty: only what was set aside."),
        "collection": one_of(
            {name: name for name in COLLECTIONS},
            "all collections",
            "Collection",
            "Only captures of this collection's sources.",
        ),
        "share": share(),
    },
    doc_md="""
### What it does
Reads captures again out of the lake (nothing is fetched): after an update that reads better, or when captures were set
aside. What was read before stays as it is unless it is read better now; nobody is mailed about what is old.

### When it is red
- At once: the workspace has mistakes, or there is no such day or collection. The log says which.
- After three tries: record or lake did not answer. A capture that cannot be read makes nothing red: it is set aside.

### Safe to do
Stop it, clear it, run it three times: the record ends the same.
""",
    **every_dag(),
):
    Job(
        task_id="replay",
        job="replay",
        gives_way=True,
        asks=["day", "collection", "share"],
        reports="on_capture",
        pool=BY_HAND,
        execution_timeout=timedelta(hours=24),
        doc_md="Read the captures again and write what is new in them.",
    )
