"""A Scrapy extension: how much of unfinished bodies may be held at a time. Knows no item and no lake.

Each body has its own limit, but many large ones at once would still cost the process its memory, and with it the
whole batch. Whoever would exceed the sum ends as a failure of its own and is tried again with a later batch.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Self

from scrapy import Request, signals
from scrapy.exceptions import StopDownload

SHARE = 4
"""One fourth of the memory limit: a body is held once as it comes, once decoded, once on its way into the lake."""
CRUMB_BYTES, MOST_CRUMBS = 32, 5_000
"""A body that comes in more pieces than that, of so few bytes on average, is ended: each piece costs as much as a large
one, and the other hosts would wait for it."""
SMALL_BYTES = 256 * 1024
"""A body up to here is never ended: what hundreds of them take is little."""


class CrumbsError(StopDownload):
    """A body comes in too many too small pieces."""


class BodyBudget:
    """Counts what has arrived for requests in flight."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._held: dict[Request, int] = {}
        self._pieces: Counter[Request] = Counter()
        self._sum = 0

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Build from the settings of the process, and listen."""
        self = cls(crawler.settings.getint("EARSHOT_MEMORY_MB") * 1024 * 1024 // SHARE)
        crawler.signals.connect(self.bytes_received, signals.bytes_received)
        crawler.signals.connect(self.request_left_downloader, signals.request_left_downloader)
        return self

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Count a piece of a body.

        Raises:
            StopDownload: the sum is exceeded, and this body is not a small one; or it comes in crumbs.
        """
        self._held[request] = self._held.get(request, 0) + len(data)
        self._sum += len(data)
        self._pieces[request] += 1
        if self._pieces[request] > MOST_CRUMBS and self._held[request] < CRUMB_BYTES * self._pieces[request]:
            self.request_left_downloader(request)
            raise CrumbsError
        if self._sum > self._budget and self._held[request] > SMALL_BYTES:
            self.request_left_downloader(request)  # at once, or the next piece of another body would end that one too
            raise StopDownload(fail=True)

    def request_left_downloader(self, request: Request) -> None:
        """Forget a request that has ended."""
        self._sum -= self._held.pop(request, 0)
        self._pieces.pop(request, None)
