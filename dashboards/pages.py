"""The pages of marketing: Overview, Mentions, one mention, words that stand out. Knows no adapter."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from dashboards import periods, standing
from dashboards.board import Board
from dashboards.emptiness import Emptiness, why_empty
from dashboards.listing import listing
from dashboards.overview import overview
from dashboards.reading import read_mention
from dashboards.view import SORTS, View
from earshot.errors import QueryError
from earshot.query.language import remarks


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/")
    def show_overview(request: Request) -> Response:
        view = board.view(request)
        try:
            seen = overview(board, view)
        except QueryError as error:
            return _query_page(board, request, view, error, "overview.html")
        empty = why_empty(view, board.index.mentions(), seen.sources, "/") if not seen.total else None
        return _page(board, request, "overview.html", view, empty, seen=seen, total=seen.total)

    @router.get("/mentions")
    def show_mentions(request: Request) -> Response:
        view = board.view(request)
        try:
            found = listing(board, view)
        except QueryError as error:
            return _query_page(board, request, view, error, "mentions.html")
        empty = _empty_list(board, view) if not found.rows else None
        return _page(board, request, "mentions.html", view, empty, found=found, total=found.total)

    @router.get("/mentions/{mention_id}")
    def show_mention(mention_id: str, request: Request) -> Response:
        view = board.view(request)
        reading = read_mention(board, view, mention_id)
        if reading is None:
            raise HTTPException(404)
        brand = board.brand_name(reading.mention.brand)
        return board.page(request, "mention.html", view, seen=reading, mention=reading.mention, brand=brand)

    @router.get(standing.PATH)
    def show_words(request: Request) -> Response:
        view = board.view(request)
        try:
            words = standing.words_of(board, view)
        except QueryError as error:
            return _query_page(board, request, view, error, "words.html")
        return _page(board, request, "words.html", view, None, words_found=words, total=words.total)

    return router


def _page(
    board: Board, request: Request, template: str, view: View, empty: Emptiness | None, **context: Any
) -> Response:
    return board.page(
        request,
        template,
        view,
        status=context.pop("status", 200),
        presets=periods.PRESETS,
        sorts=SORTS,
        brands=list(board.brands.values()),
        empty=empty,
        fresh_url=_fresh_url(view),
        error=(error := context.pop("error", None)),
        notes=() if error else remarks(view.query),
        **context,
    )


def _query_page(board: Board, request: Request, view: View, error: QueryError, template: str) -> Response:
    """Return the page with what is wrong in the query, and nothing else."""
    names = {"overview.html": "seen", "mentions.html": "found", "words.html": "words_found"}
    return _page(
        board, request, template, view, None, status=400, error=_told(view, error), total=0, **{names[template]: None}
    )


def _told(view: View, error: QueryError) -> dict[str, Any]:
    """Return a query's mistake for the page: what stands before it, the character, and what follows."""
    text, at = error.query or view.query, error.at
    return {
        "what": error.what,
        "advice": error.advice,
        "at": at + 1,
        "before": text[max(0, at - 60) : at],
        "there": text[at : at + 1] or " ",
        "after": text[at + 1 : at + 60],
        "is_place": bool(view.cursor) and error.query != view.query,
    }


def _empty_list(board: Board, view: View) -> Emptiness:
    with board.record.read() as record:
        sources = [source for source in record.sources() if source.is_active]
    return why_empty(view, board.index.mentions(), sources, "/mentions")


def _fresh_url(view: View) -> str:
    """Return where the page asks whether more has come; empty where nothing more can come into view."""
    if not view.period.is_open or view.cursor:
        return ""
    if view.period.since is None:
        return view.link("/fresh.json")
    return view.link("/fresh.json", from_=view.period.since)
