"""Makes the web application: ports in, pages out. Knows no adapter.

Answers are compressed. That a page's length tells of a secret in it (BREACH) needs a secret beside text of the
attacker's choice: no page holds a token (forms are told apart by where they come from), and another site's requests
carry no cookie of ours (SameSite=Lax), so that it is shown the sign-in and nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboards import (
    acts,
    brands,
    entry,
    incidents,
    mails,
    metrics,
    operations,
    pages,
    programs,
    runs,
    sources,
    unsubscribe,
)
from dashboards.acts import Actions
from dashboards.board import Board
from dashboards.bounds import Excess, bounded
from dashboards.budget import Budget
from dashboards.security import Access, Guard, wants_data, with_headers
from earshot.alerts.unsubscribing import Unsubscribing
from earshot.config.settings import Workspace
from earshot.errors import ConfigError, Damaged, IndexDamaged, Mistake, PartialAnswer, QueryError, StorageError
from earshot.ports import Clock, MailLedger, MentionIndex, Record

_TITLES = {
    404: ("Not here", "There is no such page. What it showed may have been withdrawn or erased."),
    405: ("Not that way", "This address takes the other kind of request: pages are opened, buttons are pressed."),
}


def make_app(
    *,
    record: Record,
    index: MentionIndex,
    workspace: Workspace,
    clock: Clock,
    ledger: MailLedger | None = None,
    actions: Actions | None = None,
    mistakes: Callable[[], Sequence[Mistake]] = tuple,
    unsubscribing: Unsubscribing | None = None,
) -> FastAPI:
    """Return the dashboards as an ASGI application.

    Args:
        record: read; written only where somebody presses a button (`dashboards.acts`).
        index: searched only; nothing is written.
        workspace: brands, sources, and `settings.dashboards` (host names, token).
        clock: decides what "now" is on every page.
        ledger: where sent mails show up; without it there is no page of them.
        actions: what buttons start elsewhere; without it those buttons are left out.
        mistakes: asks for the mistakes of the workspace's files as they stand now.
        unsubscribing: reads the links that stop a person's mails; without it they lead nowhere.
    """
    board = Board(record, index, workspace, clock, ledger, mistakes)
    access = Access(workspace.settings.dashboards, clock, record)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        board.assets.warm()
        yield

    app = FastAPI(
        title="Earshot",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(bounded)],
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Budget, too_late=_too_late)
    app.add_middleware(Guard, access=access)
    if proxies := workspace.settings.dashboards.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    app.include_router(entry.make_router(board, access))
    for part in (programs, pages, brands, sources, incidents, runs, metrics):
        app.include_router(part.make_router(board))
    app.include_router(operations.make_router(board, can_replay=actions is not None))
    app.include_router(acts.make_router(board, actions))
    if unsubscribing is not None:
        app.include_router(unsubscribe.make_router(board, unsubscribing))
    if ledger is not None:
        app.include_router(mails.make_router(board, ledger))
    _handle_errors(app, board)
    return app


def _too_late(request: Request) -> Response:
    title = "This took too long"
    text = "Nothing is lost. Try again in a minute, or choose a shorter time or a simpler search."
    if wants_data(request):
        return JSONResponse({"error": title, "detail": text}, 503, {"retry-after": "60"})
    return PlainTextResponse(f"{title}\n{text}\n", 503, {"retry-after": "60"})


def _handle_errors(app: FastAPI, board: Board) -> None:
    def answer(request: Request, status: int, title: str, text: str) -> Response:
        if wants_data(request):
            return with_headers(JSONResponse({"error": title, "detail": text}, status))
        try:
            page = board.page(request, "problem.html", status=status, title=title, text=text)
        except Exception:  # noqa: BLE001 (the page that tells of a failure must not fail itself)
            page = PlainTextResponse(f"{title}\n{text}\n", status)  # type: ignore[assignment]
        return with_headers(page)

    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title, text = _TITLES.get(error.status_code, ("This did not work", str(error.detail)))
        return answer(request, error.status_code, title, text)

    def on_damage(request: Request, error: Exception) -> Response:
        return answer(request, 503, "The record is damaged", f"For whoever runs Earshot: {error}.")

    def on_index(request: Request, error: Exception) -> Response:
        text = f"{error}. Nothing is lost: incidents, mails and operations are shown as ever."
        response = answer(request, 503, "Search is being rebuilt", text)
        response.headers["retry-after"] = "5"
        return response

    def on_storage(request: Request, error: Exception) -> Response:
        text = f"Record or index do not answer at the moment: {error}. Nothing is lost; try again shortly."
        response = answer(request, 503, "Not at the moment", text)
        response.headers["retry-after"] = "5"
        return response

    def on_part(request: Request, error: Exception) -> Response:
        assert isinstance(error, PartialAnswer)
        text = (
            f"A part of the index is missing or was too slow ({error.why}). Numbers and lists would be too small, so"
            " none are shown. Nothing is lost; try again in a minute, and tell whoever runs the search engine if it"
            " stays so."
        )
        response = answer(request, 503, "The search engine answered only in part", text)
        response.headers["retry-after"] = "30"
        return response

    def on_config(request: Request, error: Exception) -> Response:
        return answer(request, 503, "The settings do not fit", f"For whoever runs Earshot: {error}")

    def on_query(request: Request, error: Exception) -> Response:
        return answer(request, 400, "This query cannot be read", str(error))

    def on_excess(request: Request, error: Exception) -> Response:
        assert isinstance(error, Excess)
        if wants_data(request):
            told = {"error": error.what, "field": error.field, "limit": error.limit, "advice": error.advice}
            return with_headers(JSONResponse(told, error.status))
        return answer(request, error.status, "This request is too large", str(error))

    def on_any(request: Request, _: Exception) -> Response:
        text = "Something in Earshot broke over this page; the details are in the server's log."
        return answer(request, 500, "This should not happen", text)

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Excess, on_excess)
    app.add_exception_handler(Damaged, on_damage)
    app.add_exception_handler(IndexDamaged, on_index)
    app.add_exception_handler(StorageError, on_storage)
    app.add_exception_handler(PartialAnswer, on_part)
    app.add_exception_handler(ConfigError, on_config)
    app.add_exception_handler(QueryError, on_query)
    app.add_exception_handler(Exception, on_any)
