"""Settings from the environment: EARSHOT_SECTION_FIELD, and EARSHOT_SECTION_FIELD_FILE for a file that holds the value.

The only module that reads the process's environment; everything else is handed a mapping.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from earshot.config.settings import Section, Settings
from earshot.errors import Mistake

_OURS = "EARSHOT_"
# Names that mean something else: which workspace, and what tests and benchmarks are given.
_RESERVED = ("EARSHOT_WORKSPACE", "EARSHOT_SHARED", "EARSHOT_TEST_", "EARSHOT_DEMO_")


def environment() -> dict[str, str]:
    """Return a copy of the process's environment."""
    return dict(os.environ)  # noqa: TID251 (the one place)


def variables() -> dict[str, tuple[str, ...]]:
    """Return every variable's name with the path of the setting it sets."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            for inner in kind.model_fields:
                found[f"{_OURS}{name}_{inner}".upper()] = (name, inner)
        else:
            found[f"{_OURS}{name}".upper()] = (name,)
    return found


def overlay(environ: Mapping[str, str]) -> tuple[dict[tuple[str, ...], tuple[str, Any]], list[Mistake]]:
    """Return settings given by the environment, as path -> (variable, value), and what is wrong with them."""
    known = variables()
    given: dict[tuple[str, ...], tuple[str, Any]] = {}
    mistakes: list[Mistake] = []
    for name in sorted(n for n in environ if n.startswith(_OURS) and not n.startswith(_RESERVED)):
        base = name if name in known else name.removesuffix("_FILE")
        if base not in known:
            near = get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see docs/operations/workspace.md for all of them"
            mistakes.append(Mistake(name, 0, 0, "", "no such setting (environment)", advice))
            continue
        try:
            value = Path(environ[name]).read_text(encoding="utf-8-sig").strip() if name != base else environ[name]
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(
                Mistake(name, 0, 0, "", f"its file cannot be read: {error}", "give the path of a text file")
            )
            continue
        if base in environ and name != base:
            mistakes.append(Mistake(name, 0, 0, "", f"{base} is set as well", "set one of the two"))
            continue
        if name == base and _is_quoted(value):
            advice = "leave them out: an env file, unlike a shell, hands them on"
            mistakes.append(Mistake(name, 0, 0, "", "its value begins and ends with quotes", advice))
            continue
        given[known[base]] = (name, _typed(known[base], value))
    return given, mistakes


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def lake_login(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return access key and secret key of the lake, for processes that are handed its address and no workspace."""
    given, _ = overlay(environ)
    access_key, secret_key = (str(given.get(("lake", name), ("", ""))[1]) for name in ("access_key", "secret_key"))
    return access_key, secret_key


def _typed(path: tuple[str, ...], value: str) -> Any:
    """Lists are written with commas; an empty optional duration is none."""
    section: Any = Settings.model_fields[path[0]].annotation
    kind = section.model_fields[path[1]].annotation if len(path) == 2 else section
    return [part.strip() for part in value.split(",") if part.strip()] if "tuple" in str(kind) else value
