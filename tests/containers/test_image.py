"""The Dockerfile says what is true of the program; building it needs a container engine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.containers.compose import ROOT
from tests.containers.parsing import earshot_command

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {name: (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8") for name in ("all", "core", "cluster")}


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


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", LOCKS[lock], re.MULTILINE))


def extra(name: str) -> set[str]:
    """Return the names of the packages of an extra."""
    given = PROJECT["project"]["optional-dependencies"][name]
    return {re.split(r"[^a-z0-9-]", line)[0] for line in given}


def test_the_context_is_what_the_image_copies_and_no_more() -> None:
    lines = context(ROOT)
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_what_the_image_copies_is_part_of_the_project() -> None:
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in copied():
        assert any(file == name or file.startswith(f"{name}/") for file in known), name


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


def test_everything_installed_comes_from_a_lock_and_from_the_wheel() -> None:
    locked, wheel, own = (line for line in instructions("RUN") if re.search(r"pip (install|wheel)", line))
    assert "--require-hashes -r locks/${LOCK}.txt" in locked
    assert "--no-deps --no-build-isolation --wheel-dir /wheel ." in wheel
    assert "--no-deps /wheel/*.whl" in own
    assert instructions("ARG") == ["LOCK=cluster"]
    for name in ("core", "cluster"):
        assert {"hatchling", "editables"} <= versions(name).keys()


def test_the_locks_agree_and_only_that_of_the_tests_holds_their_tools() -> None:
    everything = versions("all")
    assert len(everything) > 200
    for name in ("core", "cluster"):
        assert versions(name).items() <= everything.items(), name
    for name in ("airflow", "opensearch", "elasticsearch", "postgresql", "s3", "cluster"):
        assert extra(name) <= versions("cluster").keys(), name
    tools = {"pytest", "mypy", "ruff", "moto", "playwright", "uv", "hypothesis", "import-linter"}
    assert tools <= extra("dev")
    assert not tools & versions("cluster").keys()


def test_the_locks_hold_no_address() -> None:
    for text in LOCKS.values():
        assert "://" not in text


def test_the_interpreter_is_one_that_the_project_takes() -> None:
    bases = {base.split()[0] for base in instructions("FROM")}
    assert bases == {"python:3.11-slim"}
    assert PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    assert instructions("USER") == ["1000:1000"]
    assert not re.search(r"token|password|secret", " ".join(instructions("ENV") + instructions("ARG")), re.IGNORECASE)


def settings() -> dict[str, str]:
    """Return what the image sets, but for the path."""
    given = (word.partition("=") for line in instructions("ENV") for word in shlex.split(line))
    last = {name: value for name, _, value in given}
    return {name: value for name, value in last.items() if name != "PATH"}


_AS_A_USER_WITHOUT_A_NAME = """
import os, sys
from airflow.utils.platform import getuser
try:
    os.setgid(4711)
    os.setuid(4711)
except PermissionError:  # only root may: then there is no list of names instead
    sys.modules["pwd"] = None
print(getuser())
"""


def test_airflow_runs_as_any_user_id(tmp_path: Path) -> None:
    here = {"HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path / "airflow")}
    command = [sys.executable, "-W", "ignore", "-P", "-c", _AS_A_USER_WITHOUT_A_NAME]
    done = subprocess.run(command, env=settings() | here, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "earshot\n", done.stderr[-2000:]


def test_the_images_command_exists() -> None:
    (standard,) = instructions("CMD")
    earshot_command(json.loads(standard))


@pytest.mark.parametrize("path", ["/opt/earshot/dags", "/opt/earshot/prepare.py"])
def test_what_the_compose_file_finds_in_the_image_is_put_there(path: str) -> None:
    targets = [shlex.split(line)[-1] for line in instructions("COPY")]
    assert path in targets
    assert path in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
