"""docs/reliability.md lists every fault that a test tries, and none that fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.reliability import PAGE

TESTS = Path(__file__).parent.parent


def marks() -> Iterator[tuple[str, str]]:
    for file in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                given = {each.arg: ast.literal_eval(each.value) for each in node.keywords}
                yield given["case"], given["promise"]


def rows() -> list[tuple[str, str, str]]:
    lines = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [(case[2:], promise, result[:-2]) for case, promise, result in lines]
    return [row for row in cells if row[0] not in ("What goes wrong", "---")]


def test_the_page_lists_every_fault_that_is_tried() -> None:
    """Where it does not, `make reliability` writes it anew."""
    assert {(case, promise) for case, promise, _ in rows()} == set(marks())


def test_no_promise_of_the_page_is_broken() -> None:
    assert [row for row in rows() if not row[2].startswith("holds")] == []
