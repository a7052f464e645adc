"""How the indices of a cluster are cut: shards, copies, and when the next one begins. Asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """The one description of it, the same for both products.

    replicas: None means one as soon as there is a second node. max_age, max_bytes (of one primary shard) and
    max_mentions (remembered deletes counted): the next index begins when one of them is reached; None sets no limit.
    """

    shards: int = 1
    replicas: int | None = None
    max_age: timedelta | None = None
    max_bytes: int | None = None
    max_mentions: int | None = None

    def conditions(self, *, by_shard: bool) -> dict[str, Any]:
        """Return when an index is full, in the words of `_rollover`; empty where it never is.

        by_shard: the product compares the size of one primary shard (Elasticsearch; it warns of the other); else that
        of all of them (OpenSearch, which knows no other). Source: rollover API of both, read 2026-11.
        """
        found: dict[str, Any] = {}
        if self.max_age is not None:
            found["max_age"] = f"{max(1, int(self.max_age.total_seconds()))}s"
        if self.max_bytes is not None and by_shard:
            found["max_primary_shard_size"] = f"{self.max_bytes}b"
        elif self.max_bytes is not None:
            found["max_size"] = f"{self.max_bytes * self.shards}b"
        if self.max_mentions is not None:
            found["max_docs"] = self.max_mentions
        return found

    def is_full(self, mentions: int, size_bytes: int) -> bool:
        """Tell whether an index that is being filled is: by what is in it, not by its age. size: all primary shards."""
        return (self.max_mentions is not None and mentions >= self.max_mentions) or (
            self.max_bytes is not None and size_bytes >= self.max_bytes * self.shards
        )


SIMPLE = Plan()
"""One shard, and one index for all."""
