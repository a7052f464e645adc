"""A program: load every DAG file as Airflow does and print what came of it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import airflow.sdk  # noqa: F401 (its import is not the files' own time)
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import ExceptionRetryPolicy


def of_dag(dag: Any) -> dict[str, Any]:
    return {
        "doc": dag.doc_md,
        "name": dag.dag_display_name,
        "description": dag.description,
        "tags": sorted(dag.tags),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": {name: _field(dag.params.get_param(name)) for name in dag.params},
        "callbacks": [type(one).__name__ for one in _list(dag.on_failure_callback)],
        "timetable": type(dag.timetable).__name__,
        "cron": [one.expression for one in getattr(dag.timetable, "timetables", [])]
        or getattr(getattr(dag.timetable, "timetable", dag.timetable), "expression", ""),
        "tasks": {task.task_id: of_task(task) for task in dag.tasks},
    }


def of_task(task: Any) -> dict[str, Any]:
    own = task.partial_kwargs if task.is_mapped else vars(task)
    limit = task.execution_timeout
    policy = task.retry_policy or ExceptionRetryPolicy(rules=[])
    return {
        "doc": task.doc_md,
        "owner": task.owner,
        "operator": task.task_type,
        "job": own["job"],
        "arguments": sorted(own.get("arguments") or {}),
        "asks": list(own.get("asks", ())),
        "gives": own.get("gives", ""),
        "is_lone": own.get("is_lone", False),
        "gives_way": own.get("gives_way", False),
        "priority": task.priority_weight,
        "reports": own.get("reports", ""),
        "pool": task.pool,
        "retries": task.retries,
        "timeout_s": limit.total_seconds() if limit else None,
        "rules": {path: str(rule.action.value) for rule in policy.rules for path in rule.exception_path.split(",")},
        "upstream": sorted(task.upstream_task_ids),
        "is_mapped": task.is_mapped,
        "label": own.get("map_index_template") or "",
        "outlets": [asset.name for asset in task.outlets],
        "callbacks": [name for name in dir(task) if name.endswith("_callback") and getattr(task, name, None)],
    }


def _field(param: Any) -> dict[str, Any]:
    return {**param.schema, "description": param.description}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])  # as Airflow does for a bundle of DAG files
folder, seconds = os.environ["AIRFLOW__CORE__DAGS_FOLDER"], {}
for file in sorted(Path(folder).glob("*.py")):  # the processor's time: the clock's is that of whatever else runs here
    began = time.process_time()
    DagBag(str(file))
    seconds[file.name] = time.process_time() - began
bag = DagBag()
print(
    json.dumps(
        {
            "errors": bag.import_errors,
            "seconds": seconds,
            "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
            "dags": {dag.dag_id: of_dag(dag) for dag in bag.dags.values()},
        }
    )
)
