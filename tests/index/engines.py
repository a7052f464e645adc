"""Where a test keeps its index: a new folder, or a name of its own on a real engine, cleared away afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import SIMPLE, Plan
from earshot.index.cluster.reading import Connection
from earshot.index.elasticsearch import ElasticsearchIndex
from earshot.index.embedded import EmbeddedIndex
from earshot.index.opensearch import OpenSearchIndex
from earshot.ports import MentionIndex
from scripts.engines.nodes import Node

CLUSTERS: dict[str, type[OpenSearchIndex | ElasticsearchIndex]] = {
    "opensearch": OpenSearchIndex,
    "elasticsearch": ElasticsearchIndex,
}
REAL = [pytest.param(name, id=name, marks=pytest.mark.engines) for name in CLUSTERS]
ENGINES = [pytest.param("embedded", id="embedded"), *REAL]


@contextmanager
def opened(
    engine: str, request: pytest.FixtureRequest, folder: Path | None = None
) -> Iterator[Callable[..., MentionIndex]]:
    """Yield what makes new, empty indices of an engine; of a cluster, by a plan.

    folder: of the embedded ones, the test's own where None.
    """
    if engine == "embedded":
        folder = folder or request.getfixturevalue("tmp_path")
        numbers = count()
        yield lambda: EmbeddedIndex(folder / f"index-{next(numbers)}")
        return
    node: Node = request.getfixturevalue(engine).running()
    names: list[str] = []
    with ExitStack() as made, OpenSearch(node.url) as client:

        def fresh(plan: Plan = SIMPLE) -> ClusterIndex:
            names.append(f"test-{secrets.token_hex(4)}")
            index = CLUSTERS[engine](Connection((node.url,)), names[-1], plan=plan)
            made.callback(index.close)
            return index

        yield fresh
        for name in names:
            for index in client.indices.get(index=f"{name}.*"):
                client.indices.delete(index=index)
            client.indices.delete_index_template(name=name, ignore=404)
