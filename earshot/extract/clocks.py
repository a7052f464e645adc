"""Clocks within a text: hour, minute, second, half of the day and zone. Knows no day and no moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AM = ("am", "a.m.", "a. m.", "午前", "上午", "凌晨", "清晨", "早上", "오전", "π.μ.", "öö", "ص", "sa", "pg")
_PM = ("pm", "p.m.", "p. m.", "午後", "下午", "오후", "μ.μ.", "ös", "م", "ch", "ptg")
_NOON = ("中午",)
"""Around noon: eleven and twelve are as they stand, one is thirteen."""
_HALF = "|".join(re.escape(word) for word in sorted(_AM + _PM + _NOON, key=len, reverse=True))
_COLON = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?![\d:])"
_FORMS = tuple(
    re.compile(rf"(?:(?P<before>{_HALF})\s?)?(?:(?<=\d)T|(?<![\d:.])){form}", re.IGNORECASE)
    for form in (
        _COLON,
        r"(\d{1,2})\s?[時时點点시](?:\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?)?",
        r"(\d{1,2})\s?h(?:\s?(\d\d))?(?:\s?min)?()(?![^\W_])",
        r"(\d{1,2})[.](\d\d)()(?=\s?(?:uhr|น)\b)",
        rf"(\d{{1,2}})()()(?=\s?(?:uhr\b|(?:{_HALF})(?![^\W\d_])))",
        r"(?<=\s)(\d{1,2})\.(\d\d)(?:\.(\d\d))?$",
    )
)
_AFTER = re.compile(rf"\s?(?P<after>{_HALF})(?![^\W\d_])", re.IGNORECASE)
_HOUR_WORD = re.compile(r"\s?(?:uhr|hrs?|hs|h|น)\b\.?", re.IGNORECASE)
_ZONE = re.compile(
    r"\s?(?P<zone>(?:[A-Za-z]{1,4}\s?)?[+\-−]\d{1,2}(?::?\d\d)?(?![\d./\-])|[^\W\d_]{1,5}|[A-Z][A-Za-z_]{2,20}/[A-Za-z_/]{2,30})"
    r"(?=$|[\s,;(\[)])(?:\s?[(\[][^()\[\]]{1,60}[)\]])?"
)
_IN_BRACKETS = re.compile(r"\s?[(\[](?P<zone>[^()\[\]\s]{1,30})[)\]]")
_BEFORE_CLOCK = re.compile(
    r"(?:(?:^|(?<=[\s,;]))(?:at|um|à|a|las|às|as|alle|ore|kl|klo|kell|plkst|в|о|об|у|om|te|saat|godz|hod|o|ob|u|la|"
    r"στις|pukul|jam|lúc|الساعة)\.?\s?)+$",
    re.IGNORECASE,
)
"""Words that lead to a clock. A word that is not here may tell the half of the day: such a date is not understood."""

SEPARATORS = " \t,;|·•–—-@/"
"""What stands between a day and a clock and means nothing."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Hour, minute and second as digits, hours counted to 24; the zone as written; where it stands in the text."""

    parts: tuple[str, str, str]
    zone: str
    start: int
    end: int


def find_clock(text: str) -> Clock | None:
    """Return the first clock, with its half of the day and its zone.

    Raises:
        ValueError: an hour that its half of the day does not have (14 a.m.).
    """
    match = next((match for form in _FORMS if (match := form.search(text))), None)
    if match is None or (match.re is _FORMS[-1] and not re.search(r"\d{4}", text[: match.start()])):
        return None
    end = match.end()
    after = _AFTER.match(text, end)
    half = (match["before"] or (after["after"] if after else "")).lower()
    end = after.end() if after else end
    if word := _HOUR_WORD.match(text, end):
        end = word.end()
    hour, minute, second = (part or "" for part in match.groups()[1:])
    zone = _ZONE.match(text, end) or _IN_BRACKETS.match(text, end)
    is_zone = zone is not None and (_is_zone_like(zone["zone"]))
    end = zone.end() if zone and is_zone else end
    parts = (str(_hour(int(hour), half)), minute, second)
    return Clock(parts, zone["zone"] if zone and is_zone else "", match.start(), end)


def without_clock(text: str, clock: Clock | None) -> list[str]:
    """Return what is left for the day: without the clock, and then without the word before it ("at", "um", "à")."""
    if clock is None:
        return [text.strip(SEPARATORS)]
    before, after = text[: clock.start].rstrip(SEPARATORS), text[clock.end :].lstrip(SEPARATORS)
    shorter = _BEFORE_CLOCK.sub("", before).rstrip(SEPARATORS)
    wholes = (f"{start} {after}".strip(SEPARATORS) for start in (before, shorter))
    return list(dict.fromkeys(wholes))


def _is_zone_like(word: str) -> bool:
    """Tell a zone from the words of a date that may follow a clock; zones have capitals or signs."""
    return not word.isalpha() or (word.isupper() and word.isascii()) or word in ("МСК", "мск")


def _hour(hour: int, half: str) -> int:
    if half in _PM or (half in _NOON and hour < 10):
        return hour + 12 if hour < 12 else hour
    if half in _AM:
        if hour > 12:
            raise ValueError(f"{hour} {half}")
        return hour % 12
    return hour
