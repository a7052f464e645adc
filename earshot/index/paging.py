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


def addresses(searcher: tantivy.Searcher, query: tantivy.Query, count: int, sort: str) -> list[tantivy.DocAddress]:
    """Return where all documents of a query lie, in order of time; there are `count`."""
    order = tantivy.Order.Asc if sort == OLDEST else tantivy.Order.Desc
    found = searcher.search(query, count, count=False, order_by_field=SORT_KEY, order=order)
    return [address for _, address in found.hits]


def read_revisions(searcher: tantivy.Searcher, query: tantivy.Query, count: int) -> list[tuple[str, int]]:
    """Return ids and revisions of all documents of a query; there are `count`."""
    found = searcher.search(query, count, count=False, order_by_field="id").hits
    revisions = searcher.fast_field_values("revision", [address for _, address in found])
    return [(str(mention_id), int(revision or 0)) for (mention_id, _), revision in zip(found, revisions, strict=True)]


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """Return the exact number of documents."""
    return total_of(searcher.search(query, 1, count=True))


def _by_time(
    searcher: tantivy.Searcher, whole: tantivy.Query, rest: tantivy.Query, node: Node, place: Place
) -> SearchPage:
    order = tantivy.Order.Asc if place.sort == OLDEST else tantivy.Order.Desc
    found = searcher.search(rest, place.size + 1, count=rest is whole, order_by_field=SORT_KEY, order=order)
    total = total_of(found) if rest is whole else count(searcher, whole)
    hits = tuple(read_hit(searcher, address, node) for _, address in found.hits[: place.size])
    more = len(found.hits) > place.size
    return SearchPage(total, hits, after(hits[-1].mention, place.sort) if more else "")


def _by_rank(searcher: tantivy.Searcher, whole: tantivy.Query, node: Node, size: int, shown: int) -> SearchPage:
    found = searcher.search(whole, size, count=True, offset=shown)
    hits = tuple(read_hit(searcher, address, node, score) for score, address in found.hits)
    through = shown + len(hits)
    total = total_of(found)
    return SearchPage(total, hits, save_cursor(RankCursor(through)) if hits and through < total else "")


def read_hit(searcher: tantivy.Searcher, address: tantivy.DocAddress, node: Node, score: float | None = None) -> Hit:
    """Return the hit that lies there."""
    mention = unpack(cast("bytes", searcher.doc(address).get_first(SOURCE)))
    spans = spans_of(node, mention.title, mention.text) if has_words(node) else ()
    return Hit(mention, spans, score)
