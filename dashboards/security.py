"""Who may look, and what a browser may do with what it is shown. Knows no page, and no port but clock and record.

Without a token only this machine is answered, and only under its own names, so that a page elsewhere cannot reach the
dashboards by pointing a name of its own at the loopback (DNS rebinding). With a token everybody needs it: people
by a form that sets a cookie, programs by `Authorization: Bearer`. The record knows who is signed in, so that a cookie
is worth nothing once its reader has signed out, wherever else it was copied to.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.bounds import MAX_ADDRESS
from dashboards.guesses import Guesses
from earshot.config.settings import DashboardSettings
from earshot.errors import StorageError
from earshot.ports import Clock, Record
from earshot.signing_in import SignIn

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline runs or styles: Vega's own style sheets are switched off, what it draws carries only attributes."""
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "private, no-cache",
}
COOKIE = "earshot_access"
COOKIE_AGE = timedelta(days=7)
SIGN_IN = "/sign-in"
METRICS = "/metrics"
UNSUBSCRIBE = "/unsubscribe/"
"""What is open to whoever holds a link below it: mail programs post there from anywhere, without a cookie."""
_OPEN_PATHS = ("/healthz", SIGN_IN)
TOO_MANY_GUESSES = "Too many wrong tokens came from your address. Wait a minute, then try again."


def with_headers(response: Response) -> Response:
    """Put the headers on a response that does not pass the guard."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


class Guard:
    """ASGI middleware: refuses foreign hosts, foreign forms and strangers; puts the headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Keep the app inside."""
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = await self._access.refusal(Request(scope))
        if scope["method"] == "HEAD":  # the server leaves the body out, the pages need not know
            scope = {**scope, "method": "GET"}
        await (refusal or self._app)(scope, receive, _headed(send))


def _headed(send: Send) -> Send:
    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            added = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in there]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return headed


class Access:
    """Decides who is answered. Who is signed in stands in the record; here only wrong guesses are remembered."""

    def __init__(self, settings: DashboardSettings, clock: Clock, record: Record) -> None:
        """Read the settings once."""
        self._token = settings.token.get_secret_value().encode()
        public = urlsplit(settings.public_url)
        self._names = {name.lower() for name in (*settings.names, public.hostname or "") if name}
        self._is_secure = public.scheme == "https"
        self._clock, self._record = clock, record
        self._guesses = Guesses()

    async def refusal(self, request: Request) -> Response | None:
        """Return what to answer instead of the page, or None where the request may pass."""
        is_open = request.url.path.startswith(UNSUBSCRIBE)
        if request.method not in ("GET", "HEAD", "OPTIONS") and not is_open and not is_same_origin(request):
            return PlainTextResponse("Forms of other sites are not taken.\n", 403)
        if self._token:
            return None if is_open else await self._without_token(request)
        if not is_own_host(request.headers.get("host", ""), self._names):
            text = "Earshot does not answer to this host name; add it to dashboards.names in earshot.yaml.\n"
            return PlainTextResponse(text, 421)
        if not is_open and not _is_this_machine(request):
            text = "Only this machine may look. For any other address set dashboards.token in the workspace.\n"
            return PlainTextResponse(text, 403)
        return None

    def sign_in(self, token: str, address: str) -> str | None:
        """Return a cookie's value for the right token, else None. address: of who asks.

        Raises:
            TooManyGuesses: ten wrong tokens from there within a minute; the right one is not looked at either.
            StorageError: the record does not take it.
        """
        if not self._is_token(token, address):
            return None
        cookie, now = secrets.token_urlsafe(32), self._clock.now()
        with self._record.write() as writer:
            writer.add_sign_in(SignIn(_id_of(cookie), self._proof(cookie), now, now + COOKIE_AGE))
        return cookie

    def sign_out(self, cookie: str) -> None:
        """Make a cookie worth nothing, here and wherever it was copied to.

        Raises:
            StorageError: the record does not take it.
        """
        with self._record.write() as writer:
            writer.end_sign_in(_id_of(cookie))

    def set_cookie(self, response: Response, value: str) -> None:
        """Let a browser keep a sign-in."""
        response.set_cookie(
            COOKIE,
            value,
            max_age=int(COOKIE_AGE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
        )

    async def _without_token(self, request: Request) -> Response | None:
        path = request.url.path
        if path in _OPEN_PATHS or path.startswith("/static/"):
            return None
        try:
            if await self._is_known(request):
                return None
        except TooManyGuesses:
            return PlainTextResponse(f"{TOO_MANY_GUESSES}\n", 429, {"retry-after": "60"})
        except StorageError:
            text = "The record does not answer, so nobody can be let in. Nothing is lost; try again shortly.\n"
            return PlainTextResponse(text, 503, {"retry-after": "5"})
        if wants_data(request):
            text = "An access token is needed: Authorization: Bearer TOKEN\n"
            return PlainTextResponse(text, 401, {"www-authenticate": 'Bearer realm="earshot"'})
        onward = path + (f"?{request.url.query}" if request.url.query else "")
        if len(onward) > MAX_ADDRESS // 4:  # as a parameter it grows to three times its length
            onward = path if len(path) <= MAX_ADDRESS // 4 else "/"
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': onward})}", 303)

    async def _is_known(self, request: Request) -> bool:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(bearer.strip(), address_of(request)):
            return True
        cookie = request.cookies.get(COOKIE, "")
        return bool(cookie) and await run_in_threadpool(self._is_signed_in, cookie)

    def _is_token(self, token: str, address: str) -> bool:
        """Tell whether it is the token; a wrong one is noted."""
        now = self._clock.now()
        if self._guesses.are_too_many(address, now):
            raise TooManyGuesses
        if self._token and hmac.compare_digest(token.encode(), self._token):
            return True
        self._guesses.note(address, now)
        return False

    def _is_signed_in(self, cookie: str) -> bool:
        with self._record.read() as record:
            known = record.sign_in(_id_of(cookie))
        if known is None or known.until <= self._clock.now():
            return False
        return hmac.compare_digest(known.proof, self._proof(cookie))

    def _proof(self, cookie: str) -> str:
        return hmac.new(self._token, f"earshot sign-in {cookie}".encode(), hashlib.sha256).hexdigest()


class TooManyGuesses(Exception):  # noqa: N818 (a state, answered with 429)
    """Ten wrong tokens from one address within a minute."""


def address_of(request: Request) -> str:
    """Return where a request comes from: its connection's other end, or what a named proxy says of it."""
    return request.client.host if request.client else ""


