"""A program: run DAGs one after another over the workspace of the environment, and print how their tasks ended.

Each argument is JSON: [DAG's id, what the trigger form holds].
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb


def ended(run: Any) -> dict[str, Any]:
    tasks = sorted(run.get_task_instances(), key=lambda one: (one.task_id, one.map_index))
    return {
        "run": run.state,
        "tasks": {one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]": one.state for one in tasks},
        "labels": sorted(one.rendered_map_index for one in tasks if one.rendered_map_index),
        "tries": max(one.try_number for one in tasks),
    }


initdb()
sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])  # as Airflow does for a bundle of DAG files
dags = DagBag().dags
answers = []
for name, form in map(json.loads, sys.argv[1:]):
    answers.append(ended(dags[name].test(run_conf=form)))
print("\n" + json.dumps(answers))
