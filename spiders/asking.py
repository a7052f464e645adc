"""One request and its answer: through the guard, by the proxy, within its time. Knows no item and no robots.txt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urldefrag

from scrapy import Request
from w3lib.url import safe_url_string

from earshot.model import CollectLimits, Outcome
from spiders.endings import EndedError, end_of_failure
from spiders.guard import Guard
from spiders.politeness import lane_of

GRACE_S = 2.0
"""How long after its own limit the downloader may take to give up a request before it is taken from it."""


class Asker:
    """Sends requests for one batch. `download` is the engine's: request in, response out."""

    def __init__(self, download: Callable[[Request], Awaitable[Any]], guard: Guard, limits: CollectLimits) -> None:
        self._download, self._guard, self._limits = download, guard, limits

    def check(self, url: str, how: str = "") -> None:
        """Raise EndedError (BLOCKED) where nothing may be sent to `url`; `how` leads the reason."""
        refusal = self._guard.refusal(self.normal(url))
        if refusal:
            raise EndedError(Outcome.BLOCKED, how + refusal)

    def normal(self, url: str) -> str:
        """Return `url` as it is sent: ASCII, no fragment.

        Raises:
            EndedError: not a URL.
        """
        try:
            return urldefrag(safe_url_string(url))[0]
        except ValueError as error:
            raise EndedError(Outcome.FAILED, f"not an address that can be asked: {url[:120]}") from error

    async def send(self, url: str, headers: dict[str, str], seconds: float) -> Any:
        """Return the answer to a GET, whatever its status. seconds: for all of it, until the last byte.

        Raises:
            EndedError: no answer, with the reason.
        """
        if seconds <= 0:
            raise end_of_failure(TimeoutError(), self._limits, "")
        request = self._request(url, headers, seconds)
        try:
            return await asyncio.wait_for(self._download(request), seconds + GRACE_S)
        except Exception as error:
            raise end_of_failure(error, self._limits, self._guard.refused_address(lane_of(url))) from error

    def _request(self, url: str, headers: dict[str, str], seconds: float) -> Request:
        meta = {
            "download_timeout": seconds,
            "download_maxsize": self._limits.max_bytes,
            "download_fail_on_dataloss": True,
        }
        try:
            return Request(url, headers=headers, meta=meta, dont_filter=True)
        except ValueError as error:
            raise EndedError(Outcome.FAILED, f"not an address that can be asked: {url[:120]}") from error
