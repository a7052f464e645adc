"""Fills a generation that is not read yet, one index after the other. Knows neither mention nor client.

While a request is on its way the next one is prepared, and a second is under way beside it. Measured with the engine
on the same two cores (`benchmarks/index.py` has the whole): 1.5 times what one after the other writes with two, and
no more with three.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

from earshot.errors import StorageError
from earshot.index.cluster.bulk import BulkWriter, Operation
from earshot.index.cluster.generations import Generation, Generations
from earshot.index.cluster.placing import Places, sendings
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Reader
from earshot.index.filled import Filled, Look

_LOOK_AT_SIZE_EVERY = 20_000

SENDERS = 2
"""Requests that are under way at a time."""

Put = tuple[int, Operation]
"""An operation, and the revision that it carries."""

Quiet = Callable[[], AbstractContextManager[None]]
"""Entered around what must not meet a write of another process."""


class Filling:
    """One rebuild's new generation. What writers bring to it meanwhile is told apart from what is filled in by versions
    in the newest index, and by a search in the older ones; a further index is begun only while nobody writes.

    Leaving the `with` block waits until nothing is under way any more, whatever happened.
    """

    def __init__(
        self, generations: Generations, reader: Reader, bulk: BulkWriter, places: Places, plan: Plan, quiet: Quiet
    ) -> None:
        self._generations, self._reader, self._bulk, self._places = generations, reader, bulk, places
        self._plan, self._quiet = plan, quiet
        self._filled = self._weighed = self._size = 0
        self.generation: Generation = generations.begin()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="fill")
        self._under_way: deque[Future[None]] = deque()
        self._put = Filled()

    def __enter__(self) -> Filling:
        return self

    def __exit__(self, *_: object) -> None:
        self._senders.shutdown(cancel_futures=True)
        self._put.close()

    def add(self, operations: Iterable[Put]) -> None:
        """Let these be written; begin the next index once the newest is full.

        Raises:
            StorageError: the cluster did not take all of what it was sent so far.
        """
        put = list(operations)
        self._put.add((each.id, revision) for revision, each in put)
        numbered = {number: each for number, (_, each) in enumerate(put)}
        if self._plan.is_full(self._filled, self._size):
            self.finish()
            with self._quiet():
                self.generation = self._generations.extend(self.generation)
            self._filled = self._weighed = self._size = 0
        places = self._places.of([each.id for each in numbered.values()], self.generation)
        sent = sendings(numbered, places, self.generation)
        for index in self.generation.indices:
            if mine := [each.operation for each in sent if each.index == index]:
                self._send(index, mine)
        self._filled += len(numbered)
        if self._filled - self._weighed >= _LOOK_AT_SIZE_EVERY:
            self._weighed, self._size = self._filled, self._reader.size_bytes(self.generation.newest)

    def check(self, look: Look) -> None:
        """Look up all that was put in, once it is finished. look: into the indices of this generation.

        Raises:
            StorageError: the cluster said it had taken what is not there.
        """
        self._put.check(look)

    def finish(self) -> None:
        """Wait until all of it is written.

        Raises:
            StorageError: the cluster did not take all of it.
        """
        while self._under_way:
            self._under_way.popleft().result()

    def _send(self, index: str, operations: Sequence[Operation]) -> None:
        while len(self._under_way) >= SENDERS:
            self._under_way.popleft().result()
        self._under_way.append(self._senders.submit(self._write, index, operations))

    def _write(self, index: str, operations: Sequence[Operation]) -> None:
        for fate in self._bulk.write(index, operations):
            if not fate.is_done:
                raise StorageError(f"the new index was not filled: {fate.reason}")
