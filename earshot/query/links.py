"""What `link:` finds: the sites and addresses that a document links to. Knows no engine and no tree."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from earshot.errors import SourceError
from earshot.urls import MAX_LENGTH, canonical_url, site_of

MAX_LINKS = 200
"""Links of a document that are looked at, the first ones; no reader gives more."""


def link_values(links: Iterable[str]) -> list[str]:
    """Return what a document with these links is found under, each value once, in order.

    Of each link its host as `site:` writes it and its canonical address, so at most 400. What is no http(s) URL gives
    nothing.
    """
    return list(dict.fromkeys(value for link in islice(links, MAX_LINKS) for value in _values(link)))


def address_of(text: str) -> str:
    """Return an absolute http(s) URL as `link_values` writes it; "" where it is none or too long for an engine."""
    try:
        address = canonical_url(text)
    except SourceError:
        return ""
    return address if len(address) <= MAX_LENGTH else ""  # escapes make it longer


@lru_cache(maxsize=8_192)  # a site's pages share most of their links, and a canonical form takes 16 us
def _values(link: str) -> tuple[str, ...]:
    address = address_of(link)
    return (site_of(address), address) if address else ()
