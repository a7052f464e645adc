"""Which of an entry's links is its own address. Knows feedparser's dictionaries and no text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from earshot.extract.clean import clean_url

_IANA = "http://www.iana.org/assignments/relation/"
_SERVER = re.compile(r"www\.[\w-]+\.\w", re.IGNORECASE)
_PAGES = ("", "text/html", "application/xhtml+xml")

Element = Any
"""feedparser's dictionaries, read by `dict.get`: their own look-up guesses, and warns about it."""


def page_of(raw: Element, base: str, *, is_rss: bool) -> str:
    """Return the address of the page behind an entry, absolute; "" where it has none.

    The publisher's own goes before that of a feed service; rel=alternate before what RSS calls `link`, pages before
    other types; a guid counts where it is a permalink.
    """
    named = (_with_scheme(link.strip(), base) for link in _pages(raw, is_rss) if link.strip())
    return next((url for link in named if (url := clean_url(link, base))), "")


def file_of(raw: Element, base: str) -> str:
    """Return for an entry without a page what else stands behind it: an episode, then a guid, then a picture."""
    enclosures = [link for link in _links(raw) if rel_of(link) == "enclosure"]
    files = [(field(link, "href"), field(link, "type")) for link in enclosures]
    files += [(field(item, "url"), field(item, "type")) for item in dict.get(raw, "media_content") or ()]
    own_id = field(raw, "id")
    pictures = [file for file, kind in files if kind.startswith("image/")]
    others = [file for file, kind in files if not kind.startswith("image/")]
    named = [*others, own_id if own_id.startswith(("http://", "https://")) else "", *pictures]
    return next((url for file in named if file.strip() and (url := clean_url(file, base))), "")


def comments_feed_of(raw: Element, base: str) -> str:
    """Return the address of the feed of an entry's comments, absolute; "" where it names none.

    Source: The Comment API, `wfw:commentRss`; RFC 4685 section 4, rel=replies.
    """
    replies = (field(link, "href") for link in _links(raw) if rel_of(link) == "replies" and _is_feed(link))
    named = (field(raw, "wfw_commentrss"), *replies)
    return next((url for link in named if link.strip() and (url := clean_url(link, base))), "")


def _is_feed(link: Element) -> bool:
    return field(link, "type").partition(";")[0].strip().lower() in ("application/atom+xml", "application/rss+xml")


def rel_of(link: Element) -> str:
    """Return a link's first relation without IANA's prefix, in lower case. Source: RFC 4287 section 4.2.7.2."""
    said = field(link, "rel").strip().lower().removeprefix(_IANA)
    return (said.split() or ["alternate"])[0]


def field(element: Element, name: str) -> str:
    """Return a field that is a string, "" for others."""
    value = dict.get(element, name)
    return value if isinstance(value, str) else ""


def _with_scheme(link: str, base: str) -> str:
    """Return a link that begins with the name of a web server as the address that was meant."""
    return f"{urlsplit(base).scheme}://{link}" if _SERVER.match(link) else link


def _links(raw: Element) -> list[Element]:
    return list(dict.get(raw, "links") or ())


def _pages(raw: Element, is_rss: bool) -> Iterator[str]:
    yield field(raw, "feedburner_origlink")
    alternates = [link for link in _links(raw) if rel_of(link) == "alternate"]
    is_page = [field(link, "type").partition(";")[0].strip().lower() in _PAGES for link in alternates]
    for wanted in (True, False):
        yield from (field(link, "href") for link, good in zip(alternates, is_page, strict=True) if good is wanted)
    link, own_id = field(raw, "link"), field(raw, "id")
    others = {field(other, "href") for other in _links(raw) if rel_of(other) != "alternate"}
    is_bare_guid = dict.get(raw, "guidislink") and link == own_id and "/" not in link
    if not is_bare_guid and link not in others:
        yield link
    if own_id.startswith(("http://", "https://")) and not is_rss:
        yield own_id
