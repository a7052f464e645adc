"""The accuracy page says what the benchmark wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from earshot.model import Category

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "benchmarks" / "results" / "accuracy.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "developers" / "accuracy.md").read_text(encoding="utf-8")


def shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("row", RESULTS["rows"], ids=lambda row: row["set"])
def test_the_page_holds_every_figure_of_the_benchmark(row: dict[str, Any]) -> None:
    names = ("set", "n", "accuracy", "macro F1", "macro recall", "recall negative", "baseline")
    assert "| " + " | ".join(shown(row[name]) for name in names) + " |" in PAGE


def test_the_page_for_marketing_explains_every_category() -> None:
    page = (ROOT / "docs" / "marketing" / "verdicts.md").read_text(encoding="utf-8")
    for category in Category:
        assert f"`{category.value}`" in page
