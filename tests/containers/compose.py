"""docker-compose.yml as it is read: services with their commands, settings and health checks, variables filled in.

Knows no process. What a name or a path of the containers is elsewhere is told by a `Place`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
CLUSTER, ONE_MACHINE = ROOT / "docker-compose.yml", ROOT / "compose.one-machine.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}")


def load(file: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return a compose file with its variables filled in, as Compose does."""
    read: dict[str, Any] = _filled(YAML(typ="safe").load(file.read_text(encoding="utf-8")), variables)
    return read


def names(file: Path) -> dict[str, str | None]:
    """Return the variables that a compose file asks for, with their defaults."""
    text = "\n".join(
        line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    return {name: default for name, default in _VARIABLE.findall(text) if name}


@dataclass(frozen=True)
class Elsewhere:
    """Where the containers' names and paths lie on this machine: text -> text, longest first."""

    instead: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        for old in sorted(self.instead, key=len, reverse=True):
            text = text.replace(old, self.instead[old])
        return text


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: "$" if found[0] == "$$" else variables.get(found[1]) or found[2] or "", value)
