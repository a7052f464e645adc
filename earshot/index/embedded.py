"""The MentionIndex port on tantivy, in process. Knows neither the record nor who calls.

One writer at a time, over all processes: `write` and `rebuild` open tantivy's writer under the folder's lock and
close it again, so that readers and the next writer never wait for longer than one batch. Readers, in this process or
another, look at the pointer and the commit on every call and see what was written when `write` returned.

No write is lost to a rebuild: a rebuild holds the lock from before it asks for the first mention until it has
switched, so a write meanwhile fails with StorageError and its row stays in the record's outbox, and is written to the
new generation afterwards. `batches` must therefore begin to read the record only when it is iterated, or the caller
must hold the lease of publish from before it began to read. Tombstones move to the new generation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import tantivy

from earshot.clock import SystemClock
from earshot.errors import IndexDamaged, StorageError
from earshot.index import counting, paging, soundness, wiping
from earshot.index.cursors import OLDEST, TimeCursor
from earshot.index.filled import Filled
from earshot.index.generations import ADVICE, DAMAGED, Generations, translated
from earshot.index.narrowing import Narrowing
from earshot.index.place import read_place, walked
from earshot.index.timeline import gathered, parts
from earshot.index.writing import apply, fill, held, tombstones
from earshot.model import Filters, Hit, HourCount, Mention, SearchPage, SearchRequest
from earshot.ports import EMPTY, Clock, Held, IndexAnswer, IndexWrite, Kept
from earshot.query.language import Purpose, parse
from earshot.query.tree import Everything

_ATTEMPTS = 4
_REVISIONS = 10_000
_MOST_ANSWERS = 256
_NOT_WIPED = "what was deleted was not wiped out of the index's files"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A generation as this process sees it. commit: which meta.json was loaded (its inode and time).

    answers: facets and hours that were asked of this commit. Everybody looks at the same charts, a chart of a year
    costs 60 ms, and the next commit forgets them all.
    """

    generation: Path
    index: tantivy.Index
    narrowing: Narrowing
    commit: tuple[int, int]
    answers: dict[Hashable, Any] = field(default_factory=dict)

    def remembered(self, key: Hashable, count: Callable[[], T]) -> T:
        """Return the answer to `key`, counted at most once for this commit."""
        if key not in self.answers:
            if len(self.answers) >= _MOST_ANSWERS:
                self.answers.clear()
            self.answers[key] = count()
        return cast("T", self.answers[key])


