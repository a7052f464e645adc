"""A cluster's index as it was at one moment, for a walk over all of it: a point in time of either product.

Source: "point in time" API references of OpenSearch 3 and Elasticsearch 9, read 2026-11; opensearch-py speaks the path
of OpenSearch only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from earshot.errors import StorageError
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.reading import Reader
from earshot.index.cluster.servers import OPENSEARCH

KEPT = "5m"
"""How long a cluster keeps it after each question: whoever takes a page may be slow, as a download is."""


class Frozen:
    """Takes the questions of a walk."""

    def __init__(self, reader: Reader, point: str) -> None:
        self._reader, self.point = reader, point

    def search(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole answer to a question, as the index was.

        Raises:
            StorageError: the cluster did not answer, or kept the point in time no longer.
        """
        try:
            answer = self._reader.search("", {**asked, "pit": {"id": self.point, "keep_alive": KEPT}})
        except ClusterError as refusal:
            if refusal.status != 404:
                raise
            what = f"the cluster keeps this view of the index no longer than {KEPT} between two pages"
            raise StorageError(f"{what}; begin again") from refusal
        self.point = answer.get("pit_id", self.point)
        return answer


@contextmanager
def frozen(reader: Reader, engine: str, index: str) -> Iterator[Frozen]:
    """Keep an index as it is now until the block is left; the cluster forgets it then."""
    is_open, keep = engine == OPENSEARCH, {"keep_alive": KEPT}
    path = "_search/point_in_time" if is_open else "_pit"
    answer = reader.ask("POST", f"/{index}/{path}", params=keep)
    walk = Frozen(reader, answer["pit_id"] if is_open else answer["id"])
    try:
        yield walk
    finally:
        with suppress(StorageError):  # it ends by itself
            reader.ask("DELETE", f"/{path}", {"pit_id": [walk.point]} if is_open else {"id": walk.point})
