"""RSS 0.9x to 2.0, RDF and Atom into entries. Knows no process limits: it runs inside a bounded child.

Every text leaves as plain text, every address absolute. Every entry that feedparser finds becomes an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from earshot.errors import SourceError
from earshot.extract import clean, dates, feed_texts, markup
from earshot.extract.authors import author_name
from earshot.extract.charset import decode
from earshot.extract.feed_comments import parent_of
from earshot.extract.feed_links import Element, comments_feed_of, field, file_of, page_of, rel_of
from earshot.extract.feed_xml import CAPTION, SYNOPSIS, parse_feed
from earshot.extract.hosts import at_public_host
from earshot.extract.not_feeds import why_not_a_feed
from earshot.extract.teasers import why_teaser
from earshot.model import NO_HINT, Capture, DateFrom, Entry, Hint, Outcome, Reading, TextIs

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_PERIOD_RANGE = (60, 2_592_000)
_TEXT_TYPES = frozenset({"text/plain"})


def read_feed(capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
    """Return the entries of a feed, in its order. hint: what is known of the source.

    Raises:
        SourceError: it is no feed (NOT_A_FEED), with words that say what it is.
    """
    decoded = decode(body, capture.headers.get("content-type", ""))
    parsed, repaired = parse_feed(decoded.text)
    version, found = dict.get(parsed, "version") or "", parsed.entries
    if not found and not version:
        raise SourceError(Outcome.NOT_A_FEED, why_not_a_feed(body, capture))
    reader = _FeedReader(capture, parsed, version, hint)
    entries = tuple(reader.entry(raw) for raw in found)
    known = [entry.published_at for entry in entries if entry.published_at]
    return Reading(
        form=version or "feed",
        entries=entries,
        oldest_at=min(known, default=None),
        update_period_s=_update_period(parsed.feed),
        warnings=tuple(_warnings(parsed, (decoded.note, repaired), reader)),
    )


class _FeedReader:
    """Entries of one feed: what they share, and counts for the warnings."""

    def __init__(self, capture: Capture, parsed: Element, version: str, hint: Hint) -> None:
        feed = parsed.feed
        self._base = capture.final_url
        self._is_rss = not version.startswith("atom")
        self._language = clean.clean_language(field(feed, "language"))
        order = dates.order_of(said for element in (feed, *parsed.entries) for said in _date_texts(element))
        self._dates = dates.DateReader(capture.fetched_at, hint.language or self._language, order, hint.time_zone)
        self._author = _author(feed)
        named = ((field(raw, "id"), self._page(raw)) for raw in parsed.entries)
        self._known = {own_id: page for own_id, page in named if own_id and page}
        self.teasers: dict[str, int] = {}
        self.without_date = self.without_identity = self.inner_hosts = 0

    def entry(self, raw: Element) -> Entry:
        """Return one entry; what is missing or wrong in it is left empty, never a reason to drop it."""
        page = self._page(raw)
        url = self._public(page or file_of(raw, self._base))
        parent = parent_of(raw, url, self._base, self._known)
        title = clean.clean_line(self._plain(dict.get(raw, "title_detail")))
        plain, has_full = self._body(raw, title)
        reason = why_teaser(plain.text, title, "" if parent else page, has_full=has_full)
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
            parent=at_public_host(parent, self._base),
            comments_feed="" if parent else at_public_host(comments_feed_of(raw, self._base), self._base),
        )

    def _page(self, raw: Element) -> str:
        return page_of(raw, self._base, is_rss=self._is_rss)

    def _public(self, url: str) -> str:
        public = at_public_host(url, self._base)
        self.inner_hosts += public != url
        return public

    def _own_id(self, raw: Element, url: str, title: str, said: str) -> str:
        own_id = clean.clean_line(field(raw, "id"), clean.MAX_ID)
        if own_id or url:
            return own_id
        self.without_identity += 1
        return content_id(title, said)

    def _body(self, raw: Element, title: str) -> tuple[markup.Plain, bool]:
        """Return an entry's text, and whether it may be taken for the whole one."""
        contents = [detail for detail in dict.get(raw, "content") or () if field(detail, "value").strip()]
        # feedparser calls a second description "content" too, in plain text, which RSS has no element for.
        full = [self._read(one) for one in contents if not (self._is_rss and field(one, "type") in _TEXT_TYPES)]
        others = [one for one in contents if self._is_rss and field(one, "type") in _TEXT_TYPES]
        summaries = [detail for detail in (dict.get(raw, "summary_detail"), *others) if detail]
        longest = max((len(field(detail, "value")) for detail in summaries), default=0)
        if any(feed_texts.is_prose(plain) and len(plain.text) >= longest for plain in full):
            return feed_texts.choose(full, (), title)
        short = [self._read(detail) for detail in summaries]
        short.append(markup.read_fragment(field(raw, f"itunes_{SYNOPSIS}"), self._base))
        if not any(plain.text for plain in (*full, *short)):
            short += [markup.read_fragment(field(raw, f"media_{CAPTION}"), self._base)]
        return feed_texts.choose(full, short, title)

    def _read(self, detail: Element) -> markup.Plain:
        value = field(detail, "value")
        base = clean.clean_url(field(detail, "base"), self._base) or self._base
        is_plain = field(detail, "type") in _TEXT_TYPES and not (self._is_rss and "<" in value)
        if is_plain and not markup.is_markup(value):
            return markup.Plain(clean.clean_text(markup.unescaped(value)))
        return markup.read_fragment(value, base)

    def _plain(self, detail: Element | None) -> str:
        if detail is None:
            return ""
        value = field(detail, "value")
        is_plain = field(detail, "type") in _TEXT_TYPES and not self._is_rss
        return value if is_plain else markup.strip_tags(value)

    def _language_of(self, raw: Element) -> str:
        details = [dict.get(raw, "title_detail"), dict.get(raw, "summary_detail"), *(dict.get(raw, "content") or ())]
        declared = (field(detail, "language") for detail in details if detail)
        return next((code for tag in declared if (code := clean.clean_language(tag))), self._language)


