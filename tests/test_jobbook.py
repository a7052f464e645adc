"""The book of jobs: what is noted, whoever starts it and however it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from earshot import jobbook
from earshot.operating import JobState
from earshot.record import SqlRecord
from tests.builders import NOW, FakeClock


@pytest.fixture
def record(tmp_path: Path, clock: FakeClock) -> SqlRecord:
    made = SqlRecord(f"sqlite:///{tmp_path / 'record.db'}", clock)
    made.migrate()
    return made


def test_a_job_is_running_inside_and_done_after(record: SqlRecord, clock: FakeClock) -> None:
    with jobbook.noted(record, clock, "alert", subject="halden") as entry:
        with record.read() as reader:
            assert [(run.job, run.state) for run in reader.job_runs()] == [("alert", JobState.RUNNING)]
        entry.count({"sent": 2, "held": 0, "is_busy": True, "problem": "none"})
        clock.advance(seconds=3)
    with record.read() as reader:
        (run,) = reader.job_runs()
    assert (run.state, run.subject, run.origin, dict(run.counts)) == (JobState.DONE, "halden", "prompt", {"sent": 2})
    assert run.ended_at == NOW.replace(second=3)


def test_a_job_that_raises_is_failed_with_its_reason(record: SqlRecord, clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="broken"), jobbook.noted(record, clock, "ingest"):
        raise ValueError("broken")
    with record.read() as reader:
        assert [(run.state, run.reason) for run in reader.job_runs()] == [(JobState.FAILED, "ValueError: broken")]


def test_a_job_that_had_nothing_to_do_says_why(record: SqlRecord, clock: FakeClock) -> None:
    with jobbook.noted(record, clock, "alert") as entry:
        entry.skipped = "the brand is paused"
    with record.read() as reader:
        assert [(run.state, run.reason) for run in reader.job_runs()] == [(JobState.SKIPPED, "the brand is paused")]


def test_a_task_of_airflow_is_named_with_its_page(record: SqlRecord, clock: FakeClock) -> None:
    environ = {
        "AIRFLOW_CTX_DAG_ID": "earshot_alert",
        "AIRFLOW_CTX_DAG_RUN_ID": "scheduled__2026-11-20T12:00:00+00:00",
        "AIRFLOW_CTX_TASK_ID": "alert",
    }
    with jobbook.noted(record, clock, "alert", environ=environ, airflow_url="http://127.0.0.1:8081/"):
        pass
    with record.read() as reader:
        (run,) = reader.job_runs()
    run_id = "scheduled__2026-11-20T12%3A00%3A00%2B00%3A00"
    assert run.origin == "airflow"
    assert run.origin_url == f"http://127.0.0.1:8081/dags/earshot_alert/runs/{run_id}/tasks/alert"


def test_a_mapped_task_of_airflow_is_named_with_the_page_of_that_one(record: SqlRecord, clock: FakeClock) -> None:
    environ = {
        "AIRFLOW_CTX_DAG_ID": "earshot_collect",
        "AIRFLOW_CTX_DAG_RUN_ID": "by hand",
        "AIRFLOW_CTX_TASK_ID": "collect",
        "AIRFLOW_CTX_MAP_INDEX": "3",
    }
    with jobbook.noted(record, clock, "collect", environ=environ, airflow_url="http://127.0.0.1:8081"):
        pass
    with record.read() as reader:
        (run,) = reader.job_runs()
    assert run.origin_url == "http://127.0.0.1:8081/dags/earshot_collect/runs/by%20hand/tasks/collect/mapped/3"
