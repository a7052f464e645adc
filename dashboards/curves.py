"""The numbers of running Earshot over time: readings of the record in bins, as charts with their tables.

Knows no template. A bin without a reading is a gap, never a nought: upkeep takes the readings, and it may have stood.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboards import charts, wording
from dashboards.periods import QUARTER_DAY, Bin, make_bins, preset
from earshot.index import timeline
from earshot.operating import Level
from earshot.ports import RecordReader

RANGES = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT = "7d"
_BINS = {"24h": timeline.HOUR, "7d": timeline.HOUR, "30d": QUARTER_DAY}
_HEIGHT = 110
_AREA = {"fill": "var(--accent-soft)", "stroke": "var(--accent-soft)", "strokeWidth": 0.7}
"""The stroke covers the seams that browsers leave between two areas that touch."""


@dataclass(frozen=True, slots=True)
class Point:
    """One bin: the reader's clock, naive, and the value, None where nothing was read in it."""

    at: datetime
    to: datetime
    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart and its table. name: the readings it shows. unit: heading of the values. spec: None without readings.

    latest: the last value there is, or None. note: what a rise means, in a sentence. is_daily: a value is of one day.
    """

    name: str
    title: str
    unit: str
    note: str
    points: tuple[Point, ...]
    spec: dict[str, Any] | None
    latest: float | None
    is_daily: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """How readings become values: the highest of each bin, or how far a total has grown in each day."""

    name: str
    title: str
    unit: str
    note: str
    is_growth: bool = False


_KINDS = (
    _Kind("sources not fetched", "Sources not fetched", "Most at once", "A sudden rise is mostly one network or host."),
    _Kind("index behind", "Waiting for the index", "Most at once", "If it never falls, indexing has stopped."),
    _Kind("notices pending", "Alerts waiting", "Most at once", "Rises in quiet hours. If it stays high: mail server."),
    _Kind("quarantined", "Captures set aside", "Most at once", "It falls when a new try can read them."),
    _Kind("documents", "Documents a day", "New documents", "Zero on a weekday? Check the sources.", True),
    _Kind("mentions", "Mentions a day", "New mentions", "Of all brands, whatever their sentiment.", True),
)


def curves(record: RecordReader, range_name: str, now: datetime, zone: ZoneInfo) -> tuple[Curve, ...]:
    """Return all curves of a range of RANGES."""
    return tuple(_curve(record, kind, range_name, now, zone) for kind in _KINDS)


def _curve(record: RecordReader, kind: _Kind, range_name: str, now: datetime, zone: ZoneInfo) -> Curve:
    period = preset("7d" if kind.is_growth and range_name == "24h" else range_name, now, zone)
    assert period.since is not None
    assert period.until is not None
    interval = timeline.DAY if kind.is_growth else _BINS[range_name]
    bins = make_bins(period.since, period.until, zone, interval)
    readings = record.levels(kind.name, period.since)
    fill: Callable[..., list[float | None]] = _growth if kind.is_growth else _highest
    points = [
        Point(each.at, each.to, wording.span_of(each.at, each.to), value)
        for each, value in zip(bins, fill(bins, readings), strict=True)
    ]
    latest = readings[-1].value if readings and not kind.is_growth else points[-1].value
    spec = _spec(points, kind) if any(point.value is not None for point in points) else None
    return Curve(kind.name, kind.title, kind.unit, kind.note, tuple(points), spec, latest, kind.is_growth)


def _by_bin(bins: Sequence[Bin], readings: Sequence[Level]) -> list[list[float]]:
    starts = [each.start for each in bins]
    found: list[list[float]] = [[] for _ in bins]
    for reading in readings:
        place = bisect_right(starts, reading.at) - 1
        if place >= 0 and reading.at < bins[place].end:
            found[place].append(reading.value)
    return found


def _highest(bins: Sequence[Bin], readings: Sequence[Level]) -> list[float | None]:
    return [max(values, default=None) for values in _by_bin(bins, readings)]


def _growth(bins: Sequence[Bin], readings: Sequence[Level]) -> list[float | None]:
    """Return by how much a total grew in each bin, from the last reading before it; an erasure is no growth.

    A first reading alone says nothing of growth: what was there before it may be of any day.
    """
    grown: list[float | None] = []
    before: float | None = None
    for values in _by_bin(bins, readings):
        if not values or (before is None and len(values) == 1):
            grown.append(None)
            before = values[-1] if values else before
            continue
        grown.append(max(0.0, values[-1] - (values[0] if before is None else before)))
        before = values[-1]
    return grown


def _spec(points: Sequence[Point], kind: _Kind) -> dict[str, Any]:
    top = max([1.0, *(point.value for point in points if point.value is not None)])
    return charts.chart(
        height=_HEIGHT,
        layer=[_columns(points, kind), _areas(points, kind), _tops(points, kind)],
        encoding={
            "x": {
                "field": "at",
                "type": "temporal",
                "scale": {"type": "utc", "nice": False},
                "axis": {
                    "title": None,
                    "grid": False,
                    "tickCount": 4,
                    "labelOverlap": True,
                    "labelBound": True,
                    "format": "%H:%M" if points[-1].to - points[0].at <= timedelta(days=2) else "%-d %b",
                },
            },
            "y": {
                "type": "quantitative",
                "scale": {"domain": [0, top * 1.1], "nice": False},
                "axis": {"title": None, **_ticks(top), "format": "~s", "domain": False},
            },
        },
    )


def _ticks(top: float) -> dict[str, Any]:
    """Return whole numbers for the axis: Vega takes a least step for a hint, and counts of one are halved."""
    return {"values": list(range(int(top) + 1))} if top < 4 else {"tickCount": 3, "tickMinStep": 1}


def _columns(points: Sequence[Point], kind: _Kind) -> dict[str, Any]:
    """Return what the pointer meets: each bin in its whole height, with what it says."""
    values = [{"at": charts.ms(p.at), "to": charts.ms(p.to), "tip": f"{p.label}\n{_told(p, kind)}"} for p in points]
    return {
        "data": {"values": values},
        "mark": {"type": "rect", "fill": "transparent", "aria": False},
        "encoding": {"x2": {"field": "to"}, "y": {"value": 0}, "y2": {"value": "height"}},
    }


def _told(point: Point, kind: _Kind) -> str:
    return "no reading" if point.value is None else f"{kind.unit}: {wording.number(int(point.value))}"


def _areas(points: Sequence[Point], kind: _Kind) -> dict[str, Any]:
    return {
        "data": {"values": _values(points, kind)},
        "mark": {"type": "rect", **_AREA, "x2Offset": _apart(kind), "aria": False},
        "encoding": {"x2": {"field": "to"}, "y": {"field": "low"}, "y2": {"field": "high"}},
    }


def _tops(points: Sequence[Point], kind: _Kind) -> dict[str, Any]:
    """Return the upper edges: a reading of nought is a line on the ground, a gap is none."""
    return {
        "data": {"values": _values(points, kind)},
        "mark": {"type": "rule", "stroke": "var(--accent)", "strokeWidth": 2, "x2Offset": _apart(kind), "aria": False},
        "encoding": {"x2": {"field": "to"}, "y": {"field": "high"}},
    }


def _values(points: Sequence[Point], kind: _Kind) -> list[dict[str, Any]]:
    return [
        {"at": charts.ms(p.at), "to": charts.ms(p.to), "low": 0, "high": p.value, "tip": f"{p.label}\n{_told(p, kind)}"}
        for p in points
        if p.value is not None
    ]


def _apart(kind: _Kind) -> int:
    """Days stand apart, readings join."""
    return -3 if kind.is_growth else 0
