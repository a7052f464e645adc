"""Text from outside made harmless for a terminal and for a line of a log. Knows no terminal.

A server's answer, a title or a file's name may hold what a terminal obeys: escape sequences that clear it, retitle its
window or write over what stands there, and signs that turn the direction of what follows.
"""

from __future__ import annotations

import re

# C0 and C1 but tab and line feed, line and paragraph separators, what turns direction, lone surrogates.
# Source: ECMA-48 section 5 (control functions); Unicode UAX #9 section 2 (bidirectional algorithm).
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return text in which what a terminal would obey stands as it is written in code: ESC as backslash, x1b.

    Tab and line feed stay; a carriage return before a line feed goes. Twice is once.
    """
    return _OBEYED.sub(_written, text.replace("\r\n", "\n"))


def harmless_line(text: str) -> str:
    """Return harmless text in one line, spaces in a row as one."""
    return harmless(" ".join(text.split()))


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
