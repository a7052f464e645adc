"""Style, scripts and the chart library, served from here and named by what they hold. Knows no page.

The chart library (Vega, Vega-Lite, vega-embed and its expression interpreter) comes out of the vl-convert wheel;
making it takes about two seconds, so it is made once and kept in the workspace's var/cache under the wheel's version.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path

import vl_convert

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
CHARTS = "vega.js"
_VERSION = metadata.version("vl-convert-python")
_BUNDLED = "window.vegaEmbed=vegaEmbed;"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. digest: the beginning of its SHA-256."""

    name: str
    body: bytes
    packed: bytes
    kind: str
    digest: str


class Assets:
    """All files under /static. Safe to use from several threads."""

    def __init__(self, cache: Path) -> None:
        """Keep where the chart library may be kept; nothing is read yet."""
        self._cache = cache
        self._lock = threading.Lock()

    def url(self, name: str) -> str:
        """Return the URL of a file; it changes with the file, so that browsers may keep it for good."""
        version = _VERSION if name == CHARTS else self._files[name].digest
        return f"/static/{name}?v={version}"

    def find(self, name: str) -> Asset | None:
        """Return a file, or None."""
        return self._charts if name == CHARTS else self._files.get(name)

    def warm(self) -> threading.Thread:
        """Make the chart library in the background, before the first page asks for it."""
        thread = threading.Thread(target=lambda: self._charts, name="charts", daemon=True)
        thread.start()
        return thread

    @cached_property
    def _files(self) -> dict[str, Asset]:
        folder = resources.files("dashboards") / "static"
        files = (file for file in folder.iterdir() if Path(file.name).suffix in _KINDS)
        return {file.name: _asset(file.name, file.read_bytes()) for file in files}

    @property
    def _charts(self) -> Asset:
        with self._lock:
            return self._chart_library

    @cached_property
    def _chart_library(self) -> Asset:
        kept = self._cache / f"vega-{_VERSION}.js"
        with suppress(OSError):  # not made yet, or somebody has emptied the folder
            return _asset(CHARTS, kept.read_bytes())
        body = vl_convert.javascript_bundle(_BUNDLED).encode()
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            temporary = kept.with_suffix(".part")
            temporary.write_bytes(body)
            temporary.replace(kept)
        except OSError:  # a folder that cannot be written costs two seconds at the next start, nothing else
            pass
        return _asset(CHARTS, body)


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(name, body, gzip.compress(body, 6, mtime=0), f"{_KINDS[Path(name).suffix]}; charset=utf-8", digest)
