"""Commands and settings of the container files, read by the programs they are meant for, without running anything."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer.main
from ruamel.yaml import YAML

from earshot.cli import app
from earshot.config.environment import environment

_PARSE = """
import json, sys
from airflow.cli.cli_parser import get_parser
parser = get_parser()
for words in json.loads(sys.stdin.read()):
    parser.parse_args(words)
    print("parsed", *words[:1])
"""


def earshot_command(words: Sequence[str]) -> None:
    """Parse a command line as `earshot` would."""
    program, *rest = words
    assert program == "earshot"
    command: Any = typer.main.get_command(app)
    name = ""
    while inner := getattr(command, "commands", None):
        name, *rest = rest
        command = inner[name]
    command.make_context(name, list(rest))


def airflow_commands(commands: Sequence[Sequence[str]], home: Path, **settings: str) -> int:
    """Parse command lines as `airflow` would, in a process of its own; return how many it took."""
    given = {"PATH": environment()["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home / "airflow"), **settings}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-P", "-c", _PARSE],
        input=json.dumps([list(words) for words in commands]),
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.count("parsed ")


@cache
def airflow_settings() -> dict[tuple[str, str], bool]:
    """Return every setting of Airflow and of the providers in use as (SECTION, KEY) -> whether it may be a secret.

    Read from their descriptions; importing Airflow would change this process.
    """
    found = importlib.util.find_spec("airflow")
    assert found
    assert found.submodule_search_locations
    root = Path(next(iter(found.submodule_search_locations)))
    described = YAML(typ="safe").load((root / "config_templates" / "config.yml").read_text(encoding="utf-8"))
    for provider in ("celery", "fab"):
        described |= _provider(root / "providers" / provider / "get_provider_info.py").get("config", {})
    known = {
        (section.upper(), key.upper()): bool(option.get("sensitive"))
        for section, content in described.items()
        for key, option in content["options"].items()
    }
    # Handed on to the broker's client as they are.
    return known | {("CELERY_BROKER_TRANSPORT_OPTIONS", "VISIBILITY_TIMEOUT"): False}


def _provider(file: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("provider_info", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.get_provider_info())
