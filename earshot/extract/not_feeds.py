"""Says in words what came instead of a feed, and which feeds a page announces. Knows no feed parser."""

from __future__ import annotations

import re

from lxml import etree

from earshot.extract.charset import decode_page
from earshot.extract.clean import MAX_TITLE, clean_line, clean_url
from earshot.extract.markup import parse_html
from earshot.model import Capture

_LOOKED_AT = 1 << 20
_FEED_TYPES = re.compile(r"application/(?:rss|atom|feed|rdf)\+(?:xml|json)|application/json", re.IGNORECASE)
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_MAGIC = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PK\x03\x04", "a ZIP file"),
)


def is_html(body: bytes) -> bool:
    """Tell whether a body looks like a web page."""
    return bool(_HTML.search(body[:4096]))


def is_sitemap(body: bytes) -> bool:
    """Tell whether a body looks like a sitemap or an index of sitemaps."""
    return bool(_SITEMAP.search(body[:4096]))


def why_not_a_feed(body: bytes, capture: Capture) -> str:
    """Return for operations what the answer is, and what to write into the source instead where that is known."""
    if not body.strip():
        return "the answer has no body"
    if is_sitemap(body):
        return "a sitemap instead of a feed; give the source `kind: sitemap`"
    if is_html(body):
        return _about_page(decode_page(body[:_LOOKED_AT], capture.headers.get("content-type", "")), capture)
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return f"{name} instead of a feed"
    start = clean_line(body[:200].decode("utf-8", "replace"), 60)
    return f"neither RSS, Atom nor JSON Feed; it begins with “{start}”"


def _about_page(text: str, capture: Capture) -> str:
    root = parse_html(text)
    if root is None:
        return "a web page without content instead of a feed"
    title = clean_line(root.findtext(".//title") or "", MAX_TITLE // 5)
    what = f"a web page titled “{title}” instead of a feed" if title else "a web page instead of a feed"
    if root.find(".//input[@type='password']") is not None:
        what = f"{what}; it asks for a password"
    feeds = announced_feeds(root, capture.final_url)
    if feeds:
        return f"{what}; the page announces {', '.join(feeds[:5])}"
    return f"{what}; the page announces no feed"


def announced_feeds(root: etree._Element, base: str) -> tuple[str, ...]:
    """Return the feeds that a page links with rel=alternate, absolute, in order, each once.

    Source: RSS Advisory Board, "RSS Autodiscovery" (2006); WHATWG HTML, link type "alternate".
    """
    found: dict[str, None] = {}
    for link in root.iter("link"):
        is_alternate = "alternate" in (link.get("rel") or "").lower().split()
        if is_alternate and _FEED_TYPES.match((link.get("type") or "").strip()):
            found.setdefault(clean_url(link.get("href") or "", base))
    found.pop("", None)
    return tuple(found)
