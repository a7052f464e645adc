"""A server before object storage that does what networks and servers do: refuse, reset, cut, spoil, sleep."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_KEPT = ("content-length", "connection", "transfer-encoding", "date", "server")
_BY_KMS = {"x-amz-server-side-encryption": "aws:kms"}


class Proxy:
    """Passes requests on. `faults` are used up one a request.

    A status, "reset", "sleep", "spoil" (one bit of what is sent), or "cut": the last byte of what is sent is lost, and
    the answer says that a key of KMS encrypted it, so that its tag is no MD5 that could be compared.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.faults: list[int | str] = []
        self.asked: Counter[str] = Counter()
        self.released = threading.Event()
        proxy = self

        class Handler(_Handler):
            behind, owner = port, proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behind: int
    owner: Proxy

    def _pass_on(self) -> None:
        self.owner.asked[self.command] += 1
        body = self._body()
        fault = self.owner.faults.pop(0) if self.owner.faults else ""
        if fault == "sleep":
            self.owner.released.wait(60)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if isinstance(fault, int):
            self._answer(fault, {"content-type": "application/xml"}, b"<Error><Code>SlowDown</Code></Error>")
            return
        if fault == "spoil" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        status, headers, said = self._behind(body[:-1] if fault == "cut" else body)
        self._answer(status, headers | (_BY_KMS if fault == "cut" else {}), said)

    def _behind(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("transfer-encoding", "expect", "connection"):
                connection.putheader(name, str(len(body)) if name.lower() == "content-length" else value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        said = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _KEPT}
        if self.command == "HEAD":
            headers["content-length"] = answer.headers.get("content-length", "0")
        connection.close()
        return answer.status, headers, said

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815 (names that http.server looks for)

    def log_message(self, *_: Any) -> None:
        pass
