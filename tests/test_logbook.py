"""What a scheduler's log says of a job's answer."""

from __future__ import annotations

from typing import Any

from earshot.jobs import log_lines


def test_numbers_are_said_and_noughts_are_not() -> None:
    answer = {"written": 1200, "removed": 0, "refused": 0, "waiting": "another process is publishing"}
    assert log_lines("publish", answer) == ["publish: written 1,200", "waiting: another process is publishing"]


def test_a_job_that_did_nothing_says_so() -> None:
    assert log_lines("ingest", {"captures": 0, "is_busy": False, "problem": ""}) == ["ingest: nothing to count"]


def test_names_are_said_and_many_of_them_counted() -> None:
    answer = {"events": {"ok": 2, "gone": 1}, "files": ["a.warc.gz", "b.warc.gz"]}
    assert log_lines("collect", answer) == ["collect: ok 2, gone 1", "files: a.warc.gz, b.warc.gz"]
    assert log_lines("collect", {"files": [str(n) for n in range(21)]})[1] == "files: 21 of them"


def test_a_finding_is_said_once_with_what_to_do() -> None:
    found = {"what": "3 files of the lake are missing.", "advice": "Bring them back."}
    lines = log_lines("maintain", {"findings": [{"kind": "k", "count": 3, **found}], "new": [{"key": "k", **found}]})
    assert lines == ["maintain: findings 1, new 1", "3 files of the lake are missing. Bring them back."]


def test_a_brand_judged_again_has_a_line_and_no_post_is_named() -> None:
    example = {"title": "A secret title", "site": "blog.example", "url": "http://blog.example/1", "what": []}
    brand = {"brand": "halden", "entered": 1, "left": 0, "changed": 2, "renewed": 0, "as_before": 1300}
    brand["examples"] = {"entered": [example], "left": [], "changed": []}  # type: ignore[assignment]
    problem = {"document": "d1", "reason": "cannot read 'A secret title'"}
    answer: dict[str, Any] = {"is_written": False, "documents": 40, "problems": [problem], "brands": [brand]}
    lines = log_lines("reclassify", answer)
    assert lines[0] == "reclassify: documents 40, problems 1, brands 1"
    assert lines[1].startswith("halden: enters 1, leaves 0, changes 2,")
    assert "1,300" in lines[1]
    assert "Nothing was written" in lines[2]
    assert not [line for line in lines if "secret" in line or "blog.example" in line]
    written = log_lines("reclassify", answer | {"is_written": True})
    assert written[1].startswith("halden: entered 1, left 0, changed 2,")
    assert len(written) == 2
