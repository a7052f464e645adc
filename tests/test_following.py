"""Whoever listens or serves follows the workspace's files, and operations hear of what fails: all real parts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from earshot import jobs
from earshot.config.rereading import Rereading
from earshot.errors import StorageError
from earshot.pipeline import run
from earshot.pipeline.run import RoundReport
from earshot.reloading import ReloadingApp
from earshot.wiring import open_parts
from tests.alerts.servers import Handler, smtp_server
from tests.dashboards.serving import serving
from tests.pipeline.world import item, rss
from tests.test_cli import Site


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of one brand and no source."""
    (tmp_path / "brands").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "earshot.yaml").write_text("collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\n")
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    return tmp_path


@pytest.fixture
def feed() -> Iterator[str]:
    """A blog with one post about Halden."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    base = f"http://127.0.0.1:{server.server_port}"
    Site.body = rss(item(f"{base}/one", "Pump", "My Halden pump broke and nobody answers the phone."))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"{base}/feed"
    server.shutdown()
    server.server_close()


@contextmanager
def listening(root: Path) -> Iterator[list[RoundReport]]:
    reports: list[RoundReport] = []
    listener = jobs.Listening(root, lambda report: reports.append(report))
    thread = threading.Thread(target=listener.forever)
    thread.start()
    try:
        yield reports
    finally:
        listener.stop()
        thread.join(60)
    assert not thread.is_alive()


def wait_for(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def source(url: str) -> str:
    return f"sources: [{{id: blog, kind: feed, url: '{url}', delay: 0s}}]\n"


def test_a_source_that_is_added_is_fetched_without_a_restart_and_a_mistake_stops_nothing(
    root: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_LOOK_EVERY_S", 0.2)
    file = root / "sources" / "blogs.yaml"
    with listening(root) as reports:
        wait_for(lambda: bool(reports))
        file.write_text(source(feed).replace("kind: feed", "kind: fed"))
        time.sleep(1)
        file.write_text(source(feed))
        wait_for(lambda: reports[-1].ingested.mentions == 1)


def test_a_record_that_does_not_answer_while_the_files_change_ends_no_listening(
    root: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earshot.jobs import running

    monkeypatch.setattr(run, "_LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(running, "_TRY_AGAIN_S", 0.1)
    make, calls = running.make_runner, []

    def silent_once(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise StorageError("the record does not answer")
        return make(*args, **options)

    monkeypatch.setattr(running, "make_runner", silent_once)
    with listening(root) as reports:
        wait_for(lambda: bool(reports))
        (root / "sources" / "blogs.yaml").write_text(source(feed))
        wait_for(lambda: reports[-1].ingested.mentions == 1)
    assert len(calls) == 3


def test_a_failing_stage_is_mailed_to_operations_once_and_shown_as_a_failed_job(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earshot.jobs import running

    handler = Handler()
    with smtp_server(handler) as server:
        (root / "earshot.yaml").write_text(
            "collect: {contact: me@example.org}\noperations: {mail: [ops@example.org]}\n"
            f"mail: {{host: {server.host}, port: {server.port}, security: none, sender: a@example.org}}\n"
        )

        def breaks(*_: object, **__: object) -> None:
            raise ZeroDivisionError("a mistake of ours")

        monkeypatch.setattr(running, "run_alert", breaks)
        with listening(root):
            wait_for(lambda: bool(handler.taken))
            time.sleep(3)
        assert len(handler.taken) == 1
    mail = message_from_bytes(handler.taken[0].original_content, policy=policy.default)
    assert handler.taken[0].rcpt_tos == ["ops@example.org"]
    assert "alert failed" in mail["subject"]
    assert "a mistake of ours" in mail.get_body(("plain",)).get_content()
    with jobs.opened(root) as parts, parts.record.read() as reader:
        failed = [each for each in reader.job_runs(job="alert", limit=5) if each.state == "failed"]
    assert "ZeroDivisionError" in failed[0].reason


def test_a_new_alarm_is_mailed_by_a_run_that_looks_for_alarms(root: Path, feed: str) -> None:
    handler = Handler()
    with smtp_server(handler) as server:
        (root / "sources" / "blogs.yaml").write_text(source(feed))
        (root / "earshot.yaml").write_text(
            "collect: {contact: me@example.org}\noperations: {mail: [ops@example.org]}\n"
            f"mail: {{host: {server.host}, port: {server.port}, security: none, sender: a@example.org}}\n"
            "freshness: {disk_percent: 100}\n"
        )
        with jobs.opened(root) as parts:
            stages = jobs.make_runner(parts)._s
            for _ in range(2):
                stages.maintain("freshness")
                wait_for(lambda: not stages.is_telling())
    assert len(handler.taken) == 1
    mail = message_from_bytes(handler.taken[0].original_content, policy=policy.default)
    assert "disk" in mail["subject"].lower()


def test_the_pages_follow_the_files_once_they_are_good(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from earshot import reloading

    monkeypatch.setattr(reloading, "_LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(reloading, "_CLOSE_AFTER_S", 0.1)
    environ = dict(os.environ)
    files = Rereading(root, environ)
    parts = open_parts(root, environ)
    brand = root / "brands" / "birch.yaml"
    with serving(ReloadingApp(root, environ, parts, files)) as url:
        assert "Birch Boats" not in httpx.get(f"{url}/").text
        brand.write_text("id: birch\nnaem: Birch Boats\n")
        assert httpx.get(f"{url}/").status_code == 200
        brand.write_text("id: birch\nname: Birch Boats\n")
        httpx.get(f"{url}/")
        assert "Birch Boats" in httpx.get(f"{url}/").text
