"""JSON Feed 1.0 and 1.1 into entries. Knows no process limits: it runs inside a bounded child.

Source: https://www.jsonfeed.org/version/1.1/ (read 2026-11). What a publisher gets wrong in a field empties that
field and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from earshot.errors import SourceError
from earshot.extract import clean, dates, feed_texts, loose_json, markup
from earshot.extract.charset import decode
from earshot.extract.feeds import content_id
from earshot.extract.hosts import at_public_host
from earshot.extract.teasers import why_teaser
from earshot.model import NO_HINT, Capture, DateFrom, Entry, Hint, Outcome, Reading, TextIs

_VERSION = re.compile(r"^https?://(?:www\.)?jsonfeed\.org/version/(1(?:\.\d)?)")


_OBJECT = re.compile(r"(?:\s|/\*.{0,2000}?\*/|//[^\n]{0,500}\n|<!--.{0,2000}?-->)*\{", re.DOTALL)


def is_json(body: bytes) -> bool:
    """Tell whether a body may be a JSON object, also behind a mark or a comment."""
    start = body[:4_000].lstrip(b"\xef\xbb\xbf\xfe\xff\x00").replace(b"\x00", b"")
    return bool(_OBJECT.match(start.decode("latin-1")))


def read_json_feed(capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
    """Return the entries of a JSON Feed, in its order. hint: what is known of the source.

    Raises:
        SourceError: it is JSON, but no feed, or no JSON at all (NOT_A_FEED).
    """
    decoded = decode(body, capture.headers.get("content-type", ""))
    feed = _load(decoded.text)
    version = _VERSION.match(_text(feed, "version"))
    items = feed.get("items")
    if not version and not (isinstance(items, list) and "title" in feed):
        raise SourceError(Outcome.NOT_A_FEED, "JSON, but no JSON Feed: it has no version of jsonfeed.org")
    language, author = clean.clean_language(_text(feed, "language")), _author(feed)
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    order = dates.order_of(said for item in found for said in _dates(item))
    reader = dates.DateReader(capture.fetched_at, hint.language or language, order, hint.time_zone)
    entries = tuple(_entry(item, capture, reader, language, author) for item in found)
    known = [entry.published_at for entry in entries if entry.published_at]
    return Reading(
        form=f"json feed {version[1] if version else 'without version'}",
        entries=entries,
        oldest_at=min(known, default=None),
        warnings=tuple(_warnings(decoded.note, items, found)),
    )


def _warnings(note: str, items: object, found: list[dict[str, Any]]) -> Iterator[str]:
    if note:
        yield note
    if isinstance(items, list) and len(found) < len(items):
        yield "some items are no objects"


def _load(text: str) -> dict[str, Any]:
    try:
        feed = loose_json.loads(text)
    except ValueError as error:
        reason = f"looks like JSON, but is broken: {clean.clean_line(str(error), 120)}"
        raise SourceError(Outcome.NOT_A_FEED, reason) from error
    if not isinstance(feed, dict):
        raise SourceError(Outcome.NOT_A_FEED, "JSON, but no JSON Feed: it is no object")
    return feed


def _entry(item: dict[str, Any], capture: Capture, reader: dates.DateReader, language: str, author: str) -> Entry:
    base = capture.final_url
    page = clean.clean_url(_text(item, "url"), base) or clean.clean_url(_text(item, "external_url"), base)
    url = at_public_host(page or _file(item, base), base)
    title = clean.clean_line(markup.strip_tags(_text(item, "title")))
    plain, has_full = _body(item, url or base, title)
    own_id = clean.clean_line(_text(item, "id"), clean.MAX_ID)
    reason = why_teaser(plain.text, title, page, has_full=has_full)
    stated = dates.first(_dates(item), reader)
    return Entry(
        url=url,
        own_id=own_id if own_id or url else content_id(title, plain.text),
        title=title,
        text=plain.text,
        text_is=TextIs.TEASER if reason else TextIs.FULL,
        author=_author(item) or author,
        published_at=stated.moment if stated else None,
        published_from=DateFrom.FEED if stated else DateFrom.FOUND,
        published_as=stated.as_stated if stated else "",
        language=clean.clean_language(_text(item, "language")) or language,
        images=clean.clean_urls([*_images(item), *plain.images], base, clean.MAX_IMAGES),
        links=plain.links,
    )


def _dates(item: dict[str, Any]) -> list[str]:
    return [_text(item, name) for name in ("date_published", "date_modified")]


def _body(item: dict[str, Any], base: str, title: str) -> tuple[markup.Plain, bool]:
    rich, simple = markup.read_fragment(_text(item, "content_html"), base), _plain(_text(item, "content_text"))
    summary = _plain(markup.strip_tags(_text(item, "summary")))
    return feed_texts.choose([rich if rich.text else simple], [summary], title)


def _plain(text: str) -> markup.Plain:
    return markup.Plain(clean.clean_text(text))


def _attachments(item: dict[str, Any]) -> list[dict[str, Any]]:
    attachments = item.get("attachments")
    return [file for file in attachments if isinstance(file, dict)] if isinstance(attachments, list) else []


def _file(item: dict[str, Any], base: str) -> str:
    """Return for an item without a page the first thing attached to it: an episode."""
    return next((url for file in _attachments(item) if (url := clean.clean_url(_text(file, "url"), base))), "")


def _author(element: dict[str, Any]) -> str:
    """Return the names of `authors` (1.1) or `author` (1.0)."""
    authors = element.get("authors")
    people = authors if isinstance(authors, list) and authors else [element.get("author")]
    names = [_text(person, "name") for person in people if isinstance(person, dict)]
    return clean.clean_line(", ".join(name for name in names if name), clean.MAX_AUTHOR)


def _images(item: dict[str, Any]) -> list[str]:
    pictures = [_text(file, "url") for file in _attachments(item) if _text(file, "mime_type").startswith("image/")]
    return [_text(item, "image"), _text(item, "banner_image"), *pictures]


def _text(element: dict[str, Any], name: str) -> str:
    """Return a string; numbers are what some publishers use for ids."""
    value = element.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
