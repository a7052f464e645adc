"""`make soak` does what it says: a law takes more examples, a race is run again and again, and its rate is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soaking import multiply


@pytest.mark.parametrize("factor", [1, 7])
def test_a_law_takes_as_many_times_its_examples(factor: int) -> None:
    seen: list[int] = []

    @settings(max_examples=10, database=None)
    @given(st.integers(0, 10**9))
    def law(number: int) -> None:
        seen.append(number)

    multiply(law, factor)
    law()
    assert len(seen) == 10 * factor


def test_a_race_is_run_again_and_again_and_its_rate_is_printed(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("pytest_plugins = ['tests.soaking']\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\nruns = []\n\n@pytest.mark.races\ndef test_race():\n"
        "    runs.append(1)\n    assert len(runs) != 3\n"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(tmp_path)],
        env={**os.environ, "EARSHOT_TIMES": "5", "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "4 of 5  test_it.py::test_race" in done.stdout
