"""The runner of all tests: a part that fails makes the whole fail, and the slowest tests are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.whole_suite import LANES, MAIN, Part, Suite

TESTS = Path(__file__).parent
PARTS = [part for lane in LANES for part in lane]


def test_a_failed_part_is_named_and_the_next_one_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "test_good.py", tmp_path / "test_bad.py"
    good.write_text("def test_good(): pass\n")
    bad.write_text("def test_bad(): assert not 'here'\n")
    alone = ("-p", "no:cacheprovider", "-c", "/dev/null")
    suite = Suite(tmp_path)
    suite.run([Part("bad", (*alone, str(bad))), Part("good", (*alone, str(good)))])
    assert suite.failed == ["bad"]
    assert sorted(name.rpartition("::")[2] for _, name in suite.times) == ["test_bad", "test_good"]
    said = capfd.readouterr().out
    assert "1 failed" in said
    assert "1 passed" in said


def test_every_test_belongs_to_a_part_by_its_marks() -> None:
    marks = {part.arguments[-1] for part in PARTS}
    left_out = {word for word in MAIN.arguments[-1].split() if word not in ("not", "and")}
    assert marks == left_out, "what the first part leaves out is what the lanes run, no more and no less"


def test_a_part_reads_every_file_with_a_test_of_its_mark() -> None:
    for part in PARTS:
        mark, read = part.arguments[-1], [TESTS.parent / word for word in part.arguments if word.startswith("tests")]
        ways = (f"mark.{mark}", *(("tests.index.engines",) if mark == "engines" else ()))
        for file in TESTS.rglob("test_*.py"):
            if any(way in file.read_text(encoding="utf-8") for way in ways) and file != Path(__file__):
                assert any(file.is_relative_to(folder) for folder in read), f"{part.name} does not read {file}"


def test_what_one_part_of_a_mark_leaves_out_by_name_the_other_runs() -> None:
    words = sorted(part.arguments[part.arguments.index("-k") + 1] for part in PARTS if "-k" in part.arguments)
    assert words == ["not opensearch", "opensearch"]
