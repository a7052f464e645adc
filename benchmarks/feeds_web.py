"""A web of feeds on the loopback, as a crawler's proxy: `/feed` of every site, and nothing else. For benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


def serve_feeds(feed_of: Callable[[str], str]) -> ThreadingHTTPServer:
    """Serve in a thread of its own, until `shutdown`. feed_of: the RSS of a host; there is no robots.txt."""

    class Feeds(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = feed_of(parts.netloc).encode() if parts.path == "/feed" else b""
            self.send_response(200 if body else 404)
            self.send_header("content-type", "application/rss+xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