def content_id(title: str, text: str) -> str:
    """Return an own id for an entry that has neither link nor id: the same words are the same entry."""
    words = f"{title}\n{text}".encode()
    return f"content:{hashlib.sha256(words).hexdigest()}"


def _date_texts(element: Element) -> list[str]:
    """Return what stands for a date, publishing first, as written: feedparser's own readings drop what they miss."""
    return [said for name in ("published", "updated", "created") if (said := field(element, name).strip())]


def _author(element: Element) -> str:
    """Return the names; of Atom, whose name and address are two elements, the name."""
    people = [field(person, "name") for person in dict.get(element, "authors") or () if not field(person, "email")]
    if len(people) > 1 and all(people):
        return clean.clean_line(", ".join(map(author_name, dict.fromkeys(people))), clean.MAX_AUTHOR)
    detail = dict.get(element, "author_detail") or {}
    said, name = field(element, "author"), field(detail, "name")
    is_composed = said == f"{name} ({field(detail, 'email')})"
    return author_name(name if is_composed or not said else said)


def _media_images(raw: Element) -> Iterator[str]:
    for name in ("media_content", "enclosures", "links"):
        for item in dict.get(raw, name) or ():
            is_linked = name != "links" or rel_of(item) == "enclosure"
            if is_linked and (field(item, "type").startswith("image/") or field(item, "medium") == "image"):
                yield field(item, "url") or field(item, "href")
    for item in dict.get(raw, "media_thumbnail") or ():
        yield field(item, "url")


def _engagement(raw: Element) -> dict[str, int]:
    """Return counts that the feed gives: comments, views, ratings."""
    statistics, stars = dict.get(raw, "media_statistics") or {}, dict.get(raw, "media_starrating") or {}
    said = {
        "comments": field(raw, "slash_comments") or field(raw, "thr_total"),
        "views": field(statistics, "views"),
        "ratings": field(stars, "count"),
    }
    return {name: int(count) for name, count in said.items() if count.isascii() and count.isdigit() and len(count) < 16}


def _update_period(feed: Element) -> int | None:
    """Return how often the feed says it changes, in seconds between a minute and thirty days."""
    period = _PERIODS.get(field(feed, "sy_updateperiod").strip().lower())
    often = field(feed, "sy_updatefrequency").strip()
    minutes = field(feed, "ttl").strip()
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
    if reader.inner_hosts:
        inside = (
            f"{reader.inner_hosts} of {len(parsed.entries)} entries link to a machine that only the site itself reaches"
        )
        yield f"{inside}; they were read as addresses at the feed's own host"
    if reader.without_identity:
        yield f"{reader.without_identity} of {len(parsed.entries)} entries have neither link nor id"
