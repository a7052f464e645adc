"""Names that nobody answers for, asked of a real name server that says nothing, in a mount namespace of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spiders.dead_names import MUTE

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.fault(
    case="A hundred names whose name server never answers",
    promise="Each is given up after five seconds, and no other host waits for any of them",
)
def test_dead_names_keep_no_other_host_waiting(tmp_path: Path) -> None:
    settings = tmp_path / "resolv.conf"
    settings.write_text(f"nameserver {MUTE}\n")
    within = f"mount --bind {settings} /etc/resolv.conf && exec {sys.executable} -m tests.spiders.dead_names {tmp_path}"
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("this machine lets nobody have a mount namespace")
    found = subprocess.run(
        ["unshare", "-m", "sh", "-c", within], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120
    )
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert all("the host's name cannot be resolved" in reason for reason in answer["dead"])
    assert answer["good"] == ["gone"]
    assert answer["good_s"] < 3.0
    assert answer["dead_s"] < 7.0
