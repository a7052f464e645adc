"""What is reached before anything is shown: sign-in, static files, health. Knows no mention."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.requests import ClientDisconnect

from dashboards.board import Board
from dashboards.security import COOKIE, SIGN_IN, TOO_MANY_GUESSES, Access, TooManyGuesses, address_of, safe_next

_MAX_FORM = 8192
_FOREVER = "public, max-age=31536000, immutable"


def make_router(board: Board, access: Access) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        board.index.mentions()
        with board.record.read() as record:
            record.incidents(limit=1)
        return JSONResponse({"status": "ok"})

    @router.get("/favicon.ico")
    def favicon() -> RedirectResponse:
        return RedirectResponse(board.assets.url("mark.svg"), 307)

    @router.get("/static/{name}")
    def static(name: str, request: Request) -> Response:
        return _file(board, name, request)

    @router.get(SIGN_IN)
    def sign_in(request: Request) -> Response:
        onward = safe_next(request.query_params.get("next", "/"))
        return board.page(request, "sign_in.html", onward=onward, failure="")

    @router.post(SIGN_IN)
    async def signed_in(request: Request) -> Response:
        form = await _form(request)
        onward = safe_next(form.get("next", "/"))
        try:
            cookie = await run_in_threadpool(access.sign_in, form.get("token", ""), address_of(request))
        except TooManyGuesses:
            page = board.page(request, "sign_in.html", status=429, onward=onward, failure=TOO_MANY_GUESSES)
            page.headers["retry-after"] = "60"
            return page
        if cookie is None:
            failure = "This is not the access token."
            return board.page(request, "sign_in.html", status=403, onward=onward, failure=failure)
        response = RedirectResponse(onward, 303)
        access.set_cookie(response, cookie)
        return response

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        if cookie := request.cookies.get(COOKIE, ""):
            access.sign_out(cookie)
        response = RedirectResponse(SIGN_IN, 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return response

    return router


def _file(board: Board, name: str, request: Request) -> Response:
    """Return a file; one asked for under its own version may be kept for good."""
    asset = board.assets.find(name)
    if asset is None:
        raise HTTPException(404)
    is_current = board.assets.url(name).endswith(f"?{request.url.query}")
    headers = {
        "etag": f'"{asset.digest}"',
        "cache-control": _FOREVER if is_current else "no-cache",
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.kind, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.kind, headers=headers)


async def _form(request: Request) -> dict[str, str]:
    """Return a small form's fields; the last value of each."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_FORM:
                raise HTTPException(413, "The form is too large.")
    except ClientDisconnect:  # nobody is there to be answered
        return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
