"""What holds for every DAG file, also for those that nobody has written yet: found by glob, read by Airflow itself."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earshot import jobs
from tests.dags.running import DAGS, FILES, SHARED, Airflow

EACH = pytest.mark.parametrize("file", [*FILES, *SHARED], ids=lambda f: f.relative_to(DAGS).as_posix())
HEAVY = {"scrapy", "spacy", "trafilatura", "tantivy", "fastapi", "nlp", "spiders", "dashboards"}
BUDGET_S = 0.3
"""What a file may cost beyond `import airflow.sdk`; Airflow reads every file again each 30 seconds."""
SCHEDULE = {
    "version": 1,
    "time_zone": "Europe/Berlin",
    "collections": [{"id": "news", "sources": 3, "pace_s": 900}],
    "brands": [{"id": "harbor", "name": "Harbor", "paused": False}],
    "schedules": {
        "collect": "*/2 * * * *",
        "publish": "*/3 * * * *",
        "maintain_freshness": "*/7 * * * *",
        "maintain_nightly": "5 4 * * *",
    },
    "pages_url": "https://earshot.example",
    "failure_mail": ["ops@example.org"],
}


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All DAGs, loaded with no workspace and no setting in sight: nothing in them can come from one."""
    return Airflow(tmp_path_factory.mktemp("home"))("program_bag.py")


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All DAGs, loaded beside a compiled schedule."""
    root = tmp_path_factory.mktemp("scheduled")
    (root / "var").mkdir()
    (root / "var" / "schedule.json").write_text(json.dumps(SCHEDULE))
    return Airflow(tmp_path_factory.mktemp("home"))("program_bag.py", EARSHOT_WORKSPACE=str(root))


@pytest.fixture(scope="module")
def tasks(bag: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{dag}.{name}", task) for dag, known in bag["dags"].items() for name, task in known["tasks"].items()]


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_every_file_is_read_without_an_error_and_holds_one_dag(bag: Any) -> None:
    assert bag["errors"] == {}
    assert sorted(bag["dags"]) == sorted(file.stem for file in FILES)


def test_the_list_of_dags_stays_one_screen_long(bag: Any) -> None:
    assert 1 <= len(bag["dags"]) <= 10


def test_every_dag_is_described_for_an_operator_on_call(bag: Any) -> None:
    for name, dag in bag["dags"].items():
        assert name.startswith("earshot_")
        assert (dag["tags"], dag["catchup"]) == (["earshot"], False), name
        assert dag["name"].startswith("Earshot"), name
        assert dag["description"], name
        heads = re.findall(r"(?m)^### (.+)$", dag["doc"])
        assert heads[0] == "What it does", name
        assert [head for head in heads if head.startswith("When ") and head.endswith(" red")], name
        assert "Safe to do" in heads, name


def test_only_runs_of_different_brands_and_maintenance_run_beside_each_other(bag: Any) -> None:
    many = {name for name, dag in bag["dags"].items() if dag["max_active_runs"] > 1}
    assert many == {"earshot_alert", "earshot_brief", "earshot_maintain"}
    by_brand = {name for name, dag in bag["dags"].items() if dag["timetable"] == "PartitionedAssetTimetable"}
    assert by_brand == many - {"earshot_maintain"}


def test_no_work_of_hours_keeps_the_look_for_alarms_waiting(bag: Any) -> None:
    """Neither for a slot of its pool, nor for a run to end; and nothing goes before it within its run."""
    maintain = bag["dags"]["earshot_maintain"]
    look = maintain["tasks"]["freshness"]
    beside = [
        (dag_id, name)
        for dag_id, dag in bag["dags"].items()
        for name, task in dag["tasks"].items()
        if task["pool"] == look["pool"] and task["timeout_s"] > look["timeout_s"]
    ]
    assert look["timeout_s"] <= 600
    assert beside == []
    assert look["upstream"] == []
    assert maintain["max_active_runs"] >= 2, "the night's run goes on for hours; the next one looks for alarms"
    assert maintain["tasks"]["due"]["is_lone"], "else the next run would wait with the same parts"


def test_what_works_for_minutes_gives_way_and_what_tells_people_does_not(
    tasks: list[tuple[str, dict[str, Any]]],
) -> None:
    giving_way = {"collect", "ingest", "maintain", "reclassify", "replay"}
    assert {name.partition(".")[2] for name, task in tasks if task["gives_way"]} == giving_way
    first = max(task["priority"] for _, task in tasks)
    telling = {"alert", "brief", "call_up"}
    assert {name.partition(".")[2] for name, task in tasks if task["priority"] == first} == telling


def test_mails_do_not_wait_for_the_index(bag: Any) -> None:
    tasks = bag["dags"]["earshot_publish"]["tasks"]
    assert tasks["call_up"]["upstream"] == []
    assert tasks["publish"]["arguments"] == ["seconds"], "a large backlog does not hold up the next run for long"


def test_every_task_runs_a_job_and_is_described_retried_and_bounded(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    for name, task in tasks:
        assert task["operator"] == "Job", name
        assert task["doc"], name
        assert task["owner"] == "earshot", name
        assert task["retries"] >= 1, name
        assert task["timeout_s"], name


def test_what_a_task_hands_over_is_what_its_job_takes(bag: Any) -> None:
    """Arguments that come by mapping are bound too: the list that the task before it gives names them."""
    for dag_id, dag in bag["dags"].items():
        for task in dag["tasks"].values():
            taken = inspect.signature(getattr(jobs, task["job"])).parameters
            named = {*task["arguments"], *task["asks"], *([task["reports"]] if task["reports"] else [])}
            assert named <= taken.keys() - {"workspace"}, (dag_id, task["job"])
            assert set(task["asks"]) <= set(dag["params"]), (dag_id, task["job"])
            assert next(iter(taken)) == "workspace"


def test_docs_lead_to_the_pages_that_they_name(bag: Any, scheduled: Any) -> None:
    docs = {name: dag["doc"] for name, dag in scheduled["dags"].items()}
    linked = {name for name, doc in docs.items() if "](https://earshot.example/" in doc}
    assert linked == {f"earshot_{name}" for name in ("collect", "ingest", "publish", "alert", "brief", "maintain")}
    assert [name for name, dag in bag["dags"].items() if "](" in dag["doc"]] == [], "no address is known here"


def test_every_field_of_a_form_has_a_title_in_plain_words(bag: Any) -> None:
    for dag in bag["dags"].values():
        for name, schema in dag["params"].items():
            assert schema.get("title"), name
            assert schema.get("description"), name


def test_a_field_that_may_stay_empty_is_not_asked_for(bag: Any) -> None:
    """Airflow's form takes a text field without a value as one that has to be filled, and does not start the run."""
    for dag in bag["dags"].values():
        for name, schema in dag["params"].items():
            assert ("Empty:" in schema["description"]) == ("null" in schema["type"]), name


