"""When a page was published, as it states itself. Knows no format of dates and no search of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from earshot.extract import dates, linked_data
from earshot.extract.linked_data import Thing
from earshot.extract.page_head import Head
from earshot.model import DateFrom

_DATE_META = (
    "article:published_time", "og:published_time", "datepublished", "dc.date.issued", "dcterms.created",
    "dc.date", "date", "pubdate", "publishdate", "parsely-pub-date", "sailthru.date", "article:published",
)  # fmt: skip
_URL_DATE = re.compile(r"/(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:[/_-]|$)")


def for_machines(head: Head, things: Iterable[Thing], fetched_at: datetime) -> datetime | None:
    """Return the date that JSON-LD or a meta element states. Source: schema.org/datePublished."""
    said = [*linked_data.strings(things, "datePublished"), *head.meta(*_DATE_META)]
    return next((moment for text in said if (moment := dates.from_text(text, fetched_at))), None)


def in_address(url: str, fetched_at: datetime) -> datetime | None:
    """Return the day that an address names."""
    if match := _URL_DATE.search(urlsplit(url).path):
        year, month, day = match.groups()
        return dates.from_text(f"{year}-{month:0>2}-{day:0>2}", fetched_at)
    return None


def published(
    machines: datetime | None, url: str, found: str, fetched_at: datetime
) -> tuple[datetime | None, DateFrom]:
    """Return the best date and whose word it is: for machines, in the address, found in the text."""
    if machines:
        return machines, DateFrom.PAGE
    if moment := in_address(url, fetched_at):
        return moment, DateFrom.URL
    if moment := dates.from_text(found, fetched_at):
        return moment, DateFrom.PAGE
    return None, DateFrom.FOUND
