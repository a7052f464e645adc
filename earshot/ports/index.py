"""The index: the copy of all mentions that the pages look into."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from earshot.model import Hit, HourCount, Mention, SearchPage, SearchRequest


@dataclass(frozen=True, slots=True)
class IndexWrite:
    """Bring one mention to the index, or take it out (mention None). revision decides who wins."""

    id: str
    revision: int
    mention: Mention | None


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """What the index said to one write. done: it, or something newer, is there. Else: again later, or never."""

    id: str
    revision: int
    is_done: bool
    is_refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What an index has of one id: the highest revision, and whether it is only the memory of a delete.

    copies: how many there are; more than one is a fault, which the next write mends.
    """

    revision: int
    is_gone: bool = False
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done to keep an index in shape. refused: what the login may not do, and what would help; or empty."""

    begun: str = ""
    dropped: tuple[str, ...] = ()
    refused: str = ""


EMPTY = "it holds nothing"
"""What `MentionIndex.damage` says of an index that is there and empty, or not there."""


class MentionIndex(Protocol):
    """The search engine's copy of mentions: derived, disposable, rebuildable."""

    @property
    def engine(self) -> str:
        """Return "embedded", "opensearch" or "elasticsearch"."""

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        """Apply writes and answer each, in order; visible to searches when it returns. Lower revisions change nothing.

        A delete is remembered: an older write that comes after it does not bring the mention back.

        Raises:
            StorageError: the index is locked or does not answer; nothing is known to be written.
        """

    def search(self, request: SearchRequest) -> SearchPage:
        """Return one page. Order: (published_at, id) both falling for "newest", rising for "oldest".

        Raises:
            QueryError: the query, or the cursor, cannot be read.
            StorageError: the index does not answer.
        """

    def walk(self, request: SearchRequest) -> Iterator[Hit]:
        """Yield every hit by time, as the index was when the first was asked for; lazy, and to be closed if left early.

        Order: rising for "oldest", else falling; size and cursor do not matter.

        Raises:
            QueryError: the query cannot be read.
            StorageError: the index does not answer, or no longer keeps how it was: begin again.
        """

    def revisions(self, since: datetime | None = None) -> Iterator[tuple[str, int]]:
        """Yield id and revision of what was published at `since` or later, in any order; None: of everything.

        As the index was when the first was asked for; a mention that lies there twice comes twice. Lazy, and to be
        closed if left early.

        Raises:
            StorageError: the index does not answer, or no longer keeps how it was: begin again.
        """

    def count(self, request: SearchRequest) -> int:
        """Return the exact number of mentions; sort, size and cursor do not matter."""

    def facets(self, request: SearchRequest, fields: Sequence[str], size: int = 10) -> dict[str, list[tuple[str, int]]]:
        """Return per field its most frequent values with counts, highest first, then by value.

        Fields: brand sentiment category site author source source_kind collection scope language story flag
        severity status own_voice. Mentions without a value are left out.
        """

    def hours(self, request: SearchRequest, by: str = "", starts: Sequence[datetime] = ()) -> list[HourCount]:
        """Return counts per UTC hour of published_at, only hours that have any, by hour, then value of field `by`.

        starts: of longer spans to count by instead, rising; each but the first is a whole UTC hour. A span ends where
        the next begins; the first has no beginning and the last no end.
        """

    def rebuild(
        self, batches: Iterable[Sequence[Mention]], quiet: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> int:
        """Fill a new index beside the old one and switch over at once; return how many. Readers never see a part.

        Before the switch every id and revision that was put in is looked up in it. The index that was replaced is kept
        until the next rebuild, for `go_back`.

        batches: oldest published first, where an engine keeps them by time. quiet: entered around what must not meet a
        write of another process; it may wait, and raise StorageError when it has waited in vain.

        Raises:
            StorageError: the new index does not hold what was put in, or cannot be filled; the old one is in force.
        """

    def go_back(self) -> int:
        """Put the index that was replaced last in force again, and keep this one instead; return how many it holds.

        What was written since the rebuild is not in it. To be called while nobody writes.

        Raises:
            ConfigError: none is kept.
            StorageError: it was made by another version, or the index does not answer.
        """

    def forget_replaced(self) -> None:
        """Keep no index to go back to: what was erased is to lie nowhere. A rebuild that is under way is not disturbed.

        Raises:
            StorageError: the index does not answer.
        """

    def wipe(self, ids: Collection[str], seconds: float | None = None) -> set[str]:
        """Make the files of the index hold nothing any more of these mentions, whose deletes it was told.

        A delete only hides a mention until its files are written anew. Return those of `ids` of which something is
        left: the time was up, or they are not deleted. What a call has done, the next need not do again. The index that
        was replaced is `forget_replaced`'s to remove. Others may read and write meanwhile.

        Args:
            ids: of deleted mentions.
            seconds: how long it may take, about; None: as long as it needs.

        Raises:
            StorageError: the index is locked or does not answer.
        """

    def keep(self, since: datetime | None = None) -> Kept:
        """Begin what the settings say is to be begun, and drop as a whole what holds nothing that is to be found.

        Nothing published after `since` is dropped; None: nothing at all but what is empty. To be called while nobody
        writes. An engine that keeps all in one place has nothing to do. Twice is once.

        Raises:
            StorageError: the index does not answer.
        """

    def damage(self, *, is_thorough: bool = False) -> str:
        """Return why it has to be built anew from the record, or ""; EMPTY where it holds nothing at all.

        is_thorough: read all of its files, also where nobody had trouble with them yet. A cluster mends itself, so
        always "".
        """

    def mentions(self) -> int:
        """Return how many mentions it holds."""

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """Return what it has of these ids, deletes that it remembers included; unknown ones are left out."""
