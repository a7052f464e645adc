"""The MentionIndex port on Elasticsearch, written with its own client and read through opensearch-py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from earshot.clock import SystemClock
from earshot.index.cluster.bulk import Answer
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import SIMPLE, Plan
from earshot.index.cluster.reading import Connection, Reader, make_client, silent
from earshot.index.cluster.servers import ELASTICSEARCH
from earshot.index.cluster.writing import begun
from earshot.ports import Clock


class ElasticsearchIndex(ClusterIndex):
    """MentionIndex on an Elasticsearch cluster, under a name that no other workspace uses there."""

    def __init__(self, connection: Connection, name: str, *, clock: Clock | None = None, plan: Plan = SIMPLE) -> None:
        reader = Reader(make_client(connection), connection)
        writer = ElasticsearchWriter(_make_writing_client(connection), connection)
        super().__init__(ELASTICSEARCH, reader, writer, name, connection.where(), clock or SystemClock(), plan)


def _make_writing_client(connection: Connection) -> Elasticsearch:
    options = connection.tls_options()
    if connection.username:
        options["basic_auth"] = (connection.username, connection.password)
    if connection.api_key:
        options["api_key"] = connection.api_key
    return Elasticsearch(
        [_with_port(url) for url in connection.urls],
        request_timeout=connection.timeout_s,
        max_retries=len(connection.urls) - 1,
        retry_on_status=(),
        **options,
    )


def _with_port(url: str) -> str:
    """Return a URL with its port: this client refuses one without."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    if host.rpartition("]")[2].count(":"):
        return url
    return f"{scheme}://{host}:{443 if scheme == 'https' else 80}{rest[len(host) :]}"


class ElasticsearchWriter:
    """The writing half, with the elasticsearch client."""

    rolls_by_shard = True

    def __init__(self, client: Elasticsearch, connection: Connection) -> None:
        self._client, self._connection = client, connection

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def bulk(self, index: str, lines: bytes) -> Sequence[Answer]:
        """Send a bulk request; return the answer to each operation, in order."""
        with self._translated("the index was not written"):
            answer = self._client.bulk(operations=lines.splitlines(), index=index)  # type: ignore[arg-type]
        return [next(iter(item.values())) for item in answer["items"]]

    def refresh(self, index: str) -> None:
        """Make what was written visible to searches."""
        with self._translated("the index was not refreshed"):
            self._client.indices.refresh(index=index)

    def put_component(self, name: str, body: Mapping[str, Any]) -> None:
        """Put a component template."""
        with self._translated(f"the component template {name} was not put"):
            self._client.cluster.put_component_template(name=name, body=dict(body))

    def put_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Put an index template."""
        with self._translated(f"the index template {name} was not put"):
            self._client.indices.put_index_template(name=name, body=dict(body))

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """Create an index."""
        with self._translated(f"the index {index} was not made"):
            self._client.indices.create(index=index, body=dict(body))

    def delete(self, index: str) -> None:
        """Delete an index."""
        with self._translated(f"the index {index} was not deleted"):
            self._client.indices.delete(index=index)

    def rollover(self, alias: str, conditions: Mapping[str, Any], *, is_dry: bool = False) -> str:
        """Begin the next index behind an alias where one of the conditions holds; return its name, or nothing."""
        with self._translated(f"no index was begun behind {alias}"):
            answer = self._client.indices.rollover(alias=alias, conditions=dict(conditions), dry_run=is_dry)
        return begun(answer.body)

    def change_aliases(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Do all of these actions in one step."""
        with self._translated("the aliases were not changed"):
            self._client.indices.update_aliases(actions=list(actions))

    def change_settings(self, index: str, settings: Mapping[str, Any]) -> None:
        """Change settings of an index; None gives one back to the default."""
        with self._translated(f"the settings of {index} were not changed"):
            self._client.indices.put_settings(index=index, settings=dict(settings))

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        """Turn what the client raises into StorageError, an answer with an error into ClusterError."""
        try:
            yield
        except ApiError as error:
            raise ClusterError(doing, error.meta.status, error.body) from error
        except TransportError as error:
            raise silent(doing, self._connection, str(error.message)) from error
