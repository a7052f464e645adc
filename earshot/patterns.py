"""Regular expressions that stand in a file of the workspace, matched by RE2 in time linear in the text.

Python's own engine can take hours for a short expression with nested repeats, such as `(a+)+$`, on a short address; RE2
never goes back, so that its time is bounded by the text times the expression, and both are bounded here. Knows no
setting and no source.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re2 import _Regexp

LONGEST = 1_000
"""Code points of an expression."""
LARGEST = 4_000
"""Steps of the program that an expression becomes: with 4,000 an address of 2,048 letters takes 12 ms at worst."""
_MEMORY = 1 << 20  # bytes; with RE2's own 8 MiB one address took 3 s, as its states were built and thrown away
_LACKING = (
    # What Python reads and RE2 does not, and what to write instead.
    (re.compile(r"\(\?<?[=!]"), "lookahead and lookbehind, (?=...), (?!...), (?<=...) and (?<!...), are not possible"),
    (re.compile(r"\\[1-9]|\(\?P="), r"backreferences, such as \1 and (?P=name), are not possible"),
    (re.compile(r"\(\?>|[*+?}]\+"), "write a+ instead of a++ and of (?>a+): nothing is ever tried again"),
    (re.compile(r"\(\?\(|\(\?#"), "conditions, (?(1)...), and comments, (?#...), are not possible"),
    (re.compile(r"\(\?[a-zA-Z]*[xauL]"), "of the flags, i, m and s are possible: (?i)"),
    (re.compile(r"\\Z"), r"write \z or $ for the end"),
    (re.compile(r"\\[uUN]"), r"write the letter itself, or \x{e9} for U+00E9"),
    (re.compile(r"\{\d*,?\d*\}"), "a repeat may count to 1,000, nested ones together"),
)


@lru_cache(maxsize=4_096)
def read_pattern(expression: str) -> _Regexp:
    r"""Return an expression, ready to search with.

    Raises:
        ValueError: no regular expression that RE2 reads, or too large; says what would be right.

    Source: https://github.com/google/re2/wiki/Syntax (read 2026-11).
    """
    import re2  # here, as few workspaces have one

    if len(expression) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters; write a shorter regular expression")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern = re2.compile(expression, options)
    except re2.error as error:
        raise ValueError(f"not a regular expression: {_said(error)}{_advice(expression)}") from error
    if pattern.programsize > LARGEST:
        raise ValueError("a regular expression that is too large; count less in its repeats, or name fewer words")
    return pattern


def is_found(expression: str, text: str) -> bool:
    """Tell whether an expression that `read_pattern` takes is found anywhere in a text."""
    return read_pattern(expression).search(text) is not None


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _advice(expression: str) -> str:
    found = next((advice for lacking, advice in _LACKING if lacking.search(expression)), "")
    return f"; {found} (the syntax is RE2's)" if found else "; write for example /news/ or ^https://[^/]+/20[0-9]{2}/"
