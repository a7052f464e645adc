"""Addresses of the pages, as a mail names them. Knows no page: a test reads each of these as the pages would."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from earshot.config.settings import Settings


class Links:
    """Makes links into the dashboards of a workspace, for a reader in a time zone."""

    def __init__(self, settings: Settings, time_zone: str = "") -> None:
        """Keep the base.

        Args:
            settings: `dashboards.public_url`, else its host and port; `time_zone`, which pages use without being told.
            time_zone: the reader's, IANA; empty means the workspace's.
        """
        boards = settings.dashboards
        self._base = (boards.public_url or f"http://{boards.host}:{boards.port}").rstrip("/")
        self._zone = time_zone if time_zone != settings.time_zone else ""

    def mention(self, mention_id: str) -> str:
        """Return the page of a mention."""
        return f"{self._base}/mentions/{quote(mention_id)}"

    def source(self, source_id: str) -> str:
        """Return the page of a source."""
        return f"{self._base}/sources/{quote(source_id)}"

    def problems(self) -> str:
        """Return the list of the sources that are not heard."""
        return f"{self._base}/sources?outcome=problem"

    def incidents(self, brand_id: str) -> str:
        """Return the incidents of a brand."""
        return f"{self._base}/incidents?{urlencode({'brand': brand_id})}"

    def mentions(self, since: datetime, until: datetime, **filters: str) -> str:
        """Return the list of the mentions published in this time; filters as the pages call them (brand, site, ...)."""
        return self._view("/mentions", since, until, filters)

    def overview(self, since: datetime, until: datetime, **filters: str) -> str:
        """Return the Overview of this time."""
        return self._view("/", since, until, filters)

    def _view(self, path: str, since: datetime, until: datetime, filters: dict[str, str]) -> str:
        times = {"from": _moment(since), "to": _moment(until)}
        zone = {"tz": self._zone} if self._zone else {}
        return f"{self._base}{path}?{urlencode(filters | times | zone, safe=':')}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
