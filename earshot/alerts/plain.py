"""Text from outside made fit for a mail: no control characters, no direction tricks, no disguised header words.

Knows neither HTML (templates escape) nor MIME.
"""

from __future__ import annotations

import re
import unicodedata

# Cc, Cf that turn or hide text, line and paragraph separators, lone surrogates. Zero-width joiners stay: emoji and
# several scripts need them. Source: Unicode 15, UAX #9 (bidirectional algorithm), section 2.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")
_MOST_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def is_unsafe(text: str) -> bool:
    """Tell whether text holds a character that must not stand in a header."""
    return _UNSAFE.search(text) is not None


def one_line(text: str, most: int = 0) -> str:
    """Return text as one clean line, cut at a word to `most` characters (0: not cut).

    `=?` is broken up, so that no mail program and no library reads text as an encoded word of a header.
    Source: RFC 2047 section 2; CVE-2024-6923.
    """
    clean = _SPACES.sub(" ", _UNSAFE.sub(" ", text)).strip()
    clean = _MOST_MARKS.sub(r"\1", clean).replace("=?", "= ?")
    return shorten(clean, most) if most else clean


def paragraphs(text: str) -> str:
    """Return text with its line breaks, at most one empty line in a row, and nothing unsafe."""
    lines = [_UNSAFE.sub("", line.replace("\t", " ")) for line in re.split(r"\r\n|\r|\n", text)]
    return _MOST_MARKS.sub(r"\1", re.sub(r"\n\s*\n\s*\n", "\n\n", "\n".join(lines)))


def shorten(text: str, most: int) -> str:
    """Return at most `most` characters, cut after a word where there is one, with an ellipsis."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    while cut and unicodedata.combining(text[len(cut)]):
        cut = cut[:-1]
    at = cut.rfind(" ")
    return (cut[:at] if at > most // 2 else cut).rstrip(" ,;:.") + "…"
