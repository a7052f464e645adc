"""Says in the last lines of a test run what was left out, why, and what would bring it. In CI nothing may be."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from scripts.engines import distributions
from tests.cluster import parts
from tests.postgresql import programs

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def shared() -> Path | None:
    """Return the folder of third-party measuring data, if there is one."""
    named = os.environ.get("EARSHOT_SHARED")
    return Path(named) if named and (Path(named) / "web").is_dir() else None


REASONS = {
    "captured": (
        lambda: shared() is None,
        "the captured web is not here; set EARSHOT_SHARED to the folder that holds it",
    ),
    "browser": (
        lambda: CHROMIUM is None,
        "no Chromium is here; install it (Debian: apt-get install chromium) and run `make test` again",
    ),
    "engines": (
        lambda: bool(distributions.missing()),
        f"{distributions.missing()} is not here; docs/operations/engines.md says how to get it",
    ),
    "compose": (
        lambda: shutil.which("docker-compose") is None,
        "no docker-compose is here; install it (Debian: apt-get install docker-compose) and run `make test` again",
    ),
    "cluster": (
        lambda: bool(parts.missing()),
        f"{parts.missing()} is not here; docs/operations/containers.md says what a cluster is tried with",
    ),
    "postgresql": (
        lambda: bool(programs.missing()),
        f"{programs.missing()} is not here; install it (Debian: apt-get install postgresql) and run `make test` again",
    ),
}

_left_out: Counter[str] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = {mark for mark, (is_absent, _) in REASONS.items() if is_absent()}
    gone = [item for item in items if any(item.get_closest_marker(mark) for mark in absent)]
    for item in gone:
        _left_out[next(mark for mark in absent if item.get_closest_marker(mark))] += 1
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]
    for mark in ("browser", "engines", "postgresql", "compose", "cluster"):
        if os.environ.get("CI") and _left_out[mark]:
            raise pytest.UsageError(f"in CI nothing may be left out: {REASONS[mark][1]}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """With several workers each collects everything: take one worker's word."""
    for mark, count in getattr(node, "workeroutput", {}).get("left_out", {}).items():
        _left_out[mark] = max(_left_out[mark], count)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(_left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for mark, count in sorted(_left_out.items()):
        terminalreporter.write_line(f"left out: {count} tests marked `{mark}`: {REASONS[mark][1]}", yellow=True)
