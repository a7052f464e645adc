"""Names of time zones, as they stand behind a clock, into offsets from UTC. Knows no date format.

Where a name means several zones, the one that feeds mean most often is taken, unless the source's language speaks for
another: CST is Central Standard Time (RFC 5322 says so), in Chinese China's; IST is India's, in Hebrew Israel's;
BST is British Summer Time; AST is Atlantic, in Arabic Arabia's.
Source: RFC 5322 section 4.3 (North America); IANA time zone database 2025b (abbreviations of each zone).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC_OFFSET = timedelta()
MAX_OFFSET = timedelta(hours=14)
"""Source: IANA time zone database, Pacific/Kiritimati."""

_HOURS: dict[float, str] = {
    0: "Z UT UTC GMT WET WEZ",
    1: "CET MEZ HNEC WEST WESZ BST WAT",
    2: "CEST MESZ HAEC EET OEZ SAST CAT IDT",
    3: "EEST OESZ MSK МСК EAT TRT AST@ar",
    3.5: "IRST",
    4: "GST MSD SAMT",
    5: "PKT YEKT UZT",
    5.5: "IST",
    5.75: "NPT",
    6.5: "MMT",
    7: "WIB ICT",
    8: "WITA HKT SGT MYT PHT AWST CST@zh",
    9: "JST KST WIT",
    9.5: "ACST",
    10: "AEST CHST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
    -10: "HST",
    -9: "AKST",
    -8: "PST AKDT HNP",
    -7: "MST PDT HNR HAP",
    -6: "CST MDT HNC HAR",
    -5: "EST CDT HNE HAC COT PET",
    -4: "EDT AST HAE HNA BOT VET CLT",
    -3: "ADT HAA BRT ART UYT CLST",
    -3.5: "NST HNT",
    -2.5: "NDT HAT",
    -2: "BRST",
}
_OFFSETS = {name: timedelta(hours=hours) for hours, names in _HOURS.items() for name in names.split()}
_OFFSETS["IST@he"] = timedelta(hours=2)
_PLACES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
_OFFSET = re.compile(r"([+\-−])(\d{1,2})(?::?(\d\d))?$")


def offset(text: str, day: date, clock: time, language: str = "") -> timedelta | None:
    """Return how far a zone is ahead of UTC, None where it is not known.

    Args:
        text: "Z", "CET", "+0100", "GMT+2", "PST-0800" or "Europe/Berlin"; a number behind a name counts.
        day: the day in that zone, and
        clock: the time of that day, for zones with a summer time.
        language: the source's, ISO 639-1, or empty.

    Raises:
        ValueError: an offset that no zone has (+9999).
    """
    name = text.strip().replace(" ", "")
    if match := _OFFSET.search(name):
        is_known = name[: match.start()].upper() in ("", *_OFFSETS)
        return _size(*match.groups()) if is_known else None
    known = _OFFSETS.get(f"{name.upper()}@{language}") or _OFFSETS.get(name.upper())
    if known is not None:
        return known
    return _of_place(_PLACES.get(name.upper(), name), datetime.combine(day, clock))


def _size(sign: str, hours: str, minutes: str | None) -> timedelta:
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > MAX_OFFSET or int(minutes or 0) > 59:
        raise ValueError(f"{sign}{hours}{minutes or ''}")
    return size if sign == "+" else -size


def _of_place(name: str, moment: datetime) -> timedelta | None:
    if "/" not in name:
        return None
    try:
        return moment.replace(tzinfo=ZoneInfo(name)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
