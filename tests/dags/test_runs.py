"""Every DAG, run by Airflow over a real workspace, a real web server and a real mail server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from earshot import jobs
from earshot.config.workspace import load_workspace
from scripts.airflow_standalone import smtp_connection
from tests.dags.running import FILES, Airflow
from tests.dags.site import TEXT, Blog, blog

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"


@dataclass
class Runs:
    """What each DAG answered, by the order in which they ran, and the place afterwards."""

    blog: Blog
    home: Path
    answers: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.answers[name]

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.blog.root / "var" / "record.db")) as db:
            return db.execute(query).fetchall()


STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("collect", "earshot_collect", {}),
    ("ingest", "earshot_ingest", {}),
    ("publish", "earshot_publish", {}),
    ("alert", "earshot_alert", {}),
    ("alert again", "earshot_alert", {}),
    ("brief", "earshot_brief", {"brand": "halden", "day": YESTERDAY}),
    ("maintain", "earshot_maintain", {}),
    ("maintain again", "earshot_maintain", {}),
    ("report", "earshot_reclassify", {"brand": "halden"}),
    ("reclassify", "earshot_reclassify", {"brand": "halden", "write": True, "share": 1}),
    ("replay", "earshot_replay", {"day": TODAY, "share": 1}),
    ("ingest again", "earshot_ingest", {}),
    ("alert at last", "earshot_alert", {}),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    home = Airflow(tmp_path_factory.mktemp("home"))
    with blog(tmp_path_factory.mktemp("place") / "workspace", pace="1h") as made:
        for number in range(3):
            made.post(number, f"Halden {number}", f"{TEXT} Day {number}.")
        made.add_brand("Halden")
        made.add_brand("Pausa", "paused: true\n")
        jobs.schedule(str(made.root))
        steps = [json.dumps([dag, form]) for _, dag, form in STEPS]
        mail = smtp_connection(load_workspace(made.root, {}).settings.mail)
        answers = home("program_run.py", *steps, EARSHOT_WORKSPACE=str(made.root), AIRFLOW_CONN_SMTP_DEFAULT=mail)
        yield Runs(made, home.home, dict(zip((name for name, _, _ in STEPS), answers, strict=True)))


def test_every_dag_is_run_here() -> None:
    assert {dag for _, dag, _ in STEPS} == {file.stem for file in FILES}


def test_collecting_maps_over_the_batches_of_each_collection(runs: Runs) -> None:
    assert runs["collect"]["run"] == "success"
    assert runs["collect"]["tasks"] == {"plan": "success", "collect[0]": "success", "collect[1]": "success"}
    assert runs["collect"]["labels"] == ["blogs: 1 address on 1 site", "gone: 1 address on 1 site"]


def test_a_source_that_is_gone_is_no_failure_of_the_run(runs: Runs) -> None:
    assert runs.blog.seen["/nothing"] == 1
    assert runs.rows("SELECT last_outcome FROM source WHERE id = 'dead'") == [("gone",)]


def test_what_was_collected_is_read_indexed_and_told_once(runs: Runs) -> None:
    assert {runs[name]["run"] for name in ("ingest", "publish", "alert", "alert again")} == {"success"}
    assert runs["ingest"]["labels"] == ["1 of 1 files"]
    assert runs.rows("SELECT count(*) FROM document") == [(3,)]
    assert runs.rows("SELECT count(*) FROM outbox") == [(0,)]
    told = runs.rows("SELECT DISTINCT delivery_key FROM notice WHERE rule_id = 'all'")
    assert len(told) == 1, "three posts that tell the same are one story, and one mail"
    assert runs.rows("SELECT DISTINCT state FROM notice WHERE rule_id = 'all'") == [("told",)]


def test_telling_is_labelled_by_the_brand_it_is_for(runs: Runs) -> None:
    assert runs["alert"]["labels"] == ["every brand"]
    assert runs["brief"]["labels"] == ["Halden"]


def test_nothing_left_to_read_is_a_run_that_skips(runs: Runs) -> None:
    assert runs["ingest again"]["run"] == "success"
    assert runs["ingest again"]["tasks"] == {"unread": "success", "ingest": "skipped"}


def test_a_brief_is_one_mail_to_each_of_the_brands_people(runs: Runs) -> None:
    assert runs["brief"]["run"] == "success"
    briefs = runs.rows("SELECT recipient FROM notice WHERE rule_id <> 'all'")
    assert briefs == [("halden@example.org",)]


def test_maintenance_looks_at_everything_at_its_first_run_and_then_only_for_alarms(runs: Runs) -> None:
    assert runs["maintain"]["labels"] == ["index", "integrity", "retention"]
    assert runs["maintain again"]["tasks"] == {"freshness": "success", "due": "success", "maintain": "skipped"}


def test_a_new_alarm_makes_its_task_red_once_and_is_mailed_to_operations(runs: Runs) -> None:
    assert sorted(runs["maintain"]["tasks"].values()) == ["failed", "success", "success", "success", "success"]
    assert runs["maintain again"]["run"] == "success"
    mails = [message for message in runs.blog.ledger() if "operations" in message.recipient]
    assert len(mails) == 1
    told = mails[0].subject.removeprefix("[Earshot] ")
    assert [what for (what,) in runs.rows("SELECT what FROM alarm") if what.startswith(told)]


def test_reclassifying_and_replaying_what_has_not_changed_changes_nothing(runs: Runs) -> None:
    assert {runs[name]["run"] for name in ("report", "reclassify", "replay", "alert at last")} == {"success"}
    assert runs.rows("SELECT DISTINCT revision, state FROM mention") == [(1, "active")]
    assert runs.rows("SELECT count(*) FROM document") == [(3,)]
    assert runs.blog.told().count("halden@example.org") == 2, "an alert and a brief"


def test_every_job_is_in_the_book_with_its_page_in_airflow(runs: Runs) -> None:
    jobs = {job for (job,) in runs.rows("SELECT DISTINCT job FROM job_run WHERE origin = 'airflow'")}
    assert jobs >= {"plan", "collect", "ingest", "publish", "alert", "brief", "maintain", "reclassify", "replay"}
    assert runs.rows("SELECT DISTINCT state FROM job_run WHERE job IN ('plan', 'collect', 'ingest')") == [("done",)]


def test_while_the_nights_parts_are_at_work_the_next_run_looks_for_alarms_and_leaves_them_alone(tmp_path: Path) -> None:
    with blog(tmp_path / "workspace") as made:
        place = str(made.root)
        (answer,) = Airflow(tmp_path)("program_run.py", '["earshot_maintain", {}, true]', EARSHOT_WORKSPACE=place)
    assert answer["tasks"]["due"] == "success"
    assert answer["tasks"]["maintain"] == "skipped"
    assert answer["tasks"]["freshness"] in ("success", "failed"), "failed where it has found something"


def test_nothing_that_was_said_is_in_airflows_database(runs: Runs) -> None:
    """Titles and addresses stay in the record, where erasing reaches them: Airflow is handed names and numbers."""
    database = (runs.home / "airflow" / "airflow.db").read_bytes()
    assert b"Halden" in database, "labels are there, so this would see a title"
    said = [text for row in runs.rows("SELECT title, url FROM document") for text in row]
    assert len(said) == 6
    assert [text for text in said if text.encode() in database] == []


def test_a_workspace_with_mistakes_ends_the_run_at_once_and_red(tmp_path: Path) -> None:
    (broken,) = Airflow(tmp_path)("program_run.py", '["earshot_collect", {}]', EARSHOT_WORKSPACE=str(tmp_path))
    assert broken["run"] == "failed"
    assert broken["tasks"] == {"plan": "failed", "collect": "upstream_failed"}
    assert broken["tries"] <= 1
