"""The MentionIndex port on OpenSearch, read and written with opensearch-py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opensearchpy import OpenSearch

from earshot.clock import SystemClock
from earshot.index.cluster.bulk import Answer
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import SIMPLE, Plan
from earshot.index.cluster.reading import Connection, Reader, make_client, translated
from earshot.index.cluster.servers import OPENSEARCH
from earshot.index.cluster.writing import begun
from earshot.ports import Clock


class OpenSearchIndex(ClusterIndex):
    """MentionIndex on an OpenSearch cluster, under a name that no other workspace uses there."""

    def __init__(self, connection: Connection, name: str, *, clock: Clock | None = None, plan: Plan = SIMPLE) -> None:
        client = make_client(connection)
        reader, writer = Reader(client, connection), OpenSearchWriter(client, connection)
        super().__init__(OPENSEARCH, reader, writer, name, connection.where(), clock or SystemClock(), plan)


class OpenSearchWriter:
    """The writing half, with opensearch-py."""

    rolls_by_shard = False

    def __init__(self, client: OpenSearch, connection: Connection) -> None:
        self._client, self._connection = client, connection

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def bulk(self, index: str, lines: bytes) -> Sequence[Answer]:
        """Send a bulk request; return the answer to each operation, in order."""
        with self._translated("the index was not written"):
            answer = self._client.bulk(body=lines, index=index)
        return [next(iter(item.values())) for item in answer["items"]]

    def refresh(self, index: str) -> None:
        """Make what was written visible to searches."""
        with self._translated("the index was not refreshed"):
            self._client.indices.refresh(index=index)

    def put_component(self, name: str, body: Mapping[str, Any]) -> None:
        """Put a component template."""
        with self._translated(f"the component template {name} was not put"):
            self._client.cluster.put_component_template(name=name, body=body)

    def put_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Put an index template."""
        with self._translated(f"the index template {name} was not put"):
            self._client.indices.put_index_template(name=name, body=body)

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """Create an index."""
        with self._translated(f"the index {index} was not made"):
            self._client.indices.create(index=index, body=body)

    def delete(self, index: str) -> None:
        """Delete an index."""
        with self._translated(f"the index {index} was not deleted"):
            self._client.indices.delete(index=index)

    def rollover(self, alias: str, conditions: Mapping[str, Any], *, is_dry: bool = False) -> str:
        """Begin the next index behind an alias where one of the conditions holds; return its name, or nothing."""
        with self._translated(f"no index was begun behind {alias}"):
            answer = self._client.indices.rollover(
                alias=alias, body={"conditions": conditions}, params={"dry_run": str(is_dry).lower()}
            )
        return begun(answer)

    def change_aliases(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Do all of these actions in one step."""
        with self._translated("the aliases were not changed"):
            self._client.indices.update_aliases(body={"actions": list(actions)})

    def change_settings(self, index: str, settings: Mapping[str, Any]) -> None:
        """Change settings of an index; None gives one back to the default."""
        with self._translated(f"the settings of {index} were not changed"):
            self._client.indices.put_settings(index=index, body=settings)

    def _translated(self, doing: str) -> AbstractContextManager[None]:
        return translated(doing, self._connection)
