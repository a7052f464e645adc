"""`make airflow` as a person starts it: what it prints leads to pages, mails and Airflow; Ctrl-C ends everything."""

from __future__ import annotations

import re
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from earshot.demo.ports import free_port
from scripts.airflow_standalone import Home
from tests.dags.airflow_home import LiveAirflow
from tests.demo.test_show import said, wait_for, wait_until_nothing_is_left
from tests.terminal import at_a_terminal, press_ctrl_c

pytestmark = pytest.mark.airflow

PATIENCE_S = 300.0


def where(directory: Path, name: str) -> str:
    """Return the address that was printed beside a name."""
    found = re.search(rf"^\s+{name}\s+(http://127\.0\.0\.1:\d+\S*)", said(directory), re.MULTILINE)
    assert found, said(directory)
    return found[1]


def wait_for_page(url: str, words: str) -> str:
    """Wait until a page says something; return the page."""
    end = time.monotonic() + PATIENCE_S
    while words not in (page := httpx.get(url, trust_env=False, follow_redirects=True).text):
        assert time.monotonic() < end, page[:2000]
        time.sleep(1)
    return page


def test_what_it_prints_leads_to_pages_and_mails_and_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    ports = ["--port", str(free_port(0)), "--pages-port", str(free_port(0))]
    command = [sys.executable, "-m", "scripts.airflow_standalone", "--dir", str(directory), *ports]
    with at_a_terminal(command, directory.with_suffix(".log")) as process:
        wait_for(directory, "Ctrl-C ends everything", process)
        user, password = re.search(r"sign in as (\S+) with the password (\S+)", said(directory)).groups()  # type: ignore[union-attr]
        airflow = where(directory, "Airflow")
        home = Home(directory, int(airflow.rstrip("/").rpartition(":")[2]))
        assert (user, password) == ("admin", home.password())
        live = LiveAirflow(home)
        with closing(live.client):
            mails = where(directory, "Sent mails")
            name = re.search(r'href="(/mails/[^"]+)"', wait_for_page(mails, 'href="/mails/'))
            assert name
            wait_for_page(mails.removesuffix("/mails") + name[1], "Message-ID")
            assert {dag["dag_id"] for dag in live.get("dags")["dags"]} >= {"earshot_collect", "earshot_alert"}
        assert airflow.rstrip("/") in wait_for_page(where(directory, "Operations"), "collect")
        wait_for_page(where(directory, "Overview"), "mentions")
        started = psutil.Process(process.pid).children(recursive=True)
        press_ctrl_c(process)
        assert process.wait(timeout=90) == 0
    _, left = psutil.wait_procs(started, timeout=30)
    assert left == []
    wait_until_nothing_is_left(directory)
    assert "Traceback" not in said(directory)
