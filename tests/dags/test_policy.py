"""What holds for every DAG file, also for those that nobody has written yet: found by glob, read by Airflow itself."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earshot import jobs
from tests.dags.running import DAGS, FILES, Airflow

EACH = pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(DAGS).as_posix())
HEAVY = {"scrapy", "spacy", "trafilatura", "tantivy", "fastapi", "nlp", "spiders", "dashboards"}
BUDGET_S = 1.0
"""Airflow reads every file again each 30 seconds; 0.03 to 0.2 s were measured."""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All DAGs, loaded with no workspace and no setting in sight: nothing in them can come from one."""
    return Airflow(tmp_path_factory.mktemp("home"))("program_bag.py")


@pytest.fixture(scope="module")
def tasks(bag: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{dag}.{name}", task) for dag, known in bag["dags"].items() for name, task in known["tasks"].items()]


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(nodes: list[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def task_functions(file: Path) -> list[ast.FunctionDef]:
    def is_task(node: ast.expr) -> bool:
        return ast.unparse(node).startswith("task")

    found = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef)]
    return [node for node in found if any(is_task(mark) for mark in node.decorator_list)]


def test_there_are_dags_and_no_import_errors(bag: Any) -> None:
    assert bag["errors"] == {}
    assert {"earshot_listen", "earshot_upkeep"} <= bag["dags"].keys()
    assert len(bag["seconds"]) == len(FILES)


def test_every_dag_is_described_and_never_runs_beside_itself(bag: Any) -> None:
    for name, dag in bag["dags"].items():
        assert name.startswith("earshot_")
        assert dag["doc"], name
        assert dag["tags"] == ["earshot"], name
        assert (dag["max_active_runs"], dag["catchup"]) == (1, False), name


def test_every_task_is_described_retried_and_bounded(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    for name, task in tasks:
        assert task["doc"], name
        assert task["owner"] == "earshot", name
        assert task["retries"] >= 1, name
        assert task["timeout_s"], name


def test_no_task_tries_again_what_a_person_has_to_mend(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    assert [name for name, task in tasks if "earshot.errors.ConfigError" not in task["not_again"]] == []


def test_no_task_calls_back(tasks: list[tuple[str, dict[str, Any]]]) -> None:
    """Business alerts go through the alert stage, which tells each person once."""
    assert [name for name, task in tasks if task["callbacks"]] == []


def test_a_collecting_task_outlives_its_spider(bag: Any) -> None:
    from spiders.collector import GRACE_S, ScrapyCollector

    longest = inspect.signature(ScrapyCollector).parameters["seconds"].default + GRACE_S
    assert bag["dags"]["earshot_listen"]["tasks"]["collect"]["timeout_s"] > longest


def test_a_listening_run_is_red_if_any_of_its_tasks_was(bag: Any) -> None:
    known = bag["dags"]["earshot_listen"]["tasks"]
    last = [name for name in known if not any(name in task["upstream"] for task in known.values())]
    assert len(last) == 1
    assert set(known[last[0]]["upstream"]) == known.keys() - set(last)


def test_reading_the_files_is_quick_and_loads_nothing_heavy(bag: Any) -> None:
    assert [(file, took) for file, took in bag["seconds"].items() if took > BUDGET_S] == []
    assert HEAVY & set(bag["loaded"]) == set()


@EACH
def test_a_file_imports_nothing_but_the_sdk_and_the_standard_library(file: Path) -> None:
    foreign = [
        name
        for name in imports(tree_of(file).body)
        if name != "airflow.sdk" and name.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert foreign == []


@EACH
def test_a_task_calls_one_job_and_nothing_else(file: Path) -> None:
    found = task_functions(file)
    assert found
    for function in found:
        importing, returning = function.body
        assert ast.unparse(importing) == "from earshot import jobs", function.name
        assert isinstance(returning, ast.Return), function.name
        calls = [node for node in ast.walk(returning) if isinstance(node, ast.Call)]
        named = [ast.unparse(call.func) for call in calls if ast.unparse(call.func).startswith("jobs.")]
        assert len(named) == 1, function.name
        call = next(one for one in calls if ast.unparse(one.func) == named[0])
        job = getattr(jobs, named[0].removeprefix("jobs."))
        inspect.signature(job).bind(*call.args, **{str(word.arg): word.value for word in call.keywords})


@EACH
def test_a_file_reads_no_setting_when_it_is_read_and_names_no_address(file: Path) -> None:
    tree = tree_of(file)
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names & {"environ", "getenv", "Variable", "Connection", "open"} == set()
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if "://" in text] == []
