"""The commands with the index on a real cluster: the way is the same as on one machine, and mistakes are said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from scripts.engines.nodes import Node
from tests.index.engines import REAL
from tests.pipeline.world import item, rss
from tests.test_cli import TEXT, Here, Site

pytestmark = pytest.mark.engines
NAME = "test-commands"


@pytest.fixture(params=REAL)
def node(request: pytest.FixtureRequest) -> Iterator[Node]:
    node: Node = request.getfixturevalue(request.param).running()
    yield node
    with OpenSearch(node.url) as client:
        for index in client.indices.get(index=f"{NAME}.*"):
            client.indices.delete(index=index)
        client.indices.delete_index_template(name=NAME, ignore=404)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    base = f"http://127.0.0.1:{server.server_port}"
    day = format_datetime(datetime.now(UTC) - timedelta(hours=3), usegmt=True)
    Site.body = rss(*(item(f"{base}/{n}", f"Halden {n}", f"{TEXT} Day {n}.", date=day) for n in range(3)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "brands").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (tmp_path / "sources" / "blog.yaml").write_text(
        f"sources:\n  - {{id: blog, kind: feed, url: '{base}/feed', delay: 0s}}\n"
    )
    yield Here(tmp_path, server.server_port)
    server.shutdown()
    server.server_close()


def set_index(here: Here, engine: str, url: str, more: str = "") -> None:
    (here.root / "earshot.yaml").write_text(
        "collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\n"
        f"index: {{engine: {engine}, urls: ['{url}'], name: {NAME}, timeout: 10s{', ' * bool(more)}{more}}}\n"
    )


def test_mentions_wait_while_it_is_down_and_are_then_found_erased_and_built_anew(here: Here, node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        down = f"http://127.0.0.1:{closing.getsockname()[1]}"
    engine = node.distribution.product
    set_index(here, engine, down)
    assert "does not answer" in here("check").stderr
    here("run", "--once")
    status = here.json("status")
    assert (status["mentions"], status["index"]) == (3, {"engine": engine, "mentions": None, "behind": 3})

    set_index(here, engine, node.url)
    assert f"The index is on {node.distribution.name}" in here("check").stdout
    here("publish")
    here("reindex")
    here("erase", "--url", f"http://127.0.0.1:{here.port}/1")
    assert "no index is kept" in here("reindex", "--back", code=3).stderr
    here("reindex")
    said = here("search", "halden pump").stdout
    assert ("Halden 0" in said, "Halden 1" in said, "Halden 2" in said) == (True, False, True)
    assert here.json("status")["index"] == {"engine": engine, "mentions": 2, "behind": 0}
    back = " ".join(here("reindex", "--back").stdout.split())
    assert "is in force again. The index holds what the record holds: 2 mentions." in back


def test_a_cluster_of_the_other_product_is_a_mistake_of_the_workspace(here: Here, node: Node) -> None:
    other = "elasticsearch" if node.distribution.product == "opensearch" else "opensearch"
    set_index(here, other, node.url)
    said = here("check", code=3).stderr
    assert f"says {other}, but at" in said
    assert f"write `{node.distribution.product}`" in said
    assert "nothing is published until the settings of the index are right" in here("run", "--once").stderr
    set_index(here, node.distribution.product, node.url)
    here("publish")
    assert here.json("status")["index"] == {"engine": node.distribution.product, "mentions": 3, "behind": 0}


def test_check_says_that_a_login_is_set_and_nobody_asks_for_one(here: Here, node: Node) -> None:
    set_index(here, node.distribution.product, node.url, "username: earshot, password: secret")
    assert "a login is set, but" in here("check", code=3).stderr


def test_check_says_that_no_tls_is_spoken_where_the_address_says_so(here: Here, node: Node) -> None:
    set_index(here, node.distribution.product, node.url.replace("http:", "https:"))
    said = here("check", code=3).stderr
    assert "but no TLS is spoken there" in said
    assert node.url in said
