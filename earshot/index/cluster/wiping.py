"""Wipes what was deleted out of the files of a cluster's indices. Writes no mention.

A cluster marks a deleted document and keeps it until its segment is merged, which may take weeks. So a merge is asked
for of every segment that holds deleted ones, however few. A cluster also remembers deletes for copies of a shard that
lag behind; it forgets them about half a minute after the last copy has followed, so a merge is asked for again until
then.

Whether anything is left is asked of the files themselves: the number of documents with an id counts deleted ones, as
long as a segment holds them.

Source: "Force merge", "Term vectors" and "Index modules: soft deletes" of Elasticsearch 9 and OpenSearch 3, read
2026-11-30; both products tried.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from earshot.index.cluster.reading import Reader
from earshot.index.cluster.writing import Writer
from earshot.ports import Clock

PATIENCE_S = 90.0
"""How long a merge is asked for again where no other limit is given: three times what deletes are remembered for."""
_AGAIN_S = 5.0
_ANY_SHARE = {"index": {"merge": {"policy": {"expunge_deletes_allowed": 0}}}}
_USUAL_SHARE = {"index": {"merge": {"policy": {"expunge_deletes_allowed": None}}}}
"""The share of deleted documents, in percent, up to which a segment is left as it is; both products' default is 10."""


def wipe(
    reader: Reader, writer: Writer, indices: Sequence[str], ids: Collection[str], clock: Clock, seconds: float | None
) -> set[str]:
    """Merge what holds deleted documents; return those of `ids`, of deleted mentions, of which something is left.

    Raises:
        StorageError: the cluster does not answer, or a merge takes longer than it may be waited for; it goes on there.
    """
    ends_at = clock.monotonic() + (PATIENCE_S if seconds is None else seconds)
    while left := _still_there(reader, indices, ids):
        for index in indices:
            _merge(reader, writer, index)
        left = _still_there(reader, indices, left)
        if not left or clock.monotonic() + _AGAIN_S >= ends_at:
            return left
        clock.sleep(_AGAIN_S)
    return left


def _merge(reader: Reader, writer: Writer, index: str) -> None:
    """Flush, so that the log of writes goes too, and merge."""
    writer.change_settings(index, _ANY_SHARE)
    try:
        reader.ask("POST", f"/{index}/_flush", params={"force": "true"})
        reader.ask("POST", f"/{index}/_forcemerge", params={"only_expunge_deletes": "true"})
    finally:
        writer.change_settings(index, _USUAL_SHARE)


def _still_there(reader: Reader, indices: Sequence[str], ids: Collection[str]) -> set[str]:
    return {
        mention_id
        for index in indices
        for mention_id in ids
        if _documents(reader, index, mention_id) > 1  # one is the memory of the delete
    }


def _documents(reader: Reader, index: str, mention_id: str) -> int:
    """Return how many documents of an index have an id, deleted ones that are still in a segment included.

    One question for each: several in one need a right over the whole cluster (OpenSearch's `indices:data/read/mtv`).
    """
    asked = {"doc": {"id": mention_id}, "fields": ["id"], "term_statistics": True, "field_statistics": False}
    answer: Any = reader.ask("POST", f"/{index}/_termvectors", asked, {"routing": mention_id})
    terms = answer.get("term_vectors", {}).get("id", {}).get("terms", {})
    return max((int(term.get("doc_freq", 0)) for term in terms.values()), default=0)
