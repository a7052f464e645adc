"""Who keeps an engine ends it, and only when its parent is gone or says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts.engines.nodes import KEEPER

LONG = (sys.executable, "-c", "import time; time.sleep(300)")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_the_whole_group_does_not_part_it_from_what_it_keeps(number: int, tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    folder.mkdir()
    keeper = subprocess.Popen(
        [sys.executable, str(KEEPER), str(folder), *LONG], stdin=subprocess.PIPE, start_new_session=True
    )
    assert keeper.stdin
    kept = psutil.Process(int(written(folder / "pid")))
    os.killpg(keeper.pid, number)
    time.sleep(0.5)
    assert (keeper.poll(), kept.is_running()) == (None, True)
    keeper.stdin.close()
    assert keeper.wait(timeout=30) == 0
    assert not kept.is_running()
    assert not folder.exists()


def test_what_it_keeps_can_be_interrupted_itself(tmp_path: Path) -> None:
    """PostgreSQL is ended by such a signal: it must not inherit deafness."""
    keeper = subprocess.Popen([sys.executable, str(KEEPER), str(tmp_path), *LONG], stdin=subprocess.PIPE)
    assert keeper.stdin
    os.kill(int(written(tmp_path / "pid")), signal.SIGTERM)
    assert keeper.wait(timeout=30) == 128 + signal.SIGTERM
    keeper.stdin.close()


def written(path: Path) -> str:
    end = time.monotonic() + 30
    while not path.exists() or not path.read_text():
        assert time.monotonic() < end, "it started nothing"
        time.sleep(0.02)
    return path.read_text()
