"""Where in a list a page begins: what a search request says of it, read once for every engine. Knows no engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from earshot.errors import QueryError
from earshot.index.cursors import NEWEST, RELEVANCE, SORTS, RankCursor, TimeCursor, load_cursor
from earshot.model import SearchRequest
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


WALKED = 500
"""Hits of a page of a walk over everything."""


def walked(request: SearchRequest) -> Place:
    """Return where a walk over everything begins: at the first page, by time."""
    return read_place(replace(request, cursor="", size=WALKED), Everything())


def has_words(node: Node) -> bool:
    """Tell whether a query looks for words, tags or handles, which rank what holds them."""
    match node:
        case And() | Or():
            return any(has_words(child) for child in node.nodes)
        case Everything() | Is() | When() | Not():
            return False
    return True
