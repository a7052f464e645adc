"""Makes text from outside safe to store, index and mail. Knows no markup and no format.

What leaves here is NFC, without NUL, lone surrogates, control characters (but the newline) and characters that
turn the direction of what follows; and it is no longer than its place allows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

MAX_TITLE = 500
MAX_TEXT = 100_000
MAX_AUTHOR = 200
MAX_ID = 1_000
MAX_URL = 2_048
MAX_LINKS = 200
MAX_IMAGES = 50

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, soft hyphens, byte order marks, direction overrides and isolates, lone surrogates, noncharacters.
# Source: Unicode 15.1, sections 23.2 (layout controls), 23.7 (noncharacters); UAX #9 (the overrides).
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_SPACES = re.compile(r"[^\S\n]+")
# Addresses that are written as they should be: what joining and splitting would give back as it is.
_WHOLE = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::\d{2,5})?(?:/[!-~]*)?", re.ASCII)
_ROOTED = re.compile(r"/(?![/\\])[!-~]*", re.ASCII)
_TO_JOIN = re.compile(r"/\.|[\\;]|[?#](?:$|#)")
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?$")


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """Return `text` with one newline between paragraphs, single spaces within, at most `limit` characters."""
    plain = _SPACES.sub(" ", _safe(text, limit))
    lines = (line.strip() for line in plain.split("\n"))
    return "\n".join(line for line in lines if line)[:limit].rstrip()


def clean_line(text: str, limit: int = MAX_TITLE) -> str:
    """Return `text` on one line with single spaces, at most `limit` characters, a cut shown by an ellipsis."""
    line = " ".join(_safe(text, limit).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_url(link: str, base: str) -> str:
    """Return `link` as an absolute http(s) URL, resolved against `base`; "" where it is none or too long."""
    text = link.strip()
    if len(text) < MAX_URL // 2 and not _TO_JOIN.search(text):  # nine of ten links; joining takes ten times as long
        if _WHOLE.fullmatch(text):
            return text
        if _ROOTED.fullmatch(text) and (origin := _origin(base)):
            return origin + text
    return _joined(_UNWANTED.sub("", text).strip(), base)


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    """Return scheme and host of an absolute http(s) URL, "" where it is none."""
    parts = _WHOLE.match(base)
    return parts[0].partition("://")[0] + "://" + urlsplit(base).netloc if parts else ""


def _joined(text: str, base: str) -> str:
    if not text or len(text) > MAX_URL:
        return ""
    try:
        whole = urljoin(base, text.replace("\n", "").replace("\t", ""))
        parts = urlsplit(whole)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return whole if is_web and len(whole) <= MAX_URL else ""


def clean_urls(links: Iterable[str], base: str, limit: int) -> tuple[str, ...]:
    """Return the first `limit` different absolute http(s) URLs, in order."""
    found: dict[str, None] = {}
    for link in dict.fromkeys(links):
        if url := clean_url(link, base):
            found.setdefault(url)
            if len(found) == limit:
                break
    return tuple(found)


def clean_language(declared: str) -> str:
    """Return ISO 639-1 in lower case out of a language tag ("pt-BR"), "" where there is none."""
    match = _LANGUAGE.match(declared.strip().lower())
    return match[1] if match else ""


def _safe(text: str, limit: int) -> str:
    # Cut first: what is far beyond the limit is not worth cleaning. Markup-free text seldom shrinks fourfold.
    start = text[: 4 * limit]
    return unicodedata.normalize("NFC", _UNWANTED.sub("", _NEWLINES.sub("\n", start)))
