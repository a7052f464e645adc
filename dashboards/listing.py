"""What the list of mentions shows: one page of hits, its facets, its paging. Knows no template."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dashboards.board import Board
from dashboards.bounds import MAX_ADDRESS
from dashboards.charts import Column
from dashboards.overview import Ranked, ranked, timeline_of
from dashboards.view import BY_PARAM, MAX_TRAIL, View
from earshot.index.snippets import Piece, marked, snippet
from earshot.model import Hit

FACETS = ("sentiment", "brand", "category", "severity", "flag", "site", "author", "source", "lang", "scope")
_FACET_SIZE = 10


@dataclass(frozen=True, slots=True)
class Facet:
    """Values to narrow by. picked: those that are chosen, with the URL that gives them up; values: the others."""

    param: str
    label: str
    picked: tuple[Ranked, ...]
    values: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A hit as it is listed. title, snippet: in pieces, the search's words marked; url keeps the view."""

    hit: Hit
    url: str
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a view. newer, older, first: URLs of other pages, or empty. left_out: hidden by default."""

    total: int
    rows: tuple[Row, ...]
    facets: tuple[Facet, ...]
    first: str
    back: str
    onward: str
    page: int
    spec: dict[str, Any] | None
    columns: tuple[Column, ...]


def listing(board: Board, view: View) -> Listing:
    """Ask for one page of a view.

    Raises:
        QueryError: the query or the cursor cannot be read.
        StorageError: the index does not answer.
    """
    page = board.index.search(view.request())
    spec, columns = timeline_of(board, view) if not view.cursor else (None, ())
    return Listing(
        total=page.total,
        rows=tuple(_row(view, hit) for hit in page.hits),
        facets=_facets(board, view),
        first=view.link() if view.cursor else "",
        back=_back(view),
        onward=_onward(view, page.next_cursor),
        page=len(view.trail) + 1,
        spec=spec,
        columns=columns,
    )


def _row(view: View, hit: Hit) -> Row:
    mention = hit.mention
    return Row(
        hit=hit,
        url=view.link(f"/mentions/{mention.id}"),
        title=marked(mention.title, hit.spans, "title"),
        snippet=snippet(mention.text, hit.spans),
    )


def _facets(board: Board, view: View) -> tuple[Facet, ...]:
    """Return the facets. One that is narrowed by is counted without itself, so that a further value can be added."""
    choices = [BY_PARAM[param] for param in FACETS]
    free = [choice for choice in choices if not view.picked(choice.param)]
    found = board.index.facets(view.request(), [choice.facet for choice in free], _FACET_SIZE)
    for choice in choices:
        if view.picked(choice.param):
            request = view.request(**{choice.field: ()})
            found |= board.index.facets(request, [choice.facet], _FACET_SIZE + len(view.picked(choice.param)))
    facets = (_facet(board, view, choice.param, found.get(choice.facet, [])) for choice in choices)
    return tuple(facet for facet in facets if len(facet.values) + len(facet.picked) > 1 or facet.picked)


def _facet(board: Board, view: View, param: str, found: list[tuple[str, int]]) -> Facet:
    picked, counts = view.picked(param), dict(found)
    lines = {line.value: line for line in ranked(board, view, param, found)}
    chosen = tuple(
        Ranked(
            value,
            board.label(param, value, view.picked("brand")),
            counts.get(value, 0),
            lines[value].share if value in lines else 0,
            view.without(param, value),
        )
        for value in picked
    )
    others = tuple(
        replace(line, url=view.with_value(param, line.value)) for line in lines.values() if line.value not in picked
    )
    return Facet(param, BY_PARAM[param].label, chosen, others)


def _onward(view: View, cursor: str) -> str:
    if not cursor:
        return ""
    trail = (*view.trail, view.cursor or "-")[-MAX_TRAIL:]
    link = view.link(cursor=cursor, trail=trail)
    while trail and len(link) > MAX_ADDRESS:  # of a long way back its beginning is given up
        trail = trail[1:]
        link = view.link(cursor=cursor, trail=trail)
    return link


def _back(view: View) -> str:
    if not view.trail:
        return ""
    *rest, last = view.trail
    return view.link(cursor=None if last == "-" else last, trail=tuple(rest))
