"""A program: run DAGs one after another over the workspace of the environment, and print how their tasks ended.

Each argument is JSON: [DAG's id, what the trigger form holds], and true where another run of it is to be at work.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.sdk import DagRunState, timezone
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType


def ended(run: Any) -> dict[str, Any]:
    tasks = sorted(run.get_task_instances(), key=lambda one: (one.task_id, one.map_index))
    return {
        "run": run.state,
        "tasks": {one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]": one.state for one in tasks},
        "labels": sorted(one.rendered_map_index for one in tasks if one.rendered_map_index),
        "tries": max(one.try_number for one in tasks),
    }


def leave_a_run_at_work(dag: Any) -> None:
    """Note a run of the DAG as running, as another process would have it."""
    with create_session() as session:
        now = timezone.utcnow()
        session.add(
            DagRun(dag_id=dag.dag_id, run_id="beside", run_type=DagRunType.MANUAL, state=DagRunState.RUNNING,
                   logical_date=now, run_after=now, start_date=now)
        )  # fmt: skip


initdb()
sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])  # as Airflow does for a bundle of DAG files
dags = DagBag().dags
answers = []
for name, form, *beside in map(json.loads, sys.argv[1:]):
    if beside:
        leave_a_run_at_work(dags[name])
    answers.append(ended(dags[name].test(run_conf=form)))
print("\n" + json.dumps(answers))
