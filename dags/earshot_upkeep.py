"""Schedules upkeep: captures that could not be read are tried again, once a week.

Knows when; what happens is in `earshot.jobs`. Mentions found this way are indexed and told by the next listening run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, dag, task

WORKSPACE = "{{ var.value.earshot_workspace }}"


@dag(
    dag_id="earshot_upkeep",
    dag_display_name="Earshot: upkeep",
    schedule="0 3 * * 0",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 (Airflow reads it in its own default time zone)
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["earshot"],
)
def earshot_upkeep() -> None:
    """One task."""

    @task(
        doc_md="Try every quarantined capture again, as `earshot replay` does; best run by hand after an update.",
        owner="earshot",
        retries=2,
        retry_delay=timedelta(minutes=5),
        retry_policy=ExceptionRetryPolicy(
            rules=[
                RetryRule(
                    exception="earshot.errors.ConfigError",
                    action=RetryAction.FAIL,
                    reason="A person has to mend the workspace: `earshot check` names every mistake.",
                )
            ]
        ),
        execution_timeout=timedelta(hours=6),
    )
    def replay(workspace: str) -> dict[str, Any]:
        from earshot import jobs

        return jobs.replay(workspace)

    replay(WORKSPACE)


earshot_upkeep()
