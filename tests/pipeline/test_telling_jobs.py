"""The jobs of telling as a scheduler starts them: a workspace of files, a real record, a real SMTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from earshot import jobs
from earshot.config.environment import environment
from earshot.errors import ConfigError
from earshot.model import Outcome
from earshot.operating import JobState
from earshot.ports import RunEnd
from earshot.wiring import open_parts
from tests.alerts.servers import Handler, smtp_server
from tests.builders import make_source

BRANDS = {"halden": "mara@example.org", "brewlane": "bo@example.org"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Handler]:
    """A workspace of two brands, heard since last week, and the server that takes its mail."""
    with smtp_server(Handler()) as server:
        mail = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "Earshot <a@example.org>"}
        settings = {"collect": {"contact": "me@example.org"}, "mail": mail, "briefs": {"at": "00:00"}}
        (tmp_path / "earshot.yaml").write_text(json.dumps(settings))
        for folder in ("brands", "sources"):
            (tmp_path / folder).mkdir()
        for brand, address in BRANDS.items():
            write_brand(tmp_path, brand, address)
        week_ago = datetime.now(UTC) - timedelta(days=7)
        with open_parts(tmp_path, environment()).record.write() as writer:
            writer.put_sources([make_source(listening_since=week_ago)], week_ago)
            writer.end_run(RunEnd("blog", week_ago, Outcome.OK, "", next_due_at=week_ago + timedelta(days=30)))
        yield server.handler


def write_brand(root: Path, brand: str, address: str, **more: object) -> None:
    said = {"id": brand, "name": brand.title(), "recipients": [{"address": address}]}
    (root / "brands" / f"{brand}.yaml").write_text(json.dumps(said | more))


def live_at_three_in_the_morning(root: Path, now: datetime) -> None:
    """Give the workspace a time zone where it is three now: nine hours after its day began, briefs wait no longer."""
    east = (3 - now.hour + 12) % 24 - 12
    file = root / "earshot.yaml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"time_zone": f"Etc/GMT{-east:+d}"}))


def due(*brands: str) -> dict[str, object]:
    return {"brands": list(brands), "held": ""}


def runs(root: Path, job: str) -> list[tuple[str, JobState, str]]:
    with open_parts(root, environment()).record.read() as reader:
        return [(run.subject, run.state, run.reason) for run in reader.job_runs(job=job)]


def test_briefs_that_are_due_are_made_and_mailed_once_brand_by_brand(tmp_path: Path, post: Handler) -> None:
    workspace = str(tmp_path)
    assert jobs.briefs_due(workspace) == due("brewlane", "halden")
    told = jobs.brief(workspace, "halden")
    assert (told["made"], told["notices"], told["sent"]) == (1, 1, 1)
    assert jobs.briefs_due(workspace) == due("brewlane")
    again = jobs.brief(workspace, "halden")
    assert (again["made"], again["notices"], again["sent"], again["brief"]) == (0, 0, 0, told["brief"])
    older = (datetime.now(UTC) - timedelta(days=3)).date()
    assert jobs.brief(workspace, "halden", str(older))["sent"] == 1
    assert jobs.brief(workspace, "brewlane")["sent"] == 1
    assert jobs.briefs_due(workspace) == due()
    assert jobs.judge(workspace) == {"brands": []}
    assert [envelope.rcpt_tos for envelope in post.taken] == [["mara@example.org"]] * 2 + [["bo@example.org"]]
    mails = [message_from_bytes(envelope.content, policy=policy.default) for envelope in post.taken]
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert all(mail["Subject"].startswith(("[Halden] ", "[Brewlane] ")) for mail in mails)
    assert runs(tmp_path, "brief")[0] == ("brewlane", JobState.DONE, "")


def test_a_paused_brands_jobs_end_as_skipped_and_a_scheduler_does_not_start_them(tmp_path: Path, post: Handler) -> None:
    workspace = str(tmp_path)
    jobs.pause(workspace, "halden")
    write_brand(tmp_path, "brewlane", BRANDS["brewlane"], paused=True)
    assert jobs.briefs_due(workspace) == due()
    assert jobs.judge(workspace) == {"brands": []}
    for brand in BRANDS:
        for told in (jobs.brief(workspace, brand), jobs.alert(workspace, brand)):
            assert told["skipped"].startswith("the brand is paused")
    for job in ("brief", "alert"):
        assert [(subject, state) for subject, state, _ in runs(tmp_path, job)] == [
            ("brewlane", JobState.SKIPPED),
            ("halden", JobState.SKIPPED),
        ]
    assert "its file says" in runs(tmp_path, "alert")[0][2]
    assert jobs.resume(workspace, "brewlane") == {"brand": "brewlane", "paused": True}
    assert jobs.resume(workspace, "halden") == {"brand": "halden", "paused": False}
    assert jobs.briefs_due(workspace) == due("halden")
    assert post.taken == []


def test_a_scheduler_and_a_run_hold_briefs_back_alike_until_what_is_due_was_heard(
    tmp_path: Path, post: Handler
) -> None:
    """As after a night in which nothing ran: the source was due yesterday, and nobody has asked it since."""
    now = datetime.now(UTC)
    live_at_three_in_the_morning(tmp_path, now)
    parts = open_parts(tmp_path, environment())
    with parts.record.write() as writer:
        writer.end_run(RunEnd("blog", now - timedelta(hours=26), Outcome.OK, "", now - timedelta(hours=25)))
    told = jobs.waiting(str(tmp_path))
    assert (told["brief"], told["brief_held"]) == ([], "1 source to be heard")
    assert jobs.run_briefs(parts) == 0
    with parts.record.write() as writer:
        writer.end_run(RunEnd("blog", now, Outcome.UNCHANGED, "", now + timedelta(hours=1)))
    assert jobs.waiting(str(tmp_path))["brief"] == ["brewlane", "halden"]
    assert jobs.run_briefs(parts) == 2


def test_a_preview_writes_and_sends_nothing_and_says_what_the_mail_will_say(tmp_path: Path, post: Handler) -> None:
    said = jobs.preview_brief(str(tmp_path), "halden")
    assert jobs.briefs_due(str(tmp_path)) == due("brewlane", "halden")
    assert post.taken == []
    jobs.brief(str(tmp_path), "halden")
    mail = message_from_bytes(post.taken[0].content, policy=policy.default)
    assert said == f"Subject: {mail['Subject']}\n\n" + mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_an_unknown_brand_is_named_with_those_that_are_known(tmp_path: Path, post: Handler) -> None:
    for job in (jobs.alert, jobs.brief, jobs.pause, jobs.resume, jobs.preview_brief):
        with pytest.raises(ConfigError, match=r"there is no brand 'hlden' \(known: brewlane, halden"):
            job(str(tmp_path), "hlden")


def test_a_sample_of_everything_is_taken_by_a_real_server(tmp_path: Path, post: Handler) -> None:
    from earshot.alerts.samples import samples

    parts = open_parts(tmp_path, environment())
    for message in samples("mara@example.org", parts.workspace.settings, parts.clock):
        parts.mailer.send(message, lambda: None)
    subjects = [message_from_bytes(each.content, policy=policy.default)["Subject"] for each in post.taken]
    assert len(subjects) == 5
    assert sum(subject.endswith(" more") for subject in subjects) == 1, subjects
