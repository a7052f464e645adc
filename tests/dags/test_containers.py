"""The container files say what is true of the program; building and starting them needs a container engine."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from earshot.cli import app
from earshot.config.environment import variables
from tests.dags.running import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVICES = pytest.mark.parametrize("name", sorted(COMPOSE["services"]))


def instructions(name: str) -> list[str]:
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    return re.findall(rf"^{name}\s+(.*)$", "\n".join(lines).replace("\\\n", " "), re.MULTILINE)


def copied() -> list[str]:
    """Return what is copied out of the checkout, relative to it."""
    parts = [shlex.split(line) for line in instructions("COPY") if "--from" not in line]
    return [source for *sources, _ in parts for source in sources]


def context(root: Path) -> list[str]:
    """Return the entries of .dockerignore that let something through."""
    lines = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def command(words: list[str]) -> None:
    """Parse a command line as the program would, without running it."""
    group: Any = typer.main.get_command(app)
    name, *rest = words
    found = group.commands[name]
    found.make_context(name, list(rest))


def test_the_context_is_what_the_image_copies_and_no_more() -> None:
    lines = context(ROOT)
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_what_is_copied_builds_a_wheel_with_everything_in_it(tmp_path: Path) -> None:
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in copied():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    here = {
        file.relative_to(ROOT).as_posix()
        for package in packages
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert here - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_everything_installed_comes_from_the_lock() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert len(installs) == 2
    locked, own = installs
    assert "--require-hashes -r locks/core.txt" in locked
    assert "--no-deps --no-build-isolation ." in own
    lock = (ROOT / "locks" / "core.txt").read_text(encoding="utf-8")
    assert {"hatchling", "editables"} <= set(re.findall(r"^([a-z]+)==", lock, re.MULTILINE))


def test_the_interpreter_is_one_that_the_project_takes() -> None:
    bases = {base.split()[0] for base in instructions("FROM")}
    assert bases == {"python:3.11-slim"}
    assert PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    assert instructions("USER") == ["1000:1000"]
    assert not re.search(r"token|password|secret", " ".join(instructions("ENV") + instructions("ARG")), re.IGNORECASE)


def test_the_images_commands_exist() -> None:
    (entry,), (standard,), (health,) = (instructions(name) for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    assert json.loads(entry) == ["earshot"]
    command(json.loads(standard))
    program, *words = json.loads(health.partition("CMD ")[2])
    assert program == "earshot"
    command(words)


@SERVICES
def test_a_services_command_exists(name: str) -> None:
    command(COMPOSE["services"][name]["command"])


@SERVICES
def test_a_services_settings_exist_and_its_secrets_come_from_files(name: str) -> None:
    service = COMPOSE["services"][name]
    for variable, value in service.get("environment", {}).items():
        assert variable.removesuffix("_FILE") in variables()
        assert re.search(r"TOKEN|PASSWORD", variable) is None or variable.endswith("_FILE")
        if value.startswith("/run/secrets/"):
            assert Path(value).name in service["secrets"]
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()


@SERVICES
def test_a_service_has_no_right_it_does_not_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert not fnmatch.filter(service.get("volumes", []), "*docker.sock*")


def test_only_a_listener_with_a_token_listens_on_every_address() -> None:
    for service in COMPOSE["services"].values():
        if "0.0.0.0" in service["command"]:
            assert "EARSHOT_DASHBOARDS_TOKEN_FILE" in service["environment"]


def test_the_served_port_is_the_published_and_the_checked_one() -> None:
    service = COMPOSE["services"]["serve"]
    port = service["command"][-1]
    assert all(mapping.endswith(f":{port}") for mapping in service["ports"])
    assert f":{port}/healthz" in service["healthcheck"]["test"][-1]
