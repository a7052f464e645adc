"""What a reader gets when something does not work: a page in plain words, or JSON where data was asked for.

One table says for each kind of failure what its answer is. Knows no page that works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from dashboards.board import Board
from dashboards.bounds import Excess
from dashboards.security import wants_data, with_headers
from earshot.errors import ConfigError, Damaged, IndexDamaged, PartialAnswer, QueryError, StorageError


@dataclass(frozen=True, slots=True)
class Problem:
    """The answer to one kind of failure. text: `{error}` is what it says. retry_s: when to ask again; 0: unsaid."""

    status: int
    title: str
    text: str
    retry_s: int = 0


PROBLEMS: dict[type[Exception], Problem] = {
    Damaged: Problem(503, "The record is damaged", "For whoever runs Earshot: {error}."),
    IndexDamaged: Problem(
        503,
        "Search is being rebuilt",
        "{error}. Nothing is lost: incidents, mails and operations are shown as ever.",
        retry_s=5,
    ),
    StorageError: Problem(
        503,
        "Not at the moment",
        "Record or index do not answer at the moment: {error}. Nothing is lost; try again shortly.",
        retry_s=5,
    ),
    PartialAnswer: Problem(
        503,
        "The search engine answered only in part",
        "A part of the index is missing or was too slow ({error.why}). Numbers and lists would be too small, so none"
        " are shown. Nothing is lost; try again in a minute, and tell whoever runs the search engine if it stays so.",
        retry_s=30,
    ),
    ConfigError: Problem(503, "The settings do not fit", "For whoever runs Earshot: {error}"),
    QueryError: Problem(400, "This query cannot be read", "{error}"),
    Exception: Problem(
        500,
        "This should not happen",
        "Something in Earshot broke over this page; the details are in the server's log.",
    ),
}
_BY_STATUS = {
    404: ("Not here", "There is no such page. What it showed may have been withdrawn or erased."),
    405: ("Not that way", "This address takes the other kind of request: pages are opened, buttons are pressed."),
}


def handle_errors(app: FastAPI, board: Board) -> None:
    """Have every failure answered, by the most specific kind that the table has."""

    def answer(request: Request, status: int, title: str, text: str, retry_s: int = 0) -> Response:
        response = with_headers(
            _data(status, title, text) if wants_data(request) else page(request, status, title, text)
        )
        if retry_s:
            response.headers["retry-after"] = str(retry_s)
        return response

    def page(request: Request, status: int, title: str, text: str) -> Response:
        try:
            return board.page(request, "problem.html", status=status, title=title, text=text)
        except Exception:  # noqa: BLE001 (the page that tells of a failure must not fail itself)
            return PlainTextResponse(f"{title}\n{text}\n", status)

    def handler(problem: Problem) -> Callable[[Request, Exception], Response]:
        return lambda request, error: answer(
            request, problem.status, problem.title, problem.text.format(error=error), problem.retry_s
        )

    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, error.status_code, *_BY_STATUS.get(error.status_code, _other(error)))

    def on_excess(request: Request, error: Exception) -> Response:
        assert isinstance(error, Excess)
        if wants_data(request):
            told = {"error": error.what, "field": error.field, "limit": error.limit, "advice": error.advice}
            return with_headers(JSONResponse(told, error.status))
        return answer(request, error.status, "This request is too large", str(error))

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Excess, on_excess)
    for kind, problem in PROBLEMS.items():
        app.add_exception_handler(kind, handler(problem))


def too_late(request: Request) -> Response:
    """Return the answer to a request whose time is over."""
    title = "This took too long"
    text = "Nothing is lost. Try again in a minute, or choose a shorter time or a simpler search."
    response = _data(503, title, text) if wants_data(request) else PlainTextResponse(f"{title}\n{text}\n", 503)
    response.headers["retry-after"] = "60"
    return response


def _data(status: int, title: str, text: str) -> Response:
    return JSONResponse({"error": title, "detail": text}, status)


def _other(error: HTTPException) -> tuple[str, str]:
    return "This did not work", str(error.detail)
