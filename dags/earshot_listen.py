"""Schedules listening: what is due is planned, collected, read, indexed and told.

Knows when and in what order; what happens is in `earshot.jobs`, the same functions that `earshot run` drives.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule, TriggerRule, dag, task

WORKSPACE = "{{ var.value.earshot_workspace }}"
EVERY = timedelta(minutes=2)
"""Each source has its own pace; this is how long what is due, a page behind a teaser or a mail may wait to be seen."""
LONGEST_BATCH = timedelta(minutes=20)
"""A spider ends by itself after 16 minutes; a task that takes longer has lost it."""

NOT_AGAIN = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="earshot.errors.ConfigError",
            action=RetryAction.FAIL,
            reason="A person has to mend the workspace: `earshot check` names every mistake.",
        ),
    ]
)


@dag(
    dag_id="earshot_listen",
    dag_display_name="Earshot: listen",
    schedule=EVERY,
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 (Airflow reads it in its own default time zone)
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["earshot"],
    params={
        "batches": Param(
            2,
            type="integer",
            minimum=1,
            maximum=16,
            title="Batches",
            description="Spider processes at a time. Each host is in one batch only.",
        )
    },
    default_args={
        "owner": "earshot",
        "retries": 2,
        "retry_delay": timedelta(seconds=20),
        "retry_policy": NOT_AGAIN,
        "execution_timeout": LONGEST_BATCH,
    },
)
def earshot_listen() -> None:
    """Wire the stages; the last task is red if any before it was."""

    @task(doc_md="Lease the hosts of what is due and write a batch file for each spider.")
    def plan(workspace: str, params: dict[str, Any] | None = None) -> list[str]:
        from earshot import jobs

        return list(jobs.plan(workspace, (params or {})["batches"])["batches"])

    @task(
        doc_md="Fetch one batch in a spider process of its own; captures go to the lake.",
        map_index_template="{{ task.op_kwargs['batch'].split('/')[-2] }}",
    )
    def collect(workspace: str, batch: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.collect(workspace, batch)

    @task(
        doc_md="Read every capture that was not read yet, also those of a run that was cut off.",
        trigger_rule=TriggerRule.ALL_DONE,
    )
    def ingest(workspace: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.ingest(workspace)

    @task(doc_md="Bring what changed to the index.", trigger_rule=TriggerRule.ALL_DONE)
    def publish(workspace: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.publish(workspace)

    @task(
        doc_md="Judge late teasers and send the mails that are due, each once.",
        trigger_rule=TriggerRule.ALL_DONE,
    )
    def alert(workspace: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.alert(workspace)

    @task(
        doc_md="What there is now, as `earshot status` says it. Runs only if nothing before it failed.",
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    def status(workspace: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.status(workspace)

    planned = plan(WORKSPACE)
    collected = collect.partial(workspace=WORKSPACE).expand(batch=planned)
    read, indexed, told, now = ingest(WORKSPACE), publish(WORKSPACE), alert(WORKSPACE), status(WORKSPACE)
    collected >> read >> indexed >> told >> now
    [planned, collected, read, indexed] >> now


earshot_listen()
