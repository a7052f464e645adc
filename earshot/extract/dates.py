"""Dates as sources write them, into a moment and the words they stated, or nothing. Knows no format of feed or page.

Formats for machines (RFC 3339, ISO 8601, RFC 5322, seconds since 1970) are read here, exactly: what a pattern leaves
over makes it no date of that pattern. What people write goes to `people_dates`. A date that cannot be true (the zero
of some clock, the year 1, 2999) counts as absent; one that lies a little ahead is kept, since the pipeline judges the
future.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from earshot.extract import people_dates, zones
from earshot.extract.people_dates import Order, Written, order_of

__all__ = ["FIRST_DAY", "LEEWAY", "DateReader", "Order", "Stated", "from_text", "order_of", "plausible", "read"]

FIRST_DAY = datetime(1990, 12, 20, tzinfo=UTC)
"""The first web site went up on this day, says CERN; what is older is a default value."""

LEEWAY = timedelta(days=366)
"""How far ahead of the time of fetching a date may lie before it counts as absent."""

NOON = time(12)
"""A day without a time is its noon in UTC, so that it lies on that day for readers nearly everywhere."""

MAX_UNREAD = 50
"""So many forms of date in one capture may be words that no language explains: each costs some milliseconds."""

_DAY = r"(\d{4})-?(\d\d)-?(\d\d)"
_W3C = re.compile(
    rf"{_DAY}(?:(?:T|\s+)(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\[[\w/+-]{1,40}\])?$",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3,9})\.?[\s-]+(\d{4}|\d\d)"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([A-Za-z]{1,5}|[+-]\d\d:?\d\d)?(?:\s*\([^()]{0,60}\))?)?$"
)
_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name[:length]: number for number, name in enumerate(_NAMES, 1) for length in (3, len(name))} | {"sept": 9}
_NUMBER = re.compile(r"\d+")
_SINCE_1970 = re.compile(r"(\d{9,10})(?:\.\d+)?$|(\d{12,13})$")
_DIGITS = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$")


@dataclass(frozen=True, slots=True)
class Stated:
    """A date that a source stated.

    moment: aware, UTC, whole seconds; of a day without a time its noon. as_stated: ISO 8601 in the source's own zone:
    "2026-11-29" where it named only a day, "2026-11-29T23:30:00-05:00" where it named a moment, without an offset
    where it named none (the moment takes it in the source's zone then, or else as UTC).
    """

    moment: datetime
    as_stated: str


class DateReader:
    """Dates of one capture: they share a language, the zone of clocks that name none (IANA; empty: UTC) and, for
    05/11/2026, the order of day and month.
    """

    def __init__(self, fetched_at: datetime, language: str = "", order: Order | None = None, zone: str = "") -> None:
        self._fetched_at, self._language, self._order = fetched_at, language, order
        self._zone_name, self._zone = zone, ZoneInfo(zone) if zone else UTC
        self._unread: set[str] = set()

    def ordered(self, texts: Iterable[str]) -> DateReader:
        """Return a reader of the same capture's dates that knows their order of day and month, as some of them show."""
        return DateReader(self._fetched_at, self._language, order_of(texts), self._zone_name)

    def read(self, text: str) -> Stated | None:
        """Return the date that a text states, None where it is none, can be read in two ways, or cannot be true.

        A date with a clock in a zone that is not known counts as its day.
        """
        text = text.strip()
        if not text or len(text) > people_dates.MAX_LENGTH:
            return None
        try:
            written = _w3c(text) or _mail(text, self._language) or _digits(text) or self._people(text)
            return _stated(written, self._fetched_at, self._zone) if written else None
        except (ValueError, OverflowError):
            return None

    def _people(self, text: str) -> Written | None:
        form = _NUMBER.sub("0", text)
        if len(self._unread) >= MAX_UNREAD and form not in self._unread:
            return None
        written = people_dates.read(text, self._language, self._order, self._is_possible)
        if written is None:
            self._unread.add(form)
        return written

    def _is_possible(self, day: date) -> bool:
        return plausible(datetime.combine(day, NOON, UTC), self._fetched_at) is not None


def read(text: str, fetched_at: datetime, language: str = "", order: Order | None = None) -> Stated | None:
    """Return the date that one text states; of many from one capture, a `DateReader` is the cheaper way.

    Args:
        text: as the source wrote it, in any of the formats for machines or in words of any language.
        fetched_at: what lies more than `LEEWAY` after it is absent.
        language: the source's, ISO 639-1, or empty; it is tried first, then English, then all others.
        order: of day and month in numbers, where other dates of the source have shown it.
    """
    return DateReader(fetched_at, language, order).read(text)


def from_text(text: str, fetched_at: datetime) -> datetime | None:
    """Return the moment of `read`, None where there is none."""
    stated = read(text, fetched_at)
    return stated.moment if stated else None


def first(texts: Iterable[str], reader: DateReader) -> Stated | None:
    """Return the first date that can be read."""
    return next((stated for text in texts if (stated := reader.read(text))), None)


def plausible(moment: datetime | None, fetched_at: datetime) -> datetime | None:
    """Return `moment` in UTC, None where it cannot be true. A naive one is taken as UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        inside = FIRST_DAY <= aware <= fetched_at + LEEWAY
        return aware.astimezone(UTC).replace(microsecond=0) if inside else None
    except OverflowError:
        return None


def _stated(written: Written, fetched_at: datetime, zone_of_source: tzinfo) -> Stated | None:
    if written.clock is None:
        moment = plausible(datetime.combine(written.day, NOON, UTC), fetched_at)
        return Stated(moment, written.day.isoformat()) if moment else None
    zone = timezone(written.offset) if written.offset is not None else None
    local = datetime.combine(written.day, written.clock, zone) + timedelta(days=written.is_next_day)
    moment = plausible(local if zone else local.replace(tzinfo=zone_of_source), fetched_at)
    return Stated(moment, local.isoformat(timespec="seconds")) if moment else None


def _w3c(text: str) -> Written | None:
    match = _W3C.match(text)
    if not match:
        return None
    day = date(int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return Written(day)
    return people_dates.with_clock(day, (match[4], match[5], match[6]), match[7] or "")


def _mail(text: str, language: str) -> Written | None:
    match = _MAIL.match(text)
    month = _MONTHS.get(match[2].lower(), 0) if match else 0
    if not match or not month:
        return None
    year = int(match[3]) if len(match[3]) == 4 else people_dates.whole_year(int(match[3]))
    day = date(year, month, int(match[1]))
    if match[4] is None:
        return Written(day)
    written = people_dates.with_clock(day, (match[4], match[5], match[6]), match[7] or "", language)
    return written if written.clock else None  # what stands where the zone should may be half of a day: "PM"


def _digits(text: str) -> Written | None:
    """Return seconds or milliseconds since 1970, or twelve or fourteen digits from the year to the minute or second."""
    if match := _DIGITS.match(text):
        day = date(int(match[1]), int(match[2]), int(match[3]))
        return people_dates.with_clock(day, (match[4], match[5], match[6]), "")
    if match := _SINCE_1970.match(text):
        seconds = int(match[1]) if match[1] else int(match[2]) // 1000
        moment = datetime.fromtimestamp(seconds, UTC)
        return Written(moment.date(), moment.time(), zones.UTC_OFFSET)
    return None
