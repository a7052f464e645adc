"""When a page was published, as it states itself. Knows no format of dates and no search of texts.

The first date for machines counts, then the day in the address, then the day that was found in the text. The offset
that the page stated is kept: a page that says 23:30 at -05:00 is of that day, though it is the next one in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote, urlsplit

from lxml import etree

from earshot.extract import linked_data
from earshot.extract.dates import DateReader, Stated
from earshot.extract.linked_data import Thing
from earshot.extract.page_head import Head
from earshot.model import DateFrom

_DATE_META = (
    "article:published_time", "og:published_time", "datepublished", "dc.date.issued", "dcterms.created",
    "dc.date", "date", "pubdate", "publishdate", "parsely-pub-date", "sailthru.date", "article:published",
    "og:article:published_time", "og:pubdate", "publication_date", "publish-date", "article.published",
    "citation_publication_date", "cxenseparse:recs:publishtime", "dcterms.issued", "dcterms.date", "dc.date.created",
)  # fmt: skip
_MARKED = re.compile(r"(?:^|\s)(?:dt-published|published|entry-date|updated published)(?:$|\s)")
"""Classes of microformats. Source: microformats.org, hAtom 0.1 and h-entry (read 2026-11-30)."""

_YEAR = r"(?<!\d)((?:19|20)\d\d)"
_IN_ADDRESS = (
    re.compile(rf"{_YEAR}([/_.-])(\d\d?)\2(\d\d?)(?!\d)"),
    re.compile(rf"{_YEAR}([/_.-]?)(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(rf"{_YEAR}([/_.-])([^\W\d_]{{3,12}})\2(\d\d?)(?!\d)"),
)
"""2026/11/27, 2026-1-7; 20261127, 2026/1127, 2026-11/27; 2026/oct/27. Year, sign between, month, day."""
_DAY_FIRST = re.compile(r"(?<!\d)(\d\d?)([/_.-])(1[0-2]|0?[1-9]|[^\W\d_]{3,12})\2((?:19|20)\d\d)(?!\d)")
"""27-11-2026, 27-oct-2026."""

_FARTHEST = timedelta(hours=14)
_EAST, _WEST = timedelta(hours=13), timedelta(hours=9)
"""Offsets of nearly all publishers; New Zealand in summer, Alaska."""
_QUARTER_S = 15 * 60


def for_machines(head: Head, things: Iterable[Thing], reader: DateReader) -> list[Stated]:
    """Return the dates of publishing that the page states in JSON-LD and metas, in this order.

    Source: schema.org/datePublished; the Open Graph protocol, "article".
    """
    said = [*linked_data.strings(things, "datePublished"), *head.meta(*_DATE_META)]
    return [stated for text in dict.fromkeys(said) if (stated := reader.read(text))]


def published(
    root: etree._Element, machines: Sequence[Stated], url: str, found: str, reader: DateReader
) -> tuple[Stated | None, DateFrom]:
    """Return the date and whose word it is.

    Args:
        root: of the page.
        machines: of `for_machines`.
        url: the page's address.
        found: the day that was found in the page by other means ("2026-11-29"), or empty.
        reader: of the page.
    """
    named = in_address(url, reader)
    if not machines and named:
        return named, DateFrom.URL
    first = machines[0] if machines else reader.read(found)
    if first is None:
        return None, DateFrom.FOUND
    shown = (stated for text in dict.fromkeys(_shown(root)) if (stated := reader.read(text)))
    return _in_own_zone([first, *machines[1:], *shown], named), DateFrom.PAGE


def in_address(url: str, reader: DateReader) -> Stated | None:
    """Return the day that an address names, None where it names none or one of two."""
    path = unquote(urlsplit(url).path)
    for pattern in _IN_ADDRESS:
        for match in pattern.finditer(path):
            if stated := _named_day(match[1], match[3], match[4], reader):
                return stated
    for match in _DAY_FIRST.finditer(path):
        is_sure = not match[3].isdigit() or int(match[1]) > 12
        if is_sure and (stated := _named_day(match[4], match[3], match[1], reader)):
            return stated
    return None


def _named_day(year: str, month: str, day: str, reader: DateReader) -> Stated | None:
    written = f"{year}-{month:0>2}-{day:0>2}" if month.isdigit() else f"{day} {month} {year}"
    stated = reader.read(written)
    return stated if stated and _day(stated).startswith(year) else None


def _in_own_zone(stated: Sequence[Stated], named: Stated | None) -> Stated:
    """Return the first date, with its time and in the publisher's zone where the page shows them.

    Many state UTC for machines and their own time elsewhere: the same moment with an offset, or the same minute on
    another clock, or the day before or after in the address.
    """
    first = stated[0]
    if _is_day(first):
        return next((other for other in stated if not _is_day(other) and _day(other) == _day(first)), first)
    if not first.as_stated.endswith(("+00:00", "Z")):
        return first
    for other in stated[1:]:
        if not _is_day(other) and (local := _same_moment(first, other)):
            return local
    return Stated(first.moment, named.as_stated) if named and _may_be_on(first.moment, named) else first


def _may_be_on(moment: datetime, day: Stated) -> bool:
    """Tell whether a moment lies on the day before or after its own one in UTC where that is another's day."""
    begin = day.moment - timedelta(hours=12)
    return moment.date() != begin.date() and -_EAST <= moment - begin < timedelta(days=1) + _WEST


def _same_moment(first: Stated, other: Stated) -> Stated | None:
    """Return `first` as `other` states it, None where it states another moment."""
    clock = datetime.fromisoformat(other.as_stated)
    if clock.tzinfo is not None:
        return other if other.moment == first.moment and clock.utcoffset() else None
    offset = clock.replace(tzinfo=UTC) - first.moment
    if offset and abs(offset) <= _FARTHEST and offset.total_seconds() % _QUARTER_S == 0:
        return Stated(first.moment, first.moment.astimezone(timezone(offset)).isoformat(timespec="seconds"))
    return None


def _day(stated: Stated) -> str:
    return stated.as_stated[:10]


def _is_day(stated: Stated) -> bool:
    return len(stated.as_stated) == len("2026-11-29")


def _shown(root: etree._Element) -> Iterator[str]:
    """Yield what time elements and marked ones say. Source: WHATWG HTML, "The time element"."""
    for element in root.iter("time", "abbr", "span", "div", "p"):
        properties = (element.get("itemprop") or "").split()
        if element.tag == "time" or "datePublished" in properties or _MARKED.search(element.get("class") or ""):
            yield from (said for name in ("datetime", "content", "title") if (said := element.get(name)))
