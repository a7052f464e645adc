"""A view: what a page shows, read out of its URL and written back into links. Knows no index and no template.

Whatever a URL says is kept in every link that leaves the page, except what the link changes and the place in a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from dashboards import periods
from dashboards.periods import Period
from earshot.model import RELEVANT, Category, Filters, SearchRequest, Sentiment, Severity


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to narrow by. param: in the URL; field: of Filters; facet: the index's name; known: values or None."""

    param: str
    field: str
    facet: str
    label: str
    known: tuple[str, ...] | None = None


CHOICES = (
    Choice("brand", "brands", "brand", "Brand"),
    Choice("sentiment", "sentiments", "sentiment", "Sentiment", tuple(Sentiment)),
    Choice("category", "categories", "category", "Category", tuple(Category)),
    Choice("severity", "severities", "severity", "Severity", tuple(Severity)),
    Choice("flag", "flags", "flag", "Rule that fired"),
    Choice("site", "sites", "site", "Site"),
    Choice("author", "authors", "author", "Author"),
    Choice("source", "sources", "source", "Source"),
    Choice("lang", "languages", "language", "Language"),
    Choice("kind", "source_kinds", "source_kind", "Kind of source"),
    Choice("collection", "collections", "collection", "Collection"),
    Choice("scope", "scopes", "scope", "Scope", ("public", "internal")),
    Choice("story", "stories", "story", "Story"),
)
BY_PARAM = {choice.param: choice for choice in CHOICES}
SORTS = {"newest": "Newest first", "oldest": "Oldest first", "relevance": "Best match first"}
VOICES = {"others": False, "own": True, "all": None}
SIZES = (25, 50, 100)
MAX_TRAIL = 40
"""So many pages back can be gone one by one; the first page is always one link away."""
_SINGLE = ("q", "flagged", "voice", "relevance", "range", "from", "to", "tz", "sort", "size")
_PLACE = ("cursor", "trail")
_OTHER = ("theme", "seen", "why", "outcome", "error")


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of the URL that means nothing; it was left out. advice: what would be right."""

    param: str
    value: str
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows. params: the URL's meaningful parameters, in canonical order; zone: of the reader."""

    query: str
    filters: Filters
    period: Period
    zone: ZoneInfo
    sort: str
    size: int
    cursor: str
    trail: tuple[str, ...]
    params: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()

    def request(self, **changes: Any) -> SearchRequest:
        """Return the search of this view; changes are fields of Filters, or `size`, `sort`, `cursor`."""
        own = {name: changes.pop(name) for name in ("size", "sort", "cursor") if name in changes}
        request = SearchRequest(
            self.query, replace(self.filters, **changes), self.sort, self.size, self.cursor, self.zone.key
        )
        return replace(request, **own)

    def link(self, path: str = "/mentions", **changes: Any) -> str:
        """Return a URL that keeps this view but for changes: a value, several, or None; `from_` stands for `from`.

        A link with `from_` or `to` loses the range, one with a range loses both. The place in a list is never kept.
        """
        params = {name: values for name, values in self.params.items() if name not in _PLACE}
        given = {name.rstrip("_"): _values(value) for name, value in changes.items()}
        if "range" in given:
            given |= {"from": (), "to": ()}
        elif "from" in given or "to" in given:
            given["range"] = ()
        pairs = [(name, value) for name, values in (params | given).items() for value in values if value]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def with_value(self, param: str, value: str, path: str = "/mentions") -> str:
        """Return a URL that also takes `value`."""
        return self.link(path, **{param: (*(v for v in self.picked(param) if v != value), value)})

    def without(self, param: str, value: str, path: str = "/mentions") -> str:
        """Return a URL that no longer takes `value`."""
        return self.link(path, **{param: tuple(v for v in self.picked(param) if v != value)})

    def picked(self, param: str) -> tuple[str, ...]:
        """Return the values picked for a parameter."""
        return self.params.get(param, ())

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """Return what a form must carry along to keep this view, without what it sets itself."""
        skipped = {*without, *_PLACE}
        return [(name, value) for name, values in self.params.items() if name not in skipped for value in values]

    @property
    def narrowing(self) -> list[tuple[Choice, str]]:
        """What this view is narrowed to, in order of CHOICES."""
        return [(choice, value) for choice in CHOICES for value in self.picked(choice.param)]

    @property
    def is_narrowed(self) -> bool:
        """True where anything but the time is chosen."""
        return bool(self.query or self.narrowing or self.picked("flagged"))


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all known time zones."""
    return frozenset(available_timezones())


@dataclass(slots=True)
class _Reading:
    pairs: Sequence[tuple[str, str]]
    problems: list[Problem] = field(default_factory=list)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(v.strip() for n, v in self.pairs if n == name and v.strip()))

    def one(self, name: str, default: str = "") -> str:
        return next(iter(self.all(name)[-1:]), default)

    def chosen(self, name: str, choices: Iterable[str], default: str) -> str:
        value, choices = self.one(name, default), tuple(choices)
        if value in choices:
            return value
        self.refuse(name, value, choices)
        return default

    def refuse(self, name: str, value: str, choices: Iterable[str]) -> None:
        shown = ", ".join(sorted(choices)[:20])
        self.problems.append(Problem(name, value, f"“{value[:80]}” is not a known {name}", f"Choose one of: {shown}."))


def read_view(
    pairs: Sequence[tuple[str, str]],
    *,
    now: datetime,
    default_zone: str,
    known: Mapping[str, Iterable[str]],
) -> View:
    """Read a view out of a URL's parameters; never fails: what means nothing is left out and named in `problems`.

    Args:
        pairs: names and values as they stand in the URL.
        now: time of the look.
        default_zone: for readers whose URL names none.
        known: allowed values by parameter, beside those fixed in CHOICES (brand ids, source ids).
    """
    reading = _Reading(pairs)
    _refuse_unknown(reading)
    zone = _zone(reading, default_zone)
    picks = _picks(reading, known)
    period = _period(reading, now, zone)
    voice = reading.chosen("voice", VOICES, "others")
    relevance = reading.chosen("relevance", ("likely", "all"), "likely")
    is_flagged = {"yes": True, "no": False}.get(reading.chosen("flagged", ("yes", "no", ""), ""))
    filters = Filters(
        **{BY_PARAM[param].field: values for param, values in picks.items()},
        is_flagged=is_flagged,
        is_own_voice=VOICES[voice],
        min_relevance=None if relevance == "all" else RELEVANT,
        since=period.since,
        until=period.until,
    )
    size = reading.chosen("size", map(str, SIZES), str(SIZES[0]))
    return View(
        query=reading.one("q"),
        filters=filters,
        period=period,
        zone=zone,
        sort=reading.chosen("sort", SORTS, "newest"),
        size=int(size),
        cursor=reading.one("cursor"),
        trail=tuple(v.strip() for n, v in pairs if n == "trail")[-MAX_TRAIL:],
        params=_params(reading, picks, period),
        problems=tuple(reading.problems),
    )


def _params(reading: _Reading, picks: Mapping[str, tuple[str, ...]], period: Period) -> dict[str, tuple[str, ...]]:
    bad = {problem.param for problem in reading.problems}
    params = {"q": reading.all("q")[-1:]} | dict(picks)
    for name in _SINGLE[1:]:
        if name not in bad:
            params[name] = reading.all(name)[-1:]
    if period.name in periods.PRESETS:
        params |= {"from": (), "to": ()}
    else:
        params["range"] = ()
    defaults = {"range": periods.DEFAULT, "voice": "others", "relevance": "likely", "sort": "newest", "size": "25"}
    return {name: values for name, values in params.items() if values and values != (defaults.get(name, "\0"),)}


def _refuse_unknown(reading: _Reading) -> None:
    names = {*BY_PARAM, *_SINGLE, *_PLACE}
    for name in dict.fromkeys(name for name, _ in reading.pairs):
        if name not in names and name not in _OTHER:
            advice = f"A view knows {', '.join(sorted(names - set(_PLACE)))}."
            reading.problems.append(Problem(name, "", f"“{name[:80]}” is nothing a view can be narrowed by", advice))


def _zone(reading: _Reading, default: str) -> ZoneInfo:
    name = reading.one("tz", default)
    if name in time_zones():
        return ZoneInfo(name)
    reading.problems.append(
        Problem("tz", name, f"“{name[:80]}” is not a known time zone", "Write it like Europe/Berlin or UTC.")
    )
    return ZoneInfo(default)


def _picks(reading: _Reading, known: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    picks = {}
    for choice in CHOICES:
        values = reading.all(choice.param)
        allowed = tuple(choice.known or known.get(choice.param, values))
        for value in values:
            if value not in allowed:
                reading.refuse(choice.param, value, allowed)
        if kept := tuple(value for value in values if value in allowed):
            picks[choice.param] = kept
    return picks


def _period(reading: _Reading, now: datetime, zone: ZoneInfo) -> Period:
    ends: dict[str, datetime | None] = {"from": None, "to": None}
    for name in ends:
        text = reading.one(name)
        try:
            ends[name] = periods.read_time(text, zone, is_end=name == "to") if text else None
        except (ValueError, OverflowError):
            advice = "Write it like 2026-11-20 or 2026-11-20T13:30."
            reading.problems.append(Problem(name, text, f"“{text[:40]}” is not a date", advice))
    since, until = ends["from"], ends["to"]
    if since and until and until <= since:
        reading.problems.append(Problem("to", reading.one("to"), "the end does not lie after the beginning"))
        until = None
    if since or until:
        return periods.custom(since, until, now)
    return periods.preset(reading.chosen("range", periods.PRESETS, periods.DEFAULT), now, zone)


def as_param(at: datetime) -> str:
    """Return a time as links carry it: UTC, to the second, with Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _values(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, datetime):
        return (as_param(value),)
    if isinstance(value, str):
        return (value,)
    return tuple(value)
