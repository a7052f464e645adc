"""The writing half of a cluster as each adapter's own client does it. Knows no client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from earshot.index.cluster.bulk import Answer


class Writer(Protocol):
    """Calls that change a cluster. Each raises ClusterError for an answer with an error, StorageError for none.

    rolls_by_shard: `rollover` compares the size of one primary shard, and not of all.
    """

    rolls_by_shard: bool

    def close(self) -> None:
        """Let go of the connections."""

    def bulk(self, index: str, lines: bytes) -> Sequence[Answer]:
        """Send a bulk request; return the answer to each operation, in order."""

    def refresh(self, index: str) -> None:
        """Make what was written visible to searches. index: one or several, with commas between."""

    def put_component(self, name: str, body: Mapping[str, Any]) -> None:
        """Put a component template."""

    def put_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Put an index template."""

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """Create an index."""

    def delete(self, index: str) -> None:
        """Delete an index."""

    def rollover(self, alias: str, conditions: Mapping[str, Any], *, is_dry: bool = False) -> str:
        """Begin the next index behind an alias where one of the conditions holds; return its name, or nothing.

        is_dry: only say which it would be.
        """

    def change_aliases(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Do all of these actions in one step."""

    def change_settings(self, index: str, settings: Mapping[str, Any]) -> None:
        """Change settings of an index; None gives one back to the default."""


def begun(answer: Mapping[str, Any]) -> str:
    """Return what an answer to a rollover says was, or would be, begun."""
    return str(answer["new_index"]) if any(answer["conditions"].values()) else ""
