"""The page of faults says what the tests of faults said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.reliability import page, read

TESTS = """
import pytest
fault = pytest.mark.fault(case="A disk is full", promise="Nothing is lost")
@fault
@pytest.mark.parametrize("n", (1, 2))
def test_good(n): pass
@pytest.mark.fault(case="A server drips", promise="It is left after 30 s")
def test_bad(): assert not "here"
def test_of_something_else(): pass
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = fault(case, promise): a fault\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults", "--junitxml=results.xml", "test_it.py"]
    where = Path(__file__).parent.parent
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(where)}, check=False, capture_output=True)
    return folder / "results.xml"


def test_a_case_holds_when_all_its_tests_pass(results: Path) -> None:
    text = page(read(results), "a day")
    assert "| A disk is full | Nothing is lost | holds, 2 ways |" in text
    assert "| A server drips | It is left after 30 s | **fails** in 1 of 1 |" in text
    assert "2 cases, tried on a day." in text
