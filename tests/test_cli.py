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

from earshot.operating import JobState
from earshot.wiring import open_parts
from tests.pipeline.world import item, rss

TEXT = "My Halden pump broke after two days and nobody answers the phone. I want my money back, this is a bad joke."


class Site(BaseHTTPRequestHandler):
    """A blog of one feed."""

    body = b""

    def do_GET(self) -> None:
        known = self.path == "/feed"
        self.send_response(200 if known else 404, None if known else "Gone \x1b]0;taken\x07\x9b2J")
        self.send_header("X-Says", "\x1b[2J")
        self.send_header("Content-Type", "application/rss+xml" if known else "text/\x1b[2Jhtml")
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
        assert "\x1b" not in done.stdout + done.stderr, "what a server says reaches no terminal as a command"
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


def test_a_brand_lists_its_forms_and_how_often_each_was_met(here: Here) -> None:
    here("run", "--once")
    told = here.json("brand", "halden")
    assert told["names"][0]["forms"][0] == {"text": "Halden", "why": "as written"}
    assert {one["text"]: one["mentions"] for one in told["met"]} == {"Halden": told["mentions"]}
    shown = here("brand", "halden").stdout
    assert "#Halden" in shown
    assert "Found in the newest" in shown
    assert "choose one of halden" in here("brand", "nobody", code=3).stderr


def test_a_search_that_is_read_otherwise_than_it_looks_says_so_beside_the_results(here: Here) -> None:
    here("run", "--once")
    done = here("search", "pump and broke", "--json")
    assert len(done.stdout.splitlines()) == len(here("search", "pump AND broke", "--json").stdout.splitlines()) > 0
    assert "note: and is read as AND" in done.stderr


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


def test_alarms_exit_with_6_while_one_is_open_and_with_0_after(here: Here, tmp_path: Path) -> None:
    for name in ("earshot.yaml", "brands/halden.yaml", "sources/blog.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((here.root / name).read_text())
    with (tmp_path / "earshot.yaml").open("a") as file:  # whatever disk the tests run on, it is full enough, or not
        file.write("freshness: {disk_percent: 100, disk_gb: 0}\n")
    alone = Here(tmp_path, here.port)
    alone("run", "--once")
    assert "Nobody has looked for alarms" in alone("alarms", code=6).stdout
    raised = alone.json("maintain", "freshness")
    assert (raised["open"], raised["ended"], [each["key"] for each in raised["new"]]) == (
        1,
        0,
        ["disk nearly full: workspace"],
    )
    assert alone.json("status")["alarms"] == 1
    assert "1 open" in alone("status").stdout
    listed = json.loads(alone("alarms", "--json", code=6).stdout)
    assert (listed["open"], [each["kind"] for each in listed["alarms"]]) == (1, ["disk nearly full"])
    (tmp_path / "earshot.yaml").write_text("freshness: {disk_percent: 0, disk_gb: 0}\n")
    assert alone.json("maintain", "freshness") == {"open": 0, "new": [], "ended": 1}
    assert "No alarm is open." in alone("alarms").stdout
    assert "disk" in alone("alarms", "--all").stdout


def test_maintain_does_one_part_or_all_three(here: Here) -> None:
    here("run", "--once")
    assert here.json("maintain", "integrity")["findings"] == []
    everything = here.json("maintain")
    assert list(everything) == ["retention", "index", "integrity", "freshness"]
    assert everything["retention"]["captures"] == 0
    assert "Retention: nothing is too old." in here("maintain", "retention").stdout
    assert "Integrity: all fits together." in here("maintain", "integrity").stdout
    refused = " ".join(here("maintain", "everything", code=3).stderr.split())
    assert "one of retention, index, integrity, backup, freshness" in refused


def test_check_compiles_the_schedule(here: Here) -> None:
    file = here.root / "var" / "schedule.json"
    file.unlink(missing_ok=True)
    here("check")
    assert json.loads(file.read_text())["brands"] == [{"id": "halden", "name": "Halden", "paused": False}]


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


def test_a_brand_is_paused_and_resumed_at_the_prompt_and_its_run_ends_as_skipped(here: Here) -> None:
    assert "halden is paused" in here("pause", "halden").stdout
    assert "nobody was told, the brand is paused since" in here("alert", "--brand", "halden").stdout
    with open_parts(here.root, {}).record.read() as reader:
        assert [run.state for run in reader.job_runs(job="alert", subject="halden")] == [JobState.SKIPPED]
    assert "told of again" in here("resume", "halden").stdout
    assert "nothing to do" in here("alert", "--brand", "halden").stdout
    for command in (["pause", "none"], ["resume", "none"], ["alert", "--brand", "none"], ["brief", "--brand", "none"]):
        assert "there is no brand 'none'" in here(*command, code=3).stderr


def test_a_brief_is_previewed_without_being_made(here: Here) -> None:
    here("run", "--once")
    said = here("brief", "--preview", "--brand", "halden").stdout
    assert "Subject: [Halden] " in said
    assert "All mentions" in said
    assert "no mail server is set" in here("brief", "--brand", "halden").stdout
    today = datetime.now(UTC).date()
    assert f"{today} is not over yet" in here("brief", "--preview", "--day", str(today), code=3).stderr
    assert "is no day" in here("brief", "--day", "yesterday", code=3).stderr
    with open_parts(here.root, {}).record.read() as reader:
        assert reader.briefs() == []


def test_erase_takes_a_document_out_and_a_later_round_does_not_bring_it_back(here: Here) -> None:
    here("run", "--once")
    before = here.json("status")["mentions"]
    said = " ".join(here("erase", "--url", f"http://127.0.0.1:{here.port}/2").stdout.split())
    assert "Erased 1 document and 1 mention. No file of the record, the lake and the index holds any of it now." in said
    assert "Sent mails and snapshots hold what they held, and backups until they go" in said
    assert here.json("verify")["unwiped"] == 0
    here("run", "--once")
    after = here.json("status")
    assert (after["mentions"], after["index"]["mentions"]) == (before - 1, before - 1)


def test_erase_wants_exactly_one_thing_to_erase(here: Here) -> None:
    here("erase", code=3)
    here("erase", "--url", "http://a.example/", "--author", "Ada", code=3)
