"""The one page that is open to whoever holds its link: no more mails of a brand. Knows no adapter.

A mail program posts to the link (RFC 8058); a person gets a page with a button first, because programs that check
mails for viruses follow every link.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from dashboards.board import Board
from earshot.alerts.unsubscribing import ALERTS, PATH, Subscription, Unsubscribing


def make_router(board: Board, unsubscribing: Unsubscribing) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get(PATH + "{token}")
    def ask(token: str, request: Request) -> Response:
        found = _find(token)
        with board.record.read() as record:
            is_done = any(
                (each.recipient, each.brand_id, each.mails) == (found.address.lower(), found.brand.id, found.mails)
                for each in record.unsubscriptions()
            )
        return _page(request, found, is_done=is_done)

    @router.post(PATH + "{token}")
    def unsubscribe(token: str, request: Request) -> Response:
        found = _find(token)
        with board.record.write() as writer:
            writer.unsubscribe(found.address, found.brand.id, found.mails, board.clock.now())
        return _page(request, found, is_done=True)

    def _find(token: str) -> Subscription:
        found = unsubscribing.find(token, board.brands.values())
        if found is None:
            raise HTTPException(404)
        return found

    def _page(request: Request, found: Subscription, *, is_done: bool) -> Response:
        mails = "alerts" if found.mails == ALERTS else "daily briefs"
        return board.page(
            request,
            "unsubscribe.html",
            is_done=is_done,
            mails=f"{mails} about {found.brand.name}",
            address=masked(found.address),
        )

    return router


def masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: m…@example.org."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"
