"""A search request in the query DSL that both products share: its meaning, its filters, its place. Asks nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from earshot.errors import QueryError
from earshot.index.cluster.documents import GONE, PUBLISHED_US
from earshot.index.columns import FILTERS
from earshot.index.cursors import OLDEST, RELEVANCE, RankCursor, TimeCursor, microseconds
from earshot.index.place import Place
from earshot.model import Filters
from earshot.query.dsl import ELASTICSEARCH, Dsl, to_dsl
from earshot.query.fields import SOURCE
from earshot.query.tree import Everything, Node

MOST_BY_RANK = 10_000
"""Hits that a list by relevance shows. Source: `index.max_result_window`, default of both products, read 2026-11."""


def whole(node: Node, filters: Filters, time_zone: str, product: str = ELASTICSEARCH) -> Dsl:
    """Return the query for all that `node` means and `filters` leave. Filters do not count in the score."""
    query: dict[str, list[Dsl]] = {"must_not": [{"term": {GONE: True}}], "filter": _filters(filters)}
    if not isinstance(node, Everything):
        query["must"] = [to_dsl(node, time_zone, product)]
    return {"bool": query}


def page(query: Dsl, place: Place) -> dict[str, Any]:
    """Return the question for a page: one hit more than it shows by time, to know whether there is another page.

    Raises:
        QueryError: the page lies beyond what a list by relevance shows.
    """
    asked = {"query": query, "track_total_hits": True, "_source": [SOURCE]}
    if place.sort == RELEVANCE:
        shown = place.cursor.shown if isinstance(place.cursor, RankCursor) else 0
        if shown >= MOST_BY_RANK:
            what = f"a list by relevance shows its first {MOST_BY_RANK:,} hits"
            raise QueryError("", 0, what, "narrow it down, or sort by newest")
        size = min(place.size, MOST_BY_RANK - shown)
        return asked | {"from": shown, "size": size, "sort": ["_score", *_by_time("desc")]}
    asked |= {"size": place.size + 1, "sort": _by_time("asc" if place.sort == OLDEST else "desc")}
    if isinstance(place.cursor, TimeCursor):
        asked["search_after"] = [microseconds(place.cursor.published_at), place.cursor.id]
    return asked


def revisions(since: datetime | None, size: int) -> dict[str, Any]:
    """Return the question for ids and revisions of what was published since, oldest first."""
    return {
        "query": whole(Everything(), Filters(since=since), "UTC"),
        "size": size,
        "sort": _by_time("asc"),
        "_source": ["id", "revision"],
        "track_total_hits": False,
    }


def number(query: Dsl) -> dict[str, Any]:
    """Return the question for how many there are."""
    return {"query": query, "size": 0, "track_total_hits": True}


def _by_time(order: str) -> list[Dsl]:
    return [{PUBLISHED_US: order}, {"id": order}]


def _filters(filters: Filters) -> list[Dsl]:
    narrowed: list[Dsl] = [
        {"terms": {name: list(values)}} for field, name in FILTERS.items() if (values := getattr(filters, field))
    ]
    if filters.is_flagged is not None:
        narrowed.append({"term": {"flagged": filters.is_flagged}})
    if filters.is_own_voice is not None:
        narrowed.append({"term": {"own_voice": filters.is_own_voice}})
    if filters.min_relevance is not None:
        narrowed.append({"range": {"relevance": {"gte": filters.min_relevance}}})
    bounds = {"gte": filters.since, "lt": filters.until}
    if given := {name: microseconds(moment) for name, moment in bounds.items() if moment is not None}:
        narrowed.append({"range": {PUBLISHED_US: given}})
    return narrowed
