"""One PostgreSQL for a test session (each worker of pytest-xdist has its own): starts when first asked for.

EARSHOT_TEST_POSTGRESQL names a database of one that runs already, whose user may make databases and roles; tests leave
nothing behind in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.postgresql.server import Server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    server = Server(os.environ.get("EARSHOT_TEST_POSTGRESQL", ""))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def secured_postgresql() -> Iterator[Server]:
    server = Server(is_secured=True)
    yield server
    server.stop()


@pytest.fixture
def own_postgresql() -> Iterator[Server]:
    """A server of the test's own, to be ended in its middle."""
    server = Server()
    yield server
    server.stop()
