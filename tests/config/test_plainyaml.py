"""The fast reading of a YAML file says what the careful one says, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from earshot.config.plainyaml import Doubtful, read_plain
from earshot.config.positions import YamlFile, _plain
from earshot.errors import WorkspaceError

WORDS = (
    "x", "no", "Yes", "on", "y", "n", "true", "TRUE", "False", "null", "~", "Null", "", "12", "+12", "-0", "017",
    "0o17", "0x1F", "1_000", "12:30", "1:30:20", "7d", "15m", "1.5", ".5", "1.", "1e3", "-.inf", ".NaN",
    "2026-11-23", "=", "<<", "2026-11-23 10:00:00", "a: b", "a:b", "a #b", "#b", "- a", "@a", "`a", "%a", "!a",
    "!!str 1", "&a b", "*a", "? a", "| a", "> a", "http://a.example:80/?x=1&y=2", "'it''s'", '"a\\tb\\u263a"', '"a',
    "'", "[a, b]", "{a: b}", "[", "}", ",", "halden*", "a, b", "\u2028", "\x85", "\ufeff", "\t", "\u263a", "a  b ",
    "---", "...", "1 2", "0", "9" * 30, "0.1" + "7" * 20,
)  # fmt: skip
LINES = st.builds(
    lambda indent, mark, key, value: f"{' ' * indent}{mark}{key}: {value}",
    st.integers(0, 3), st.sampled_from(["", "", "- "]), st.sampled_from(WORDS), st.sampled_from(WORDS),
)  # fmt: skip
ITEMS = st.builds(lambda indent, value: f"{' ' * indent}- {value}", st.integers(0, 3), st.sampled_from(WORDS))
FLOWS = st.builds(
    lambda key, one, other: f"{key}: {{{one}: {other}, b: [{other}, {one}]}}",
    st.sampled_from(["a", "b", "c"]), st.sampled_from(WORDS), st.sampled_from(WORDS),
)  # fmt: skip
BLOCKS = st.builds(
    lambda mark, one, other: f"t: {mark}\n  {one}\n   {other}\n", st.sampled_from(["|", ">", "|-", ">+"]),
    st.sampled_from(WORDS), st.sampled_from(WORDS),
)  # fmt: skip
TEXTS = st.lists(st.one_of(LINES, ITEMS, FLOWS, BLOCKS, st.sampled_from(WORDS)), max_size=5).map("\n".join)


def careful(text: str) -> Any:
    """Return what ruamel says, or the mistake that it makes."""
    try:
        return _plain(YAML(typ="rt").load(text))
    except Exception as error:
        return error


def same(one: Any, other: Any) -> bool:
    """Compare with types: True is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
@example("a: 1\na: 2\n")
@example("a: {b: no, c: 12:30}\n")
@example("")
@example("a: b\n---\nc: d\n")
def test_it_says_what_the_careful_reader_says_or_nothing(text: str) -> None:
    try:
        found = read_plain(text)
    except Doubtful:
        return
    assert same(found, careful(text)), (found, careful(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: no\nb: [12:30, 7d, 2, -3, 1.5, true, ~]\n", {"a": "no", "b": ["12:30", "7d", 2, -3, 1.5, True, None]}),
        (
            "sources:\n  - {id: a, url: 'http://a.example/?b=c'}\n",
            {"sources": [{"id": "a", "url": "http://a.example/?b=c"}]},
        ),
        ("q: >-\n  pump AND\n  broken\n", {"q": "pump AND broken"}),
        ("", None),
    ],
)
def test_what_workspaces_are_written_in_is_beyond_doubt(text: str, found: Any) -> None:
    assert same(read_plain(text), found)


def test_positions_are_there_when_somebody_asks_and_mistakes_are_named(tmp_path: object) -> None:
    file = YamlFile("a.yaml", "a:\n  b: [1, 2]\n")
    assert file.data == {"a": {"b": [1, 2]}}
    assert file.where(["a", "b", 1]) == (2, 10)
    with pytest.raises(WorkspaceError, match=r"a\.yaml:2:1"):
        YamlFile("a.yaml", "a: 1\na: 2\n")
