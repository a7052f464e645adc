"""Facets and hours of a cluster, exact over any number of shards. Knows neither client nor index.

`ask` is what runs a question: it takes aggregations by name and returns their answers by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any

from earshot.index.cluster.documents import PUBLISHED_US
from earshot.index.cluster.errors import ClusterError
from earshot.index.columns import field_of
from earshot.index.cursors import microseconds
from earshot.index.timeline import gathered
from earshot.model import HourCount

FIRST = 500
"""Values each shard names at first; enough for what is distributed as words are."""

MOST_VALUES = 50_000
"""Values each shard is asked for at most, and buckets of one answer: both products refuse 65,536 in one answer
(`search.max_buckets`, read 2026-11)."""

PAGE = 10_000
"""Buckets of one page where an answer cannot hold them all."""

_HOUR_US = 3_600_000_000
_EVER = (-(10**18), 10**18)
"""Microseconds before and after all that a mention may be published at: some 30,000 years."""
Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def facets(ask: Ask, names: Sequence[str], size: int) -> dict[str, list[tuple[str, int]]]:
    """Return per facet its `size` most frequent values with exact counts, highest first, then by value."""
    if not names or size < 1:
        return {name: [] for name in names}
    looked_at = min(max(FIRST, size), MOST_VALUES)
    answer = ask({name: _terms(field_of(name), looked_at) for name in names})
    return {name: _exact(ask, field_of(name), answer[name], size, looked_at) for name in names}


def hours(ask: Ask, by: str = "", starts: Sequence[datetime] = ()) -> list[HourCount]:
    """Return counts per UTC hour or span, by time, then value; what has none is left out."""
    field = field_of(by) if by else ""
    try:
        counts = _spans(ask, field, starts) if starts else _hours(ask, field)
    except ClusterError as refusal:
        if not refusal.is_beyond_one_answer:
            raise
        counts = None
    if counts is None:
        counts = gathered(_hours_by_page(ask, field), starts)
    return sorted(counts, key=attrgetter("hour", "value"))


def _exact(ask: Ask, field: str, answer: Mapping[str, Any], size: int, looked_at: int) -> list[tuple[str, int]]:
    """Return the exact top of a field from an answer in which each shard named `looked_at` values at most.

    A count in it is too low by at most `error`, and a value that it does not name has at most `error`. If the last
    wanted count is above that, only values within `error` of it can be in the top: those are counted again, alone.
    Else every shard is asked for more. Beyond MOST_VALUES values in one shard the rarest are not seen.
    """
    buckets, error = answer["buckets"], answer["doc_count_error_upper_bound"]
    if error <= 0 or looked_at == MOST_VALUES:
        return _top(buckets, size)
    least = buckets[size - 1]["doc_count"] if len(buckets) >= size else 0
    near = [_value(bucket) for bucket in buckets if bucket["doc_count"] + error >= least]
    if least > error and len(near) < len(buckets):
        again = _terms(field, len(near))
        again["terms"]["include"] = near
        return _top(ask({"again": again})["again"]["buckets"], size)
    looked_at = MOST_VALUES if looked_at > FIRST else 10 * FIRST
    return _exact(ask, field, ask({"more": _terms(field, looked_at)})["more"], size, looked_at)


def _hours(ask: Ask, field: str) -> list[HourCount] | None:
    histogram = {"date_histogram": {"field": "published_at", "fixed_interval": "1h", "min_doc_count": 1}}
    found = _by_value(ask, field, histogram)
    return None if found is None else [_hour(hour, value) for value, hours in found for hour in hours]


def _spans(ask: Ask, field: str, starts: Sequence[datetime]) -> list[HourCount] | None:
    borders = [_EVER[0], *map(microseconds, starts[1:]), _EVER[1]]
    ranges = [{"from": start, "to": end} for start, end in pairwise(borders)]
    found = _by_value(ask, field, {"range": {"field": PUBLISHED_US, "ranges": ranges}})
    if found is None:
        return None
    return [
        HourCount(start, value, span["doc_count"])
        for value, spans in found
        for start, span in zip(starts, spans, strict=True)
        if span["doc_count"]
    ]


def _by_value(ask: Ask, field: str, counted: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]] | None:
    """Return the buckets of `counted` below each value of a field. None where one answer cannot name all the values."""
    if not field:
        return [("", ask({"counted": counted})["counted"]["buckets"])]
    answer = ask({"by": _terms(field, FIRST) | {"aggs": {"counted": counted}}})["by"]
    if answer["sum_other_doc_count"] or answer["doc_count_error_upper_bound"]:
        return None
    return [(_value(value), value["counted"]["buckets"]) for value in answer["buckets"]]


def _hours_by_page(ask: Ask, field: str) -> list[HourCount]:
    """Return counts page by page: slower, and without a limit. Hours are made of a number: see above."""
    sources: list[dict[str, Any]] = [{"hour": {"histogram": {"field": PUBLISHED_US, "interval": _HOUR_US}}}]
    if field:
        sources.append({"value": {"terms": {"field": field}}})
    counts: list[HourCount] = []
    composite: dict[str, Any] = {"size": PAGE, "sources": sources}
    while True:
        answer = ask({"pages": {"composite": composite}})["pages"]
        for bucket in answer["buckets"]:
            key = bucket["key"]
            value = _text(key["value"]) if field else ""
            counts.append(HourCount(_moment(key["hour"] / 1000), value, bucket["doc_count"]))
        if "after_key" not in answer:
            return counts
        composite["after"] = answer["after_key"]


def _terms(field: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size, "shard_size": size}}


def _hour(bucket: Mapping[str, Any], value: str) -> HourCount:
    return HourCount(_moment(bucket["key"]), value, bucket["doc_count"])


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _top(buckets: Sequence[Mapping[str, Any]], size: int) -> list[tuple[str, int]]:
    counted = [(_value(bucket), bucket["doc_count"]) for bucket in buckets]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:size]


def _value(bucket: Mapping[str, Any]) -> str:
    return str(bucket.get("key_as_string", bucket["key"]))


def _text(value: object) -> str:
    """Return a value as terms name it: a boolean in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
