"""Bulk writing by our own loop: what was answered is done, refused, or tried again. Knows no client.

The clients' helpers do not try single operations again, and let one bad document end everything behind it. A version
goes with every operation (`external_gte`), so one that is sent twice, or too late, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earshot.errors import StorageError
from earshot.index.cluster.errors import LATER, ClusterError
from earshot.ports import Clock

MOST_OPERATIONS, MOST_BYTES = 1000, 5_000_000
"""Of one request. Source: 1,000 to 5,000 operations or 5 to 15 MB, bulk guide of opensearch.org, read 2026-11."""

_WAITS_S = (0.2, 1.0, 3.0)
"""Between tries of what a full cluster pushed back; then it is for the outbox to wait."""

_SMALLER = 4
"""Each further try is made of requests so many times smaller: a cluster pushes back by the bytes it has to hold."""

_DOCUMENT_FAULTS = frozenset((400, 413))
"""Status codes that blame the document. Others (401, 403, 404) blame the login or the index: no mention is lost to
them."""

Answer = Mapping[str, Any]
Send = Callable[[str, bytes], Sequence[Answer]]
"""Sends the body of a bulk request to an index; returns the answer to each operation, in order."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One line pair of a bulk request."""

    id: str
    lines: bytes


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an operation; neither done nor refused: it may be done later."""

    is_done: bool = False
    is_refused: bool = False
    reason: str = ""


DONE = Fate(is_done=True)


def make_operation(mention_id: str, revision: int, document: Mapping[str, Any]) -> Operation:
    """Return the operation that brings a document unless a higher revision is there.

    Raises:
        UnicodeError: a text holds lone surrogates.
        ValueError, TypeError: it is not JSON.
    """
    action = {"index": {"_id": mention_id, "version": revision, "version_type": "external_gte"}}
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for one in (action, document)]
    return Operation(mention_id, "".join(f"{line}\n" for line in lines).encode())


def make_removal(mention_id: str, revision: int) -> Operation:
    """Return the operation that takes a copy out of an index, unless a higher revision is there by then."""
    action = {"delete": {"_id": mention_id, "version": revision, "version_type": "external_gte"}}
    return Operation(mention_id, f"{json.dumps(action, separators=(',', ':'))}\n".encode())


def chunks(operations: Iterable[Operation], smaller: int = 1) -> Iterator[list[Operation]]:
    """Yield operations in requests of a size that clusters like; one that is larger stands alone.

    smaller: so many times smaller than usual.
    """
    most_operations, most_bytes = max(1, MOST_OPERATIONS // smaller), MOST_BYTES // smaller
    chunk: list[Operation] = []
    size = 0
    for operation in operations:
        if chunk and (len(chunk) == most_operations or size + len(operation.lines) > most_bytes):
            yield chunk
            chunk, size = [], 0
        chunk.append(operation)
        size += len(operation.lines)
    if chunk:
        yield chunk


def fate_of(answer: Answer) -> Fate:
    """Return what the answer to one operation means.

    A version conflict says that a higher revision is there: with `external_gte` it has no other cause. What was to be
    taken out and is not there is done.
    """
    status = int(answer["status"])
    if 200 <= status < 300 or answer.get("result") == "not_found":
        return DONE
    refusal = ClusterError("it was not written", status, answer)
    if "version_conflict_engine_exception" in refusal.kinds:
        return DONE
    return Fate(is_refused=status in _DOCUMENT_FAULTS, reason=f"{refusal.reason} ({status})")


class BulkWriter:
    """Writes operations to one index at a time."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send, self._clock = send, clock

    def write(self, index: str, operations: Sequence[Operation]) -> list[Fate]:
        """Return the fate of each operation, in order.

        Raises:
            StorageError: the cluster did not answer, and nothing is known to be written.
        """
        fates: list[Fate] = []
        for chunk in chunks(operations):
            try:
                fates += self._chunk(index, chunk)
            except StorageError as error:
                if not any(fate.is_done for fate in fates):
                    raise
                fates += [Fate(reason=str(error))] * (len(operations) - len(fates))
                break
        return fates

    def _chunk(self, index: str, chunk: list[Operation]) -> list[Fate]:
        fates = self._request(index, chunk)
        for number, wait_s in enumerate(_WAITS_S, 1):
            left = [n for n, fate in enumerate(fates) if not (fate.is_done or fate.is_refused)]
            if not left:
                break
            self._clock.sleep(wait_s)
            again = [
                fate
                for piece in chunks((chunk[n] for n in left), _SMALLER**number)
                for fate in self._request(index, piece)
            ]
            for n, fate in zip(left, again, strict=True):
                fates[n] = fate
        return fates

    def _request(self, index: str, chunk: list[Operation]) -> list[Fate]:
        """Send one request; where it is refused as a whole for its size or its form, find out whose fault it is."""
        try:
            answers = self._send(index, b"".join(operation.lines for operation in chunk))
        except ClusterError as refusal:
            if refusal.status in LATER:
                return [Fate(reason=str(refusal))] * len(chunk)
            if refusal.status not in _DOCUMENT_FAULTS:
                raise
            if len(chunk) == 1:
                return [Fate(is_refused=True, reason=str(refusal))]
            half = len(chunk) // 2
            return self._request(index, chunk[:half]) + self._request(index, chunk[half:])
        if len(answers) != len(chunk):
            raise StorageError(f"{len(chunk)} operations were sent, {len(answers)} answered")
        return [fate_of(answer) for answer in answers]
