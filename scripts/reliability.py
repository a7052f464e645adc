"""Tries every fault and writes docs/reliability.md: each case, what Earshot promises, and what came of it.

    make reliability                      all of them; with engines and kills some fifteen minutes
    make reliability TESTS=tests/spiders  a part of them, printed and not written
    python -m scripts.reliability --from FOLDER   the page, written from what a run of all tests left in a folder

A case is a test with the mark `fault`. Several tests may share a case; it holds when all of them pass.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"

ROOMS = {
    "spiders": "Sites and networks",
    "extract": "Feeds and pages",
    "config": "Settings",
    "pipeline": "Collecting and reading",
    "lake": "Disks and object storage",
    "s3": "Disks and object storage",
    "record": "The record",
    "postgresql": "The record",
    "index": "Search engines",
    "engines": "Search engines",
    "alerts": "Mail servers",
    "dashboards": "Pages and their readers",
    "kill": "Processes that are killed",
    "dags": "Airflow",
    "cluster": "Airflow",
}
"""Folder of tests -> heading. In this order; whatever lies elsewhere comes last."""
ELSEWHERE = "Other"

HEAD = """\
# What goes wrong, and what Earshot then does

For operations. Each row is a test that makes the fault happen to the real part: a real server that misbehaves, a real
process that is killed, a real disk that is full. `make reliability` runs them and writes this page: nothing here is a
promise only. The fault costs what the row says and nothing else: other sources, mails and pages go on.

"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one test. failed: False where it passed, None where it was left out here."""

    room: str
    case: str
    promise: str
    failed: bool | None


def main(arguments: Sequence[str]) -> int:
    """Run the tests of faults; write the page, or print it where only a part was asked for."""
    if arguments[:1] == ["--from"]:
        return _write([each for file in sorted(Path(arguments[1]).glob("*.xml")) for each in read(file)])
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
        results = Path(folder) / "results.xml"
        given = ["-q", "-n", "2", "--dist", "loadfile", "-m", "fault", f"--junitxml={results}"]
        code = subprocess.run([sys.executable, "-m", "pytest", *given, *arguments], check=False).returncode
        found = list(read(results))
    if not arguments:
        return code or _write(found)
    print(page(found, _on()))
    return code


def _write(results: Sequence[Result]) -> int:
    PAGE.write_text(page(results, _on()), encoding="utf-8")
    print(f"Written: {PAGE.name}, of {len(results)} tests.")
    return 0


def _on() -> str:
    return f"{time.strftime('%Y-%m-%d', time.gmtime())}, Python {platform.python_version()}, {os.cpu_count()} cores"


def read(results: Path) -> Iterator[Result]:
    """Yield the results of tests that say their case; `results` is what pytest wrote as JUnit XML."""
    for test in ElementTree.parse(results).iter("testcase"):  # noqa: S314 (pytest has just written it)
        said = {each.get("name"): each.get("value", "") for each in test.iter("property")}
        if "case" in said:
            failed = test.find("failure") is not None or test.find("error") is not None
            left_out = test.find("skipped") is not None
            yield Result(_room(test.get("classname", "")), said["case"], said["promise"], None if left_out else failed)


def page(results: Iterable[Result], on: str) -> str:
    """Return the page in Markdown. on: the day and the machine."""
    rooms: dict[str, dict[tuple[str, str], list[bool | None]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        rooms[result.room][result.case, result.promise].append(result.failed)
    order = [*dict.fromkeys(ROOMS.values()), ELSEWHERE]
    cases = sum(map(len, rooms.values()))
    parts = [HEAD, f"{cases} cases, tried on {on}.\n"]
    parts += [_table(room, rooms[room]) for room in order if room in rooms]
    return "".join(parts)


def _table(room: str, cases: Mapping[tuple[str, str], list[bool | None]]) -> str:
    rows = "".join(f"| {case} | {promise} | {_said(outcomes)} |\n" for (case, promise), outcomes in cases.items())
    return f"\n## {room}\n\n| What goes wrong | What Earshot does | Result |\n| --- | --- | --- |\n{rows}"


def _said(outcomes: Sequence[bool | None]) -> str:
    ran = [failed for failed in outcomes if failed is not None]
    if not ran:
        return "not tried on this machine"
    failures = sum(ran)
    if failures:
        return f"**fails** in {failures} of {len(ran)}"
    return "holds" if len(ran) == 1 else f"holds, {len(ran)} ways"


def _room(module: str) -> str:
    folder = module.split(".")[1] if module.count(".") > 1 else ""
    return ROOMS.get(folder, ELSEWHERE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
