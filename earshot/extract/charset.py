"""Bytes of a page into text, whatever its header says. Knows no HTML beyond the declaration of its encoding."""

from __future__ import annotations

from charset_normalizer import from_bytes
from w3lib.encoding import html_to_unicode

_SAMPLE = 1 << 16
_LAST = "cp1252"  # Source: WHATWG Encoding, "locale default" of most languages


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text of an HTML page: byte order mark, header, its own declaration, then what the bytes look like.

    A page whose bytes are valid UTF-8 is UTF-8 even where header or page name a Latin encoding: no text in a
    single-byte encoding decodes as UTF-8 by chance.
    """
    if text := _as_utf8(body):
        return text
    return str(html_to_unicode(content_type or None, body, auto_detect_fun=_guess, default_encoding=_LAST)[1])


def without_null_bytes(body: bytes) -> bytes:
    """Return UTF-16 without a mark as UTF-8; of anything else the same bytes without NUL."""
    start = body[:200]
    if start.count(0) * 3 > len(start):
        encoding = "utf-16-le" if start[:1] != b"\x00" else "utf-16-be"
        text = body.decode(encoding, "replace")
        return text.replace("utf-16", "utf-8").replace("UTF-16", "utf-8").encode("utf-8", "replace")
    return body.replace(b"\x00", b"")


def _as_utf8(body: bytes) -> str:
    if body.isascii():  # might be ISO-2022 or UTF-7, which hide in ASCII; both are the declaration's to name
        return ""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _guess(body: bytes) -> str:
    best = from_bytes(body[:_SAMPLE]).best()
    return best.encoding if best else _LAST
