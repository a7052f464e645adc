"""A cluster of which a part is missing or too slow: readers are told so, and never shown a part as the whole."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from opensearchpy import OpenSearch

from earshot.errors import PartialAnswer, StorageError
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.reading import Connection
from earshot.model import SearchRequest
from scripts.engines.nodes import Node
from tests.dashboards import seed
from tests.dashboards.serving import app_of, serving
from tests.index.engines import CLUSTERS, REAL, opened
from tests.ports.mention_index import mention, put

pytestmark = pytest.mark.engines
NOWHERE = {
    "index": {"number_of_shards": 1, "number_of_replicas": 0, "routing.allocation.require._name": "no-such-node"}
}


@pytest.fixture(params=REAL)
def index(request: pytest.FixtureRequest) -> Iterator[ClusterIndex]:
    """Two mentions, and beside them an index behind the same alias whose shard no node has."""
    node: Node = request.getfixturevalue(request.param).running()
    with opened(request.param, request) as fresh, OpenSearch(node.url) as client:
        index = fresh()
        assert isinstance(index, ClusterIndex)
        put(index, mention(1), mention(2))
        client.indices.create(
            index=f"{index._name}.lost-000001",
            body={"settings": NOWHERE, "aliases": {index._name: {}}},
            params={"wait_for_active_shards": "0"},
        )
        yield index


@pytest.mark.parametrize(
    "ask",
    [
        lambda index: index.search(SearchRequest("pump")),
        lambda index: index.count(SearchRequest()),
        lambda index: index.facets(SearchRequest(), ["brand"]),
        lambda index: index.hours(SearchRequest()),
    ],
)
@pytest.mark.fault(case="A shard of the cluster is missing", promise="No smaller number is shown as if it were whole")
def test_a_missing_shard_is_no_smaller_number(index: ClusterIndex, ask: Callable[[ClusterIndex], object]) -> None:
    with pytest.raises(PartialAnswer, match="answered only in part"):
        ask(index)


@pytest.mark.fault(case="A shard of the cluster is missing", promise="Pages say that a part is missing")
def test_the_pages_say_in_plain_words_that_a_part_is_missing(index: ClusterIndex, tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=2)
    world.index = index  # type: ignore[assignment]
    with serving(app_of(world)) as url:
        for page in ("/", "/mentions", "/mentions?q=pump"):
            answer = httpx.get(url + page, headers={"accept": "text/html"}, timeout=30)
            assert answer.status_code == 503
            assert "The search engine answered only in part" in answer.text
            assert "none are shown" in answer.text
            assert answer.headers["retry-after"] == "30"
        assert httpx.get(f"{url}/sources").status_code == 200
    world.record.close()


@pytest.mark.parametrize("engine", REAL)
@pytest.mark.fault(case="The cluster does not answer in time", promise="The page says how long it waited")
def test_an_answer_that_does_not_come_in_time_says_how_long_it_was_waited_for(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        index = CLUSTERS[engine](Connection((url,), timeout=timedelta(seconds=0.3)), "test-silent")
        with pytest.raises(StorageError, match=r"does not answer within 0\.3 s \(index\.timeout\)"):
            index.mentions()
        index.close()
