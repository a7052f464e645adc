"""Facets stay exact where segments name only some of their values, hours where one answer cannot hold them all."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.index import counting
from earshot.index.embedded import EmbeddedIndex
from earshot.model import Filters, SearchRequest
from tests.builders import NOW
from tests.ports.mention_index import mention, put


@pytest.mark.parametrize("skew", [0.0, 0.7, 1.3])
def test_facets_are_exact_whatever_the_segments_name_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    monkeypatch.setattr(counting, "FIRST", 30)
    rng, index = random.Random(5), EmbeddedIndex(tmp_path)
    weights = [1 / (n + 1) ** skew for n in range(400)]
    authors = [f"a{n}" for n in rng.choices(range(400), weights, k=1500)]
    mentions = [mention(n, author=author, relevance=0.5 + n % 2 / 4) for n, author in enumerate(authors)]
    for n in range(0, 1500, 300):
        put(index, *mentions[n : n + 300])
    opened, searcher, query = index._whole(SearchRequest(filters=Filters(min_relevance=0.7)))
    assert searcher.num_segments > 1
    expected = sorted(Counter(authors[1::2]).items(), key=lambda pair: (-pair[1], pair[0]))
    for size in (1, 5, 20):
        found = counting.facets(searcher, opened.index.schema, query, ["author"], size, first=10)
        assert found["author"] == expected[:size]


def test_hours_that_do_not_fit_one_answer_are_asked_for_by_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, *(mention(n, published_at=NOW - timedelta(hours=31 * n)) for n in range(60)))
    whole = {by: index.hours(SearchRequest(), by) for by in ("", "sentiment")}
    asked = counting._hours

    def refusing(searcher: object, query: object, field: str) -> object:
        found = asked(searcher, query, field)
        if len(found) > 20:
            raise ValueError("Aborting aggregation because bucket limit was exceeded.")
        return found

    monkeypatch.setattr(counting, "_hours", refusing)
    assert {by: index.hours(SearchRequest(), by) for by in ("", "sentiment")} == whole
