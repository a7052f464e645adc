"""The data of a YAML file, read by libyaml: twelve times as fast as with positions, which only mistakes need.

Careful rather than complete. libyaml speaks YAML 1.1, where `no` is a boolean and `12:30` a number; what a file means
is said by YAML 1.2. So what a plain scalar is, is asked of ruamel's own table for 1.2, and whatever is not beyond doubt
(uncommon spellings of numbers, dates, tags, anchors, doubled keys, any mistake) is left to `earshot.config.positions`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import yaml
from ruamel.yaml.resolver import implicit_resolvers

_DOUBTFUL = re.compile(
    r"^(?:%|---|\.\.\.)|[\ufeff\x85\u2028\u2029\t]|(?:^|[\s\[{,:-])[!&*]|[|>][^\n]*\n +$", re.MULTILINE
)
"""Directives, several documents, tags, anchors, marks of byte order, tabs, what only YAML 1.1 takes for the end of a
line, and block texts that begin with a line of blanks, which ruamel refuses.
"""
_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")

_BY_FIRST: dict[str, list[tuple[str, Any]]] = defaultdict(list)
"""How YAML 1.2 tells what a plain scalar is, by its first character: the first that matches; none: text."""
for _versions, _name, _pattern, _firsts in implicit_resolvers:
    for _first in _firsts if (1, 2) in _versions else ():
        _BY_FIRST[_first].append((_name.removeprefix(_TAG), _pattern))


class Doubtful(Exception):  # noqa: N818 (no error: the careful reader is to be asked)
    """It is not beyond doubt what the file says."""


def read_plain(text: str) -> Any:
    """Return what a YAML text holds as dicts, lists and scalars.

    Raises:
        Doubtful: it does not say beyond doubt, or is no YAML.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or _DOUBTFUL.search(text):
        raise Doubtful
    try:
        node = yaml.compose(text, Loader=loader)
        return None if node is None else _value(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Doubtful from error


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value) if node.style else _plain_scalar(str(node.value))
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _value(key_node)
        if not isinstance(key, str) or key in found:
            raise Doubtful
        found[key] = _value(value_node)
    return found


def _plain_scalar(text: str) -> Any:
    kind = next((name for name, pattern in _BY_FIRST.get(text[:1], ()) if pattern.match(text)), "str")
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    raise Doubtful
