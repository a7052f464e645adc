"""The workspace compiled to one file: what DAG files read, and when it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from earshot import jobs
from earshot.config.schedule import compile_schedule, schedule_file, write_schedule
from earshot.config.workspace import load_workspace
from earshot.errors import StorageError
from tests.config.test_workspace import SETTINGS, only_mistake, write

NIGHTLY = (
    "collection: intranet\nschedule: '0 4 * * mon-fri'\ndefaults: {pace: 2h}\n"
    "sources:\n  - {id: wiki, kind: feed, url: 'http://wiki.example/feed'}\n"
    "  - {id: forum, kind: feed, url: 'http://forum.example/feed', pace: 30m}\n"
)


def make_root(root: Path, **files: str) -> Path:
    write(root, **files)
    (root / "sources" / "intranet.yaml").write_text(NIGHTLY, encoding="utf-8")
    return root


def test_it_says_what_a_scheduler_has_to_know(tmp_path: Path) -> None:
    settings = SETTINGS + (
        "time_zone: Europe/Berlin\ndashboards: {public_url: 'https://earshot.example/'}\n"
        "schedules: {maintain_nightly: '0 6 * * mon-fri'}\n"
    )
    brand = "id: halden\nname: Halden\npaused: true\n"
    assert compile_schedule(load_workspace(make_root(tmp_path, settings=settings, brand=brand), {})) == {
        "version": 1,
        "time_zone": "Europe/Berlin",
        "collections": [
            {"id": "blogs", "sources": 1, "pace_s": 900, "cron": ""},
            {"id": "intranet", "sources": 2, "pace_s": 1800, "cron": "0 4 * * mon-fri"},
        ],
        "brands": [{"id": "halden", "name": "Halden", "paused": True}],
        "schedules": {
            "collect": "* * * * *",
            "publish": "* * * * *",
            "maintain_freshness": "*/5 * * * *",
            "maintain_nightly": "0 6 * * mon-fri",
        },
        "pages_url": "https://earshot.example",
        "failure_mail": [],
    }


def test_it_is_written_only_when_it_says_something_else(tmp_path: Path) -> None:
    workspace = load_workspace(make_root(tmp_path), {})
    assert write_schedule(workspace) == json.loads(schedule_file(workspace).read_text(encoding="utf-8"))
    first = schedule_file(workspace).stat().st_ino
    write_schedule(workspace)
    assert schedule_file(workspace).stat().st_ino == first
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden Outdoor\n", encoding="utf-8")
    write_schedule(load_workspace(tmp_path, {}))
    assert schedule_file(workspace).stat().st_ino != first
    assert [path.name for path in workspace.var.iterdir()] == ["schedule.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    workspace = load_workspace(make_root(tmp_path), {})
    workspace.var.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StorageError, match=r"schedule\.json cannot be written"):
        write_schedule(workspace)


def test_the_job_and_plan_write_it(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    file = root / "var" / "schedule.json"
    said = jobs.schedule(str(root))
    assert json.loads(file.read_text(encoding="utf-8")) == said
    file.unlink()
    jobs.plan(str(root))
    assert json.loads(file.read_text(encoding="utf-8")) == said


def test_a_collections_schedule_is_that_of_its_sources(tmp_path: Path) -> None:
    settings = SETTINGS + "time_zone: Europe/Berlin\n"
    sources = load_workspace(make_root(tmp_path, settings=settings), {}).sources
    assert {s.id: (s.schedule, s.time_zone) for s in sources if s.schedule} == {
        "wiki": ("0 4 * * mon-fri", "Europe/Berlin"),
        "forum": ("0 4 * * mon-fri", "Europe/Berlin"),
    }


def test_a_mistake_in_a_schedule_stands_with_line_and_what_would_be_right(tmp_path: Path) -> None:
    mistake = only_mistake(write(tmp_path, settings=SETTINGS + "schedules:\n  publish: at seven\n"))
    assert (mistake.file, mistake.line, mistake.field) == ("earshot.yaml", 4, "schedules.publish")
    assert mistake.what == "'at seven' is not a cron expression of five fields"
    assert mistake.advice.startswith("write five fields (minute hour day month weekday)")


def test_two_files_of_one_collection_have_one_schedule(tmp_path: Path) -> None:
    make_root(tmp_path)
    other = NIGHTLY.replace("id: wiki", "id: blackboard").replace("id: forum", "id: canteen")
    (tmp_path / "sources" / "more.yaml").write_text(other, encoding="utf-8")
    assert len(load_workspace(tmp_path, {}).sources) == 5
    (tmp_path / "sources" / "more.yaml").write_text(other.replace("0 4", "0 5"), encoding="utf-8")
    mistake = only_mistake(tmp_path)
    assert (mistake.file, mistake.line, mistake.field) == ("sources/more.yaml", 2, "schedule")
    assert "sources/intranet.yaml" in mistake.what
