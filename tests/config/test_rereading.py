"""A workspace that is edited while somebody has it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from earshot.config.rereading import Rereading

BRAND = "id: halden\nname: Halden\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "earshot.yaml").write_text("name: Ours\n")
    (tmp_path / "brands").mkdir()
    (tmp_path / "brands" / "halden.yaml").write_text(BRAND)
    return tmp_path


def test_mistakes_come_and_go_with_the_files(root: Path) -> None:
    asked = Rereading(root, {})
    assert asked.mistakes() == ()
    broken = root / "brands" / "new.yaml"
    broken.write_text("id: new\nnaem: New\n")
    assert [(each.file, each.line, each.field) for each in asked.mistakes()] == [
        ("brands/new.yaml", 1, "name"),
        ("brands/new.yaml", 2, "naem"),
    ]
    broken.write_text("id: new\nname: New\n")
    assert asked.mistakes() == ()
    broken.write_text("id: new\nname: 7.\n")
    assert asked.mistakes() != ()
    broken.unlink()
    assert asked.mistakes() == ()


def test_a_workspace_that_went_away_is_a_mistake_too(root: Path) -> None:
    asked = Rereading(root, {})
    (root / "earshot.yaml").rename(root / "elsewhere")
    (gone,) = asked.mistakes()
    assert (gone.file, gone.what) == ("earshot.yaml", "no earshot.yaml here")


def test_files_whose_time_and_size_did_not_change_are_not_read_again(root: Path) -> None:
    asked, brand = Rereading(root, {}), root / "brands" / "halden.yaml"
    assert asked.mistakes() == ()
    at = brand.stat().st_mtime_ns
    brand.write_text(BRAND.replace("name", "naem"))
    os.utime(brand, ns=(at, at))
    assert asked.mistakes() == (), "nobody can see that it changed, so nobody has read it"
    os.utime(brand, ns=(at, at + 1))
    assert len(asked.mistakes()) == 2


@pytest.mark.parametrize("said", ["{host: m, password: [hunter2]}", "{host: m, password: {a: hunter2}}", "[hunter2]"])
def test_a_secret_that_will_not_do_is_not_repeated(root: Path, said: str) -> None:
    (root / "earshot.yaml").write_text(f"mail: {said}\n")
    (mistake,) = Rereading(root, {}).mistakes()
    assert mistake.file == "earshot.yaml"
    assert "hunter2" not in str(mistake)
