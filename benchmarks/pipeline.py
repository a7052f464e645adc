"""How fast is the whole pipeline, and each stage, and how much memory do all its processes take together?

`python -m benchmarks.pipeline` plays the captured web back (EARSHOT_SHARED names it), runs one round over its feeds,
then the stages one after another in a fresh workspace. Memory is the summed PSS of the whole process tree at its peak.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.report import report
from tests.captured.playback import playback, shared_folder, write_workspace

_EVERY_S = 0.25


@dataclass
class Measured:
    """One command: seconds, and bytes of PSS at the peak of its process tree."""

    seconds: float
    peak_bytes: int
    output: str


def measure(*args: str) -> Measured:
    """Run `earshot` and watch its process tree."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "earshot", *args], stdout=subprocess.PIPE, text=True)
    peak = 0
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(_EVERY_S):
            peak = max(peak, tree_pss(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    stop.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"earshot {' '.join(args)} ended with {process.returncode}")
    return Measured(time.monotonic() - began, peak, output)


def tree_pss(pid: int) -> int:
    """Return the summed PSS of a process and all below it, in bytes; what has just ended counts nothing."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        return total
    return total


def main() -> None:
    """Measure and report."""
    shared = shared_folder()
    if shared is None:
        raise SystemExit("the captured web is not here: set EARSHOT_SHARED")
    settings = {"alerts": {"max_age": "none"}}
    with tempfile.TemporaryDirectory() as folder, playback(shared) as proxy:
        rows = [whole_round(Path(folder) / "round", shared, proxy, settings)]
        rows += stages(Path(folder) / "stages", shared, proxy, settings)
    report("pipeline", rows, ["one row a stage; documents are entries of feeds and pages behind teasers, each once"])


def whole_round(root: Path, shared: Path, proxy: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Run one round over everything."""
    write_workspace(root, shared, proxy, settings=settings)
    done = measure("-w", str(root), "run", "--once", "--json")
    ingested = json.loads(done.output)["ingested"]
    return row("whole round", done, ingested["documents"], ingested["captures"])


def stages(root: Path, shared: Path, proxy: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Run collect and ingest until nothing is due, then publish and alert."""
    write_workspace(root, shared, proxy, settings=settings)
    rows = []
    for name in ("collect", "ingest", "collect", "ingest", "publish", "alert"):
        before = status(root)
        done = measure("-w", str(root), name)
        after = status(root)
        captures = after["captures"] - before["captures"]
        if name == "collect":  # what it fetched is counted as read by the stage after it
            captures = int(re.search(r"(\d+) ok", done.output)[1])  # type: ignore[index]
        mentions = after["index"]["mentions"] - before["index"]["mentions"]
        documents = {"ingest": after["documents"] - before["documents"] or captures, "publish": mentions}.get(name, 0)
        rows.append(row(name, done, documents, captures))
    return rows


def status(root: Path) -> dict[str, Any]:
    """Return `earshot status --json`."""
    return json.loads(measure("-w", str(root), "status", "--json").output)


def row(name: str, done: Measured, documents: int, captures: int) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        "stage": name,
        "seconds": round(done.seconds, 1),
        "captures": captures,
        "documents": documents,
        "documents/s": round(documents / done.seconds, 1),
        "captures/s": round(captures / done.seconds, 1),
        "peak PSS MB": round(done.peak_bytes / 1e6),
    }


if __name__ == "__main__":
    main()
