"""What a job leaves for its next run when its time or its share is up, and what it says of that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot import jobs
from earshot.model import CaptureRef
from earshot.operating import JobRun
from tests.builders import make_capture
from tests.pipeline.world import item, rss

FETCHED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FILES = 7


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A workspace whose lake holds seven files that nobody has read, of one post each."""
    (tmp_path / "brands").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "earshot.yaml").write_text("collect: {contact: me@example.org}\n")
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (tmp_path / "sources" / "blogs.yaml").write_text(
        "sources:\n  - {id: blog, kind: feed, url: 'http://blog.example/feed'}\n"
    )
    jobs.status(str(tmp_path))
    with jobs.opened(tmp_path) as parts:
        for number in range(FILES):
            writer = parts.lake.open_writer()
            body = rss(
                item(f"http://blog.example/{number}", f"Post {number}", f"The Halden pump {number} broke again.")
            )
            url = "http://blog.example/feed"
            capture = make_capture(
                source_id="blog", item_id="source:blog", url=url, final_url=url, fetched_at=FETCHED,
                ref=CaptureRef("", 0, 0, ""),
            )  # fmt: skip
            writer.add(capture, body)
            writer.publish()
    return str(tmp_path)


def last_run(root: str, job: str) -> JobRun:
    with jobs.opened(root) as parts, parts.record.read() as reader:
        return reader.job_runs(job=job, limit=1)[0]


def test_a_large_backlog_is_shared_out_in_bounded_parts_and_the_rest_is_found_at_the_next_look(root: str) -> None:
    parts = jobs.unread(root, most=2, most_files=2)["parts"]
    assert [(len(part["files"]), part["label"]) for part in parts] == [(2, "2 of 7 files")] * 2
    for part in parts:
        assert jobs.ingest(root, **part)["captures"] == 2
    left = jobs.unread(root, most=2, most_files=2)["parts"]
    assert left[0]["label"] == "2 of 3 files"


def test_reading_ends_when_its_time_is_up_and_says_so(root: str) -> None:
    assert jobs.ingest(root, seconds=0)["captures"] == 1
    assert "its time was up" in last_run(root, "ingest").reason
    assert jobs.ingest(root)["captures"] == FILES - 1
    assert last_run(root, "ingest").reason == ""


def test_publishing_ends_when_its_time_is_up_and_says_so(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earshot.pipeline.publish._BATCH", 3)
    jobs.ingest(root)
    assert jobs.publish(root, seconds=0)["written"] == 3
    assert "its time was up" in last_run(root, "publish").reason
    assert jobs.publish(root)["written"] == FILES - 3
    assert last_run(root, "publish").reason == ""


def test_publishing_that_waits_for_another_process_is_done_and_says_what_it_waits_for(root: str) -> None:
    jobs.ingest(root)
    with jobs.opened(root) as parts, parts.record.write() as writer:
        now = parts.clock.now()
        assert writer.lease(["relay:index"], "another/1", now, now + timedelta(hours=23))
    answer = jobs.publish(root)
    run = last_run(root, "publish")
    assert (answer["written"], run.state.value, run.reason) == (0, "done", "another process is publishing")
