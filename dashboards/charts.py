"""The charts as Vega-Lite specifications: plain dicts. Knows no index; colours are the style sheet's variables.

Times are the reader's clock written as if it were UTC, since Vega knows only UTC and the browser's own zone. What
lies under the pointer carries `tip`, and `url` itself or in the column that begins with it (`at`); the page's script
turns them into a click and a tooltip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""Names the version of the language; it is never fetched."""
SENTIMENT_ORDER = ("negative", "neutral", "positive")
PART = 0.45
"""How solid a column is drawn that counts only a part of its time."""
GAP = 1.5
"""Pixels between two segments of a bar."""
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
"""That of the style sheet, written out: labels are measured before they are drawn."""
_AXIS = {
    "labelColor": "var(--ink-soft)",
    "titleColor": "var(--ink-soft)",
    "gridColor": "var(--line)",
    "domainColor": "var(--line-strong)",
    "tickColor": "var(--line-strong)",
    "labelFont": _FONT,
    "titleFont": _FONT,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}

_SENTIMENT = {
    "field": "sentiment",
    "type": "nominal",
    "legend": None,
    "scale": {
        "domain": list(SENTIMENT_ORDER),
        "range": ["var(--negative)", "var(--neutral)", "var(--positive)"],
    },
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the timeline. at, to: the reader's clock, naive. urls by sentiment, and "" for the whole column.

    part: how much of its time it counts, in words ("2 of 6 h"), where the range cuts it short; else empty.

    previous: mentions of the column as many steps into the period before, None where there is no such period.
    heard: what can be said of listening in it, or empty.
    """

    at: datetime
    to: datetime
    label: str
    counts: dict[str, int]
    urls: dict[str, str]
    previous: int | None = None
    previous_url: str = ""
    heard: str = ""
    part: str = ""

    @property
    def total(self) -> int:
        """All mentions of the column."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that was not heard ("unheard"), only partly ("partly"), or not yet listened to ("before")."""

    at: datetime
    to: datetime
    state: str
    label: str


def timeline(columns: Sequence[Column], bands: Sequence[Band], height: int = 260) -> dict[str, Any]:
    """Return mentions over time, stacked by sentiment, the period before as a dashed line, unheard time hatched."""
    top = max([1, *(c.total for c in columns), *(c.previous or 0 for c in columns)])
    return chart(
        height=height,
        layer=[*_bands(bands), _hits(columns), *_bars(columns), *_previous(columns)],
        encoding={
            "x": {
                "field": "at",
                "type": "temporal",
                "scale": {"type": "utc", "nice": False},
                "axis": {
                    "title": None,
                    "grid": False,
                    "tickCount": 4 if _is_short(columns) else 8,
                    "labelOverlap": True,
                    "labelBound": True,
                    "format": _format(columns),
                },
            },
            "y": {
                "type": "quantitative",
                "scale": {"domain": [0, top + max(1, top // 8)], "nice": False},
                "axis": {"title": "Mentions", "tickCount": min(4, top), "format": "d", "domain": False},
            },
        },
    )


def shares(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return brands side by side. rows: brand, part ("negative" or "other"), count, url, tip; largest brand first."""
    brands = list(dict.fromkeys(row["brand"] for row in rows))
    return chart(
        height=max(90, 40 * len(brands)),
        data={"values": list(rows)},
        mark={
            "type": "bar",
            "height": {"band": 0.55},
            "cursor": "pointer",
            "aria": False,
            "stroke": "var(--card)",
            "strokeWidth": GAP,
        },
        encoding={
            "y": {
                "field": "brand",
                "type": "nominal",
                "sort": brands,
                "axis": {
                    "title": None,
                    "domain": False,
                    "ticks": False,
                    "labelFontSize": 13,
                    "labelColor": "var(--ink)",
                    "labelLimit": 130,
                },
            },
            "x": {
                "field": "count",
                "type": "quantitative",
                "stack": "zero",
                "axis": {"title": None, "tickMinStep": 1, "tickCount": 4, "format": "d"},
            },
            "order": {"field": "rank", "type": "quantitative"},
            "color": {
                "field": "part",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": ["negative", "other"], "range": ["var(--negative)", "var(--accent-soft)"]},
            },
        },
    )


def _bands(bands: Sequence[Band]) -> list[dict[str, Any]]:
    values = [{"at": ms(b.at), "to": ms(b.to), "fill": f"url(#hatch-{b.state})", "tip": b.label} for b in bands]
    layer = {
        "data": {"values": values},
        "mark": {"type": "rect", "aria": False},
        "encoding": {
            "x2": {"field": "to"},
            "y": {"value": 0},
            "y2": {"value": "height"},
            "fill": {"field": "fill", "type": "nominal", "scale": None},
        },
    }
    return [layer] if bands else []  # an empty layer makes Vega warn of an infinite extent


def _hits(columns: Sequence[Column]) -> dict[str, Any]:
    """Return what makes a whole column clickable, also where it is empty. Bars have no link of their own."""
    values = [{"at": ms(c.at), "to": ms(c.to), "url": c.urls[""], "tip": _tip(c)} for c in columns]
    return {
        "data": {"values": values},
        "mark": {"type": "rect", "fill": "transparent", "cursor": "pointer", "aria": False},
        "encoding": {"x2": {"field": "to"}, "y": {"value": 0}, "y2": {"value": "height"}},
    }


def _bars(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the stacked bars; stacked here, since Vega-Lite stacks bars with a begin and an end the wrong way."""
    values = []
    for column in columns:
        low = 0
        common = {"at": ms(column.at), "to": ms(column.to), "tip": _tip(column)}
        common |= {"solid": PART, "edge": 1} if column.part else {"solid": 1, "edge": 0}
        for name in SENTIMENT_ORDER:
            if count := column.counts.get(name):
                segment = {"sentiment": name, "low": low, "high": low + count}
                values.append(common | segment)
                low += count
    layer = {
        "data": {"values": values},
        "mark": {
            "type": "rect",
            "x2Offset": -2 if len(columns) <= 60 else -0.5,
            "y2Offset": GAP,  # between two colours that may look alike
            "strokeDash": [3, 2],
            "cursor": "pointer",
            "aria": False,
        },
        "encoding": {
            "x2": {"field": "to"},
            "y": {"field": "low"},
            "y2": {"field": "high"},
            "fill": _SENTIMENT,
            "stroke": _SENTIMENT,
            "strokeWidth": {"field": "edge", "type": "quantitative", "scale": None},
            "fillOpacity": {"field": "solid", "type": "quantitative", "scale": None},
        },
    }
    return [layer] if values else []


def _previous(columns: Sequence[Column]) -> list[dict[str, Any]]:
    known = [c for c in columns if c.previous is not None]
    if not known or not any(c.previous for c in known):
        return []
    values = [{"at": ms(c.at), "count": c.previous} for c in known]
    values.append({"at": ms(known[-1].to), "count": known[-1].previous})
    mark = {"type": "line", "interpolate": "step-after", "strokeDash": [5, 4], "strokeWidth": 1.75, "aria": False}
    return [
        {
            "data": {"values": values},
            "mark": {**mark, "stroke": "var(--ink-soft)", "style": "quiet"},
            "encoding": {"y": {"field": "count"}},
        }
    ]


def _tip(column: Column) -> str:
    label = f"{column.label} ({column.part})" if column.part else column.label
    lines = [label, f"{column.total} {'mention' if column.total == 1 else 'mentions'}"]
    lines += [f"{column.counts[name]} {name}" for name in SENTIMENT_ORDER if column.counts.get(name)]
    if column.previous is not None:
        lines.append(f"{column.previous} in the period before")
    return "\n".join([*lines, *([column.heard] if column.heard else [])])


def _format(columns: Sequence[Column]) -> str:
    if _is_short(columns):
        return "%a %H:%M"
    days = (columns[-1].to - columns[0].at).days
    return "%-d %b" if days <= 400 else "%b %Y" if days <= 3650 else "%Y"


def _is_short(columns: Sequence[Column]) -> bool:
    """Tell whether hours matter on the axis; their labels are wide, so there are fewer of them."""
    return (columns[-1].to - columns[0].at).days <= 3


def chart(**parts: Any) -> dict[str, Any]:
    """Return a specification as wide as its place, with the axes and fonts of all charts."""
    return {
        "$schema": SCHEMA,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        **parts,
        "config": {"axis": _AXIS, "view": {"stroke": None}, "font": _FONT},
    }


def ms(wall: datetime) -> int:
    """Return milliseconds since 1970 of a naive time read as UTC."""
    return int((wall - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001 (the reader's clock is naive)
