"""Wipes what was deleted out of the files of a cluster's indices. Writes no mention.

A cluster marks a deleted document and keeps it until its segment is merged, which may take weeks. So a merge is asked
for of every segment that holds deleted ones, however few. A cluster also remembers deletes for copies of a shard that
lag behind; it forgets them about half a minute after the last copy has followed, so a merge is asked for again until
then.

A merge alone takes no file away. The old ones stay for as long as searches read them, so a refresh follows, and for as
long as the last commit names them, so a flush does; and a walk over the index (an export) that began before reads
them until it ends, so nothing is done while one is open.

Whether anything is left is asked of the segments themselves: the number of documents with an id counts deleted ones, as
long as a segment holds them.

Source: "Force merge", "Term vectors", "Index stats" and "Index modules: soft deletes" of Elasticsearch 9 and
OpenSearch 3, read 2026-11-30; both products tried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from earshot.index.cluster.reading import Reader
from earshot.index.cluster.writing import Writer
from earshot.ports import Clock

PATIENCE_S = 90.0
"""How long a merge is asked for again where no other limit is given: three times what deletes are remembered for."""
_AGAIN_S = 2.0
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
    if not ids:
        return set()
    ends_at = clock.monotonic() + (PATIENCE_S if seconds is None else seconds)
    with _merging_any_share(writer, indices):
        while True:
            for index in indices:
                _merge(reader, index)
            left = _still_there(reader, indices, ids)
            if not left and _is_read(reader, indices):
                left = set(ids)
            if not left or clock.monotonic() + _AGAIN_S >= ends_at:
                return left
            clock.sleep(_AGAIN_S)


@contextmanager
def _merging_any_share(writer: Writer, indices: Sequence[str]) -> Iterator[None]:
    """Let merges take up every segment that holds deleted documents meanwhile."""
    try:
        for index in indices:
            writer.change_settings(index, _ANY_SHARE)
        yield
    finally:
        for index in indices:
            writer.change_settings(index, _USUAL_SHARE)


def _merge(reader: Reader, index: str) -> None:
    """Merge between two flushes: the first takes the log of writes, the last the commit that names the old files."""
    reader.ask("POST", f"/{index}/_flush", params={"force": "true"})
    reader.ask("POST", f"/{index}/_forcemerge", params={"only_expunge_deletes": "true"})
    reader.ask("POST", f"/{index}/_refresh")
    reader.ask("POST", f"/{index}/_flush", params={"force": "true"})


def _is_read(reader: Reader, indices: Sequence[str]) -> bool:
    """Tell whether a walk or a search is open: what began before the merge reads the files from before it."""
    answer: Any = reader.ask("GET", f"/{','.join(indices)}/_stats/search")
    return int(answer["_all"]["total"]["search"]["open_contexts"]) > 0


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
