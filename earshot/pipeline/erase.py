"""Erase: the tombstone first, then record, lake and index. What is erased does not come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from earshot.errors import ConfigError, SourceError, StorageError
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.publish import Published
from earshot.ports import Clock, Lake, Record
from earshot.urls import canonical_url

_PATIENCE_S = 30.0
"""How long an erasure waits for another process that rewrites files of the lake."""


@dataclass(slots=True)
class ErasureReport:
    """What an erasure found and took away. captures: cut out of the lake."""

    documents: int = 0
    mentions: int = 0
    captures: int = 0
    waiting: str = ""


def erase(
    record: Record,
    lake: Lake,
    publish: Callable[[], Published],
    forget_replaced: Callable[[], None],
    clock: Clock,
    *,
    author: str = "",
    url: str = "",
    document_id: str = "",
) -> ErasureReport:
    """Erase all of an author, an address or a document. Twice is once, and finishes what a crash left.

    forget_replaced: the index's; what a rebuild has replaced holds everything still.

    Raises:
        ConfigError: not exactly one of the three is given, or the address is none.
    """
    if sum(map(bool, (author, url, document_id))) != 1:
        raise ConfigError("say what to erase", advice="give exactly one of --author, --url, --document")
    try:
        address = canonical_url(url, keep_fragment=True) if url else ""
    except SourceError as error:
        raise ConfigError(error.reason, advice="give the whole address, with http:// or https://") from error
    with record.write() as writer:
        found = writer.erase(author=author, url=address, document_id=document_id, now=clock.now())
    cut = cut_condemned(record, lake, clock, patience_s=_PATIENCE_S)
    published = publish()
    kept = _forgotten(forget_replaced)
    with record.read() as reader:
        left = len(reader.condemned())
    waiting = published.waiting or kept or (f"{left} captures are still to be cut out of the lake" if left else "")
    return ErasureReport(found.documents, len(found.mention_ids), cut, waiting)


def _forgotten(forget_replaced: Callable[[], None]) -> str:
    """Return why the index that was replaced is still there, or nothing."""
    try:
        forget_replaced()
    except StorageError as error:
        what = "the index before the last reindex still holds it"
        return f"{what} ({error}); erase again, on a cluster with a login that may drop indices"
    return ""
