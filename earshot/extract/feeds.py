"""RSS 0.9x to 2.0, RDF and Atom into entries, by feedparser. Knows no process limits: it runs inside a bounded child.

feedparser neither sanitizes nor resolves anything inside the entries here (its sanitizer lets forms and media pass):
every text leaves as plain text, every address absolute. Every entry that feedparser finds becomes an entry.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

import feedparser

from earshot.errors import SourceError
from earshot.extract import clean, dates, markup
from earshot.extract.charset import decode
from earshot.extract.not_feeds import why_not_a_feed
from earshot.extract.teasers import why_teaser
from earshot.model import Capture, DateFrom, Entry, Outcome, Reading, TextIs

_ROOT = re.compile(r"<(?:[A-Za-z]\w*:)?(?:rss|feed|RDF)[\s>]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,300}>")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,6})|0*(\d{1,7}));")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_PERIOD_RANGE = (60, 2_592_000)
_TEXT_TYPES = frozenset({"text/plain"})
_EMAIL_AND_NAME = re.compile(r"^\s*[^\s()<>]+@[^\s()<>]+\s*\((.{1,200})\)\s*$")

Element = Any
"""feedparser's dictionaries, read by `dict.get`: their own look-up guesses, and warns about it."""


def read_feed(capture: Capture, body: bytes) -> Reading:
    """Return the entries of a feed, in its order.

    Raises:
        SourceError: it is no feed (NOT_A_FEED), with words that say what it is.
    """
    decoded = decode(body, capture.headers.get("content-type", ""))
    parsed, repaired = _parse(decoded.text)
    version, found = dict.get(parsed, "version") or "", parsed.entries
    if not found and not version:
        raise SourceError(Outcome.NOT_A_FEED, why_not_a_feed(body, capture))
    reader = _FeedReader(capture, parsed, version)
    entries = tuple(reader.entry(raw) for raw in found)
    known = [entry.published_at for entry in entries if entry.published_at]
    return Reading(
        form=version or "feed",
        entries=entries,
        oldest_at=min(known, default=None),
        update_period_s=_update_period(parsed.feed),
        warnings=tuple(_warnings(parsed, (decoded.note, repaired), reader)),
    )


