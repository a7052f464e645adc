"""Facets and hours of a tantivy searcher, from aggregations in the JSON form the clusters share. Parses no query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

import tantivy

from earshot.index.columns import field_of
from earshot.model import HourCount

FIRST = 500
"""Values each segment names at first: enough for what is distributed as words are, and 10 times faster than all."""

MOST_BUCKETS = 65_000
"""tantivy refuses more in one answer. Source: tantivy 0.27, `DEFAULT_BUCKET_LIMIT` (read 2026-11-23)."""


def total_of(found: tantivy.SearchResult) -> int:
    """Return how many documents a search found in all; it must have been asked to count."""
    return int(found.count)  # type: ignore[attr-defined]  # left out of tantivy's stubs


def facets(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    query: tantivy.Query,
    names: list[str],
    size: int,
    first: int = FIRST,
) -> dict[str, list[tuple[str, int]]]:
    """Return per facet its `size` most frequent values with exact counts, highest first, then by value.

    first: how many values each segment is asked for before it is known whether that is enough.
    """
    if not names or size < 1:
        return {name: [] for name in names}
    looked_at = min(max(first, size), MOST_BUCKETS)
    asked = {name: _terms(field_of(name), looked_at) for name in names}
    answer = searcher.aggregate(query, asked)
    return {name: _exact(searcher, schema, query, field_of(name), answer[name], size, looked_at) for name in names}


def hours(
    searcher: tantivy.Searcher, query: tantivy.Query, by: str, between: Callable[[datetime, datetime], tantivy.Query]
) -> list[HourCount]:
    """Return counts per UTC hour, by hour, then value; hours and values without any are left out.

    between: returns the query for a range of time; only used where all hours do not fit into one answer.
    """
    field = field_of(by) if by else ""
    try:
        counts = _hours(searcher, query, field)
    except ValueError as error:
        if "bucket limit" not in str(error):
            raise
        counts = []
        for week in searcher.aggregate(query, {"weeks": _histogram("7d")})["weeks"]["buckets"]:
            since = datetime.fromtimestamp(week["key"] / 1000, UTC)
            part = [(tantivy.Occur.Must, query), (tantivy.Occur.Must, between(since, since + timedelta(days=7)))]
            counts += _hours(searcher, tantivy.Query.boolean_query(part), field)
    return sorted(counts, key=attrgetter("hour", "value"))


def _hours(searcher: tantivy.Searcher, query: tantivy.Query, field: str) -> list[HourCount]:
    """Ask for values, and hours below them: hours with values below them took six times as long."""
    if not field:
        buckets = searcher.aggregate(query, {"hours": _histogram("1h")})["hours"]["buckets"]
        return [_hour(bucket, "") for bucket in buckets]
    asked = _terms(field, MOST_BUCKETS) | {"aggs": {"hours": _histogram("1h")}}
    values = searcher.aggregate(query, {"by": asked})["by"]["buckets"]
    return [_hour(bucket, _value(value)) for value in values for bucket in value["hours"]["buckets"]]


def _hour(bucket: dict[str, Any], value: str) -> HourCount:
    return HourCount(_moment(bucket["key"]), value, bucket["doc_count"])


@lru_cache(maxsize=100_000)
def _moment(milliseconds: float) -> datetime:
    """Return the hour; kept, because a year by sentiment is 26,000 counts of 8,760 hours."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _histogram(interval: str) -> dict[str, Any]:
    return {"date_histogram": {"field": "published_at", "fixed_interval": interval, "min_doc_count": 1}}


def _terms(field: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size, "segment_size": size}}


def _exact(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    query: tantivy.Query,
    field: str,
    answer: dict[str, Any],
    size: int,
    looked_at: int,
) -> list[tuple[str, int]]:
    """Return the exact top of a field from an answer in which each segment named `looked_at` values at most.

    A count in it is too low by at most `error`, and a value that it does not name has at most `error`. If the
    last wanted count is above that, only values within `error` of it can be in the top: those are counted again,
    alone. Else every segment is asked for more. Beyond MOST_BUCKETS values in one segment the rarest are not seen.
    """
    buckets, error = answer["buckets"], answer["doc_count_error_upper_bound"]
    if looked_at == MOST_BUCKETS or not (error or answer["sum_other_doc_count"]):
        return _top(buckets, size)
    least = buckets[size - 1]["doc_count"] if len(buckets) >= size else 0
    near = [bucket["key"] for bucket in buckets if bucket["doc_count"] + error >= least]
    if least > error and len(near) < len(buckets):
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.term_set_query(schema, field, near))]
        )
        again = searcher.aggregate(query, {"again": _terms(field, MOST_BUCKETS)})["again"]
        return _top([bucket for bucket in again["buckets"] if bucket["key"] in set(near)], size)
    looked_at = MOST_BUCKETS if looked_at > FIRST else 10 * FIRST
    answer = searcher.aggregate(query, {"more": _terms(field, looked_at)})["more"]
    return _exact(searcher, schema, query, field, answer, size, looked_at)


def _top(buckets: list[dict[str, Any]], size: int) -> list[tuple[str, int]]:
    counted = [(_value(bucket), bucket["doc_count"]) for bucket in buckets]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:size]


def _value(bucket: dict[str, Any]) -> str:
    return str(bucket.get("key_as_string") or bucket["key"])
