"""What pages start, really started: a command in a child process, its end told once."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import httpx
import pytest

from earshot.acting import ChildActions
from earshot.config.example import write_example
from earshot.demo.children import bare_environment
from earshot.operating import JobState
from earshot.wiring import open_parts
from tests.dashboards.serving import serving


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    write_example(tmp_path)
    return tmp_path


def ended(workspace: Path, quarantine_id: str = "") -> str:
    told: list[str] = []
    done = threading.Event()

    def on_end(problem: str) -> None:
        told.append(problem)
        done.set()

    ChildActions(workspace, bare_environment(os.environ)).replay(quarantine_id, on_end)
    assert done.wait(60)
    return told[0]


def test_all_that_is_set_aside_is_tried_in_another_process_that_notes_its_run(workspace: Path) -> None:
    assert ended(workspace) == ""
    parts = open_parts(workspace, {})
    with parts.record.read() as reader:
        run = reader.job_runs()[-1]
    parts.close()
    assert (run.job, run.state) == ("replay", JobState.DONE)
    assert f"/{os.getpid()}/" not in run.owner


def test_one_capture_is_tried_by_its_id(workspace: Path) -> None:
    assert ended(workspace, "gone-meanwhile") == ""


def test_a_command_that_fails_says_why(workspace: Path) -> None:
    (workspace / "earshot.yaml").write_text("nonsense: true\n", encoding="utf-8")
    problem = ended(workspace)
    assert problem.startswith("`earshot replay` ended with code 3: ")
    assert "it said nothing" not in problem


def test_requests_are_done_one_after_the_other_and_each_is_told(workspace: Path) -> None:
    actions = ChildActions(workspace, bare_environment(os.environ))
    told: list[int] = []
    done = threading.Semaphore(0)
    for number in range(2):

        def on_end(_: str, number: int = number) -> None:
            told.append(number)
            done.release()

        actions.replay("", on_end)
    assert done.acquire(timeout=60)
    assert done.acquire(timeout=60)
    assert told == [0, 1]


def test_a_button_of_the_pages_reaches_the_command(workspace: Path) -> None:
    parts = open_parts(workspace, bare_environment(os.environ))
    with serving(parts.make_app()) as url:
        assert httpx.post(f"{url}/operations/quarantine/replay").status_code == 303
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            runs = httpx.get(f"{url}/operations/runs.json").json()["runs"]
            if len(runs) == 3 and all(run["ended_at"] for run in runs):
                break
            time.sleep(0.2)
    parts.close()
    assert {(run["job"], run["state"], run["origin"]) for run in runs} == {
        ("ask replay", "done", "pages"),
        ("replay", "done", "prompt"),
        ("publish", "done", "prompt"),
    }
