"""Dates as people write them: in words, with dots and slashes, with twelve hours. Knows no capture.

A text is taken apart into a clock with its zone, and a day. Words are explained by dateparser, one language at a time
and strictly: every word must be one of that language's dates, and what it says of a specimen day must be that day.
dateparser alone drops what it does not know of a zone and guesses between day and month; so numbers, clocks and zones
are read here, and what is left over makes the whole no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache, lru_cache
from importlib import import_module

from dateparser.data.languages_info import language_order
from dateparser.date import DateDataParser

from earshot.extract import zones
from earshot.extract.clocks import SEPARATORS, find_clock, without_clock

MAX_LENGTH = 100
"""Longer texts are no dates. JavaScript's `Date.toString()` in a long zone name has 70 characters."""

LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "cs", "sk", "hr", "sr", "sl", "bg", "ro", "hu", "tr",
    "el", "sv", "da", "nb", "nn", "fi", "et", "lv", "lt", "ja", "zh", "ko", "ar", "he", "fa", "hi", "th", "vi", "id",
    "ms", "ca", "eu", "gl", "is", "ga", "cy", "sq", "mk", "ka", "hy", "az", "kk", "bn", "ta", "ur",
)  # fmt: skip
"""Tried where the source's language is unknown or does not explain the words; those that do must agree."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As dateparser's data calls them."""

_KNOWN = frozenset(language_order)
_SAME = {"no": "nb", "iw": "he", "in": "id", "ji": "yi", "sh": "sr"}
_MAX_WORDS = 10


class Order(Enum):
    """Which of two numbers before a year is the day."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a text. clock: None for a day alone. offset: ahead of UTC, None where no zone is named."""

    day: date
    clock: time | None = None
    offset: timedelta | None = None
    is_next_day: bool = False  # 24:00 is the end of its day


def with_clock(day: date, clock: tuple[str, str | None, str | None], zone: str, language: str = "") -> Written:
    """Return a day with hour, minute and second in a zone; one whose zone is not known stays a day.

    Raises:
        ValueError: no such time, or no such offset.
    """
    hour, minute, second = (int(part or 0) for part in clock)
    is_midnight = hour == 24 and minute == second == 0
    read = time(0 if is_midnight else hour, minute, min(second, 59) if second <= 60 else second)
    if not zone:
        return Written(day, read, None, is_midnight)
    offset = zones.offset(zone, day, read, language)
    return Written(day) if offset is None else Written(day, read, offset, is_midnight)


def whole_year(year: int) -> int:
    """Return the year that two digits mean. Source: POSIX strptime, %y."""
    return year + (2000 if year < 69 else 1900)


def order_of(texts: Iterable[str]) -> Order | None:
    """Return the order of day and month that dates of one source show, None where they show none or both.

    A number over twelve can only be a day.
    """
    shown = set()
    for text in texts:
        for one, other in _PAIR.findall(text[:MAX_LENGTH]):
            if int(one) > 12 >= int(other):
                shown.add(Order.DAY_FIRST)
            elif int(other) > 12 >= int(one):
                shown.add(Order.MONTH_FIRST)
    return shown.pop() if len(shown) == 1 else None


def read(text: str, language: str, order: Order | None, is_possible: Callable[[date], bool]) -> Written | None:
    """Return what a text states, None where any part of it is not understood or can be read in two ways.

    Args:
        text: at most `MAX_LENGTH` characters.
        language: ISO 639-1 or empty; `order`: shown by other dates of the source, or None.
        is_possible: tells whether a day can be true, which decides between readings of two-digit years.

    Raises:
        ValueError: it is written like a date, but there is no such day, time or offset.
    """
    plain = _normal(text)
    if not any(sign.isdigit() for sign in plain) or len(plain.split()) > _MAX_WORDS:
        return None
    language = _SAME.get(language, language)
    clock = find_clock(plain)
    rests = without_clock(plain, clock)
    day = next((day for rest in rests if (day := _day(rest, language, order, is_possible))), None)
    if day is None or clock is None:
        return Written(day) if day else None
    return with_clock(day, clock.parts, clock.zone, language)


