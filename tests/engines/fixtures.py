"""Real engines for a test session: each starts when the first test asks for it, and is over with
the session.

EARSHOT_TEST_OPENSEARCH and EARSHOT_TEST_ELASTICSEARCH name one that runs already; tests leave nothing behind in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from scripts.engines import distributions
from scripts.engines.distributions import Distribution
from scripts.engines.nodes import SOON_UP, Node

FORGETFUL = {
    "opensearch": {"search.keep_alive_interval": "1s", "point_in_time.init.keep_alive": "1s"},
    "elasticsearch": {"search.keep_alive_interval": "1s"},
}
"""A point in time that nobody asks any more is forgotten within a second or two, and not within a minute."""


@contextmanager
def _running(distribution: Distribution, given: str = "", **how: Any) -> Iterator[Node]:
    node = Node(distribution, given, java=SOON_UP, **how)
    try:
        yield node.ready()
    finally:
        node.stop()


def _shared(distribution: Distribution) -> AbstractContextManager[Node]:
    given = os.environ.get(f"EARSHOT_TEST_{distribution.product.upper()}", "")
    return _running(distribution, given, settings=FORGETFUL[distribution.product])


@pytest.fixture(scope="session")
def secured_opensearch() -> Iterator[Node]:
    with _running(distributions.OPENSEARCH_2, is_secured=True) as node:
        yield node


@pytest.fixture(scope="session")
def secured_elasticsearch() -> Iterator[Node]:
    with _running(distributions.ELASTICSEARCH, is_secured=True) as node:
        yield node


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Node]:
    with _shared(distributions.OPENSEARCH) as node:
        yield node


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Node]:
    with _shared(distributions.ELASTICSEARCH) as node:
        yield node
