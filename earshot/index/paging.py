"""One page of hits from a tantivy searcher. Knows no folder and makes no query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import tantivy

from earshot.errors import QueryError
from earshot.index.codec import unpack
from earshot.index.counting import total_of
from earshot.index.cursors import (
    NEWEST,
    OLDEST,
    RELEVANCE,
    SORTS,
    RankCursor,
    TimeCursor,
    after,
    load_cursor,
    save_cursor,
)
from earshot.index.schema import SORT_KEY
from earshot.model import Hit, SearchPage, SearchRequest
from earshot.query.fields import SOURCE
from earshot.query.matcher import spans_of
from earshot.query.tree import And, Everything, Is, Node, Not, Or, When


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a page begins. cursor: None for the first page."""

    sort: str
    size: int
    cursor: TimeCursor | RankCursor | None


def read_place(request: SearchRequest, node: Node) -> Place:
    """Return where the page begins. What has no words to be ranked by is sorted newest first.

    Raises:
        QueryError: the sort is unknown, or the cursor cannot be read.
    """
    if request.sort not in SORTS:
        raise QueryError(request.sort, 0, f"there is no sort {request.sort!r}", f"one of {', '.join(SORTS)}")
    sort = NEWEST if request.sort == RELEVANCE and not has_words(node) else request.sort
    return Place(sort, max(0, request.size), load_cursor(request.cursor, sort))


def has_words(node: Node) -> bool:
    """Tell whether a query looks for words, tags or handles, which rank what holds them."""
    match node:
        case And() | Or():
            return any(has_words(child) for child in node.nodes)
        case Everything() | Is() | When() | Not():
            return False
    return True


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
