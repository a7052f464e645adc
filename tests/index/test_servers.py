"""What a cluster says it is, and whether the settings fit it."""

from __future__ import annotations

from typing import Any

import pytest

from earshot.errors import ConfigError
from earshot.index.cluster.servers import Server, read_server, refuse_unfit

OPENSEARCH = {"version": {"distribution": "opensearch", "number": "3.8.0"}, "tagline": "The OpenSearch Project"}
ELASTICSEARCH = {"version": {"number": "9.5.0", "build_flavor": "default"}, "tagline": "You Know, for Search"}


@pytest.mark.parametrize(
    ("root", "server", "name"),
    [
        (OPENSEARCH, Server("opensearch", "3.8.0"), "OpenSearch 3.8.0"),
        (ELASTICSEARCH, Server("elasticsearch", "9.5.0"), "Elasticsearch 9.5.0"),
        ({"version": {"number": "1.0"}}, Server("", "1.0"), "an unknown product 1.0"),
        ({"version": "1.0"}, Server("", ""), "an unknown product"),
        ("<html>", Server("", ""), "an unknown product"),
    ],
)
def test_a_server_is_known_by_what_it_says_of_itself(root: Any, server: Server, name: str) -> None:
    assert read_server(root) == server
    assert str(server) == name


@pytest.mark.parametrize("version", ["2.19.0", "2.19.4", "3.0.0", "3.8.0", "3.99.1"])
def test_supported_versions_of_opensearch_are_taken(version: str) -> None:
    refuse_unfit("opensearch", Server("opensearch", version), "here")


@pytest.mark.parametrize("version", ["1.3.20", "2.9.0", "2.18.0", "4.0.0", "", "three"])
def test_other_versions_are_refused_with_what_would_do(version: str) -> None:
    with pytest.raises(ConfigError, match=r"2\.19 or later, before 4\.0"):
        refuse_unfit("opensearch", Server("opensearch", version), "here")


@pytest.mark.parametrize("version", ["7.10.2", "8.19.0", "10.0.0"])
def test_other_versions_of_elasticsearch_are_refused(version: str) -> None:
    with pytest.raises(ConfigError, match=r"9\.0 or later, before 10\.0"):
        refuse_unfit("elasticsearch", Server("elasticsearch", version), "here")


def test_another_product_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"says elasticsearch, but at here answers OpenSearch 3\.8\.0") as caught:
        refuse_unfit("elasticsearch", Server("opensearch", "3.8.0"), "here")
    assert (caught.value.where, caught.value.advice) == ("index.engine", "write `opensearch`")


def test_something_else_is_refused_with_where_to_look() -> None:
    with pytest.raises(ConfigError, match=r"give the address of OpenSearch in index\.urls"):
        refuse_unfit("opensearch", Server("", ""), "here")
