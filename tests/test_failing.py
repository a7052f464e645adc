"""What operations are mailed of a failed run: a workspace of files, a real record, and whoever sends the mail."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from earshot import jobs
from earshot.config.environment import environment
from earshot.operating import Alarm, JobRun, JobState
from earshot.wiring import open_parts

SETTINGS = {
    "collect": {"contact": "me@example.org"},
    "airflow": {"failure_mail": ["ops@example.org"], "url": "https://airflow.example"},
    "mail": {"host": "mail.example", "sender": "earshot@example.org"},
    "freshness": {"stopped": "1s", "disk_percent": 0, "disk_gb": 0},
}


class Outbox:
    """Takes mails, or breaks as a mail server that is down does."""

    def __init__(self) -> None:
        self.is_down = False
        self.taken: list[tuple[str | None, str, str]] = []

    def __call__(self, sender: str | None, subject: str, html: str) -> None:
        if self.is_down:
            raise ConnectionRefusedError("mail.example cannot be reached")
        self.taken.append((sender, subject, html))

    @property
    def subjects(self) -> list[str]:
        return [subject for _, subject, _ in self.taken]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of one brand and a source that is due and that nobody asks."""
    (tmp_path / "earshot.yaml").write_text(json.dumps(SETTINGS))
    (tmp_path / "brands").mkdir()
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden Tents\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "blogs.yaml").write_text("sources: [{id: blog, kind: feed, url: 'http://blog.example/'}]\n")
    jobs.status(str(tmp_path))  # the record knows the source
    time.sleep(1.1)
    return tmp_path


def look(root: Path, monkeypatch: pytest.MonkeyPatch, *, by_airflow: bool = True) -> list[str]:
    """Look for alarms; return the keys of those that are new to whoever looks."""
    with monkeypatch.context() as changes:
        if by_airflow:
            changes.setenv("AIRFLOW_CTX_DAG_ID", "earshot_maintain")
        return [each["key"] for each in jobs.maintain(str(root), "freshness")["new"]]


def alarms(root: Path) -> list[Alarm]:
    with open_parts(root, environment()).record.read() as reader:
        return reader.alarms()


def note_failure(root: Path, subject: str = "", reason: str = "KeyError: 'x'") -> None:
    parts = open_parts(root, environment())
    run = JobRun(f"{subject} {reason}", "alert", subject, JobState.RUNNING, "airflow", parts.clock.now())
    with parts.record.write() as writer:
        writer.begin_job(run)
        writer.end_job(run.id, JobState.FAILED, parts.clock.now(), reason=reason)


def test_an_alarm_stays_new_until_its_mail_was_taken(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox()
    outbox.is_down = True
    assert look(root, monkeypatch) == ["pipeline stopped"]
    with pytest.raises(ConnectionRefusedError):
        jobs.trouble(str(root), "earshot_maintain", "one", outbox)
    assert look(root, monkeypatch) == ["pipeline stopped"], "nobody knows of it yet"
    outbox.is_down = False
    told = jobs.trouble(str(root), "earshot_maintain", "two", outbox)
    assert told["told"]
    assert outbox.subjects == [told["subject"]]
    assert "due, and none was looked at" in told["subject"]
    assert look(root, monkeypatch) == []
    assert [each.is_told for each in alarms(root)] == [True]
    assert not jobs.trouble(str(root), "earshot_maintain", "three", outbox)["told"]
    assert len(outbox.taken) == 1


@pytest.mark.fault(
    case="A mail server that refuses one of several operators",
    promise="The others are told once, and that one when the server takes the mail.",
)
def test_who_was_told_is_not_told_again_because_another_was_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = Outbox(), Outbox(), Outbox()
    people = {"a@example.org": first, "b@example.org": second, "c@example.org": third}
    second.is_down = True
    for _ in range(3):
        assert look(root, monkeypatch) == ["pipeline stopped"]
        with pytest.raises(ConnectionRefusedError):
            jobs.trouble(str(root), "earshot_maintain", "", people, is_run=False)
        for mark in (root / "var" / "told").iterdir():  # hours go by
            os.utime(mark, (0, mark.stat().st_mtime - 2 * 3600))
    second.is_down = False
    for _ in range(2):
        jobs.trouble(str(root), "earshot_maintain", "", people, is_run=False)
    assert [len(each.taken) for each in people.values()] == [1, 1, 1]
    assert look(root, monkeypatch) == []


def test_a_look_at_the_prompt_does_not_take_the_news_from_the_dags(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(root, monkeypatch, by_airflow=False) == ["pipeline stopped"]
    assert look(root, monkeypatch, by_airflow=False) == [], "a person was shown it"
    assert look(root, monkeypatch) == ["pipeline stopped"], "operations were not"


def test_where_nobody_is_mailed_an_alarm_is_new_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "earshot.yaml").write_text(json.dumps(SETTINGS | {"airflow": {}}))
    assert [look(root, monkeypatch) for _ in range(2)] == [["pipeline stopped"], []]


def test_the_mail_of_a_brands_run_has_its_name_sender_and_links(root: Path) -> None:
    outbox = Outbox()
    note_failure(root, "halden")
    jobs.trouble(str(root), "earshot_alert", "a run", outbox, "halden")
    ((sender, subject, html),) = outbox.taken
    assert (sender, subject) == ("earshot@example.org", "[Earshot] alert of Halden Tents failed")
    assert "alert of Halden Tents: KeyError" in html
    assert 'href="https://airflow.example/dags/earshot_alert/runs/a%20run"' in html
    assert "/operations" in html


def test_another_cause_within_the_hour_is_told(root: Path) -> None:
    outbox = Outbox()
    for reason, is_told in (("KeyError: 'x'", True), ("KeyError: 'x'", False), ("OSError: no route", True)):
        note_failure(root, "halden", reason)
        assert jobs.trouble(str(root), "earshot_alert", "run", outbox, "halden")["told"] is is_told


def test_mistakes_are_named_once_for_all_dags_with_the_way_to_the_pages(root: Path) -> None:
    outbox: Any = Outbox()
    jobs.schedule(str(root))
    (root / "brands" / "broken.yaml").write_text("id: Not An Id\n")
    for dag in ("earshot_collect", "earshot_ingest", "earshot_maintain"):
        jobs.trouble(str(root), dag, "run", outbox)
    ((sender, subject, html),) = outbox.taken
    assert sender is None
    assert subject.startswith("[Earshot] No job can start: brands/broken.yaml:1:")
    assert "earshot check" in html
    assert "/operations" in html


def test_a_record_that_does_not_answer_is_told_and_not_called_a_mistake(root: Path) -> None:
    outbox = Outbox()
    for file in (root / "var").glob("record.db*"):
        file.unlink()
    (root / "var" / "record.db").mkdir()
    jobs.trouble(str(root), "earshot_collect", "run", outbox)
    ((sender, subject, html),) = outbox.taken
    assert sender == "earshot@example.org"
    assert subject.startswith("[Earshot] No job can start: ")
    assert "Nothing is lost" in html
    assert "earshot check" not in html
