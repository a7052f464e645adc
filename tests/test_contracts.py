"""The directions between rooms hold, the architecture page names real rooms, nothing is loaded before it is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("earshot", "spiders", "nlp", "mappings", "dashboards")
PAGE = CHECKOUT / "docs" / "developers" / "architecture.md"
HEAVY = (
    "scrapy",
    "twisted.internet.reactor",
    "spacy",
    "trafilatura",
    "feedparser",
    "lxml",
    "tantivy",
    "sqlalchemy",
    "fastapi",
    "airflow",
)
ADAPTERS = (
    "earshot.record",
    "earshot.lake",
    "earshot.index",
    "earshot.extract",
    "earshot.alerts.smtp",
    "spiders",
    "nlp",
    "dashboards",
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_every_import_contract_holds() -> None:
    done = lint(CHECKOUT)
    contracts = len(PROJECT["tool"]["importlinter"]["contracts"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {contracts} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("nlp/version.py", "import spiders"),
        ("earshot/pipeline/due.py", "import earshot.record"),
        ("earshot/lake/store.py", "import earshot.index"),
        ("earshot/query/words.py", "import earshot.pipeline"),
        ("earshot/identity.py", "import spacy"),
    ],
)
def test_an_import_in_a_wrong_direction_breaks_a_contract(file: str, line: str, tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, tmp_path / room, ignore=lambda _, names: [n for n in names if _is_no_code(n)])
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    changed = tmp_path / file
    changed.write_text(changed.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def _is_no_code(name: str) -> bool:
    return name == "__pycache__" or ("." in name and not name.endswith(".py"))


def _rooms_of_the_page() -> list[str]:
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [name for line in table for name in re.findall(r"`([^`]+)`", line.split("|")[1])]


def test_every_room_of_the_architecture_page_exists() -> None:
    named = _rooms_of_the_page()
    assert len(named) > 10
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_every_room_of_the_core_is_on_the_architecture_page() -> None:
    rooms = {f"earshot/{each.parent.name}/" for each in (CHECKOUT / "earshot").glob("*/__init__.py")}
    assert len(rooms) > 5
    assert rooms - set(_rooms_of_the_page()) == set()


def test_wiring_loads_no_adapter_and_nothing_heavy_when_it_is_imported() -> None:
    code = "import sys, earshot.wiring, earshot.jobs; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "earshot.pipeline.run" in loaded
    assert [name for name in (*HEAVY, *ADAPTERS) if name in loaded] == []


def test_every_adapter_is_there_to_be_loaded() -> None:
    """Otherwise the test before this one would be content with names that nothing has."""
    code = f"import importlib; [importlib.import_module(name) for name in {(*HEAVY[:-1], *ADAPTERS)!r}]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
