"""Serves the invented web on one loopback port: to browsers by host name, to the crawler also as its proxy.

Knows neither record nor index. A request whose target is a whole address (`GET http://site.localhost:1/ HTTP/1.1`) is
a proxy's; the answer is the same. Nothing is ever asked of another machine.

Source: RFC 9110 (validators, conditional requests, Retry-After), RFC 9112 section 3.2 (forms of the target).
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from earshot.demo.answers import Answer, answer_for
from earshot.demo.newsstand import Newsstand, Published
from earshot.demo.sites import Site
from earshot.ports import Clock

_GZIP_FROM_BYTES = 600
_TICK_S, _POLL_S = 1.0, 0.05


class DemoWeb:
    """The server. `start` serves in a thread; leaving a `with` block stops it."""

    def __init__(
        self,
        clock: Clock,
        *,
        born_at: datetime | None = None,
        port: int = 0,
        state: Path | None = None,
        on_post: Callable[[Published], None] | None = None,
    ) -> None:
        """Bind the port; nothing is answered before `start`.

        Args:
            clock: time of new posts.
            born_at: beginning of the invented month; None means now.
            port: 0 takes any that is free.
            state: file that remembers which posts of the script are out.
            on_post: told of each new post while `play` runs, in the server's own thread.

        Raises:
            OSError: the port is taken.
        """
        self.newsstand = Newsstand(born_at or clock.now(), clock, state)
        self.requests: Counter[str] = Counter()
        self.on_post, self._stopping = on_post, threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_address[1])

    @property
    def proxy_url(self) -> str:
        """What a crawler sets as its proxy."""
        return f"http://127.0.0.1:{self.port}"

    def base(self, site: Site | str) -> str:
        """Return a site's origin, without a slash at the end."""
        name = site if isinstance(site, str) else site.id
        return f"http://{name}.localhost:{self.port}"

    def feed_url(self, site_id: str) -> str:
        """Return the address under which a site is listened to."""
        return self.base(site_id) + self.newsstand.sites[site_id].feed

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._go(lambda: self._server.serve_forever(poll_interval=_POLL_S))

    def play(self) -> None:
        """Let new posts appear by themselves from now on."""
        self._go(self._play)

    def reveal(self, count: int = 1) -> list[Published]:
        """Publish the next posts now, without waiting."""
        return self.newsstand.reveal(count)

    def stop(self) -> None:
        """Stop serving and free the port. Twice is once."""
        self._stopping.set()
        if self._threads:
            self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads.clear()

    def __enter__(self) -> DemoWeb:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, host: str, path: str) -> Answer:
        """Return what a GET of this path on this host is answered with, conditions and codings aside."""
        self.requests[host] += 1
        return answer_for(self.newsstand, host, path, self.base)

    def _go(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _play(self) -> None:
        while not self._stopping.wait(_TICK_S):
            for one in self.newsstand.catch_up():
                self._tell(one)

    def _tell(self, one: Published) -> None:
        try:
            if self.on_post:
                self.on_post(one)
        except Exception:  # noqa: BLE001, S110 (nobody listening is no reason to publish no more)
            pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], web: DemoWeb) -> None:
        self.web = web
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "InventedWeb/1"
    sys_version = ""
    timeout = 60
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Keep the terminal for the demonstration."""

    def _answer(self, *, with_body: bool) -> None:
        target = urlsplit(self.path if "://" in self.path else f"http://{self.headers.get('Host', '')}{self.path}")
        answer = self.server.web.answer((target.hostname or "").lower(), unquote(target.path) or "/")
        headers, body, status = dict(answer.headers), answer.body, answer.status
        if status == 200:
            headers |= _validators(answer)
            if _is_known(self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"), headers):
                status, body = 304, b""
        if len(body) > _GZIP_FROM_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and status != 304:
            self.wfile.write(body)


def _validators(answer: Answer) -> dict[str, str]:
    headers = {"ETag": f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"', "Vary": "Accept-Encoding"}
    if answer.changed_at:
        headers["Last-Modified"] = format_datetime(answer.changed_at, usegmt=True)
    return headers


def _is_known(none_match: str | None, modified_since: str | None, headers: dict[str, str]) -> bool:
    """Tell whether the client has this already; an ETag it names outweighs a date (RFC 9110 section 13.2.2)."""
    if none_match is not None:
        return none_match.strip() == "*" or headers["ETag"] in (
            part.strip().removeprefix("W/") for part in none_match.split(",")
        )
    if modified_since is None or "Last-Modified" not in headers:
        return False
    try:
        since = parsedate_to_datetime(modified_since)
    except ValueError:
        return False
    return parsedate_to_datetime(headers["Last-Modified"]) - since <= timedelta(0)
