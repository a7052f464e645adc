"""What people install: the wheel holds everything that runs and nothing else, and the locks say what it runs on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from earshot import __version__
from earshot.demo.children import bare_environment

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROOMS = ("earshot", "spiders", "nlp", "mappings", "dashboards")
LOCKS = ("core", "all")
PINNED = re.compile(r"(?m)^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's contents as pip installs them; what it needs comes from this environment."""
    target = tmp_path_factory.mktemp("installed")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command = [sys.executable, "-m", "pip", "install", *quiet, "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, timeout=120)
    return target


def test_the_wheel_holds_every_file_of_the_five_packages_and_nothing_else(names: set[str]) -> None:
    files = (path for room in ROOMS for path in (CHECKOUT / room).rglob("*") if path.is_file())
    ours = {path.relative_to(CHECKOUT).as_posix() for path in files if "__pycache__" not in path.parts}
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == ours


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        (r"earshot/alerts/templates/.+", 1),
        (r"dashboards/templates/.+\.html", 5),
        (r"dashboards/static/.+", 3),
        (r"earshot/record/migrations/versions/.+\.py", 1),
        (r"nlp/lexicons/.+\.toml", 4),
        (r"earshot/demo/texts/posts/.+\.txt", 15),
        (r"earshot/demo/texts/workspace/brands/.+\.yaml", 3),
        (r"mappings/.+\.json", 3),
    ],
)
def test_what_is_read_as_data_is_in_the_wheel(pattern: str, least: int, names: set[str]) -> None:
    assert sum(bool(re.fullmatch(pattern, name)) for name in names) >= least


def test_tests_dags_and_benchmarks_are_in_no_wheel(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {*ROOMS, f"earshot-{__version__}.dist-info"}
    assert (CHECKOUT / "dags").is_dir()
    assert (CHECKOUT / "benchmarks").is_dir()


def test_the_version_is_one(wheel: Path) -> None:
    assert PROJECT["version"] == __version__
    assert wheel.name == f"earshot-{__version__}-py3-none-any.whl"


# --- the wheel, installed


def run_installed(installed: Path, folder: Path, *command: str) -> str:
    """Run Python outside the checkout, with the installed wheel before everything else that could be imported."""
    environ = bare_environment(os.environ) | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_packages_are_what_is_imported(installed: Path, tmp_path: Path) -> None:
    code = f"import {', '.join(ROOMS)}; print(*(each.__file__ for each in ({', '.join(ROOMS)})), sep='\\n')"
    found = run_installed(installed, tmp_path, "-c", code).split()
    assert found == [str(installed / room / "__init__.py") for room in ROOMS]


def test_installed_it_says_its_version_and_writes_a_workspace_that_is_good(installed: Path, tmp_path: Path) -> None:
    assert run_installed(installed, tmp_path, "-m", "earshot", "--version").strip() == f"earshot {__version__}"
    run_installed(installed, tmp_path, "-m", "earshot", "init", "mine")
    said = run_installed(installed, tmp_path, "-m", "earshot", "--workspace", "mine", "check")
    assert said.startswith("Good: ")


def test_installed_it_finds_its_data(installed: Path, tmp_path: Path) -> None:
    """Migrations, the index, the classifier's lexicons, the demonstration's texts, templates of mails and pages."""
    run_installed(installed, tmp_path, "-m", "earshot", "init", "mine")
    run_installed(installed, tmp_path, "-m", "earshot", "--workspace", "mine", "status", "--json")
    code = (
        "from pathlib import Path\n"
        "from earshot.demo.posts import load_posts\n"
        "from earshot.wiring import open_parts\n"
        "parts = open_parts(Path('mine'), {})\n"
        "parts.renderer, parts.make_app(), parts.classifier.detect_language('Das ist ein Satz.')\n"
        "print(len(load_posts()))\n"
    )
    assert int(run_installed(installed, tmp_path, "-c", code)) >= 100


def test_the_command_is_installed_too(installed: Path, tmp_path: Path) -> None:
    said = run_installed(installed, tmp_path, str(installed / "bin" / "earshot"), "--help")
    assert "Hear what is said about your brands" in said


def test_no_other_distribution_owns_one_of_our_import_names() -> None:
    owners = packages_distributions()
    assert "scrapy" in owners
    assert {room: owners[room] for room in ROOMS if set(owners.get(room, ())) - {"earshot"}} == {}


# --- the locks


def lock(name: str) -> str:
    return (CHECKOUT / "locks" / f"{name}.txt").read_text(encoding="utf-8")


def pinned(name: str) -> dict[str, str]:
    return {canonicalize_name(package): version for package, version in PINNED.findall(lock(name))}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    said = [line for line in lock(name).splitlines() if re.search(r"://|--(extra-)?index-url|--find-links| @ ", line)]
    assert said == []


@pytest.mark.parametrize("name", LOCKS)
def test_everything_in_a_lock_has_one_version_and_its_hashes(name: str) -> None:
    without_comments = re.sub(r"(?m)^\s*#.*\n?", "", lock(name))
    entries = without_comments.replace("\\\n", " ").splitlines()
    good = re.compile(PINNED.pattern.removeprefix("(?m)") + r"( ; [^\\]+?)?\s+(--hash=sha256:[0-9a-f]{64}\s*)+")
    assert [entry for entry in entries if entry.strip() and not good.fullmatch(entry)] == []
    assert len(pinned(name)) == len([entry for entry in entries if entry.strip()]) > 50


def test_both_locks_hold_the_core_at_equal_versions() -> None:
    core, everything = pinned("core"), pinned("all")
    assert {
        name: (version, everything.get(name)) for name, version in core.items() if everything.get(name) != version
    } == {}
    assert len(core) < len(everything)


def unlocked(requirements: list[str], lock_name: str) -> list[str]:
    """Return the requirements that a lock does not meet."""
    held = pinned(lock_name)
    found = [(Requirement(each), held.get(canonicalize_name(Requirement(each).name))) for each in requirements]
    return [str(need) for need, version in found if version is None or Version(version) not in need.specifier]


def test_every_dependency_of_the_core_is_in_the_core_lock() -> None:
    assert unlocked(PROJECT["dependencies"], "core") == []


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_every_extra_is_in_the_lock_of_everything(extra: str) -> None:
    assert unlocked(PROJECT["optional-dependencies"][extra], "all") == []


def test_what_builds_the_checkout_is_in_both_locks() -> None:
    build = [line for line in (CHECKOUT / "locks" / "build.in").read_text().splitlines() if not line.startswith("#")]
    assert build
    assert [unlocked(build, name) for name in LOCKS] == [[], []]
