"""Runs every test of the project in lanes beside each other, and prints the ten slowest at the end.

The first part keeps both cores busy. Those that follow mostly wait: for a search engine to start, for a scheduler's
next minute, for a process to be killed; so three of them run beside each other, each search engine in a lane of its
own, and the lanes are about equally long. What a part prints comes when it ends.

Given a folder, it leaves the results there: `python -m scripts.reliability --from FOLDER` makes a page of them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SLOWEST = 10
_NO_TESTS = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the suite: its name, and what pytest is given for it."""

    name: str
    arguments: tuple[str, ...]


MAIN = Part("main", ("-n", "2", "--dist", "loadfile", "-m", "not kill and not airflow and not engines and not cluster"))
_READ = ("engines", "index", "pipeline/test_verify.py", "pipeline/test_reindex.py", "ports", "test_standing_out.py")
ON_ENGINES = tuple(f"tests/{name}" for name in _READ)
LANES = (
    (
        Part("opensearch", (*ON_ENGINES, "-k", "opensearch", "-m", "engines")),
        Part("cluster", ("tests/cluster", "-m", "cluster")),
    ),
    (
        Part("kill", ("tests/kill", "-m", "kill")),
        Part("elasticsearch", (*ON_ENGINES, "-k", "not opensearch", "-m", "engines")),
    ),
    (Part("airflow", ("tests/dags", "-m", "airflow")),),
)
"""Parts beside the first read only the folders where tests with their mark lie: reading all takes 12 s of a core."""


class Suite:
    """Runs parts and keeps what came of them. May be used by several threads, one a lane."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder for results and outputs."""
        self._folder = folder
        self._printing = threading.Lock()
        self.failed: list[str] = []
        self.times: list[tuple[float, str]] = []

    def run(self, parts: Sequence[Part]) -> None:
        """Run parts one after the other; a failed one does not keep the next from running."""
        for part in parts:
            began = time.monotonic()
            results, output = self._folder / f"{part.name}.xml", self._folder / f"{part.name}.log"
            command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={results}", *part.arguments]
            with output.open("wb") as file:
                code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
            self._end(part, code, time.monotonic() - began, output, results)

    def _end(self, part: Part, code: int, seconds: float, output: Path, results: Path) -> None:
        with self._printing:
            print(f"--- {part.name}: {seconds / 60:.1f} minutes", flush=True)
            sys.stdout.write(output.read_text(encoding="utf-8", errors="replace"))
            sys.stdout.flush()
            if code not in (0, _NO_TESTS):
                self.failed.append(part.name)
            if results.exists():
                self.times += _times(results)


def _times(results: Path) -> list[tuple[float, str]]:
    """Return seconds and name of each test, set-up and tear-down included."""
    cases = ElementTree.parse(results).iter("testcase")  # noqa: S314 (pytest has just written it)
    return [(float(case.get("time", "0")), f"{case.get('classname')}::{case.get('name')}") for case in cases]


def main(kept: Sequence[str] = ()) -> int:
    """Run the suite; return 1 where any part failed. kept: the folder for results; none: they are not kept."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="earshot-tests-") as folder:
        suite = Suite(Path(*kept or [folder]))
        suite.run([MAIN])
        lanes = [threading.Thread(target=suite.run, args=(lane,)) for lane in LANES]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    print(f"\nThe {SLOWEST} slowest tests, of {len(suite.times)} in {(time.monotonic() - began) / 60:.1f} minutes:")
    for seconds, name in sorted(suite.times, reverse=True)[:SLOWEST]:
        print(f"{seconds:8.1f} s  {name}")
    if suite.failed:
        print(f"Failed: {', '.join(suite.failed)}.")
    return int(bool(suite.failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
