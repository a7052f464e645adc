"""The docs fail the build when they lie: links, commands, settings, YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from earshot.cli import app, root
from earshot.config.environment import variables
from earshot.config.files import BrandForm, SourcesForm
from earshot.config.settings import Settings
from earshot.model import Outcome
from earshot.pipeline.maintain.kinds import ADVICE, Kind

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    assert [t for t in local if not (page.parent / t).exists()] == []


def commands() -> set[str]:
    whole = typer.main.get_command(app)
    found = set()
    for name, command in whole.commands.items():  # type: ignore[attr-defined]
        found.add(name)
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return found


@PAGE
def test_every_command_that_is_named_exists(page: Path) -> None:
    code = re.findall(r"`+[^`]*`+", page.read_text(encoding="utf-8"))
    named = {m[1] for part in code for m in re.finditer(r"\bearshot (?:--workspace \S+ )?([a-z]+)\b", part)}
    assert named <= commands()


def test_every_command_is_described() -> None:
    text = text_of("docs/operations/running.md")
    assert [name for name in commands() if name.split()[0] not in text] == []


def test_every_setting_is_described_with_its_variable() -> None:
    text = text_of("docs/operations/workspace.md")
    assert [name for name in variables() if f"`{name}`" not in text] == []


def test_every_field_of_brands_and_sources_is_described() -> None:
    text = text_of("docs/operations/workspace.md")
    fields = {*BrandForm.model_fields, *SourcesForm.model_fields}
    assert [name for name in fields if f"`{name}`" not in text] == []


def test_every_outcome_is_described() -> None:
    text = text_of("docs/operations/running.md")
    assert [o for o in Outcome if f"| {o} |" not in text] == []


def test_every_kind_of_alarm_has_its_part_of_the_runbook_and_no_other_kind_has() -> None:
    headings = re.findall(r"(?m)^## (.+)$", text_of("docs/operations/alarms.md"))
    assert sorted(headings) == sorted([*(kind.capitalize() for kind in Kind), "What is repaired by itself"])
    assert ADVICE.keys() == set(Kind)


def test_every_exit_code_is_described() -> None:
    codes = {value for name, value in vars(root).items() if name.startswith("EXIT_")}
    described = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", text_of("docs/operations/running.md"))}
    assert described == codes | {0}


def blocks(page: Path) -> list[Any]:
    found = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [YAML(typ="safe").load(block) for block in found]


@PAGE
def test_every_yaml_example_is_what_a_workspace_takes(page: Path) -> None:
    for block in blocks(page):
        if block.keys() <= SourcesForm.model_fields.keys():
            SourcesForm.model_validate(block)
        elif block.keys() <= BrandForm.model_fields.keys() and block.keys() != {"name"}:
            BrandForm.model_validate({"id": "x", "name": "x", **block})
        else:
            Settings.model_validate(block)


@PAGE
def test_no_page_speaks_of_a_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"/(work|root|home)/\w|/tmp/(?!earshot)", text)


def test_every_test_that_a_page_names_exists() -> None:
    """`::name` means the file that was named before it on the same page."""
    missing = []
    for page in PAGES:
        file = ""
        for path, name in re.findall(r"`(tests/[\w/]+\.py)?::(\w+)`", page.read_text(encoding="utf-8")):
            file = path or file
            if f"def {name}(" not in text_of(file):
                missing.append(f"{page.name}: {file}::{name}")
    assert missing == []
