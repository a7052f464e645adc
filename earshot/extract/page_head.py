"""What a page says of itself around its article: names, language, canonical address. Knows no article and no date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import tldextract
from lxml import etree

from earshot.extract import clean
from earshot.model import Capture

_site_of_host = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)  # one.github.io and other.github.io are two sites
_CACHED = re.compile(r"/[a-z]/(?:s/)?([^/]+)/")


@dataclass(frozen=True, slots=True)
class Head:
    """The metas by lower-case name, in order; title element; the text of the only h1, or empty."""

    metas: dict[str, tuple[str, ...]]
    title: str
    heading: str

    def meta(self, *names: str) -> list[str]:
        """Return the contents of the meta elements of these names, in the order of the names."""
        return [content for name in names for content in self.metas.get(name, ())]


def read_head(root: etree._Element) -> Head:
    """Return what the page says of itself."""
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        if key and meta.get("content"):
            metas.setdefault(key, []).append(meta.get("content", ""))
    headings = [said for h1 in root.iter("h1") if (said := clean.clean_line("".join(h1.itertext())))]
    return Head(
        metas={name: tuple(contents) for name, contents in metas.items()},
        title=clean.clean_line(root.findtext(".//head//title") or root.findtext(".//title") or ""),
        heading=headings[0] if len(headings) == 1 else "",
    )


def titles(head: Head, read: str = "") -> tuple[str, ...]:
    """Return the page's title and the other ones that it gives itself, each once.

    Args:
        head: of the page.
        read: the title that the reader of articles found.

    A heading that the title element or og:title holds too comes first: it names the article without the site.
    """
    named = [clean.clean_line(title) for title in head.meta("og:title", "twitter:title")]
    read = clean.clean_line(read)
    is_sure = head.heading and any(head.heading in title for title in (*named, head.title))
    order = [head.heading if is_sure else "", read, *named, head.title, head.heading]
    return tuple(dict.fromkeys(title for title in order if title))


def language_of(root: etree._Element, head: Head, capture: Capture) -> str:
    """Return the language that the page or its answer declares, as ISO 639-1, or empty."""
    html = next(root.iter("html"), root)
    declared = [html.get("lang") or "", html.get("{http://www.w3.org/XML/1998/namespace}lang") or ""]
    declared += [*head.meta("og:locale"), capture.headers.get("content-language", "").partition(",")[0]]
    return next((code for tag in declared if (code := clean.clean_language(tag))), "")


def canonical_of(root: etree._Element, head: Head, url: str) -> str:
    """Return rel=canonical where it can be believed, else og:url where it is the same page in another form.

    Believed is a name of the same registrable site, or of the site whose copy a cache of AMP pages shows; a home page
    names no page but itself.
    """
    for link in root.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            named = clean.clean_url(link.get("href") or "", url)
            return named if named and _may_name(named, url) else ""
    for said in head.meta("og:url"):
        named = clean.clean_url(said, url)
        if named and _may_name(named, url) and _last_part(named) == _last_part(url) != "":
            return named
    return ""


def warm_up() -> None:
    """Load the list of public suffixes: some of a tenth of a second that no child should pay."""
    _site_of_host("warm.example")


def _may_name(named: str, url: str) -> bool:
    is_home = urlsplit(named).path in ("", "/") and not urlsplit(named).query
    was_home = urlsplit(url).path in ("", "/")
    return (was_home or not is_home) and (_same_site(named, url) or _is_cached(named, url))


def _is_cached(named: str, url: str) -> bool:
    """Tell whether `url` is a copy of `named` in a cache. Source: amp.dev, "AMP Cache URL format" (read 2026-11-30)."""
    parts = urlsplit(url)
    copied = _CACHED.match(parts.path) if (parts.hostname or "").endswith(".cdn.ampproject.org") else None
    return copied is not None and copied[1] == urlsplit(named).hostname


def _last_part(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def _same_site(one: str, other: str) -> bool:
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in (one, other)]
    if hosts[0] == hosts[1]:
        return True
    sites = [_site_of_host(host).top_domain_under_public_suffix for host in hosts]
    return bool(sites[0]) and sites[0] == sites[1]
