"""The listening DAG, run by Airflow over a real workspace and a real web server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.dags.running import Airflow
from tests.pipeline.world import item, rss

TEXT = "My Halden pump broke after two days and nobody answers the phone. I want my money back, this is a bad joke."


class Site(BaseHTTPRequestHandler):
    """A blog of one feed. seen: how often each path was asked for."""

    body: ClassVar[bytes] = b""
    seen: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.seen[self.path] += 1
        known = self.path == "/feed"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(self.body if known else b"nothing here")

    def log_message(self, *_: Any) -> None:
        pass


@dataclass(frozen=True)
class Rounds:
    """Two runs over a good workspace, one over a folder that is none, and what there is then."""

    first: Any
    second: Any
    broken: Any
    status: Any


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    root, none = tmp_path_factory.mktemp("workspace"), tmp_path_factory.mktemp("none")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    base = f"http://127.0.0.1:{server.server_port}"
    day = format_datetime(datetime.now(UTC) - timedelta(hours=3), usegmt=True)
    Site.body = rss(*(item(f"{base}/{n}", f"Halden {n}", f"{TEXT} Day {n}.", date=day) for n in range(3)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    write_workspace(root, base)
    airflow = Airflow(tmp_path_factory.mktemp("home"))
    first, second, broken = airflow("program_run.py", "earshot_listen", str(root), str(root), str(none))
    command = [sys.executable, "-m", "earshot", "--workspace", str(root), "status", "--json"]
    status = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    yield Rounds(first, second, broken, json.loads(status.stdout))
    server.shutdown()
    server.server_close()


def write_workspace(root: Path, base: str) -> None:
    (root / "brands").mkdir()
    (root / "sources").mkdir()
    (root / "earshot.yaml").write_text("collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\n")
    (root / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (root / "sources" / "blog.yaml").write_text(
        f"sources:\n  - {{id: blog, kind: feed, url: '{base}/feed', delay: 0s, pace: 1s}}\n"
        f"  - {{id: dead, kind: feed, url: '{base}/nothing', delay: 0s}}\n"
    )


def test_a_run_hears_what_there_is(rounds: Rounds) -> None:
    assert rounds.first["run"] == "success"
    assert set(rounds.first["tasks"]) == {"plan", "collect[0]", "ingest", "publish", "alert", "status"}
    assert set(rounds.first["tasks"].values()) == {"success"}
    assert (rounds.status["documents"], rounds.status["mentions"]) == (3, 3)
    assert rounds.status["index"] == {"engine": "embedded", "mentions": 3, "behind": 0}


def test_a_second_run_asks_again_and_makes_nothing_new(rounds: Rounds) -> None:
    assert rounds.second["run"] == "success"
    assert Site.seen["/feed"] == 2
    assert rounds.status["sources"] == {"unchanged": 1, "gone": 1}
    assert (rounds.status["documents"], rounds.status["captures"], rounds.status["quarantined"]) == (3, 1, 0)


def test_a_source_that_is_gone_is_no_failure_of_the_run(rounds: Rounds) -> None:
    assert Site.seen["/nothing"] == 1
    assert rounds.first["tasks"]["collect[0]"] == "success"


def test_a_workspace_with_mistakes_ends_the_run_at_once_and_red(rounds: Rounds) -> None:
    assert rounds.broken["run"] == "failed"
    assert rounds.broken["tasks"]["plan"] == "failed"
    assert rounds.broken["tasks"]["status"] == "upstream_failed"
    assert rounds.broken["tries"] == 1
