"""Writes the demonstration's workspace and remembers its beginning. Knows no server and no pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from earshot.errors import ConfigError

LISTENING_FOR, LISTENING_LATE_FOR = timedelta(days=42), timedelta(days=12)
"""How long before the beginning most sources count as listened to, and the one that was added later. No feed reaches
back 42 days, so that a chart of 90 days shows hours not heard beside hours not yet listened to."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of the invented web, the mail server and the pages, all on the loopback."""

    web: int
    mail: int
    pages: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """When this demonstration began (UTC), and the ports its files name."""

    born_at: datetime
    ports: Ports


def load_beginning(directory: Path) -> Beginning | None:
    """Return what an earlier call left in the folder, or None.

    Raises:
        ConfigError: the folder holds a workspace that is not the demonstration's.
    """
    state = _state_file(directory)
    if not state.exists():
        if (directory / "earshot.yaml").exists():
            raise ConfigError(
                "holds a workspace that is not the demonstration's",
                where=str(directory),
                advice="name another folder with --dir",
            )
        return None
    raw = json.loads(state.read_text(encoding="utf-8"))
    return Beginning(datetime.fromisoformat(raw["born_at"]), Ports(**raw["ports"]))


def write_workspace(directory: Path, born_at: datetime, ports: Ports) -> None:
    """Write the workspace; one that is there keeps its files and its beginning, and only changes its ports.

    Args:
        directory: made if need be.
        born_at: beginning of the invented month, UTC; dates in the sources count from it.
        ports: where everything answers this time.

    Raises:
        ConfigError: the folder holds a workspace that is not the demonstration's.
    """
    before = load_beginning(directory)
    if before:
        _change_ports(directory, before.ports, ports)
        born_at = before.born_at
    values = {
        "web_port": ports.web,
        "mail_port": ports.mail,
        "pages_port": ports.pages,
        "since": _moment(born_at - LISTENING_FOR),
        "late": _moment(born_at - LISTENING_LATE_FOR),
    }
    for name, text in _templates():
        path = directory / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template(text).substitute(values), encoding="utf-8")
    state = _state_file(directory)
    state.parent.mkdir(parents=True, exist_ok=True)
    raw = {"born_at": born_at.isoformat(), "ports": asdict(ports)}
    part = state.with_suffix(".part")
    part.write_text(json.dumps(raw, indent=1), encoding="utf-8")
    part.replace(state)


def posts_file(directory: Path) -> Path:
    """Return the file that remembers which posts of the script are out."""
    return directory / "var" / "demo" / "posts.json"


def maildir(directory: Path) -> Path:
    """Return the folder of the mail server; the settings name it as the ledger."""
    return directory / "var" / "mail"


def _state_file(directory: Path) -> Path:
    return directory / "var" / "demo" / "beginning.json"


def _templates() -> Iterator[tuple[str, str]]:
    root = files("earshot.demo") / "texts" / "workspace"
    yield "earshot.yaml", (root / "earshot.yaml").read_text(encoding="utf-8")
    for folder in ("brands", "sources"):
        for item in _sorted(root / folder):
            yield f"{folder}/{item.name}", item.read_text(encoding="utf-8")


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda item: item.name)


def _change_ports(directory: Path, before: Ports, now: Ports) -> None:
    """Put new ports in the place of old ones, and leave everything else as its owner wrote it."""
    moved = {str(old): str(new) for old, new in zip(_numbers(before), _numbers(now), strict=True) if old != new}
    if not moved:
        return
    old = re.compile(rf"\b(?:{'|'.join(moved)})\b")
    for path in (directory / "earshot.yaml", *sorted((directory / "sources").glob("*.yaml"))):
        if path.exists():
            text = path.read_text(encoding="utf-8")
            path.write_text(old.sub(lambda found: moved[found[0]], text), encoding="utf-8")


def _numbers(ports: Ports) -> tuple[int, int, int]:
    return ports.web, ports.mail, ports.pages


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
