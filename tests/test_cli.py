"""The command line as people and scripts use it: real processes over a real workspace and a real web server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.world import item, rss

TEXT = "My Halden pump broke after two days and nobody answers the phone. I want my money back, this is a bad joke."


class Site(BaseHTTPRequestHandler):
    """A blog of one feed."""

    body = b""

    def do_GET(self) -> None:
        known = self.path == "/feed"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(self.body if known else b"nothing here")

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Here:
    """A workspace and how to call the command on it."""

    root: Path
    port: int

    def __call__(self, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "earshot", "--workspace", str(self.root), *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json").stdout)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    root = tmp_path_factory.mktemp("workspace")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    base = f"http://127.0.0.1:{server.server_port}"
    day = format_datetime(datetime.now(UTC) - timedelta(hours=3), usegmt=True)
    Site.body = rss(*(item(f"{base}/{n}", f"Halden {n}", f"{TEXT} Day {n}.", date=day) for n in range(3)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (root / "brands").mkdir()
    (root / "sources").mkdir()
    (root / "earshot.yaml").write_text("collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\n")
    (root / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (root / "sources" / "blog.yaml").write_text(
        f"sources:\n  - {{id: blog, kind: feed, url: '{base}/feed', delay: 0s}}\n"
        f"  - {{id: dead, kind: feed, url: '{base}/nothing', delay: 0s}}\n"
    )
    yield Here(root, server.server_port)
    server.shutdown()
    server.server_close()


def test_a_round_says_what_happened_in_a_table(here: Here) -> None:
    said = here("run", "--once").stdout
    assert "1 ok, 1 gone" in said
    assert "3 of them new" in said
    assert "dead" in said


def test_status_is_one_object_with_what_scripts_rely_on(here: Here) -> None:
    here("run", "--once")
    status = here.json("status")
    assert (status["documents"], status["mentions"], status["quarantined"]) == (3, 3, 0)
    assert status["sources"] == {"ok": 1, "gone": 1} or status["sources"] == {"unchanged": 1, "gone": 1}
    assert status["index"] == {"engine": "embedded", "mentions": 3, "behind": 0}
    assert {"stories", "captures", "deliveries"} <= status.keys()
    assert "dead" in here("status").stdout


def test_search_prints_one_mention_a_line_newest_first(here: Here) -> None:
    here("run", "--once")
    lines = [json.loads(line) for line in here("search", "pump broke", "--json").stdout.splitlines()]
    assert len(lines) == 3
    assert {line["brand"] for line in lines} == {"halden"}
    assert lines[0]["published_at"].endswith("Z")
    assert [line["published_at"] for line in lines] == sorted((x["published_at"] for x in lines), reverse=True)
    assert "halden" in here("search", "pump").stdout


def test_a_query_that_cannot_be_read_points_at_its_character(here: Here) -> None:
    done = here("search", "pump AND (broke", code=3)
    assert "^" in done.stderr


def test_stages_one_by_one_do_what_a_round_does(here: Here, tmp_path: Path) -> None:
    for name in ("earshot.yaml", "brands/halden.yaml", "sources/blog.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((here.root / name).read_text())
    alone = Here(tmp_path, here.port)
    for stage in ("collect", "ingest", "publish", "alert"):
        alone(stage)
    status = alone.json("status")
    assert (status["mentions"], status["index"]["mentions"]) == (3, 3)


def test_a_workspace_with_mistakes_exits_with_3_and_names_them(tmp_path: Path) -> None:
    (tmp_path / "earshot.yaml").write_text("nme: x\n")
    done = Here(tmp_path, 0)("check", code=3)
    assert "earshot.yaml:1:1: nme: unknown field" in done.stderr
    assert "did you mean `name`?" in done.stderr


def test_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    assert "earshot init" in Here(tmp_path, 0)("status", code=3).stderr.replace("\n", " ")


def test_init_then_check_is_good(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    Here(tmp_path, 0)("init", str(folder))
    assert "Good: 1 brand with 2 rules, 2 sources." in Here(folder, 0)("check").stdout


def test_erase_takes_a_document_out_and_a_later_round_does_not_bring_it_back(here: Here) -> None:
    here("run", "--once")
    before = here.json("status")["mentions"]
    here("erase", "--url", f"http://127.0.0.1:{here.port}/2")
    here("run", "--once")
    after = here.json("status")
    assert (after["mentions"], after["index"]["mentions"]) == (before - 1, before - 1)


def test_erase_wants_exactly_one_thing_to_erase(here: Here) -> None:
    here("erase", code=3)
