"""Where a test keeps its record: a new SQLite file, or a new database of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgresql.server import Server

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@contextmanager
def fresh_url(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database of the engine that the fixture's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'record.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url.render_as_string(hide_password=False)
