"""Scrapy's downloader middleware of this project: no request leaves unguarded, unsigned or past the proxy."""

from __future__ import annotations

from typing import Any, Self

from scrapy import Request
from scrapy.exceptions import IgnoreRequest

from spiders.guard import Guard


class GuardMiddleware:
    """Refuses what the guard refuses, names us, and chooses the proxy. The last one before the downloader."""

    def __init__(self, guard: Guard, user_agent: str) -> None:
        self._guard, self._user_agent = guard, user_agent

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Build from the settings of the process."""
        return cls(crawler.settings["EARSHOT_GUARD"], crawler.settings["USER_AGENT"])

    def process_request(self, request: Request) -> None:
        """Guard and sign one request.

        Raises:
            IgnoreRequest: it may not be sent.
        """
        refusal = self._guard.refusal(request.url)
        if refusal:
            raise IgnoreRequest(refusal)
        request.headers["User-Agent"] = self._user_agent
        proxy = self._guard.proxy_for(request.url)
        if proxy:
            request.meta["proxy"] = proxy
            if self._guard.proxy_authorization:
                request.headers["Proxy-Authorization"] = self._guard.proxy_authorization
