"""Schedules telling: one run a brand, each time it has something to tell."""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable
from earshot_dags.forms import by_hand
from earshot_dags.job import Job
from earshot_dags.rules import FIRST, LABEL, MAIL, ONE_BRAND, TELLING, every_dag
from earshot_dags.timetable import page

with DAG(
    "earshot_alert",
    dag_display_name="Earshot 4: alert",
    description="Send the alert mails that are due: one run a brand, each time it has something to tell.",
    schedule=PartitionedAssetTimetable(assets=TELLING),
    params={"brand": by_hand()},
    doc_md=f"""
### What it does
One run a brand, started by *publish* (the list of runs shows the brand as *partition key*): notices that are due
become mails, quiet hours and *at most N per hour* are kept, and each notice is told once, also where this task is
killed in the middle and run again.

### When it is skipped, or no run is started
The brand is paused: in its YAML, or on the {page("Operations", "/operations")} page. No run is started for it; one
that had begun, or is started by hand, ends as skipped. The brand is heard and shown as ever.

### When it is red
- At once: the workspace has mistakes. `earshot check`.
- After three tries: the record does not answer.
- A mail server that refuses makes nothing red: notices wait, the task's log says why, and an alarm is raised.

### Safe to do
Clear, trigger with a brand chosen, run twice. Never send these mails from a callback of Airflow.
""",
    **every_dag(max_active_runs=8),
):
    Job.partial(
        task_id="alert",
        job="alert",
        pool=MAIL,
        priority_weight=FIRST,
        map_index_template=LABEL,
        doc_md="Bind what is due into mails and hand each to the mail server, once.",
    ).expand(arguments=ONE_BRAND)
