"""Verdicts, times and addresses in plain words. Knows neither HTML nor mail."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earshot.alerts.letters import Telling
from earshot.alerts.plain import one_line, shorten
from earshot.model import DateFrom, Mention, Severity
from earshot.stated import in_words, is_day

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SEVERITY = {Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.INFO: "Info"}


def when(at: datetime, time_zone: str) -> str:
    """Return "Fri 20 Nov 2026, 13:00 (Europe/Berlin)": wall-clock time of the zone, which is named."""
    try:
        local, zone = at.astimezone(ZoneInfo(time_zone)), time_zone
    except (ZoneInfoNotFoundError, ValueError):
        local, zone = at, "UTC"
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local:%H:%M} ({zone})"


def published(mention: Mention, time_zone: str) -> str:
    """Say when it was published, and whether anybody said so."""
    at = when(mention.published_at, time_zone)
    if mention.published_at_from is DateFrom.FOUND:
        return f"undated; found {at}"
    return f"published {in_words(mention.published_as) if is_day(mention.published_as) else at}"


def confidence(value: float) -> str:
    """Say how sure the classifier is. value: 0..1."""
    words = ((0.85, "very sure"), (0.7, "fairly sure"), (0.5, "not very sure"))
    word = next((word for least, word in words if value >= least), "little more than a guess")
    return f"{word} ({value:.0%})"


def verdict(telling: Telling) -> str:
    """Say what the mention is: sentiment toward the brand, categories, confidence."""
    mention = telling.mention
    kinds = ", ".join(category.value.replace("_", " ") for category in mention.categories)
    said = f"{mention.sentiment.value.capitalize()} about {one_line(telling.brand.name, 60)}"
    return f"{said}{f' · {kinds}' if kinds else ''} · {confidence(mention.confidence)}"


def fired(telling: Telling, most: int = 8) -> str:
    """Return the words that fired, each once, as written; where only fields decided, say so."""
    words = list(dict.fromkeys(one_line(word, 60) for word in telling.flag.words if word.strip()))
    if not words:
        return "no word, only what the clause says" if telling.flag.clause else "every mention"
    shown = ", ".join(f"“{word}”" for word in words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def course(telling: Telling, time_zone: str) -> str:
    """Say how many mentions tell of it, on how many sites, and since when."""
    if telling.size < 2:
        return "The first mention of this."
    sites = len(telling.sites)
    where = f"on {sites} sites" if sites > 1 else f"on {one_line(telling.sites[0], 60)}"
    since = f", first published {moment(telling.first_at, time_zone)}" if telling.first_at else ""
    grown = f" {telling.size - telling.before} since the last mail." if 0 < telling.before < telling.size else ""
    return f"{telling.size} mentions of this {where}{since}.{grown}"


def moment(at: datetime, time_zone: str) -> str:
    """Return "Fri 20 Nov, 13:00"; for where the zone is named beside it."""
    local = at.astimezone(_zone(time_zone))
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}, {local:%H:%M}"


def _zone(time_zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def original(url: str, most: int = 80) -> str:
    """Return host and path of an address, as a person should read it before following it; empty if not http(s).

    The host is what the browser will really ask: no user name, in ASCII.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (UnicodeError, ValueError):
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    return shorten(one_line(host + port + unquote(parts.path).rstrip("/")).replace(" ", "_"), most)