class EmbeddedIndex:
    """MentionIndex in `directory`; an absent or empty one is made on first use. Safe to share among threads.

    lock_wait_s: how long a write waits for another writer before it raises.
    """

    def __init__(self, directory: Path, *, clock: Clock | None = None, lock_wait_s: float = 10.0) -> None:
        self._directory = directory
        self._clock = clock or SystemClock()
        self._generations = Generations(directory, self._clock, lock_wait_s)
        self._opened: _Opened | None = None
        self._opening = threading.Lock()

    @property
    def engine(self) -> str:
        """Return "embedded"."""
        return "embedded"

    # writing

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        """Apply writes and answer each, as the port says; one commit for all of them."""
        if not writes:
            return []
        with self._generations.locked():
            current = self._generations.ensure()
            self._generations.remove_leftovers()
            with self._reading(f"the index in {self._directory} was not written"):
                return apply(self._generations.open(current), writes)

    def keep(self, since: datetime | None = None) -> Kept:  # noqa: ARG002
        """Do nothing: all of it lies in one place."""
        return Kept()

    def rebuild(
        self,
        batches: Iterable[Sequence[Mention]],
        quiet: Callable[[], AbstractContextManager[None]] = nullcontext,  # noqa: ARG002
    ) -> int:
        """Fill a new generation and switch to it, as the port says; works on a damaged index too.

        The lock of writers keeps everybody else out, so nothing has to be quiet.
        """
        with self._generations.locked():
            old = self._generations.readable()
            self._generations.forget_replaced()
            new = self._generations.make()
            self._generations.note_progress(0)
            try:
                with Filled() as put:
                    index = self._generations.open(new)
                    noted = self._generations.counted(_noted(batches, put))
                    count = fill(index, noted, self._tombstones(old))
                    index.reload()
                    put.check(partial(held, index))
                self._generations.switch(new, old)
                (self._directory / DAMAGED).unlink(missing_ok=True)
            except BaseException:
                self._generations.remove(new)
                raise
            finally:
                self._generations.end_progress()
            return count

    def go_back(self) -> int:
        """Put the generation that was replaced last in force again, as the port says."""
        with self._generations.locked():
            replaced = self._generations.replaced()
            self._generations.open(replaced)
            self._generations.switch(replaced, self._generations.readable())
        return self.mentions()

    def forget_replaced(self) -> None:
        """Keep no generation to go back to, as the port says."""
        with self._generations.locked():
            self._generations.forget_replaced()

    def wipe(self, ids: Collection[str], seconds: float | None = None) -> set[str]:
        """Write anew what shares a segment with these deleted mentions, as the port says.

        The lock of writers is let go of after each step, so others write meanwhile. What was written anew when the time
        is up need not be again. A process that has the index open lets go of the removed files with its next question.
        """
        ends_at = None if seconds is None else self._clock.monotonic() + seconds
        with self._generations.locked(), translated(_NOT_WIPED):
            left = self._still_there(ids)
            current = self._generations.ensure()
            found = wiping.segments(self._generations.open(current), current) if left else []
        for segment in found:
            for step in segment.steps:
                if ends_at is not None and self._clock.monotonic() >= ends_at:
                    return left
                with self._generations.locked(), translated(_NOT_WIPED):
                    wiping.rewrite(self._generations.open(self._generations.ensure()), step)
            with self._generations.locked(), translated(_NOT_WIPED):
                wiping.sweep(self._generations.open(self._generations.ensure()))
                if not (left := self._still_there(left)):
                    break
        return left

    def _still_there(self, ids: Collection[str]) -> set[str]:
        return wiping.still_there(self._generations.open(self._generations.ensure()), ids)

    # reading

    def search(self, request: SearchRequest) -> SearchPage:
        """Return one page, as the port says. A relevance cursor holds as long as nothing is written meanwhile."""
        node = parse(request.query, Purpose.SEARCH)
        place = read_place(request, node)
        opened = self._open()
        searcher = opened.index.searcher()
        whole = opened.narrowing.whole(node, request.filters, request.time_zone)
        rest = opened.narrowing.rest(whole, place.cursor) if isinstance(place.cursor, TimeCursor) else whole
        with self._reading("the index could not be searched"):
            return paging.read_page(searcher, whole, rest, node, place)

    def walk(self, request: SearchRequest) -> Iterator[Hit]:
        """Yield all hits by time, as the port says: one searcher sees one commit."""
        node = parse(request.query, Purpose.SEARCH)
        place, opened = walked(request), self._open()
        searcher = opened.index.searcher()
        whole = opened.narrowing.whole(node, request.filters, request.time_zone)
        for part, count in _parts(opened, searcher, whole, place.size, is_rising=place.sort == OLDEST):
            with self._reading("the index could not be searched"):
                found = paging.addresses(searcher, part, count, place.sort)
            for address in found:
                with self._reading("the index could not be searched"):
                    hit = paging.read_hit(searcher, address, node)
                yield hit

    def revisions(self, since: datetime | None = None) -> Iterator[tuple[str, int]]:
        """Yield id and revision of each mention, as the port says."""
        opened = self._open()
        searcher = opened.index.searcher()
        whole = opened.narrowing.whole(Everything(), Filters(since=since), "UTC")
        for part, count in _parts(opened, searcher, whole, _REVISIONS):
            with self._reading("the index could not be searched"):
                found = paging.read_revisions(searcher, part, count)
            yield from found

    def count(self, request: SearchRequest) -> int:
        """Return the exact number of mentions."""
        _, searcher, query = self._whole(request)
        with self._reading("the index could not be searched"):
            return paging.count(searcher, query)

    def facets(self, request: SearchRequest, fields: Sequence[str], size: int = 10) -> dict[str, list[tuple[str, int]]]:
        """Return per field its most frequent values, as the port says. own_voice counts "true" and "false"."""
        opened, searcher, query = self._whole(request)
        with self._reading("the index could not be counted"):
            found = opened.remembered(
                ("facets", *_asked(request), tuple(fields), size),
                lambda: counting.facets(searcher, opened.index.schema, query, list(fields), size),
            )
        return {name: list(values) for name, values in found.items()}

    def hours(self, request: SearchRequest, by: str = "", starts: Sequence[datetime] = ()) -> list[HourCount]:
        """Return counts per UTC hour or span, as the port says; mentions without a value of `by` are left out."""
        opened, searcher, query = self._whole(request)
        with self._reading("the index could not be counted"):
            found = opened.remembered(
                ("hours", *_asked(request), by), lambda: counting.hours(searcher, query, by, opened.narrowing.between)
            )
            if starts:
                key = ("spans", *_asked(request), by, tuple(starts))
                found = opened.remembered(key, lambda: gathered(found, starts))
        return list(found)

    def damage(self, *, is_thorough: bool = False) -> str:
        """Return why it has to be built anew, as the port says.

        Whether all files are there is seen each time; what is in them is read where somebody could not read it.
        """
        mark = self._directory / DAMAGED
        is_thorough = is_thorough or mark.exists()
        if not (why := self._damage(is_thorough=is_thorough)) or why == EMPTY:
            return why
        try:
            with self._generations.locked():  # else a writer may have replaced files between two looks
                why = self._damage(is_thorough=is_thorough)
        except StorageError:
            return ""  # somebody writes to it, or builds it anew
        if not why:
            mark.unlink(missing_ok=True)
        return why

    def _damage(self, *, is_thorough: bool) -> str:
        try:
            current = self._generations.current()
            if current is None:
                return self._generations.lost_pointer() or EMPTY
            self._generations.check_stamp(current)
        except StorageError as error:
            return str(error)
        why = soundness.damage(current, is_thorough=is_thorough)
        return why or (EMPTY if soundness.is_empty(current) else "")

    @contextmanager
    def _reading(self, doing: str) -> Iterator[None]:
        """Turn what reading raises into StorageError; IndexDamaged where the files are not what was written."""
        try:
            with translated(doing):
                yield
        except StorageError as error:
            raise self._named(error) from error

    def _named(self, error: StorageError) -> StorageError:
        if self._generations.is_rebuilding():
            return IndexDamaged(self._generations.progress())
        why = self._damage(is_thorough=True)
        if not why or why == EMPTY:
            return error
        with suppress(OSError):
            (self._directory / DAMAGED).touch()
        return IndexDamaged(f"{error}. {self._generations.progress()}")

    def mentions(self) -> int:
        """Return how many mentions it holds, tombstones not counted."""
        return self.count(SearchRequest())

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """Return what it has of these ids, deletes that it remembers included."""
        with self._reading("the index could not be searched"):
            return held(self._open().index, ids)

    # what is in force

    def _whole(self, request: SearchRequest) -> tuple[_Opened, tantivy.Searcher, tantivy.Query]:
        node = parse(request.query, Purpose.SEARCH)
        opened = self._open()
        query = opened.narrowing.whole(node, request.filters, request.time_zone)
        return opened, opened.index.searcher(), query

    def _open(self) -> _Opened:
        """Return the generation in force with its newest commit loaded.

        A generation may be removed between the look at CURRENT and the opening: then CURRENT names another one.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._look()
            except StorageError as error:
                if attempt == _ATTEMPTS - 1:
                    raise self._named(error) from error
        raise AssertionError("unreachable")

    def _look(self) -> _Opened:
        current = self._generations.current()
        if current is None and self._generations.is_rebuilding():
            raise StorageError(self._generations.progress())
        if current is None:
            with self._generations.locked():
                current = self._generations.ensure()
        commit = self._commit_of(current)
        opened = self._opened
        if opened and (opened.generation, opened.commit) == (current, commit):
            return opened
        with self._opening:
            return self._load(current, commit)

    def _load(self, current: Path, commit: tuple[int, int]) -> _Opened:
        opened = self._opened
        if opened and opened.generation == current:
            if opened.commit != commit:
                with translated(f"the index in {self._directory} is damaged ({ADVICE})"):
                    opened.index.reload()
            index, narrowing = opened.index, opened.narrowing
        else:
            index = self._generations.open(current)
            narrowing = Narrowing(index)
        self._opened = _Opened(current, index, narrowing, commit)
        return self._opened

    def _commit_of(self, generation: Path) -> tuple[int, int]:
        """Return what tells one commit from another: tantivy replaces meta.json, it never writes into it."""
        try:
            stat = (generation / "meta.json").stat()
        except OSError as error:
            raise StorageError(f"the index in {self._directory} is damaged or missing ({error}); {ADVICE}") from error
        return stat.st_ino, stat.st_mtime_ns

    def _tombstones(self, old: Path | None) -> dict[str, int]:
        """Return what the old generation remembers as deleted; nothing where it cannot be read any more."""
        if old is None:
            return {}
        try:
            with translated("the old index cannot be read"):
                return tombstones(self._generations.open(old))
        except StorageError:
            return {}


def _parts(
    opened: _Opened, searcher: tantivy.Searcher, whole: tantivy.Query, most: int, *, is_rising: bool = True
) -> Iterator[tuple[tantivy.Query, int]]:
    """Yield `whole` span by span of time with how many each holds: a page by its place costs as much as is left."""
    with translated("the index could not be counted"):
        spans = list(parts(counting.hours(searcher, whole, "", opened.narrowing.between), most))
    for start, end, count in spans if is_rising else reversed(spans):
        yield opened.narrowing.within(whole, start, end), count


def _noted(batches: Iterable[Sequence[Mention]], put: Filled) -> Iterator[Sequence[Mention]]:
    """Yield the batches, and note what is in them."""
    for batch in batches:
        put.add((mention.id, mention.revision) for mention in batch)
        yield batch


def _asked(request: SearchRequest) -> tuple[Hashable, ...]:
    """Return what of a request decides a count."""
    return request.query, request.filters, request.time_zone
