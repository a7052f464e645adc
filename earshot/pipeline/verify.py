"""Verify: does the index hold what the record holds? Compares ids and revisions, and repairs what differs.

Each side is added up in buckets, in any order, so neither is held in memory; only buckets that differ are looked at
again, id by id. Publishing may go on meanwhile: what waits in the outbox is no drift, and a repair carries a revision
like any other write, so it never undoes a newer one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from earshot.model import SearchRequest
from earshot.pipeline.publish import TARGET
from earshot.ports import IndexWrite, MentionIndex, Record, RecordReader

BUCKETS = 4096
_PAGE = 1000
_MOST_WAITING = 1_000_000

Pair = tuple[str, int]
"""Id and revision."""


@dataclass(slots=True)
class Verified:
    """What was found. Ids, sorted.

    missing: only the record has it. stale: the index has an older revision. extra: only the index has it. ahead: the
    index has a newer revision than the record, which no write can repair: the record was brought back from a copy, and
    the index is to be built anew. repaired: of those, how many were put right.
    """

    mentions: int = 0
    missing: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    repaired: int = 0

    @property
    def drift(self) -> int:
        """How many mentions differ."""
        return len(self.missing) + len(self.stale) + len(self.extra) + len(self.ahead)


def verify(record: Record, index: MentionIndex, *, is_repairing: bool = True) -> Verified:
    """Compare the index with the record, and repair it unless told not to. Twice is once.

    Raises:
        StorageError: record or index did not answer.
    """
    found = Verified()
    with record.read() as reader:
        ours, found.mentions = _sums(_of_record(reader))
        theirs, _ = _sums(_of_index(index))
        differing = {number for number in range(BUCKETS) if ours[number] != theirs[number]}
        if not differing:
            return found
        waiting = {row.mention_id for row in reader.outbox(TARGET, _MOST_WAITING)}
        in_record = _within(_of_record(reader), differing, waiting)
    in_index = _within(_of_index(index), differing, waiting)
    _compare(in_record, in_index, found)
    if is_repairing and found.drift:
        found.repaired = _repair(record, index, found, in_index)
    return found


def _compare(in_record: dict[str, int], in_index: dict[str, int], found: Verified) -> None:
    for mention_id in sorted(in_record.keys() | in_index.keys()):
        ours, theirs = in_record.get(mention_id), in_index.get(mention_id)
        if theirs is None:
            found.missing.append(mention_id)
        elif ours is None:
            found.extra.append(mention_id)
        elif ours != theirs:
            (found.stale if theirs < ours else found.ahead).append(mention_id)


def _repair(record: Record, index: MentionIndex, found: Verified, in_index: dict[str, int]) -> int:
    """Write the current rows of what is missing or stale; delete what the record does not have (any more).

    A delete carries the revision that the index has: if the mention comes back, it has a higher one.
    """
    done = 0
    differing = [*found.missing, *found.stale, *found.extra]
    for start in range(0, len(differing), _PAGE):
        part = differing[start : start + _PAGE]
        with record.read() as reader:
            current = {mention.id: mention for mention in reader.mentions(part)}
        writes = [IndexWrite(m.id, m.revision, m) for m in current.values()]
        writes += [IndexWrite(each, in_index[each], None) for each in part if each in in_index and each not in current]
        done += sum(answer.is_done for answer in index.write(writes))
    return done


def _of_record(reader: RecordReader) -> Iterator[Pair]:
    for batch in reader.iter_mentions():
        for mention in batch:
            yield mention.id, mention.revision


def _of_index(index: MentionIndex) -> Iterator[Pair]:
    """By pages of a list by time, whose cursors neither double nor hide what was there before."""
    request = SearchRequest(sort="oldest", size=_PAGE)
    while True:
        page = index.search(request)
        for hit in page.hits:
            yield hit.mention.id, hit.mention.revision
        if not page.next_cursor:
            return
        request = replace(request, cursor=page.next_cursor)


def _sums(pairs: Iterable[Pair]) -> tuple[list[int], int]:
    """Return a sum of hashes for each bucket, and how many pairs there were."""
    sums, count = [0] * BUCKETS, 0
    for mention_id, revision in pairs:
        digest = blake2b(f"{mention_id} {revision}".encode(), digest_size=8).digest()
        sums[_bucket(mention_id)] += int.from_bytes(digest)
        count += 1
    return sums, count


def _within(pairs: Iterable[Pair], buckets: set[int], without: set[str]) -> dict[str, int]:
    return {one: revision for one, revision in pairs if _bucket(one) in buckets and one not in without}


def _bucket(mention_id: str) -> int:
    return zlib.crc32(mention_id.encode()) % BUCKETS
