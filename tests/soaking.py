"""For `make soak`: tests that race many times over, laws with many more examples, and how often each passed.

    EARSHOT_TIMES=200      tests marked `races` run so often; the rate of each is printed at the end
                           (those marked `soak` run once, and not at all without it)
    EARSHOT_EXAMPLES=20    tests of a law take so many times their examples; all others are left out

Without the two nothing is changed: an ordinary run takes few and good examples.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings

TIMES = int(os.environ.get("EARSHOT_TIMES", "1"))
EXAMPLES = int(os.environ.get("EARSHOT_EXAMPLES", "1"))
_ATTRIBUTE = "_hypothesis_internal_use_settings"
"""Where hypothesis keeps a test's settings; its own plugin of pytest reads them there."""

_ran: Counter[str] = Counter()
_failed: Counter[str] = Counter()

settings.register_profile("ordinary", parent=settings(), max_examples=50, deadline=None)
settings.load_profile("ordinary")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test that races run many times."""
    if TIMES > 1 and metafunc.definition.get_closest_marker("races"):
        metafunc.fixturenames.append("run_number")
        metafunc.parametrize("run_number", range(TIMES), ids=lambda number: f"run{number}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes hours, unless it is asked for; give laws more examples, and leave everything else out."""
    if TIMES == 1 or EXAMPLES > 1:
        _leave_out(config, items, [item for item in items if item.get_closest_marker("soak")])
    if EXAMPLES == 1:
        return
    laws = [item for item in items if hasattr(_function(item), "hypothesis")]
    for function in {_function(item) for item in laws}:
        multiply(function, EXAMPLES)
    _leave_out(config, items, [item for item in items if item not in set(laws)])


def _leave_out(config: pytest.Config, items: list[pytest.Item], gone: list[pytest.Item]) -> None:
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in set(gone)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what ran, and what failed in any of its three phases."""
    if TIMES > 1:
        name = report.nodeid.partition("[")[0]
        _ran[name] += report.when == "call"
        _failed[name] += report.failed


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the rate of each test that raced."""
    if TIMES == 1:
        return
    terminalreporter.section("how often the tests that race passed")
    for name, runs in sorted(_ran.items()):
        terminalreporter.line(f"{runs - _failed[name]} of {runs}  {name}")


def multiply(function: Any, factor: int) -> None:
    """Let a test of a law take `factor` times its examples."""
    mine: settings = getattr(function, _ATTRIBUTE, settings())
    setattr(function, _ATTRIBUTE, settings(mine, max_examples=mine.max_examples * factor))


def _function(item: pytest.Item) -> Any:
    return getattr(item, "function", None)
