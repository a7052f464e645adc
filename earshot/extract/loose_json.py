"""JSON that is nearly JSON, as pages and feeds hold it. Knows no field of either.

What is forgiven: a byte order mark, raw line breaks in strings, stray commas, comments of JavaScript and of HTML, a
CDATA section around it, a semicolon after it. Nothing that stands inside a string is taken out.
"""

from __future__ import annotations

import json
import re

_STRING = r'("(?:[^"\\]|\\.)*+")'
_WRAPPING = re.compile(rf"{_STRING}|<!--|-->|(?://|/\*)?\s{0, 9}(?:<!\[CDATA\[|\]\]>)\s*(?:\*/)?", re.DOTALL)
_COMMENT = re.compile(rf"{_STRING}|/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_DOUBLED_COMMA = re.compile(rf"{_STRING}|([\[{{,])(?:\s*,)+", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,\s*([\]}}])", re.DOTALL)


def loads(text: str) -> object:
    """Return what `text` says, read as JSON where it is, with care where it is not quite.

    Raises:
        ValueError: it says nothing that can be known, or is nested too deeply.
    """
    plain = text.strip().lstrip("\ufeff")
    try:
        try:
            return json.loads(plain, strict=False)
        except ValueError:
            return json.loads(_mended(plain), strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _mended(text: str) -> str:
    for unwanted in (_WRAPPING, _COMMENT, _DOUBLED_COMMA, _LAST_COMMA):
        text = unwanted.sub(lambda match: "".join(part or "" for part in match.groups()), text)
    return text.strip().rstrip(";")