# --- signs ---------------------------------------------------------------------------------------------

_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|re|ème|[oaeº°ª])(?![^\W_])", re.IGNORECASE)
_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def _normal(text: str) -> str:
    """Return a text with plain digits, single spaces, no ordinal endings and no marks of direction."""
    folded = unicodedata.normalize("NFKC", _MARKS.sub("", text))
    digits = "".join(str(unicodedata.decimal(sign, sign)) if sign.isdigit() else sign for sign in folded)
    return _ORDINAL.sub("", " ".join(digits.split()))


# --- day -----------------------------------------------------------------------------------------------

_PAIR = re.compile(r"(?<![\d./-])(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(?:\d{4}|\d\d)(?![\d/-])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,2})\.?(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d)(?!\d)")
_MARKED = (
    re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]"),
    re.compile(
        r"(?:ngày )?(?P<day>\d{1,2}) (?:tháng|thg) (?P<month>\d{1,2})(?:,| năm|, năm)? (?P<year>\d{4})", re.IGNORECASE
    ),
)
_BRACKETS = re.compile(r"[(\[（][^()\[\]\d]{1,12}[)\]）]")
_NUMBER = re.compile(r"\d+")
_LEADING = re.compile(r"^(?:am|den|der|vom|dem)\s|(?<=,\s)(?:am|den|der|vom|dem)\s", re.IGNORECASE)
_YEAR_MARK = re.compile(r"(?<=\d)\.?\s?(?:(?:m|d|г|р|թ|წ|ж)\.(?![^\W_])|gada\b)")
_SPELLINGS = ((re.compile(r"\bd[’'](?=\w)", re.IGNORECASE), "de "), (re.compile(r"\bjuill\b", re.IGNORECASE), "juil"))
"""What dateparser does not know of: Catalan "d’octubre", French "juill."."""

_NOT_BY_DAY = frozenset({"en", "ko", "ja", "zh", "hu", "lt"})
"""Languages whose dates with dots do not begin with the day: with the year, or, in English, with either number."""

_SPECIMEN = date(2001, 1, 15)
_BASE = datetime(2001, 1, 1)  # noqa: DTZ001 (dateparser counts weekdays from it, in no zone)


def _day(text: str, language: str, order: Order | None, is_possible: Callable[[date], bool]) -> date | None:
    text = _YEAR_MARK.sub("", _BRACKETS.sub("", text)).strip(SEPARATORS)
    for marked in _MARKED:
        if match := marked.search(text):
            found = date(int(match["year"]), int(match["month"]), int(match["day"]))
            return found if _weekdays(_without(text, match), language) is not None else None
    if match := _YEAR_FIRST.search(text):
        found = date(int(match[1]), int(match[3]), int(match[4]))
        return found if _weekdays(_without(text, match), language) is not None else None
    if match := _YEAR_LAST.search(text):
        named = _weekdays(_without(text, match), language)
        return None if named is None else _year_last(match, language, order, named, is_possible)
    return _in_words(text, language)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}".strip(f"{SEPARATORS}.")


