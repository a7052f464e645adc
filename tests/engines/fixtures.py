"""Real engines for a test session: both start when the first test asks for one, and are over with the session.

EARSHOT_TEST_OPENSEARCH and EARSHOT_TEST_ELASTICSEARCH name one that runs already; tests leave nothing behind in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scripts.engines import distributions
from scripts.engines.nodes import Node

FORGETFUL = {
    "opensearch": {"search.keep_alive_interval": "1s", "point_in_time.init.keep_alive": "1s"},
    "elasticsearch": {"search.keep_alive_interval": "1s"},
}
"""A point in time that nobody asks any more is forgotten within a second or two, and not within a minute."""


@pytest.fixture(scope="session")
def _started() -> Iterator[dict[str, Node]]:
    nodes: dict[str, Node] = {}
    try:
        for distribution in distributions.ALL:
            given = os.environ.get(f"EARSHOT_TEST_{distribution.product.upper()}", "")
            nodes[distribution.product] = Node(distribution, given, settings=FORGETFUL[distribution.product])
        yield nodes
    finally:
        for node in nodes.values():
            node.stop()


@pytest.fixture(scope="session")
def _secured() -> Iterator[dict[str, Node]]:
    nodes: dict[str, Node] = {}
    try:
        for distribution in distributions.SECURED:
            nodes[distribution.product] = Node(distribution, is_secured=True)
        yield nodes
    finally:
        for node in nodes.values():
            node.stop()


@pytest.fixture(scope="session")
def secured_opensearch(_secured: dict[str, Node]) -> Node:
    return _secured["opensearch"].ready()


@pytest.fixture(scope="session")
def secured_elasticsearch(_secured: dict[str, Node]) -> Node:
    return _secured["elasticsearch"].ready()


@pytest.fixture(scope="session")
def opensearch(_started: dict[str, Node]) -> Node:
    return _started["opensearch"].ready()


@pytest.fixture(scope="session")
def elasticsearch(_started: dict[str, Node]) -> Node:
    return _started["elasticsearch"].ready()