def test_retries_follow_the_kind_of_error(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    for name, task in tasks:
        assert task["rules"]["earshot.errors.ConfigError"] == "fail", name
        assert task["rules"]["earshot.errors.StorageError"] == "retry", name


def test_no_task_calls_back(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    """Business alerts go through the alert stage, which tells each person once."""
    assert [name for name, task in tasks if task["callbacks"]] == []


def test_every_pool_that_a_task_waits_in_is_made_by_our_set_up(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    made = json.loads((DAGS / "pools.json").read_text())
    assert {task["pool"] for _, task in tasks} - {"default_pool"} == made.keys()
    assert made["earshot_index"]["slots"] == 1, "the index has one writer"
    assert all(pool["description"] for pool in made.values())


def test_every_mapped_task_has_a_label(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    mapped = [(name, task) for name, task in tasks if task["is_mapped"]]
    assert {name.partition(".")[2] for name, _ in mapped} == {"collect", "ingest", "alert", "brief", "maintain"}
    assert {task["label"] for _, task in mapped} == {"{{ task.called }}"}, "what a task sets at work comes too late"


def test_a_collecting_task_outlives_its_spider(bag: Any) -> None:
    from spiders.collector import GRACE_S, ScrapyCollector

    longest = inspect.signature(ScrapyCollector).parameters["seconds"].default + GRACE_S
    assert bag["dags"]["earshot_collect"]["tasks"]["collect"]["timeout_s"] > longest


def test_reading_the_files_is_quick_and_loads_nothing_heavy(bag: Any) -> None:
    assert [(file, took) for file, took in bag["seconds"].items() if took > BUDGET_S] == []
    assert HEAVY & set(bag["loaded"]) == set()


def test_schedules_forms_and_failure_mail_come_from_the_compiled_schedule(bag: Any, scheduled: Any) -> None:
    assert scheduled["errors"] == {}
    dags = scheduled["dags"]
    assert [dags[f"earshot_{name}"]["cron"] for name in ("collect", "ingest", "publish")] == [
        "*/2 * * * *",
        "*/3 * * * *",
        "*/3 * * * *",
    ]
    assert dags["earshot_maintain"]["cron"] == ["*/7 * * * *", "5 4 * * *"]
    assert dags["earshot_reclassify"]["params"]["brand"]["enum"] == ["harbor", None]
    assert dags["earshot_reclassify"]["params"]["brand"]["values_display"]["harbor"] == "Harbor"
    assert dags["earshot_replay"]["params"]["collection"]["enum"] == ["news", None]
    assert {tuple(dag["callbacks"]) for dag in dags.values()} == {("FailureMail",)}
    assert {tuple(dag["callbacks"]) for dag in bag["dags"].values()} == {()}


@EACH
def test_a_file_imports_airflow_and_the_jobs_and_nothing_else(file: Path) -> None:
    allowed = ("airflow.sdk", "airflow.providers.smtp", "earshot_dags")
    foreign = [
        name
        for name in imports(tree_of(file))
        if not name.startswith(allowed) and name.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert set(foreign) <= {"earshot"}
    named = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.ImportFrom) and node.module == "earshot"]
    assert all([alias.name for alias in node.names] == ["jobs"] for node in named)


@EACH
def test_a_file_holds_no_secret_and_asks_airflow_for_none(file: Path) -> None:
    tree = tree_of(file)
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names & {"Variable", "Connection"} == set()
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "environ"]
    # The timetable reads the workspace's folder; the operator tells its job which of its siblings it is.
    assert len(reads) == (file.stem in ("timetable", "job"))
