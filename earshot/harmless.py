"""Text from outside made harmless for a terminal and for a line of a log. Knows no terminal.

A server's answer, a title or a file's name may hold what a terminal obeys: escape sequences that clear it, retitle its
window or write over what stands there, and signs that turn the direction of what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping
from typing import Any, TextIO

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


def harmless_json(value: Any) -> str:
    """Return JSON in one line, in which nothing is left that a terminal would obey; it reads as the same value."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def harmless_fields(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make what a line of structlog says harmless: one of its processors, the last before the line is written."""
    for name, value in fields.items():
        if not isinstance(value, int | float):
            fields[name] = harmless(value if isinstance(value, str) else str(value))
    return fields


class HarmlessStream:
    """A text stream that makes harmless what is written to it: of a log without colours. Else it is the stream."""

    def __init__(self, stream: TextIO) -> None:
        """Keep the stream."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, and return how much of it, as a stream does."""
        self._stream.write(harmless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the stream has."""
        return getattr(self._stream, name)


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
