"""The pages of sent mails, as the mail server's ledger holds them. Knows no record.

A mail's HTML is shown in a frame of its own: sandboxed, without scripts, without a request to anywhere; a link in it
opens in the whole window. The frame has our origin, so that the page can make it as tall as the mail is; nothing that
runs in it could use that, since nothing runs in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.board import Board
from dashboards.security import CSP
from earshot.model import SentMessage
from earshot.ports import MailLedger

FRAME_SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
FRAME_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    f"frame-ancestors 'self'; sandbox {FRAME_SANDBOX}"
)
"""Mails style themselves inline, as mail programs want it. Never with allow-scripts beside allow-same-origin."""
_LIMIT = 200
_URL = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]")
_HEAD = re.compile(r"<head(\s[^>]*)?>", re.IGNORECASE)
_TARGET = '<base target="_top">'


@dataclass(frozen=True, slots=True)
class TextPart:
    """A run of a mail's text; url is given where it is an address."""

    text: str
    url: str = ""


def make_router(board: Board, ledger: MailLedger) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/mails")
    def show_mails(request: Request) -> Response:
        return board.page(request, "mails.html", mails=ledger.headers(_LIMIT), limit=_LIMIT)

    @router.get("/mails/{name}")
    def show_mail(name: str, request: Request) -> Response:
        mail = _get(ledger, name)
        frame = f"/mails/{quote(name, safe='')}/html"
        page = board.page(
            request, "mail.html", mail=mail, frame=frame, sandbox=FRAME_SANDBOX, parts=list(text_parts(mail.text))
        )
        page.headers["content-security-policy"] = f"{CSP}; frame-src 'self'"
        return page

    @router.get("/mails/{name}/html")
    def show_html(name: str) -> Response:
        mail = _get(ledger, name)
        html, found = _HEAD.subn(lambda head: head[0] + _TARGET, mail.html, count=1)
        return HTMLResponse(html if found else _TARGET + html, headers={"content-security-policy": FRAME_CSP})

    return router


def text_parts(text: str) -> Iterator[TextPart]:
    """Yield a text in order, its http(s) addresses apart."""
    at = 0
    for found in _URL.finditer(text):
        if found.start() > at:
            yield TextPart(text[at : found.start()])
        yield TextPart(found[0], found[0])
        at = found.end()
    if at < len(text):
        yield TextPart(text[at:])


def _get(ledger: MailLedger, name: str) -> SentMessage:
    mail = ledger.message(name)
    if mail is None:
        raise HTTPException(404)
    return mail
