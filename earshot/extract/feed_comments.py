"""Tells the comments among a feed's entries, and which article they answer. Knows feedparser's dictionaries.

Source: RFC 4685 (`thr:in-reply-to`); WordPress and Blogger link a comment as a place within its article's page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urldefrag

from earshot.extract.clean import clean_url
from earshot.extract.feed_links import Element, field

_COMMENT_PLACE = re.compile(
    r"(?:[a-z]+[-_])?(?:id)?(?:comment|kommentar|commentaire|comentario|commento|reply|respon[ds]e?)[-_]?\w*\d|c[-_]?\d+$",
    re.IGNORECASE,
)


def parent_of(raw: Element, url: str, base: str, known: Mapping[str, str]) -> str:
    """Return the absolute address of the article that a comment answers, "" for what is no comment.

    Args:
        url: the entry's own address, absolute.
        base: what a relative address is resolved against.
        known: addresses of the feed's entries by their own ids, for an answer that names only an id.
    """
    answered = dict.get(raw, "thr_in-reply-to")
    if isinstance(answered, dict):
        ref = field(answered, "ref")
        named = field(answered, "href") or known.get(ref) or (ref if ref.startswith(("http://", "https://")) else "")
        parent = urldefrag(clean_url(named, base)).url
        if parent and parent != url:
            return parent
    page, place = urldefrag(url)
    return page if _COMMENT_PLACE.match(place) else ""
