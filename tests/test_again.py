"""Reclassify and replay as jobs and commands: real workspaces, a lake that was filled before, the real classifier."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from dashboards.jobwords import Did, did
from earshot import jobs
from earshot.errors import ConfigError
from earshot.model import Capture, CaptureRef
from earshot.operating import JobState
from earshot.screen_again import progress_line
from earshot.wiring import Parts
from tests.builders import make_capture
from tests.pipeline.world import item, rss
from tests.test_cli import Here

PUMP = "My Halden pump broke after two days and nobody answers the phone. I want my money back, this is a bad joke."
TENT = "The Norrvik tent is wonderful, we love it, and it keeps the rain out better than any tent we had before."
FETCHED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""In the night of the 19th in Los Angeles, where this workspace is."""


@pytest.fixture
def root(filled: Path, tmp_path: Path) -> Path:
    """A copy of the workspace for one test."""
    return shutil.copytree(filled, tmp_path / "workspace")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of two feeds, one capture of each read."""
    tmp_path = tmp_path_factory.mktemp("filled")
    (tmp_path / "brands").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "earshot.yaml").write_text("time_zone: America/Los_Angeles\ncollect: {contact: me@example.org}\n")
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (tmp_path / "sources" / "blogs.yaml").write_text(
        "sources:\n  - {id: blog, kind: feed, url: 'http://blog.example/feed'}\n"
    )
    (tmp_path / "sources" / "planets.yaml").write_text(
        "sources:\n  - {id: planet, kind: feed, url: 'http://planet.example/feed'}\n"
    )
    jobs.status(str(tmp_path))  # makes the record know the sources
    with jobs.opened(tmp_path) as parts:
        fill(parts)
    assert jobs.ingest(str(tmp_path))["new_documents"] == 2
    jobs.publish(str(tmp_path))
    return tmp_path


def fill(parts: Parts) -> list[Capture]:
    """Put one capture of each source into the lake."""
    writer = parts.lake.open_writer()
    date = format_datetime(FETCHED - timedelta(hours=2), usegmt=True)
    added = []
    for source, name, text in (("blog", "pump", PUMP), ("planet", "tent", TENT)):
        url = f"http://{source}.example/feed"
        body = rss(item(f"http://{source}.example/{name}", f"On a {name}", text, date=date))
        capture = make_capture(
            source_id=source, item_id=f"source:{source}", url=url, final_url=url, fetched_at=FETCHED,
            ref=CaptureRef("", 0, 0, ""),
        )  # fmt: skip
        added.append(writer.add(capture, body))
    writer.publish()
    return added


def add_brand(root: Path) -> None:
    (root / "brands" / "norrvik.yaml").write_text("id: norrvik\nname: Norrvik\n")


def test_the_backfill_of_a_new_brand_is_said_then_done_then_in_the_index(root: Path) -> None:
    add_brand(root)
    seen: list[float] = []
    told = jobs.reclassify(str(root), "norrvik", on_progress=lambda report: seen.append(report.share_done))
    assert (told["is_written"], told["entered"], told["documents"], seen) == (False, 1, 2, [1.0])
    (brand,) = told["brands"]
    assert brand["examples"] == {
        "entered": [
            {
                "title": "On a tent",
                "site": "planet.example",
                "published_at": "2026-11-20T01:00:00Z",
                "url": "http://planet.example/tent",
                "what": [],
            }
        ],
        "left": [],
        "changed": [],
    }
    assert list(jobs.search(str(root), "brand:norrvik")) == []
    assert jobs.reclassify(str(root), "norrvik", write=True, share=1.0)["entered"] == 1
    jobs.publish(str(root))
    assert [mention["url"] for mention in jobs.search(str(root), "brand:norrvik")] == ["http://planet.example/tent"]


def test_what_it_returns_is_plain(root: Path) -> None:
    add_brand(root)
    told = jobs.reclassify(str(root), write=True)
    assert json.loads(json.dumps(told)) == told
    assert [brand["brand"] for brand in told["brands"]] == ["halden", "norrvik"]
    assert json.loads(json.dumps(jobs.replay(str(root), "2026-11-19"))) == jobs.replay(str(root), "2026-11-19")


def test_days_are_those_of_the_workspace(root: Path) -> None:
    assert jobs.reclassify(str(root), since="2026-11-19", until="2026-11-20")["documents"] == 2
    assert jobs.reclassify(str(root), since="2026-11-20")["documents"] == 0
    assert jobs.replay(str(root), "2026-11-19", share=1.0)["tried"] == 2
    assert jobs.replay(str(root), "2026-11-20", share=1.0)["tried"] == 0
    assert jobs.replay(str(root), "2026-11-19", collection="planets")["tried"] == 1
    assert jobs.replay(str(root), "2026-11-19", source="blog")["tried"] == 1
    assert jobs.replay(str(root), "2026-11-19", quarantined=True)["tried"] == 0


def test_a_look_is_noted_as_tried_with_what_would_be_and_not_as_done(root: Path) -> None:
    add_brand(root)
    jobs.reclassify(str(root), "norrvik")
    with jobs.opened(root) as parts, parts.record.read() as reader:
        (look,) = reader.job_runs(job="reclassify")
    assert (look.state, look.counts["entered"]) == (JobState.TRIED, 1)
    assert Did("1", "mention would enter") in did(look)


def test_they_are_noted_in_the_book_of_jobs_with_what_they_were_about(root: Path) -> None:
    add_brand(root)
    jobs.reclassify(str(root), "norrvik", write=True)
    jobs.replay(str(root), "2026-11-19", collection="planets")
    with jobs.opened(root) as parts, parts.record.read() as reader:
        (again,) = reader.job_runs(job="reclassify")
        (replayed,) = reader.job_runs(job="replay")
    assert (again.subject, again.state, again.counts["entered"]) == ("norrvik", JobState.DONE, 1)
    assert (replayed.subject, replayed.counts["tried"]) == ("2026-11-19 planets", 1)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"brand": "haldn"}, r"brand: there is no brand 'haldn' \(did you mean halden\?\)"),
    ({"brand": "x"}, r"there are: halden"),
    ({"since": "20.11.2026"}, r"since: '20.11.2026' is no date \(write 2026-11-23\)"),
    ({"until": "tomorrow"}, r"until: 'tomorrow' is no date"),
    ({"since": "2026-11-20", "until": "2026-11-20"}, "nothing lies between"),
    ({"share": 0}, "0 is no share of the time"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_reclassify_says_what_would_be_right(root: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        jobs.reclassify(str(root), **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"day": "2026-13-01"}, "day: '2026-13-01' is no date"),
        ({"collection": "planet"}, r"did you mean planets\?"),
        ({"source": "x"}, "there are: blog, planet"),
        ({"collection": "blogs", "source": "blog"}, "not both"),
        ({"share": 2}, "2 is no share of the time"),
    ],
)
def test_replay_says_what_would_be_right(root: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        jobs.replay(str(root), **given)


def test_what_is_left_of_a_brand_that_was_taken_out_can_be_withdrawn(root: Path) -> None:
    (root / "brands" / "halden.yaml").unlink()
    add_brand(root)
    assert jobs.stale(str(root)) == {"halden": 1}
    assert jobs.reclassify(str(root), "halden", write=True)["left"] == 1
    assert jobs.stale(str(root)) == {}


def test_one_quarantined_capture_is_tried_alone_and_once(root: Path) -> None:
    with jobs.opened(root) as parts:
        captures = fill(parts)
        with parts.record.write() as writer:
            writer.add_file(captures[0].ref.file, FETCHED)
            for capture in captures:
                writer.add_quarantined(capture, "broken", FETCHED)
        with parts.record.read() as reader:
            first, other = (one.id for one in reader.quarantine())
    assert jobs.replay_one(str(root), first)["tried"] == 1
    assert jobs.replay_one(str(root), first)["tried"] == 0
    assert jobs.replay_one(str(root), "")["tried"] == 0
    with jobs.opened(root) as parts, parts.record.read() as reader:
        assert [one.id for one in reader.quarantine()] == [other]
    assert jobs.replay(str(root), share=1.0)["tried"] == 1


# --- at the prompt


@pytest.fixture
def here(root: Path) -> Iterator[Here]:
    yield Here(root, 0)


def test_the_command_shows_what_would_be_and_with_write_does_it(here: Here) -> None:
    (here.root / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\ncontext: {required: [stove]}\n")
    add_brand(here.root)
    assert "1 mentions were judged by an older version" in here("status").stdout
    said = here("reclassify").stdout
    assert "What would become of the mentions in 2 documents" in said
    for word in ("enters", "leaves", "On a tent", "planet.example", "http://planet.example/tent", "2026-11-20"):
        assert word in said
    assert "Nothing was written; add --write to do it." in said
    assert "Written." in here("reclassify", "--write", "--share", "1").stdout
    assert [line["brand"] for line in map(json.loads, here("search", "--json").stdout.splitlines())] == ["norrvik"]
    assert here.json("reclassify")["as_before"] == 1


def test_the_commands_exit_with_3_on_what_is_written_wrongly(here: Here) -> None:
    assert "did you mean halden?" in here("reclassify", "--brand", "haldn", code=3).stderr
    assert "is no date" in here("replay", "--day", "yesterday", code=3).stderr


def test_a_day_is_replayed_at_the_prompt(here: Here) -> None:
    assert "2 tried" in here("replay", "--day", "2026-11-19", "--share", "1").stdout


def test_progress_is_count_share_and_time_left() -> None:
    assert progress_line(0, 4000, 0) == "0 of 4,000, 0%"
    assert progress_line(1000, 4000, 60) == "1,000 of 4,000, 25%, 0:03:00 left"
    assert progress_line(0, 0, 1) == "0 of 0, 100%"
