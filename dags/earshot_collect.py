"""Schedules collecting: what is due is planned into batches and each batch is fetched by a spider of its own."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param
from earshot_dags.job import Job
from earshot_dags.rules import CAPTURES, FETCH, LABEL, every_dag
from earshot_dags.timetable import CRON, ZONE, page

with DAG(
    "earshot_collect",
    dag_display_name="Earshot 1: collect",
    description="Fetch what is due, politely: feeds, sitemaps and the pages behind them.",
    schedule=CronTriggerTimetable(CRON["collect"], timezone=ZONE),
    params={
        "most_batches": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=16,
            title="Batches a collection",
            description="At most so many at once for each collection. Empty: as many as `collect.processes` says.",
        )
    },
    doc_md=f"""
### What it does
Looks which sources are due, each at its own pace, and fetches them: one *collect* task a batch, named by its
collections. A source that fails does not make a task red: it ends in an outcome, which the
{page("Sources", "/sources")} page shows.

### When it is red
- **plan**, at once: the workspace has mistakes. `earshot check` names each with file and line.
- **plan**, after three tries: the record does not answer. Look at its disk or its server.
- **collect**: the task itself was killed or timed out, or the record did not answer. Nothing is lost: what it had
  fetched is read, the rest is due again within two minutes. If it comes again, look at the task's log and at the
  machine's memory.
- A *spider* that was killed or hung makes nothing red: its sources end as *failed*, with "the spider ended early", and
  are tried again later, as any source that fails.

### Safe to do
Clear or trigger it at any time, also twice: a host is leased by one batch at a time, and what was fetched is not
fetched again before it is due. Pausing this DAG stops listening; the hours are shown as *not heard*.
""",
    **every_dag(),
):
    planned = Job(
        task_id="plan",
        job="plan",
        arguments={"by_collection": True},
        asks=["most_batches"],
        gives="batches",
        doc_md="Lease the hosts of what is due and write a batch file for each spider.",
    )
    Job.partial(
        task_id="collect",
        job="collect",
        gives_way=True,
        hands_over="files",
        outlets=[CAPTURES],
        pool=FETCH,
        map_index_template=LABEL,
        doc_md="Fetch one batch in a spider process of its own. Captures go to the lake, their names to *ingest*.",
    ).expand_kwargs(planned.output)
