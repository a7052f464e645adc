"""The same views for programs and spreadsheets: JSON, CSV, and the count a page asks for. Knows no template.

What a page forgives, a program is told: a URL or a query that cannot be read is answered with status 400.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from dashboards.board import Board
from dashboards.bounds import Excess
from dashboards.exports import iter_csv, iter_json
from dashboards.figures import file_name, overview_csv, overview_json, words_csv, words_json
from dashboards.overview import overview
from dashboards.standing import words_of
from dashboards.view import View
from earshot.errors import QueryError
from earshot.present import mention_dict

MAX_EXPORTED = 500_000
"""Mentions in one file, about 1.5 GB of JSON; a spreadsheet takes a million lines."""


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/mentions.json")
    def list_mentions(request: Request) -> Response:
        return _whole(board, request, "json")

    @router.get("/mentions.csv")
    def export_mentions(request: Request) -> Response:
        return _whole(board, request, "csv")

    @router.get("/overview.json")
    def list_overview(request: Request) -> Response:
        return _figures(board, request, "overview.json", lambda view: overview_json(view, overview(board, view)))

    @router.get("/overview.csv")
    def export_overview(request: Request) -> Response:
        return _figures(board, request, "overview.csv", lambda view: overview_csv(view, overview(board, view)))

    @router.get("/words.json")
    def list_words(request: Request) -> Response:
        return _figures(board, request, "words.json", lambda view: words_json(view, words_of(board, view)))

    @router.get("/words.csv")
    def export_words(request: Request) -> Response:
        return _figures(board, request, "words.csv", lambda view: words_csv(words_of(board, view)))

    @router.get("/fresh.json")
    def count_fresh(request: Request) -> Response:
        view = board.view(request)
        try:
            return JSONResponse({"total": board.index.count(view.request())}, headers={"cache-control": "no-store"})
        except QueryError as error:
            return _query_answer(error)

    @router.get("/mentions/{mention_id}.json")
    def give_mention(mention_id: str) -> Response:
        with board.record.read() as record:
            mention = next(iter(record.mentions([mention_id])), None)
        if mention is None:
            raise HTTPException(404)
        return JSONResponse(mention_dict(mention))

    return router


def _figures(board: Board, request: Request, name: str, make: Callable[[View], dict[str, Any] | str]) -> Response:
    """Return the numbers of a page as a file."""
    view = board.view(request)
    if refusal := _refuse(view):
        return refusal
    try:
        made = make(view)
    except QueryError as error:
        return _query_answer(error)
    headers = {"content-disposition": f'attachment; filename="{file_name(board, view, *name.split("."))}"'}
    if isinstance(made, str):
        return Response(made, media_type="text/csv; charset=utf-8", headers=headers)
    return JSONResponse(made, headers=headers)


def _whole(board: Board, request: Request, kind: str) -> Response:
    """Return every mention of a view as a file, one after the other as the index gives them."""
    view = board.view(request)
    if refusal := _refuse(view):
        return refusal
    try:
        total = board.index.count(view.request())  # a query that cannot be read is an answer, not a broken file
        if total > MAX_EXPORTED:
            raise _too_many(total)
        hits = board.index.walk(view.request())
        first = list(islice(hits, 1))
    except QueryError as error:
        return _query_answer(error)
    every = chain(first, hits)
    body = iter_json(view, total, every) if kind == "json" else iter_csv(board, view, every)
    name = file_name(board, view, "mentions", kind)
    media_type = "application/json" if kind == "json" else "text/csv; charset=utf-8"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type=media_type, headers=headers)


def _too_many(total: int) -> Excess:
    what = f"These are {total:,} mentions; a file takes {MAX_EXPORTED:,} at the most"
    return Excess(
        400, "mentions", MAX_EXPORTED, what, "Choose a shorter time with from and to, and take several files."
    )


def _query_answer(error: QueryError) -> Response:
    told = {"error": error.what, "at": error.at, "query": error.query, "advice": error.advice}
    return JSONResponse(told, 400)


def _refuse(view: View) -> Response | None:
    """Return the answer to a program whose URL says things that mean nothing: a silent guess would mislead it."""
    if not view.problems:
        return None
    told = [{"parameter": p.param, "value": p.value, "what": p.what, "advice": p.advice} for p in view.problems]
    return JSONResponse({"error": "the URL cannot be read", "problems": told}, 400)
