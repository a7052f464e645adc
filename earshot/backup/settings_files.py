"""The files of a workspace that belong into a backup: what people wrote, without secrets. Knows no record.

Secrets stay out unless they are asked for: `.secrets/`, values of `earshot.yaml` that are secrets, and whatever else
lies in the folder, as files of variables with passwords may.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from ruamel.yaml import YAML

from earshot.config.settings import Section, Settings, Workspace
from earshot.errors import StorageError

KEYS = ".secrets"
MAIN = "earshot.yaml"


def settings_files(workspace: Workspace, *, with_secrets: bool) -> tuple[dict[str, bytes], list[str]]:
    """Return the files by path in the workspace, and what was left out, in words.

    Raises:
        StorageError: one cannot be read.
    """
    root, files, left_out = workspace.root, {}, []
    try:
        for path in _wanted(workspace, with_secrets=with_secrets):
            files[path.relative_to(root).as_posix()] = path.read_bytes()
    except OSError as error:
        raise StorageError(f"the workspace's files cannot be read: {error}") from error
    if not with_secrets:
        files[MAIN], fields = without_secrets(files[MAIN])
        left_out = [f"{field} of {MAIN}" for field in fields]
        left_out += [f"{KEYS}/{path.name}" for path in sorted((root / KEYS).glob("*"))]
    return files, left_out


def without_secrets(text: bytes) -> tuple[bytes, list[str]]:
    """Return `earshot.yaml` without the values that are secrets, and their fields; as it is where it holds none."""
    yaml = YAML()
    data = yaml.load(text)
    fields = [(name, field) for name, field in _secrets() if _is_set(data, name, field)]
    if not fields:
        return text, []
    for name, field in fields:
        del data[name][field]
    out = io.BytesIO()
    yaml.dump(data, out)
    return out.getvalue(), [f"{name}.{field}" for name, field in fields]


def _wanted(workspace: Workspace, *, with_secrets: bool) -> Iterator[Path]:
    root, settings = workspace.root, workspace.settings
    yield root / MAIN
    for folder in ("brands", "sources"):
        yield from sorted(path for path in (root / folder).glob("*.y*ml") if path.is_file())
    named = {settings.mail.ca_file, settings.index.ca_file, settings.lake.ca_file} - {""}
    for path in sorted((root / name).resolve() for name in named):
        if path.is_relative_to(root) and path.is_file():
            yield path
    if with_secrets:
        yield from sorted(path for path in (root / KEYS).glob("*") if path.is_file())


def _secrets() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            for inner, value in field.annotation.model_fields.items():
                if value.annotation is SecretStr:
                    yield name, inner


def _is_set(data: Any, name: str, field: str) -> bool:
    section = data.get(name) if isinstance(data, dict) else None
    return isinstance(section, dict) and bool(section.get(field))
