"""Tells whether a feed shows an entry's whole text or only its beginning. Knows no feed parser.

A wrong "teaser" costs one request; a wrong "full" loses the text behind it. So doubt means teaser, save where no page
of its own stands behind the entry.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

SHORT = 1_000
"""Shorter texts without an element for the full one are taken for summaries."""

LONG = 3_000
"""From here on a closing ellipsis is style, not a cut: excerpts are far shorter (WordPress: 55 words)."""

_CUT = re.compile(
    r"(?:…|\.{3}|\[\s*(?:…|\.{3})\s*\])\s*$"
    r"|(?:read (?:more|on|the (?:rest|full|whole))|continue reading|keep reading|full (?:story|article)|learn more|"
    r"weiterlesen|mehr (?:lesen|dazu)|zum artikel|leer m[aá]s|seguir leyendo|sigue leyendo|continuar leyendo|"
    r"lire (?:la suite|plus|l['’]article)|leggi (?:tutto|di più)|continua a leggere|ler mais|leia mais|continue lendo|"
    r"lees (?:meer|verder)|czytaj (?:dalej|więcej)|читать (?:далее|дальше)|続きを読む|もっと読む|続きはこちら|"
    r"阅读(?:全文|更多)|閱讀(?:全文|更多)|继续阅读|查看全文|더 ?보기)[^\w\n]{0,6}$",
    re.IGNORECASE,
)
_POST_APPEARED = re.compile(r"\bThe post .{1,300} (?:first appeared|appeared first) on .{1,200}$", re.DOTALL)


def why_teaser(text: str, title: str, url: str, *, has_full: bool) -> str:
    """Return why `text` is only a teaser, "" where it is the whole text.

    Args:
        text: cleaned text of the entry.
        title: its cleaned title; what has none is a note, and notes are whole.
        url: absolute address of its page; empty, or a place within a page, means that it has no page of its own.
        has_full: the feed used an element meant for the full text (content:encoded, Atom content, content_html).
    """
    if not url or _is_place(urlsplit(url).fragment):
        return ""
    if not text:
        return "no text"
    body = _POST_APPEARED.sub("", text[-1_000:]).rstrip() if len(text) < LONG else ""
    if body and _CUT.search(body):
        return "the text is cut off"
    if not has_full and title and len(text) < SHORT:
        return "a short text and no element for the full one"
    return ""


def _is_place(fragment: str) -> bool:
    """Tell a place within a page from what is only said to scripts ("publisher=app", "!/page", ":~:text=...")."""
    return bool(fragment) and "=" not in fragment and not fragment.startswith(("!", "/", ":~:"))
