"""YAML with positions: where in a file a field, or a character of a field's text, stands. Knows no setting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from earshot.config.plainyaml import Doubtful, read_plain
from earshot.errors import Mistake, WorkspaceError

Path_ = Sequence[str | int]


class YamlFile:
    """One parsed YAML file. `name` is how errors call it; `data` is plain dicts, lists and scalars."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        try:
            self.data: Any = read_plain(text)
        except Doubtful:
            self.data = _plain(self._tree)

    @cached_property
    def _tree(self) -> Any:
        """The careful reading, with positions: twelve times as dear, and mostly nobody asks where something stands.

        Raises:
            WorkspaceError: it is not YAML.
        """
        try:
            return YAML(typ="rt").load(self._text)
        except DuplicateKeyError as error:
            raise _syntax(self.name, error, "each field may be given once; remove one of them") from error
        except MarkedYAMLError as error:
            raise _syntax(self.name, error, "check the indentation, the colon and the quotes around here") from error
        except YAMLError as error:
            raise WorkspaceError([Mistake(self.name, 1, 1, "", f"not YAML: {error}")]) from error

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.splitlines()

    def where(self, path: Path_, *, is_key: bool = False) -> tuple[int, int]:
        """Return line and column (from 1) of the value at `path`, or of the nearest thing above it that is there."""
        node, line, column = self._tree, 1, 1
        for step in path:
            try:
                if isinstance(node, CommentedMap):
                    at = node.lc.key(step) if is_key or node[step] is None else node.lc.value(step)
                elif isinstance(node, CommentedSeq) and isinstance(step, int):
                    at = node.lc.item(step)
                else:
                    break
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
            line, column = at[0] + 1, at[1] + 1
        return line, column

    def where_in_text(self, path: Path_, at: int) -> tuple[int, int]:
        """Return line and column of code point `at` of the text at `path`, in whatever style YAML writes it.

        Exact for plain, quoted and block scalars; escapes and blank lines inside may shift it by a few columns.
        """
        line, column = self.where(path)
        first = self._lines[line - 1][column - 1 :] if line <= len(self._lines) else ""
        if first[:1] in ("|", ">"):
            line, column, first = self._block_start(line)
        elif first[:1] in ("'", '"'):
            column, first = column + 1, first[1:]
        left = at
        while left > len(first) and line < len(self._lines):
            left -= len(first) + 1
            line += 1
            raw = self._lines[line - 1]
            first = raw.strip()
            column = len(raw) - len(raw.lstrip()) + 1
        return line, column + max(left, 0)

    def _block_start(self, line: int) -> tuple[int, int, str]:
        while line < len(self._lines):
            line += 1
            raw = self._lines[line - 1]
            if raw.strip():
                indent = len(raw) - len(raw.lstrip())
                return line, indent + 1, raw.strip()
        return line, 1, ""


def load_yaml(path: Path, name: str) -> YamlFile:
    """Read one file; an empty one is an empty mapping.

    Raises:
        WorkspaceError: not there, not UTF-8, or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkspaceError([Mistake(name, 1, 1, "", "is not UTF-8", "save the file as UTF-8")]) from error
    except OSError as error:
        raise WorkspaceError([Mistake(name, 0, 0, "", f"cannot be read: {error.strerror}")]) from error
    return YamlFile(name, text)


def _syntax(name: str, error: MarkedYAMLError, advice: str) -> WorkspaceError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = " ".join((error.problem or "not YAML").split())
    return WorkspaceError([Mistake(name, line, column, "", what, advice)])


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, str):
        return str(node)
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return node
