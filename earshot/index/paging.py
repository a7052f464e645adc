"""One page of hits from a tantivy searcher. Knows no folder and makes no query."""

from __future__ import annotations

from typing import cast

import tantivy

from earshot.index.codec import unpack
from earshot.index.counting import total_of
from earshot.index.cursors import OLDEST, RELEVANCE, RankCursor, after, save_cursor
from earshot.index.place import Place, has_words
from earshot.index.schema import SORT_KEY
from earshot.model import Hit, SearchPage
from earshot.query.fields import SOURCE
from earshot.query.matcher import spans_of
from earshot.query.tree import Node


def read_page(
    searcher: tantivy.Searcher, whole: tantivy.Query, rest: tantivy.Query, node: Node, place: Place
) -> SearchPage:
    """Return a page of `rest`, the part of `whole` that a time cursor leaves, with the total of `whole`."""
    if not place.size:
        return SearchPage(count(searcher, whole), ())
    if place.sort == RELEVANCE:
        shown = place.cursor.shown if isinstance(place.cursor, RankCursor) else 0
        return _by_rank(searcher, whole, node, place.size, shown)
    return _by_time(searcher, whole, rest, node, place)


def read_revisions(searcher: tantivy.Searcher, query: tantivy.Query, size: int) -> list[tuple[str, int]]:
    """Return sort keys and revisions of the oldest documents of a query."""
    found = searcher.search(query, size, count=False, order_by_field=SORT_KEY, order=tantivy.Order.Asc).hits
    revisions = searcher.fast_field_values("revision", [address for _, address in found])
    return [(str(key), int(revision or 0)) for (key, _), revision in zip(found, revisions, strict=True)]


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """Return the exact number of documents."""
    return total_of(searcher.search(query, 1, count=True))


def _by_time(
    searcher: tantivy.Searcher, whole: tantivy.Query, rest: tantivy.Query, node: Node, place: Place
) -> SearchPage:
    order = tantivy.Order.Asc if place.sort == OLDEST else tantivy.Order.Desc
    found = searcher.search(rest, place.size + 1, count=rest is whole, order_by_field=SORT_KEY, order=order)
    total = total_of(found) if rest is whole else count(searcher, whole)
    hits = tuple(_hit(searcher, address, node, None) for _, address in found.hits[: place.size])
    more = len(found.hits) > place.size
    return SearchPage(total, hits, after(hits[-1].mention, place.sort) if more else "")


def _by_rank(searcher: tantivy.Searcher, whole: tantivy.Query, node: Node, size: int, shown: int) -> SearchPage:
    found = searcher.search(whole, size, count=True, offset=shown)
    hits = tuple(_hit(searcher, address, node, score) for score, address in found.hits)
    through = shown + len(hits)
    total = total_of(found)
    return SearchPage(total, hits, save_cursor(RankCursor(through)) if hits and through < total else "")


def _hit(searcher: tantivy.Searcher, address: tantivy.DocAddress, node: Node, score: float | None) -> Hit:
    mention = unpack(cast("bytes", searcher.doc(address).get_first(SOURCE)))
    spans = spans_of(node, mention.title, mention.text) if has_words(node) else ()
    return Hit(mention, spans, score)
