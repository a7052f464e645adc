"""`earshot run` on a workspace of many feeds, watched from outside. Knows no benchmark."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import psutil
import yaml

WARM_AT_MOST_S = 600.0
EARSHOT = [sys.executable, "-m", "earshot"]


def write_workspace(root: Path, feeds: Mapping[str, str], pace_s: int) -> None:
    """Write a workspace with one brand and these feeds, URL by id."""
    (root / "brands").mkdir(parents=True)
    (root / "sources").mkdir()
    collect = {"allow_hosts": ["*.1", "*.example"], "contact": "us@example.org"}
    (root / "earshot.yaml").write_text(yaml.safe_dump({"collect": collect}))
    (root / "brands" / "halden.yaml").write_text(yaml.safe_dump({"id": "halden", "name": "Halden"}))
    sources = [{"id": name, "kind": "feed", "url": url, "pace": f"{pace_s}s"} for name, url in feeds.items()]
    (root / "sources" / "feeds.yaml").write_text(yaml.safe_dump({"sources": sources}))


def listen(root: Path, is_warm: Callable[[], bool], measured_s: float) -> tuple[float, float, float]:
    """Run for good; return the monotonic times between which was measured, and the CPU seconds of it.

    is_warm: asked until what is new has been read, so that it is polling that is measured.
    """
    with (root / "log").open("wb") as log:
        process = subprocess.Popen([*EARSHOT, "-w", str(root), "run"], stdout=log, stderr=log)
    try:
        until = time.monotonic() + WARM_AT_MOST_S
        while not is_warm() and time.monotonic() < until:
            time.sleep(1.0)
        began, before = time.monotonic(), cpu_s(process.pid)
        time.sleep(measured_s)
        ended, after = time.monotonic(), cpu_s(process.pid)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
    return began, ended, sum(after[pid] - before.get(pid, 0.0) for pid in after)


def cpu_s(pid: int) -> dict[int, float]:
    """Return the CPU seconds of a process and all below it, by process."""
    found = {}
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        found[process.pid] = times.user + times.system
    return found


def lateness(times: Mapping[str, Sequence[float]], began: float, ended: float, pace_s: float) -> list[float]:
    """Return how many seconds later than its pace each look began, sorted; a host that was forgotten counts as well."""
    late: list[float] = []
    for looks in times.values():
        inside = [at for at in looks if began - pace_s <= at <= ended]
        late += [max(0.0, later - earlier - pace_s) for earlier, later in pairwise(inside)]
        late.append(max(0.0, ended - inside[-1] - pace_s) if inside else ended - began)
    return sorted(late)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values; 0 where there are none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0
