"""Verify: does the index hold what the record holds? Compares ids and revisions, and repairs what differs.

Each side is added up in buckets, in any order, so neither is held in memory; only buckets that differ are looked at
again, id by id. Publishing may go on meanwhile: what waits in the outbox is no drift, and a repair carries a revision
like any other write, so it never undoes a newer one.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from earshot.errors import StorageError
from earshot.model import Mention
from earshot.pipeline.publish import TARGET, publishing
from earshot.ports import Clock, Held, IndexWrite, MentionIndex, Record

BUCKETS = 4096
_PAGE = 1000
_MOST = 1_000_000

Pair = tuple[str, int]
"""Id and revision."""


class PublishingError(StorageError):
    """Another process is writing to the index, so that nobody can tell now what differs."""


@dataclass(slots=True)
class Verified:
    """What was found. Ids, sorted.

    missing: only the record has it. stale: the index has an older revision. extra: only the index has it, or has
    it twice. ahead: the index has a newer revision, or a newer delete: the record was brought back from a copy; its
    revisions are raised above the index's, and `publish` does the rest. left: how many still differ, and are not on
    their way.
    """

    mentions: int = 0
    missing: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    left: int = 0

    @property
    def drift(self) -> int:
        """How many mentions differed."""
        return len(self.missing) + len(self.stale) + len(self.extra) + len(self.ahead)

    @property
    def repaired(self) -> int:
        """How many were put right."""
        return max(0, self.drift - self.left)

    def in_words(self) -> str:
        """Return what was found as a sentence."""
        if not self.drift:
            return f"The index holds what the record holds: {self.mentions:,} mentions."
        found = (("missing", self.missing), ("older", self.stale), ("too many", self.extra), ("newer", self.ahead))
        parts = ", ".join(f"{len(ids):,} {word}" for word, ids in found if ids)
        fate = f"{self.left:,} still are" if self.left else "all were put right"
        return f"Of {self.mentions:,} mentions, in the index {parts}; {fate}."


def verify(
    record: Record,
    index: MentionIndex,
    clock: Clock,
    owner: str,
    *,
    since: datetime | None = None,
    is_repairing: bool = True,
) -> Verified:
    """Compare the index with the record, and repair it unless told not to. Twice is once.

    since: what was published before need not be in the index, and is not looked at; None: all has to be.

    What the walks over both find suspicious is judged under the lease of `publish`: nothing moves meanwhile. And it is
    judged again after the repair: an index's answer to a write says only that it has something at least as new.

    Raises:
        StorageError: record or index did not answer; PublishingError: another process is writing to the index.
    """
    suspects, count = _suspects(record, index, since)
    found = Verified(count)
    if suspects:
        with publishing(record, clock, owner) as may_write:
            if not may_write:
                raise PublishingError("another process is publishing; verify again when it is done")
            for start in range(0, len(suspects), _PAGE):
                _judge(record, index, clock, suspects[start : start + _PAGE], found, is_repairing=is_repairing)
    return found


def _suspects(record: Record, index: MentionIndex, since: datetime | None) -> tuple[list[str], int]:
    """Return ids that may differ, sorted, and how many mentions the record has. Both sides may move meanwhile."""
    with record.read() as reader:
        ours, count = _sums(reader.revisions(since))
        theirs, _ = _sums(index.revisions(since))
        differing = {number for number in range(BUCKETS) if ours[number] != theirs[number]}
        if not differing:
            return [], count
        in_record = _within(reader.revisions(since), differing)
    in_index = _within(index.revisions(since), differing)
    doubled = {pair for pair, times in in_index.items() if times > 1}
    return sorted({mention_id for mention_id, _ in (in_record.keys() ^ in_index.keys()) | doubled}), count


def _judge(
    record: Record, index: MentionIndex, clock: Clock, ids: list[str], found: Verified, *, is_repairing: bool
) -> None:
    """Judge these ids, note what differs, repair it and note what is left."""
    current = _current(record, ids)
    held = index.held(list(current))
    differing = _differing(current, held)
    for way, each in differing:
        getattr(found, way).append(each)
    if is_repairing and differing:
        with record.write() as writer:
            writer.overtake({each: held[each].revision for way, each in differing if way == AHEAD}, clock.now())
        index.write([_repair(each, current[each], held.get(each)) for way, each in differing if way != AHEAD])
        current = _current(record, [each for _, each in differing])
        differing = _differing(current, index.held(list(current)))
    found.left += len(differing)


def _current(record: Record, ids: list[str]) -> dict[str, Mention | None]:
    """Return the active mention, or None, of each id that is not on its way or refused: those are counted elsewhere."""
    with record.read() as reader:
        set_aside = {row.mention_id for row in (*reader.outbox(TARGET, _MOST), *reader.dead_letters(TARGET, _MOST))}
        active = {mention.id: mention for mention in reader.mentions(ids)}
    return {each: active.get(each) for each in ids if each not in set_aside}


MISSING, STALE, EXTRA, AHEAD = "missing", "stale", "extra", "ahead"
"""Ways to differ, and names of the fields of `Verified` that hold them."""


def _differing(current: dict[str, Mention | None], held: dict[str, Held]) -> list[tuple[str, str]]:
    """Return what differs: in which way, and its id."""
    ways = ((_way(mention, held.get(each)), each) for each, mention in current.items())
    return [(way, each) for way, each in ways if way]


def _way(ours: Mention | None, theirs: Held | None) -> str:
    if ours is None:
        return EXTRA if theirs and not theirs.is_gone else ""
    if theirs is None:
        return MISSING
    if theirs.revision > ours.revision:
        return AHEAD
    if theirs.copies > 1:
        return EXTRA
    if theirs.is_gone:
        return MISSING
    return STALE if theirs.revision < ours.revision else ""


def _repair(mention_id: str, ours: Mention | None, theirs: Held | None) -> IndexWrite:
    """Return the write that puts it right; a delete carries the revision that the index has."""
    if ours is None:
        return IndexWrite(mention_id, theirs.revision if theirs else 0, None)
    return IndexWrite(mention_id, ours.revision, ours)


def _sums(pairs: Iterable[Pair]) -> tuple[list[int], int]:
    """Return a sum of hashes for each bucket, and how many pairs there were."""
    sums, count = [0] * BUCKETS, 0
    for mention_id, revision in pairs:
        digest = blake2b(f"{mention_id} {revision}".encode(), digest_size=8).digest()
        sums[_bucket(mention_id)] += int.from_bytes(digest)
        count += 1
    return sums, count


def _within(pairs: Iterable[Pair], buckets: set[int]) -> Counter[Pair]:
    return Counter(pair for pair in pairs if _bucket(pair[0]) in buckets)


def _bucket(mention_id: str) -> int:
    return zlib.crc32(mention_id.encode()) % BUCKETS
