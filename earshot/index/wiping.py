"""Wipes what was deleted out of the files of one tantivy index. Knows no folder of generations and no lock.

tantivy marks a deleted document and leaves its words in the segment until that is merged, and tantivy-py cannot ask
for a merge. But a segment in which every document is deleted goes with the commit. So the documents that share a
segment with deleted ones are written anew, step by step; after the last of them the segment's files are gone.

Source: tantivy 0.26, `src/indexer/segment_manager.rs` (`remove_empty_segments`), `src/directory/managed_directory.rs`
(`garbage_collect`), read 2026-11-30.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import tantivy

from earshot.errors import StorageError
from earshot.index.codec import unpack
from earshot.index.schema import make_document, make_tombstone
from earshot.index.writing import HEAP_BYTES, addresses_of, held, writer_of
from earshot.query.fields import SOURCE

STEP = 1000
"""Documents that are written anew in one commit: below a second, for which other writers wait."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment with deleted documents. ids: of the documents that are left in it."""

    ids: tuple[str, ...]

    @property
    def steps(self) -> Iterator[tuple[str, ...]]:
        """Yield the ids in parts of at most `STEP`."""
        for start in range(0, len(self.ids), STEP):
            yield self.ids[start : start + STEP]


def still_there(index: tantivy.Index, ids: Iterable[str]) -> set[str]:
    """Return those of `ids` of which the files hold more than the memory of their delete.

    The number of documents with a term counts deleted ones, as long as their segment is there.
    """
    wanted = list(ids)
    searcher, known = index.searcher(), held(index, wanted)
    gone = {mention_id for mention_id, each in known.items() if each.is_gone}
    return {mention_id for mention_id in wanted if searcher.doc_freq("id", mention_id) > (mention_id in gone)}


def segments(index: tantivy.Index, folder: Path) -> list[Segment]:
    """Return the segments that hold deleted documents, those with the fewest others first.

    index: just opened, so that it shows the commit that `folder` holds. Needs the lock of writers.

    Raises:
        StorageError: the index says otherwise than its folder.
    """
    listed = json.loads((folder / "meta.json").read_text("utf-8"))["segments"]
    deleted = [(each["deletes"] or {}).get("num_deleted_docs", 0) for each in listed]
    ids: list[list[str]] = [[] for _ in listed]
    for mention_id, segment in _all(index):
        ids[segment].append(mention_id)
    if [len(found) for found in ids] != [each["max_doc"] - gone for each, gone in zip(listed, deleted, strict=True)]:
        raise StorageError("the index's segments are not those that its folder names; run `earshot reindex`")
    found = [Segment(tuple(mine)) for mine, gone in zip(ids, deleted, strict=True) if gone]
    return sorted(found, key=lambda segment: len(segment.ids))


def rewrite(index: tantivy.Index, ids: Collection[str]) -> None:
    """Write the documents of these ids anew, as they are now; those that are gone meanwhile are passed over.

    Needs the lock of writers.
    """
    documents = dict(_as_they_are(index, ids))
    with writer_of(index, HEAP_BYTES, 1) as writer:
        for mention_id, document in documents.items():
            writer.delete_documents_by_term("id", mention_id)
            writer.add_document(document)


def sweep(index: tantivy.Index) -> None:
    """Remove the files of segments that no commit names. index: just opened, with no searcher of it in use."""
    with writer_of(index, HEAP_BYTES, 1) as writer:
        writer.garbage_collect_files()


def _all(index: tantivy.Index) -> Iterator[tuple[str, int]]:
    """Yield id and number of the segment of every document that is not deleted."""
    searcher = index.searcher()
    query = tantivy.Query.all_query()
    hits = searcher.search(query, max(1, searcher.num_docs), count=False, order_by_field="id").hits
    for mention_id, address in hits:
        yield str(mention_id), address.segment_ord


def _as_they_are(index: tantivy.Index, ids: Collection[str]) -> Iterator[tuple[str, tantivy.Document]]:
    searcher = index.searcher()
    places = addresses_of(index, searcher, ids)
    revisions = searcher.fast_field_values("revision", list(places.values()))
    for (mention_id, address), revision in zip(places.items(), revisions, strict=True):
        packed = searcher.doc(address).get_first(SOURCE)
        if packed is None:
            yield mention_id, make_tombstone(mention_id, int(revision or 0))
        else:
            yield mention_id, make_document(unpack(cast("bytes", packed)))
