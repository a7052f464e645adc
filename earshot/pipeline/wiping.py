"""Wipe: the index's files are made to hold nothing any more of what was erased. Knows no lake.

A delete only hides a mention in a search engine; its words lie in the files until these are written anew. The record
knows which erased mentions that was not done for yet, so whoever comes next goes on where another had to stop.
"""

from __future__ import annotations

from dataclasses import dataclass

from earshot.errors import ConfigError, StorageError
from earshot.pipeline.publish import rebuilding
from earshot.ports import Clock, MentionIndex, Record


@dataclass(slots=True)
class Wiped:
    """What was wiped. wiped, unwiped: erased mentions that no file of the index holds any more, or one may still hold.

    why: of the latter, or empty.
    """

    wiped: int = 0
    unwiped: int = 0
    why: str = ""


def wipe(record: Record, index: MentionIndex, clock: Clock, owner: str, seconds: float | None = None) -> Wiped:
    """Wipe what was erased out of the index's files, those of the index before the last reindex too. Twice is once.

    Args:
        record: what was erased.
        index: whose files hold it.
        clock: time.
        owner: `earshot.leases.me()`.
        seconds: how long it may take; None: as long as it needs. The rest is for the next call.
    """
    with record.read() as reader:
        unwiped = reader.unwiped()
    done = Wiped(unwiped=len(unwiped.told) + len(unwiped.untold))
    if not done.unwiped:
        return done
    if unwiped.untold:
        done.why = "the index was not told yet: run `earshot publish`"
    try:
        _wipe(record, index, clock, owner, unwiped.told, seconds, done)
    except (StorageError, ConfigError) as error:
        done.why = str(error)
    return done


def _forget_replaced(index: MentionIndex) -> None:
    try:
        index.forget_replaced()
    except StorageError as error:
        raise StorageError(f"the index before the last reindex still holds it: {error}") from error


def _wipe(
    record: Record,
    index: MentionIndex,
    clock: Clock,
    owner: str,
    ids: tuple[str, ...],
    seconds: float | None,
    done: Wiped,
) -> None:
    with rebuilding(record, clock, owner):
        _forget_replaced(index)
        left = index.wipe(ids, seconds) if ids else set()
        with record.write() as writer:
            writer.note_wiped(set(ids) - left)
    done.wiped = len(ids) - len(left)
    done.unwiped -= done.wiped
    if left:
        done.why = "it takes longer than a command may; the next maintenance goes on with it"
