"""When somebody hears again of an incident: as a person writes it, and where the limit of mails belongs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from earshot.config.example import write_example
from earshot.config.updates import parse_updates
from earshot.config.workspace import read_workspace
from earshot.model import Updates


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("growth", Updates()),
        ("Never", Updates(steps=())),
        ([3, 10], Updates(steps=(3, 10))),
        ("1h 30m", Updates(steps=(), after=timedelta(minutes=90))),
    ],
)
def test_each_way_to_write_it_is_read(written: object, meant: Updates) -> None:
    assert parse_updates(written) == meant


@pytest.mark.parametrize("written", ["sometimes", [], [1, 2], [10, 3], [2, "x"], "5s", "none", 3])
def test_anything_else_is_refused_with_what_to_write(written: object) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_updates(written)


def test_a_rules_limit_counts_for_the_brand_and_check_says_where_it_belongs(tmp_path: Path) -> None:
    write_example(tmp_path)
    file = tmp_path / "brands" / "harbor.yaml"
    text = file.read_text(encoding="utf-8").replace("\nmax_per_hour: 5 ", "\n# max_per_hour: 5 ")
    file.write_text(
        text.replace("    severity: warning\n", "    severity: warning\n    max_per_hour: 7\n"), encoding="utf-8"
    )
    workspace, mistakes, warnings = read_workspace(tmp_path, {})
    assert (mistakes, workspace is not None) == ([], True)
    assert workspace is not None
    assert workspace.brands[0].max_per_hour == 7
    (note,) = [each for each in warnings if each.field.endswith("max_per_hour")]
    assert "beside `recipients:`" in note.what
