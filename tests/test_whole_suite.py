"""The runner of all tests: a part that fails makes the whole fail, and the slowest tests are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.whole_suite import LANES, MAIN, Part, Suite


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
    marks = {part.arguments[-1] for lane in LANES for part in lane}
    left_out = {word for word in MAIN.arguments[-1].split() if word not in ("not", "and")}
    assert marks == left_out, "what the first part leaves out is what the lanes run, no more and no less"
