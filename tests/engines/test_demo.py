"""The demonstration on a real engine, as `make demo ENGINE=...` runs it, ended as a person at a terminal ends it."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from earshot.demo.ports import free_port
from scripts.engines.nodes import KEEPER
from tests.busy import by_load
from tests.demo.test_show import said, wait_for, wait_until_nothing_is_left
from tests.terminal import at_a_terminal, press_ctrl_c

pytestmark = pytest.mark.engines


def on_engine(engine: str, directory: Path, port: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "scripts.demo_on_engine", engine, "--dir", str(directory), "--port", str(port)]
    return at_a_terminal(command, directory.with_suffix(".log"))


def said_of(process: psutil.Process) -> dict[str, Any]:
    """Return name and command line of a process, nothing of one that has just ended."""
    try:
        return process.as_dict(["name", "cmdline"])
    except psutil.NoSuchProcess:
        return {}


def folder_of_engine(processes: list[psutil.Process]) -> Path:
    (command,) = [command for each in processes if str(KEEPER) in (command := said_of(each).get("cmdline") or [])]
    return Path(command[command.index(str(KEEPER)) + 1])


def test_it_fills_an_engine_of_its_own_shows_the_pages_and_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    """Twice on one folder, the second time on the other product: a new engine is filled from the record."""
    directory, port, held = tmp_path / "demo", free_port(0), [100]
    for times, (engine, name) in enumerate((("opensearch", "OpenSearch"), ("elasticsearch", "Elasticsearch")), 1):
        with on_engine(engine, directory, port) as process:
            wait_for(directory, "answers on http", process, times)
            wait_for(directory, "Ctrl-C ends everything", process, times)
            (*_, url) = re.findall(rf"{name} \S+ answers on (http://\S+?)/\.", said(directory))
            held.append(httpx.get(f"{url}/earshot-mentions/_count").json()["count"])
            found = httpx.get(f"http://127.0.0.1:{port}/mentions?q=melted+OR+smoking")
            assert (found.status_code, "<mark>" in found.text) == (200, True)
            started = psutil.Process(process.pid).children(recursive=True)
            folder = folder_of_engine(started)
            assert any("java" in said_of(each).get("name", "") for each in started)
            press_ctrl_c(process)
            assert process.wait(timeout=by_load(60)) == 0
        _, left = psutil.wait_procs(started, timeout=by_load(20))
        assert left == []
        assert not folder.exists()
        wait_until_nothing_is_left(directory)
    assert held == sorted(held)


def test_ctrl_c_while_the_engine_starts_leaves_nothing_running_and_is_no_fault(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    with on_engine("opensearch", directory, free_port(0)) as process:
        wait_for(directory, "Starting OpenSearch", process)
        started: list[psutil.Process] = []
        while not any("java" in said_of(each).get("name", "") for each in started):
            assert process.poll() is None, said(directory)
            started = psutil.Process(process.pid).children(recursive=True)
        folder = folder_of_engine(started)
        press_ctrl_c(process)
        assert process.wait(timeout=by_load(60)) == 130
    _, left = psutil.wait_procs(started, timeout=by_load(20))
    assert left == []
    assert not folder.exists()
    assert "Traceback" not in said(directory)
