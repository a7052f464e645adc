"""Sitemaps, their indexes, news sitemaps and plain lists into addresses. Knows no feed; runs inside a bounded child.

Source: https://www.sitemaps.org/protocol.html; Google "Create a news sitemap" (both read 2026-11). Entities are
never resolved, external ones never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from io import BytesIO

from lxml import etree

from earshot.errors import SourceError
from earshot.extract import clean, dates
from earshot.extract.charset import decode
from earshot.extract.not_feeds import is_html
from earshot.extract.packed import unpacked
from earshot.model import NO_HINT, Capture, Hint, Outcome, PageLink, Reading, Role

MAX_ADDRESSES = 50_000
"""Source: sitemaps.org protocol, 50,000 URLs a file."""

MAX_BYTES = 50 * 1024 * 1024
"""Source: sitemaps.org protocol, 50 MB uncompressed."""

_MAX_FIELD = 4_096
_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.{0,2000}?\]\]>|&([a-zA-Z]\w{1,30};)|&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)", re.DOTALL
)
_LASTMOD = re.compile(rb"<(?:\w+:)?(?:lastmod|publication_date)>\s*(?:<!\[CDATA\[)?\s*([^<\]]{6,40})")
_OF_XML = ("amp;", "lt;", "gt;", "quot;", "apos;")
_SEEN_FOR_ORDER = 1 << 20
_NEWS = frozenset({"publication_date", "title", "language"})
_ROOT = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_JUNK = 4_096
"""So far into the body the root element is looked for."""


def read_sitemap(capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
    """Return the addresses that a sitemap names, in its order, each once. hint: what is known of the source.

    Raises:
        SourceError: it is no sitemap (NOT_A_FEED), or larger than a sitemap may be (TOO_LARGE).
    """
    data, note = _as_utf8(unpacked(body, MAX_BYTES), capture)
    data = _from_the_root(data)
    if not data:
        raise SourceError(Outcome.NOT_A_FEED, "the answer has no body")
    if not data.startswith(b"<"):
        return _read_list(capture, data)
    reader = _SitemapReader(capture, dates.order_of(_lastmods(data)), hint)
    warning = reader.read(_with_whole_ampersands(data))
    if reader.form == "":
        what = "a web page" if is_html(data) else "something else"
        raise SourceError(Outcome.NOT_A_FEED, f"{what} instead of a sitemap: no urlset and no sitemapindex in it")
    links = tuple(reader.links.values())
    known = [link.published_at for link in links if link.published_at]
    return Reading(
        form=reader.form,
        links=links,
        oldest_at=min(known, default=None),
        is_complete=reader.form != "news sitemap" and not warning,
        warnings=tuple(filter(None, (note, warning))),
    )


def _as_utf8(body: bytes, capture: Capture) -> tuple[bytes, str]:
    """Return the body in UTF-8 without what stands around it, and what was wrong with its charset."""
    decoded = decode(body, capture.headers.get("content-type", ""))
    return decoded.text.strip("\ufeff \t\r\n").encode("utf-8", "replace"), decoded.note


def _from_the_root(data: bytes) -> bytes:
    """Return the body from its root element on: real sitemaps were seen that begin with a code fence or a note."""
    root = _ROOT.search(data, 0, _JUNK)
    return data[root.start() :] if root and not data.startswith(b"<") else data


def _with_whole_ampersands(data: bytes) -> bytes:
    """Return XML in which an ampersand that begins no reference is written as one, and letters of HTML as letters."""
    return _AMPERSAND.sub(_whole, data)


def _whole(found: re.Match[bytes]) -> bytes:
    if found[0] == b"&":
        return b"&amp;"
    name = (found[1] or b"").decode()
    if not name or name in _OF_XML:
        return found[0]
    return html5[name].encode() if name in html5 else found[0]


def _lastmods(data: bytes) -> Iterator[str]:
    return (found.decode("utf-8", "replace") for found in _LASTMOD.findall(data, 0, _SEEN_FOR_ORDER))


class _SitemapReader:
    """Collects while the XML is read, so that the tree never stands in memory whole."""

    def __init__(self, capture: Capture, order: dates.Order | None, hint: Hint) -> None:
        self._base = capture.final_url
        self._dates = dates.DateReader(capture.fetched_at, hint.language, order, hint.time_zone)
        self.form = ""
        self.links: dict[str, PageLink] = {}

    def read(self, data: bytes) -> str:
        """Collect addresses; return what was wrong with the XML or with its size, or ""."""
        try:
            for name, element in _elements(data):
                if name in ("urlset", "sitemapindex"):
                    self.form = self.form or ("sitemap" if name == "urlset" else "sitemap index")
                elif self.form:
                    self._add(Role.PAGE if name == "url" else Role.SITEMAP, _fields(element))
                    _forget(element)
                if len(self.links) >= MAX_ADDRESSES:
                    return f"more than {MAX_ADDRESSES} addresses: the rest was left out"
        except etree.XMLSyntaxError as error:
            return clean.clean_line(f"not well-formed: {error}", 200)
        return ""

    def _add(self, role: Role, said: dict[str, str]) -> None:
        url = clean.clean_url(said.get("loc", ""), self._base)
        if not url:
            return
        if "publication_date" in said:
            self.form = "news sitemap"
        stated = dates.first((said.get(name, "") for name in ("publication_date", "lastmod")), self._dates)
        link = PageLink(
            url=url,
            role=role,
            title=clean.clean_line(said.get("title", "")),
            published_at=stated.moment if stated else None,
            published_as=stated.as_stated if stated else "",
            language=clean.clean_language(said.get("language", "")),
        )
        self.links.setdefault(url, link)


def _elements(data: bytes) -> Iterator[tuple[str, etree._Element]]:
    """Yield roots at their start, `url` and `sitemap` at their end, whatever their namespace."""
    walk = etree.iterparse(
        BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, recover=True,
        huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    for event, element in walk:
        name = _name(element)
        if (event == "start") == (name in ("urlset", "sitemapindex")) and name in (
            "urlset", "sitemapindex", "url", "sitemap",
        ):  # fmt: skip
            yield name, element


def _fields(element: etree._Element) -> dict[str, str]:
    """Return the texts of one entry by local name, the first of a name: its own, and of its news.

    What pictures and films say of themselves is theirs: their `loc` is no page.
    """
    said: dict[str, str] = {}
    for child in element:
        name = _name(child)
        if name == "news":
            for part in child.iterdescendants():
                if _name(part) in _NEWS:
                    _say(said, part)
        elif name in ("loc", "lastmod") and not _is_of_media(child):
            _say(said, child)
    return said


def _say(said: dict[str, str], element: etree._Element) -> None:
    if text := "".join(element.itertext()).strip():
        said.setdefault(_name(element), text[:_MAX_FIELD])


def _is_of_media(element: etree._Element) -> bool:
    space = element.tag.rpartition("}")[0].lower() if isinstance(element.tag, str) else ""
    return element.prefix in ("image", "video") or "image" in space or "video" in space


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _read_list(capture: Capture, data: bytes) -> Reading:
    """Read a sitemap that is one address a line."""
    lines = data.decode().splitlines()
    said = [line.strip() for line in lines if line.strip()]
    urls = clean.clean_urls((line for line in said if "://" in line[:10]), capture.final_url, MAX_ADDRESSES)
    if not urls or len(urls) * 2 < len(set(said[:MAX_ADDRESSES])):
        start = clean.clean_line(data[:200].decode("utf-8", "replace"), 60)
        raise SourceError(Outcome.NOT_A_FEED, f"neither a sitemap nor a list of addresses; it begins with “{start}”")
    return Reading(form="list of addresses", links=tuple(PageLink(url) for url in urls), is_complete=True)
