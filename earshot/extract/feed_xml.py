"""The XML of feeds into feedparser's dictionaries, with what it takes to read broken ones. Knows no entry of ours.

feedparser neither sanitizes nor resolves anything inside the entries here (its sanitizer lets forms and media pass),
and its readings of dates and charsets are not used: what is wrong with a text is mended before it sees it.
"""

from __future__ import annotations

import io
import re

import feedparser

from earshot.extract.feed_links import Element

_ROOT = re.compile(r"<(?:[A-Za-z]\w*:)?(?:rss|feed|RDF)[\s>]")
_DECLARATION = re.compile(r"<\?xml[^>]{0,300}>")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(  # those that may name what is no sign: controls, surrogates, the last two of a plane, too much
    r"&#(?:[xX]0*([0-9a-fA-F]{1,2}|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]|[0-9a-fA-F]{6,8})"
    r"|0*(\d{1,2}|5[5-7]\d{3}|6553[45]|\d{7,9}));"
)
_HEAD = 20_000
_PREFIX = r"xmlns:(\w{{1,30}})\s*=\s*[\"']{}/?[\"']"
_MEDIA = re.compile(_PREFIX.format(r"http://search\.yahoo\.com/mrss"), re.IGNORECASE)
_ITUNES = re.compile(_PREFIX.format(r"http://www\.itunes\.com/dtds/podcast-1\.0\.dtd"), re.IGNORECASE)
CAPTION, SYNOPSIS = "caption", "synopsis"
"""What `media:description` and `itunes:summary` are called before feedparser reads them."""


def parse_feed(text: str) -> tuple[Element, str]:
    """Return what feedparser makes of a text and, where it took a repair, which."""
    mended = _with_captions(_REFERENCE.sub(_without_what_is_no_sign, _NO_XML.sub("", text)))
    parsed = _feedparser(mended)
    if parsed.entries or (dict.get(parsed, "version") and not parsed.bozo):
        return parsed, ""
    if root := _ROOT.search(mended):
        again = _feedparser(mended[root.start() :])
        if again.entries or (dict.get(again, "version") and not dict.get(parsed, "version")):
            return again, "a broken feed, read without what stands before its first element"
    return parsed, ""


def _feedparser(text: str) -> Element:
    """Read a text whose charset is settled: what the document declares of it is taken off."""
    text = text.lstrip()
    declaration = _DECLARATION.match(text)
    rest = text[declaration.end() :] if declaration else text
    body = '<?xml version="1.0" encoding="utf-8"?>' + (rest if rest[:1].isspace() else f"\n{rest}")
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(
        io.BytesIO(body.encode()), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _with_captions(text: str) -> str:
    """Return a feed whose captions and synopses have names of their own.

    feedparser takes them for the entry's text, and where there are several, for its description.
    """
    for pattern, usual, name, ours in (
        (_MEDIA, "media", "description", CAPTION),
        (_ITUNES, "itunes", "summary", SYNOPSIS),
    ):
        named = pattern.search(text, 0, _HEAD)
        prefix = named[1] if named else usual
        if f"{prefix}:{name}" in text:
            text = re.sub(rf"<(/?){prefix}:{name}\b[^<>]*?(/?)>", rf"<\1{prefix}:{ours}\2>", text)
    return text


def _without_what_is_no_sign(reference: re.Match[str]) -> str:
    """Return a reference to a character, or the replacement character where XML has no such character."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number < 0x110000 and not _NO_XML.match(chr(number)) else "&#xFFFD;"
