"""Transactions that go beside others: begun anew where two were at the same, and alone where that goes on.

Knows the record's port only; what is held is the affair of who writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from earshot.errors import Collided
from earshot.ports import Record, RecordWriter

log = structlog.get_logger(__name__)
T = TypeVar("T")

TRIES = 3
"""How often a transaction is begun beside others before it asks to be alone."""


def written(record: Record, act: Callable[[RecordWriter], T]) -> T:
    """Run `act` in a writing transaction beside others, and return what it returns.

    Where it collides with another, all of it is begun anew; after three times, or where it is too large, it is alone.

    Args:
        record: where it writes.
        act: writes; called anew each time, so it changes nothing but the record.

    Raises:
        StorageError: the record did not answer.
    """
    for _ in range(TRIES):
        try:
            with record.write(beside=True) as writer:
                return act(writer)
        except Collided as collision:
            log.info("a transaction is begun anew", reason=str(collision))
            if collision.is_too_large:
                break
    with record.write() as writer:
        return act(writer)
