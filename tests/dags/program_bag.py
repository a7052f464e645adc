"""A program: load every DAG file as Airflow does and print what came of it."""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import ExceptionRetryPolicy, RetryAction


def of_dag(dag: Any) -> dict[str, Any]:
    return {
        "doc": dag.doc_md,
        "tags": sorted(dag.tags),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tasks": {task.task_id: of_task(task) for task in dag.tasks},
    }


def of_task(task: Any) -> dict[str, Any]:
    limit = task.execution_timeout
    policy = task.retry_policy or ExceptionRetryPolicy(rules=[])
    return {
        "doc": task.doc_md,
        "owner": task.owner,
        "retries": task.retries,
        "timeout_s": limit.total_seconds() if limit else None,
        "not_again": [rule.exception_path for rule in policy.rules if rule.action is RetryAction.FAIL],
        "upstream": sorted(task.upstream_task_ids),
        "is_mapped": task.is_mapped,
        "callbacks": [name for name in dir(task) if name.endswith("_callback") and getattr(task, name, None)],
    }


bag = DagBag()
print(
    json.dumps(
        {
            "errors": bag.import_errors,
            "seconds": {stat.file: stat.duration.total_seconds() for stat in bag.dagbag_stats},
            "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
            "dags": {dag.dag_id: of_dag(dag) for dag in bag.dags.values()},
        }
    )
)
