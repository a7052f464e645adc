"""Makes the web application: ports in, pages out. Knows no adapter.

Answers are compressed. That a page's length tells of a secret in it (BREACH) needs a secret beside text of the
attacker's choice: no page holds a token (forms are told apart by where they come from), and another site's requests
carry no cookie of ours (SameSite=Lax), so that it is shown the sign-in and nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from fastapi import Depends, FastAPI
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
from dashboards.bounds import bounded
from dashboards.budget import Budget
from dashboards.problems import handle_errors, too_late
from dashboards.security import Access, Guard
from earshot.alerts.unsubscribing import Unsubscribing
from earshot.config.settings import Workspace
from earshot.errors import Mistake
from earshot.ports import Clock, MailLedger, MentionIndex, Record


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
    app.add_middleware(Budget, too_late=too_late)
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
    handle_errors(app, board)
    return app
