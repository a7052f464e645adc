"""The dashboards of a workspace that is edited while they are served: they follow its files once those are good again.

Knows no page. While the files have mistakes, the pages go on with what they said before, and Operations names the
mistakes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from earshot.config.rereading import Rereading
from earshot.errors import EarshotError
from earshot.wiring import Parts, open_parts

log = structlog.get_logger(__name__)
_LOOK_EVERY_S = 2.0
_CLOSE_AFTER_S = 60.0
"""When the parts of before are let go of: requests that began with them have ended by then."""


class ReloadingApp:
    """An ASGI application that looks for changed files at most every two seconds, when it is asked for something."""

    def __init__(self, root: Path, environ: Mapping[str, str], parts: Parts, files: Rereading) -> None:
        """Take the open parts of a workspace, and who knows whether its files changed since they were opened."""
        self._root, self._environ, self._files = root, environ, files
        self._parts = parts
        self._app: ASGIApp = parts.make_app()
        self._looked_at = time.monotonic()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the pages of the workspace as it is now."""
        if scope["type"] == "http" and time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            await asyncio.to_thread(self._follow)
        await self._app(scope, receive, send)

    def _follow(self) -> None:
        """Open the workspace anew where its files changed; where that fails, keep what is open and say so."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._files.has_changed():
                return
            files = Rereading(self._root, self._environ)
            parts = open_parts(self._root, self._environ)
            if _token(self._parts) and not _token(parts):
                log.error("the access token was taken out of the settings; restart to serve without one")
                self._files = files
                return
            old, self._parts, self._app, self._files = self._parts, parts, parts.make_app(), files
        except EarshotError as error:
            log.error("the workspace was changed and cannot be opened; the pages stay as they were", reason=str(error))
            return
        finally:
            self._lock.release()
        closing = threading.Timer(_CLOSE_AFTER_S, old.close)
        closing.daemon = True
        closing.start()


def _token(parts: Parts) -> str:
    return parts.workspace.settings.dashboards.token.get_secret_value()