def _year_last(
    match: re.Match[str], language: str, order: Order | None, named: frozenset[int], is_possible: Callable[[date], bool]
) -> date | None:
    """Return the one day that three numbers can mean, None where they can mean two.

    Between day and month decide: a number over twelve, the weekday beside it, other dates of the source (`order`).
    With dots the day comes first in every language that has them (CLDR 46) save those of `_NOT_BY_DAY`.
    """
    one, sign, other, last = int(match[1]), match[2], int(match[3]), match[4]
    year = int(last) if len(last) == 4 else whole_year(int(last))
    days = {Order.DAY_FIRST: _date(year, other, one), Order.MONTH_FIRST: _date(year, one, other)}
    possible = {order: day for order, day in days.items() if day and is_possible(day)}
    fitting = {order: day for order, day in possible.items() if day.weekday() in named} or possible
    if order is None and sign == "." and language not in _NOT_BY_DAY and (language or len(last) == 4):
        order = Order.DAY_FIRST
    if order and order in fitting:
        return fitting[order]
    early = _date(whole_year(one), other, int(last)) if len(last) == 2 else None
    meant = {*fitting.values(), *([early] if early and is_possible(early) else [])}
    return meant.pop() if len(meant) == 1 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _in_words(text: str, language: str) -> date | None:
    """Return a day whose month is a word: two numbers, and words that one language explains."""
    text = _LEADING.sub("", text)
    for spelling, known in _SPELLINGS:
        text = spelling.sub(known, text)
    numbers = _NUMBER.findall(text)
    if len(numbers) != 2:
        return None
    first_is_year = len(numbers[0]) == 4
    said_day, said_year = (numbers[1], numbers[0]) if first_is_year else (numbers[0], numbers[1])
    if len(said_day) > 2 or len(said_year) not in (2, 4):
        return None
    specimen = iter(("2001", "15") if first_is_year else ("15", "2001"))
    template = _NUMBER.sub(lambda _: next(specimen), text.replace("'", "").replace("’", ""))
    year = int(said_year) if len(said_year) == 4 else whole_year(int(said_year))
    month = _month_of(template, language)
    return date(year, month, int(said_day)) if month else None


@lru_cache(maxsize=4096)
def _month_of(template: str, language: str) -> int:
    """Return the month that a text with the fifteenth of a month of 2001 names, 0 where none or several do."""
    for group in ((language,) if language in _KNOWN else (), ("en",), LANGUAGES):
        months = {month for name in _naming(group, template, _MONTHS) if (month := _month_in(template, name))}
        if months:
            return months.pop() if len(months) == 1 else 0
    return 0


def _month_in(template: str, language: str) -> int:
    found = _parser(language, True).get_date_data(template).date_obj
    is_read = found is not None and (found.year, found.day) == (_SPECIMEN.year, _SPECIMEN.day) and not found.hour
    return found.month if is_read else 0


@lru_cache(maxsize=512)
def _weekdays(words: str, language: str) -> frozenset[int] | None:
    """Return which weekdays (Monday is 0) words beside a date can mean; all for no words, None for other words."""
    if not words:
        return frozenset(range(7))
    if _NUMBER.search(words):
        return None
    groups = ((language,) if language in _KNOWN else (), ("en",), LANGUAGES)
    for group in groups:
        said = (_parser(name, False).get_date_data(words) for name in _naming(group, words, _WEEKDAYS))
        found = {one.date_obj.weekday() for one in said if one.date_obj and one.period == "day"}
        if found:
            return frozenset(found)
    return None


def _naming(group: Iterable[str], text: str, what: tuple[str, ...]) -> Iterator[str]:
    """Yield the languages of a group that have a name of a month, or of a weekday, which stands in a text.

    dateparser takes some 10 ms to get ready for a language: half a second for all of them, for a word that is none.
    """
    letters = _letters(text)
    return (language for language in group if any(name in letters for name in _names(language, what)))


@cache
def _names(language: str, what: tuple[str, ...]) -> frozenset[str]:
    info = import_module(f"dateparser.data.date_translation_data.{language}").info
    return frozenset(name for key in what for said in info.get(key, ()) if (name := _letters(said)))


def _letters(text: str) -> str:
    """Return the letters and digits of a text, in small letters and without accents, as dateparser compares them."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in parts if sign.isalnum())


@cache
def _parser(language: str, is_whole: bool) -> DateDataParser:
    """Return a strict reader of one language: of whole days, or of weekdays."""
    settings: dict[str, object] = {"PARSERS": ["absolute-time"], "RELATIVE_BASE": _BASE}
    if is_whole:
        settings |= {"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"]}
    return DateDataParser(languages=[language], settings=settings)
