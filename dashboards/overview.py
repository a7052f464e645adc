"""What the Overview shows, asked of index and record in one go. Knows no template.

Every number comes with the link to the mentions it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dashboards import charts, wording
from dashboards.board import Board
from dashboards.charts import Column
from dashboards.listening import Listening, listening
from dashboards.periods import Bin, Period, bin_of, ceil_hour, fitting_interval, floor_hour, make_bins
from dashboards.view import BY_PARAM, View
from earshot.model import Hit, HourCount, SearchRequest
from earshot.ports import RecordReader, SourceState

TABLES = ("site", "author", "category", "lang", "source", "flag")
"""What the page ranks, by parameter."""
MAX_LISTENED = timedelta(days=400)
"""Further back nobody asks hour by hour whether a source was heard."""
_TOP = 8
_FLAGGED = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its link, and what it was before with that link. sign, change: how it moved, in words."""

    name: str
    value: str
    url: str
    sign: str = ""
    change: str = ""
    before: str = ""
    before_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A line of a ranking. share: 0..100 of the largest."""

    value: str
    label: str
    count: int
    share: float
    url: str


@dataclass(frozen=True, slots=True)
class BrandShare:
    """A brand's part of all mentions. before: count in the period before."""

    brand: str
    name: str
    count: int
    negative: int
    before: int
    percent: str
    url: str
    negative_url: str
    change: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page. spec: None where there is nothing to draw."""

    tiles: tuple[Tile, ...]
    columns: tuple[Column, ...]
    spec: dict[str, Any] | None
    shares: tuple[BrandShare, ...]
    share_spec: dict[str, Any] | None
    rankings: dict[str, tuple[Ranked, ...]]
    flagged: tuple[Hit, ...]
    flagged_total: int
    listening: Listening
    total: int
    own: int
    unlikely: int
    interval: str
    sources: tuple[SourceState, ...]


def overview(board: Board, view: View) -> Overview:
    """Ask for all of a view.

    Raises:
        QueryError: the view's query cannot be read.
        StorageError: index or record do not answer.
    """
    now = board.clock.now()
    view_period = _bounded(board, view, now)
    hours = _counted(board, view, view_period, view.request())
    before = _before(board, view, view_period)
    with board.record.read() as record:
        told = _listening(record, view, view_period, now)
        sources = tuple(source for source in record.sources() if source.is_active)
    columns, interval = _columns(view, view_period, hours, before, told)
    total, negative = _sum(hours), _sum(hours, "negative")
    flagged = board.index.search(view.request(is_flagged=True, size=_FLAGGED, cursor="", sort="newest"))
    shares = _shares(board, view)
    own, unlikely = _left_out(board, view, total)
    return Overview(
        tiles=_tiles(board, view, (total, negative, flagged.total), before, sources),
        columns=tuple(columns),
        spec=charts.timeline(columns, told.bands) if columns else None,
        shares=shares,
        share_spec=charts.shares(_share_rows(shares)) if any(row.count for row in shares) else None,
        rankings=_rankings(board, view),
        flagged=flagged.hits,
        flagged_total=flagged.total,
        listening=told,
        total=total,
        own=own,
        unlikely=unlikely,
        interval=interval,
        sources=sources,
    )


def timeline_of(board: Board, view: View) -> tuple[dict[str, Any] | None, tuple[Column, ...]]:
    """Return the small chart above a list of mentions, and its columns; None where nothing was found."""
    period = _bounded(board, view, board.clock.now())
    hours = _counted(board, view, period, view.request())
    if not hours:
        return None, ()
    columns, _ = _columns(view, period, hours, None, Listening())
    return charts.timeline(columns, (), height=90), tuple(columns)


def _before(board: Board, view: View, period: Period) -> list[HourCount] | None:
    previous = view.period.previous
    if previous is None:
        return None
    return _counted(board, view, previous, view.request(since=previous.since, until=previous.until), of=period)


def _counted(
    board: Board, view: View, period: Period, request: SearchRequest, of: Period | None = None
) -> list[HourCount]:
    """Count a period by its columns, and by sentiment. of: the period whose columns are as wide."""
    bins = _bins(view, period, of or period)
    return board.index.hours(request, "sentiment", [column.start for column in bins])


def _bins(view: View, period: Period, wide: Period) -> list[Bin]:
    """Return the columns of a period, each as wide as those of `wide` are; none where it has no ends, or no length."""
    if not (period.since and period.until and wide.since and wide.until) or period.until <= period.since:
        return []
    return make_bins(period.since, period.until, view.zone, fitting_interval(wide.since, wide.until))


def _bounded(board: Board, view: View, now: datetime) -> Period:
    """Give an open period the ends a chart needs: its first mention (a week at least), and now."""
    until = view.period.until or ceil_hour(now + timedelta(microseconds=1))
    since = view.period.since
    if since is None:
        first = board.index.search(view.request(sort="oldest", size=1, cursor="")).hits
        since = min([until - timedelta(days=7), *(floor_hour(hit.mention.published_at) for hit in first)])
    return replace(view.period, since=since, until=until)


def _listening(record: RecordReader, view: View, period: Period, now: datetime) -> Listening:
    """Ask how well a period was listened to, up to now and at most MAX_LISTENED back."""
    since, until = period.since or now, min(period.until or now, now)
    if since >= until:
        return Listening()
    asked = max(since, until - MAX_LISTENED)
    return listening(record.hours_heard(asked, until, view.filters.sources), since, until, view.zone)


def _columns(
    view: View, period: Period, hours: Sequence[HourCount], before: Sequence[HourCount] | None, told: Listening
) -> tuple[list[Column], str]:
    bins = _bins(view, period, period)
    if not bins:
        return [], "hour"
    counts: list[dict[str, int]] = [{} for _ in bins]
    for row in hours:
        there = counts[bin_of(bins, row.hour)]
        there[row.value] = there.get(row.value, 0) + row.count
    past = _past(view, period, before, bins)
    columns = []
    for column, count, was in zip(bins, counts, past, strict=True):
        ends: dict[str, Any] = {"from_": column.start, "to": column.end}
        urls = {name: view.link(**ends, sentiment=name) for name in charts.SENTIMENT_ORDER}
        columns.append(
            Column(
                at=column.at,
                to=column.to,
                label=wording.span_of(column.at, column.to),
                counts=count,
                urls=urls | {"": view.link(**ends)},
                previous=was[0],
                previous_url=was[1],
                heard=told.note(column.at, column.to),
                part=wording.part_of(column.end - column.start, column.whole) if column.is_cut else "",
            )
        )
    return columns, fitting_interval(bins[0].start, bins[-1].end)


def _past(
    view: View, period: Period, before: Sequence[HourCount] | None, bins: Sequence[Bin]
) -> list[tuple[int | None, str]]:
    """Return, column by column, how many there were in the period before, and the link to them."""
    past = period.previous
    if before is None or past is None:
        return [(None, "") for _ in bins]
    old = _bins(view, past, period)
    counts = [0] * len(old)
    for row in before:
        counts[bin_of(old, row.hour)] += row.count
    known: list[tuple[int | None, str]] = [
        (count, view.link(from_=column.start, to=column.end)) for column, count in zip(old, counts, strict=True)
    ]
    return (known + [(None, "")] * len(bins))[: len(bins)]


def _tiles(
    board: Board,
    view: View,
    now: tuple[int, int, int],
    before: Sequence[HourCount] | None,
    sources: Sequence[SourceState],
) -> tuple[Tile, ...]:
    total, negative, flagged = now
    urls = {"Mentions": {}, "Negative": {"sentiment": "negative"}, "Flagged": {"flagged": "yes"}}
    links = {name: view.link(**change) for name, change in urls.items()}
    if before is None:
        tiles = [
            Tile("Mentions", wording.number(total), links["Mentions"]),
            Tile(
                "Negative",
                wording.percent(negative, total),
                links["Negative"],
                note=f"{wording.number(negative)} mentions",
            ),
            Tile("Flagged", wording.number(flagged), links["Flagged"]),
        ]
        return (*tiles, _fetched_tile(sources))
    past = view.period.previous
    ends: dict[str, Any] = {"from_": past.since, "to": past.until} if past else {}
    back = {name: view.link(**change, **ends) for name, change in urls.items()}
    was, was_negative = _sum(before), _sum(before, "negative")
    was_flagged = board.index.count(view.request(is_flagged=True, since=past.since, until=past.until)) if past else 0
    share_then = wording.percent(was_negative, was)
    tiles = [
        Tile(
            "Mentions",
            wording.number(total),
            links["Mentions"],
            *wording.change(total, was),
            wording.number(was),
            back["Mentions"],
        ),
        Tile(
            "Negative",
            wording.percent(negative, total),
            links["Negative"],
            *(wording.points(negative / total, was_negative / was) if total and was else ("", "")),
            share_then,
            back["Negative"],
            f"{wording.number(negative)} {'mention' if negative == 1 else 'mentions'}",
        ),
        Tile(
            "Flagged",
            wording.number(flagged),
            links["Flagged"],
            *wording.change(flagged, was_flagged),
            wording.number(was_flagged),
            back["Flagged"],
        ),
    ]
    return (*tiles, _fetched_tile(sources))


def _fetched_tile(sources: Sequence[SourceState]) -> Tile:
    fetched = sum(1 for source in sources if source.is_fetched)
    failing = sum(1 for source in sources if source.is_not_fetched)
    note = f"{failing} need you" if failing > 1 else "1 needs you" if failing else "all well" if fetched else ""
    url = "/sources?outcome=problem" if failing else "/sources"
    return Tile("Sources fetched", f"{fetched} of {len(sources)}", url, note=note)


def _shares(board: Board, view: View) -> tuple[BrandShare, ...]:
    """Compare all brands of the workspace in this view; a view of one brand still sees the others. Own voice is out."""
    if len(board.brands) < 2:
        return ()
    asked: dict[str, Any] = {"brands": (), "is_own_voice": False}
    size = max(10, len(board.brands))

    def counts(**more: Any) -> dict[str, int]:
        return dict(board.index.facets(view.request(**asked, **more), ["brand"], size)["brand"])

    now, negative = counts(), counts(sentiments=("negative",))
    past = view.period.previous
    before = counts(since=past.since, until=past.until) if past else {}
    whole, whole_before = sum(now.values()), sum(before.values())
    rows = []
    for brand in sorted(board.brands.values(), key=lambda b: (-now.get(b.id, 0), b.name)):
        count, was = now.get(brand.id, 0), before.get(brand.id, 0)
        change = wording.points(count / whole, was / whole_before)[1] if whole and whole_before else ""
        rows.append(
            BrandShare(
                brand=brand.id,
                name=brand.name,
                count=count,
                negative=negative.get(brand.id, 0) if "positive" not in view.filters.sentiments else 0,
                before=was,
                percent=wording.percent(count, whole),
                url=view.link(brand=brand.id, voice=None),
                negative_url=view.link(brand=brand.id, voice=None, sentiment="negative"),
                change=change,
            )
        )
    return tuple(rows)


def _share_rows(shares: Sequence[BrandShare]) -> list[dict[str, Any]]:
    rows = []
    for row in shares:
        tip = f"{row.name}: {row.count} mentions, {row.percent} of all\n{row.negative} negative"
        parts = (("negative", row.negative, row.negative_url), ("other", row.count - row.negative, row.url))
        rows += [
            {"brand": row.name, "part": part, "rank": rank, "count": count, "url": url, "tip": tip}
            for rank, (part, count, url) in enumerate(parts)
        ]
    return rows


def _rankings(board: Board, view: View) -> dict[str, tuple[Ranked, ...]]:
    found = board.index.facets(view.request(), [BY_PARAM[param].facet for param in TABLES], _TOP)
    return {param: ranked(board, view, param, found.get(BY_PARAM[param].facet, [])) for param in TABLES}


def ranked(board: Board, view: View, param: str, values: Sequence[tuple[str, int]]) -> tuple[Ranked, ...]:
    """Return a ranking with links that narrow the view to one value."""
    most = max((count for _, count in values), default=1)
    return tuple(
        Ranked(
            value,
            board.label(param, value, view.picked("brand")),
            count,
            round(100 * count / most, 1),
            view.link(**{param: value}),
        )
        for value, count in values
    )


def _left_out(board: Board, view: View, total: int) -> tuple[int, int]:
    """Return how many mentions of this view are not counted: own voice, and those hardly about the brand."""
    if view.filters.is_own_voice is not False or view.filters.min_relevance is None:
        return 0, 0
    likely_own = board.index.count(view.request(is_own_voice=True))
    unlikely = board.index.count(view.request(min_relevance=None)) - total
    return likely_own, max(0, unlikely)


def _sum(rows: Sequence[HourCount], value: str | None = None) -> int:
    return sum(row.count for row in rows if value is None or row.value == value)