def _id_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _is_this_machine(request: Request) -> bool:
    """Tell whether a request comes from this machine, and from nobody behind a proxy on it."""
    forwarded = request.headers.get("x-forwarded-for", "")
    addresses = [part.strip() for part in forwarded.split(",") if part.strip()]
    return (
        _is_loopback(address_of(request) or "127.0.0.1")
        and all(map(_is_loopback, addresses))
        and "forwarded" not in request.headers
    )


def is_own_host(header: str, names: Iterable[str]) -> bool:
    """Tell whether a Host header names this machine's loopback, or one of `names`. Empty and broken ones do not."""
    try:
        host = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    host = host.rstrip(".")
    return host == "localhost" or host.endswith(".localhost") or host in names or _is_loopback(host)


def is_same_origin(request: Request) -> bool:
    """Tell whether a form was sent by one of our own pages, as the browser says (Sec-Fetch-Site, else Origin).

    Who sends neither is no browser, and carries no one's cookies.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def wants_data(request: Request) -> bool:
    """Tell whether a program asks, not a person at a browser."""
    accept = request.headers.get("accept", "")
    return (
        request.url.path.endswith((".json", ".csv"))
        or request.url.path == METRICS  # Prometheus says that it takes anything, and follows redirects
        or "authorization" in request.headers
        or ("text/html" not in accept and "*/*" not in accept)
    )


def safe_next(text: str) -> str:
    """Return where to go after signing in: a path of ours, else the first page. Never another host."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours and not text.startswith(SIGN_IN) else "/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
