"""Writes into one tantivy index: revisions decide, deletes leave tombstones, one commit. Needs the folder's lock.

Knows no folder. A tombstone is a document of the same index, so that a delete and its memory are one commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import tantivy

from earshot.index.admission import why_refused
from earshot.index.counting import total_of
from earshot.index.schema import GONE, make_document, make_tombstone
from earshot.model import Mention
from earshot.ports import Held, IndexAnswer, IndexWrite

HEAP_BYTES, FILL_HEAP_BYTES = 48_000_000, 200_000_000
"""Memory of one writer before it starts a segment; a rebuild's is larger, for fewer segments."""

FILL_THREADS = 2


def apply(index: tantivy.Index, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
    """Apply writes in order and answer each; nothing is written when it raises.

    Raises:
        ValueError, OSError: tantivy could not.
    """
    known = _revisions(index, {write.id for write in writes})
    changes: dict[str, tantivy.Document] = {}
    answers = []
    for write in writes:
        reason = ""
        if write.revision >= known.get(write.id, 0):
            reason = _prepare(write, changes)
            if not reason:
                known[write.id] = write.revision
        answers.append(IndexAnswer(write.id, write.revision, not reason, bool(reason), reason))
    if changes:
        with writer_of(index, HEAP_BYTES, 1) as writer:
            for mention_id, document in changes.items():
                writer.delete_documents_by_term("id", mention_id)
                writer.add_document(document)
    return answers


def fill(index: tantivy.Index, batches: Iterable[Sequence[Mention]], gone: dict[str, int]) -> int:
    """Fill an empty index; return how many mentions it then holds.

    gone: revisions of deletes to remember; one that is newer than a mention wins over it.

    Raises:
        ValueError, OSError: tantivy could not.
    """
    count, gone = 0, dict(gone)
    with writer_of(index, FILL_HEAP_BYTES, FILL_THREADS) as writer:
        for batch in batches:
            for mention in batch:
                if gone.get(mention.id, -1) > mention.revision:
                    continue
                gone.pop(mention.id, None)
                writer.add_document(make_document(mention))
                count += 1
        for mention_id, revision in gone.items():
            writer.add_document(make_tombstone(mention_id, revision))
    return count


def tombstones(index: tantivy.Index) -> dict[str, int]:
    """Return the deletes that an index remembers: id and revision."""
    searcher = index.searcher()
    query = tantivy.Query.term_query(index.schema, GONE, True)
    total = total_of(searcher.search(query, 1))
    hits = searcher.search(query, max(1, total), count=False, order_by_field="id").hits
    revisions = searcher.fast_field_values("revision", [address for _, address in hits])
    return {mention_id: int(revision or 0) for (mention_id, _), revision in zip(hits, revisions, strict=True)}


def held(index: tantivy.Index, ids: Iterable[str]) -> dict[str, Held]:
    """Return what an index has of these ids, tombstones included."""
    searcher = index.searcher()
    addresses = addresses_of(index, searcher, ids)
    found = list(addresses.values())
    revisions = searcher.fast_field_values("revision", found)
    gone = map(bool, searcher.fast_field_values(GONE, found))
    return {
        mention_id: Held(int(revision or 0), is_gone)
        for mention_id, revision, is_gone in zip(addresses, revisions, gone, strict=True)
    }


def _prepare(write: IndexWrite, changes: dict[str, tantivy.Document]) -> str:
    """Note what a write changes; return why it is refused, or nothing."""
    if reason := why_refused(write):
        return reason
    if write.mention is None:
        changes[write.id] = make_tombstone(write.id, write.revision)
        return ""
    try:
        changes[write.id] = make_document(replace(write.mention, revision=write.revision))
    except (ValueError, TypeError, OverflowError) as error:
        return f"the mention cannot be indexed: {error}"
    return ""


def _revisions(index: tantivy.Index, ids: Iterable[str]) -> dict[str, int]:
    """Return the revisions of those ids that the index holds or remembers as deleted."""
    searcher = index.searcher()
    found = addresses_of(index, searcher, ids)
    revisions = searcher.fast_field_values("revision", list(found.values()))
    return {mention_id: int(revision or 0) for mention_id, revision in zip(found, revisions, strict=True)}


def addresses_of(index: tantivy.Index, searcher: tantivy.Searcher, ids: Iterable[str]) -> dict[str, tantivy.DocAddress]:
    """Return where these ids lie, tombstones included; unknown ones are left out."""
    if not searcher.num_docs:
        return {}
    found = {}
    for mention_id in ids:
        query = tantivy.Query.term_query(index.schema, "id", mention_id, "basic")
        hits = searcher.search(query, 1, count=False).hits
        if hits:
            found[mention_id] = hits[0][1]
    return found


@contextmanager
def writer_of(index: tantivy.Index, heap_bytes: int, threads: int) -> Iterator[tantivy.IndexWriter]:
    """Yield the writer; commit at the end or leave nothing of it, and let go of tantivy's lock in both cases."""
    writer = index.writer(heap_bytes, threads)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()