def _parse(text: str) -> tuple[Element, str]:
    """Return what feedparser makes of a text and, where it took a repair, which."""
    mended = _REFERENCE.sub(_without_what_is_no_sign, _NO_XML.sub("", text))
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
    rest = _DECLARATION.sub("", text, count=1)
    body = '<?xml version="1.0" encoding="utf-8"?>' + (rest if rest[:1].isspace() else f"\n{rest}")
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(
        io.BytesIO(body.encode()), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _without_what_is_no_sign(reference: re.Match[str]) -> str:
    """Return a reference to a character, or the replacement character where XML has no such character."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number < 0x110000 and not _NO_XML.match(chr(number)) else "&#xFFFD;"


class _FeedReader:
    """Entries of one feed: what they share, and counts for the warnings."""

    def __init__(self, capture: Capture, parsed: Element, version: str) -> None:
        feed = parsed.feed
        self._base = capture.final_url
        self._is_rss = not version.startswith("atom")
        self._language = clean.clean_language(_text(feed, "language"))
        order = dates.order_of(text for element in (feed, *parsed.entries) for text in _date_texts(element))
        self._dates = dates.DateReader(capture.fetched_at, self._language, order)
        self._author = _author(feed)
        self.teasers: dict[str, int] = {}
        self.without_date = self.without_identity = 0

    def entry(self, raw: Element) -> Entry:
        """Return one entry; what is missing or wrong in it is left empty, never a reason to drop it."""
        url = self._url(raw)
        title = clean.clean_line(self._plain(dict.get(raw, "title_detail")))
        plain, has_full = self._body(raw)
        reason = why_teaser(plain.text, title, url, has_full=has_full)
        if reason:
            self.teasers[reason] = self.teasers.get(reason, 0) + 1
        stated = dates.first(_date_texts(raw), self._dates)
        self.without_date += stated is None
        return Entry(
            url=url,
            own_id=self._own_id(raw, url, title, plain.text),
            title=title,
            text=plain.text,
            text_is=TextIs.TEASER if reason else TextIs.FULL,
            author=_author(raw) or self._author,
            published_at=stated.moment if stated else None,
            published_from=DateFrom.FEED if stated else DateFrom.FOUND,
            published_as=stated.as_stated if stated else "",
            language=self._language_of(raw),
            images=clean.clean_urls([*_media_images(raw), *plain.images], self._base, clean.MAX_IMAGES),
            links=plain.links,
            engagement=_engagement(raw),
        )

    def _url(self, raw: Element) -> str:
        """Return the entry's own address: the publisher's where a feed service put its own in front."""
        link = _text(raw, "link")
        is_bare_guid = dict.get(raw, "guidislink") and link == _text(raw, "id") and "/" not in link
        candidates = [_text(raw, "feedburner_origlink"), "" if is_bare_guid else link]
        candidates += [
            _text(link, "href") for link in dict.get(raw, "links") or () if _text(link, "rel") == "alternate"
        ]
        if _text(raw, "id").startswith(("http://", "https://")) and not self._is_rss:
            candidates.append(_text(raw, "id"))
        return next((url for link in candidates if link and (url := clean.clean_url(link, self._base))), "")

    def _own_id(self, raw: Element, url: str, title: str, text: str) -> str:
        own_id = clean.clean_line(_text(raw, "id"), clean.MAX_ID)
        if own_id or url:
            return own_id
        self.without_identity += 1
        return content_id(title, text)

    def _body(self, raw: Element) -> tuple[markup.Plain, bool]:
        """Return the longest of an entry's texts, and whether it stands in an element for the full text."""
        summary = dict.get(raw, "summary_detail")
        contents = [c for c in dict.get(raw, "content") or () if _text(c, "value").strip()]
        full = max((self._read(c) for c in contents), key=lambda plain: len(plain.text), default=markup.Plain(""))
        if full.text or summary is None:
            return full, bool(full.text)
        short = self._read(summary)
        return (short if short.text else markup.Plain("", full.images or short.images, full.links)), False

    def _read(self, detail: Element) -> markup.Plain:
        value = _text(detail, "value")
        base = clean.clean_url(_text(detail, "base"), self._base) or self._base
        if _text(detail, "type") in _TEXT_TYPES and not (self._is_rss and "<" in value):
            return markup.Plain(clean.clean_text(value))
        return markup.read_fragment(value, base)

    def _plain(self, detail: Element | None) -> str:
        if detail is None:
            return ""
        value = _text(detail, "value")
        is_plain = _text(detail, "type") in _TEXT_TYPES and not self._is_rss
        return value if is_plain else markup.strip_tags(value)

    def _language_of(self, raw: Element) -> str:
        details = [dict.get(raw, "title_detail"), dict.get(raw, "summary_detail"), *(dict.get(raw, "content") or ())]
        declared = (_text(detail, "language") for detail in details if detail)
        return next((code for tag in declared if (code := clean.clean_language(tag))), self._language)


def content_id(title: str, text: str) -> str:
    """Return an own id for an entry that has neither link nor id: the same words are the same entry."""
    words = f"{title}\n{text}".encode()
    return f"content:{hashlib.sha256(words).hexdigest()}"


def _text(element: Element, name: str) -> str:
    value = dict.get(element, name)
    return value if isinstance(value, str) else ""


def _date_texts(element: Element) -> list[str]:
    """Return what stands for a date, publishing first, as written: feedparser's own readings drop what they miss."""
    return [text for name in ("published", "updated", "created") if (text := _text(element, name).strip())]


def _author(element: Element) -> str:
    """Return the name; an address only where the feed gives nothing else."""
    detail = dict.get(element, "author_detail") or {}
    said = _text(detail, "name") or _text(element, "author")
    both = _EMAIL_AND_NAME.match(said) if len(said) < clean.MAX_ID else None
    return clean.clean_line(markup.strip_tags(both[1] if both else said), clean.MAX_AUTHOR)


def _media_images(raw: Element) -> Iterator[str]:
    for name in ("media_content", "enclosures", "links"):
        for item in dict.get(raw, name) or ():
            is_linked = name != "links" or _text(item, "rel") == "enclosure"
            if is_linked and (_text(item, "type").startswith("image/") or _text(item, "medium") == "image"):
                yield _text(item, "url") or _text(item, "href")
    for item in dict.get(raw, "media_thumbnail") or ():
        yield _text(item, "url")


def _engagement(raw: Element) -> dict[str, int]:
    """Return counts that the feed gives: comments, views, ratings."""
    statistics, stars = dict.get(raw, "media_statistics") or {}, dict.get(raw, "media_starrating") or {}
    said = {
        "comments": _text(raw, "slash_comments") or _text(raw, "thr_total"),
        "views": _text(statistics, "views"),
        "ratings": _text(stars, "count"),
    }
    return {name: int(count) for name, count in said.items() if count.isascii() and count.isdigit() and len(count) < 16}


def _update_period(feed: Element) -> int | None:
    """Return how often the feed says it changes, in seconds between a minute and thirty days."""
    period = _PERIODS.get(_text(feed, "sy_updateperiod").strip().lower())
    often = _text(feed, "sy_updatefrequency").strip()
    minutes = _text(feed, "ttl").strip()
    if period:
        seconds = period // max(1, int(often) if often.isascii() and often.isdigit() and len(often) < 6 else 1)
    elif minutes.isascii() and minutes.isdigit() and 0 < len(minutes) < 8 and int(minutes):
        seconds = int(minutes) * 60
    else:
        return None
    return min(max(seconds, _PERIOD_RANGE[0]), _PERIOD_RANGE[1])


def _warnings(parsed: Element, mended: tuple[str, str], reader: _FeedReader) -> Iterator[str]:
    """Yield what operations should know; `mended`: what was wrong with the charset, and which repair it took."""
    yield from filter(None, mended)
    if parsed.bozo and not mended[1]:
        error = dict.get(parsed, "bozo_exception")
        yield clean.clean_line(f"not well-formed: {type(error).__name__}: {error}", 200)
    for reason, count in reader.teasers.items():
        yield f"{count} of {len(parsed.entries)} entries are teasers: {reason}"
    if reader.without_date:
        yield f"{reader.without_date} of {len(parsed.entries)} entries have no date that can be true"
    if reader.without_identity:
        yield f"{reader.without_identity} of {len(parsed.entries)} entries have neither link nor id"
