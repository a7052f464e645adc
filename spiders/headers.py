"""The HTTP download handler of this project: Scrapy's, where the headers of one answer have a bound in sum.

Twisted bounds one line (16 KB) but not their number: a server that sends header lines without end would fill the
memory until the request's time is up.
"""

from __future__ import annotations

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.web._newclient import ParseError

MOST_BYTES = 256 * 1024
"""Most bytes of headers of one answer, interim ones (1xx) before it counted too. Browsers take as much."""
LINE_BYTES = 64
"""What a line costs beside its text."""
TOO_MANY = f"more than {MOST_BYTES // 1024} KB of headers"


class BoundedHandler(HTTP11DownloadHandler):
    """Asks over connections whose answers end with a failure as soon as their headers are too many."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory  # noqa: SLF001 (as Scrapy does it)


class _Parser(_LenientHTTPClientParser):
    """Counts what it takes; a parser is used for one answer."""

    taken = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 (Twisted's name)
        self.taken += len(line) + LINE_BYTES
        if self.taken > MOST_BYTES:
            raise ParseError(TOO_MANY, line[:80])  # type: ignore[no-untyped-call]
        super().lineReceived(line)


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        answer = super().request(request)
        self._parser.__class__ = _Parser  # as Scrapy does it: Twisted names no other way to choose the parser
        return answer


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802, ARG002
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
