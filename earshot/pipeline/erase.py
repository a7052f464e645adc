"""Erase: the tombstone first, then record, lake and index. What is erased does not come back.

An erasure ends when no file holds the text. What cannot be done at once, because another process is at work, or an
index is large, stands in the record and is done by the next maintenance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from earshot.errors import ConfigError, SourceError
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.publish import Published
from earshot.pipeline.wiping import Wiped
from earshot.ports import Clock, Lake, Record
from earshot.urls import canonical_url

_PATIENCE_S = 30.0
"""How long an erasure waits for another process that rewrites files of the lake, and for one that publishes."""
_ASK_AGAIN_S = 0.5


@dataclass(slots=True)
class ErasureReport:
    """What an erasure found and took away.

    captures: cut out of the lake. wiped: mentions that no file of the index holds any more. captures_left, unwiped:
    of these and of earlier erasures, what still lies in the lake and in the index's files. is_log_left: the record's
    write-ahead log may still hold some of it. why: of what is left in the index, or empty.
    """

    documents: int = 0
    mentions: int = 0
    captures: int = 0
    wiped: int = 0
    captures_left: int = 0
    unwiped: int = 0
    is_log_left: bool = False
    why: str = ""

    @property
    def is_clean(self) -> bool:
        """True where nothing of what was erased lies anywhere any more that is Earshot's to clean."""
        return not (self.captures_left or self.unwiped or self.is_log_left)

    def in_words(self, by: str) -> list[str]:
        """Return what was erased, what is clean now, and what will be by when, in sentences.

        by: when the next maintenance ends at the latest, for example "Tuesday 03:30".
        """
        found = f"{_many(self.documents, 'document')} and {_many(self.mentions, 'mention')}"
        said = [f"Erased {found}." if self.documents else "Nothing of it was there. What comes later is kept out."]
        left = list(self._left())
        if not left:
            return [*said, "No file of the record, the lake and the index holds any of it now."]
        said.append(f"Still to be cleaned: {'; '.join(left)}.")
        said.append(f"The maintenance cleans it by {by}. `earshot maintain` cleans it now.")
        return said

    def _left(self) -> list[str]:
        left = []
        if self.captures_left:
            left.append(f"{_many(self.captures_left, 'capture')} in the lake")
        if self.unwiped:
            why = f" ({self.why})" if self.why else ""
            left.append(f"the text of {_many(self.unwiped, 'mention')} in files of the index{why}")
        if self.is_log_left:
            left.append("the record's write-ahead log (another process is reading)")
        return left


def erase(
    record: Record,
    lake: Lake,
    publish: Callable[[], Published],
    wipe: Callable[[], Wiped],
    clock: Clock,
    *,
    author: str = "",
    url: str = "",
    document_id: str = "",
) -> ErasureReport:
    """Erase all of an author, an address or a document. Twice is once, and finishes what a crash left.

    publish: brings the deletes to the index. wipe: cleans the index's files of what it was told to delete.

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
    waiting = _told(record, publish, clock)
    wiped = wipe()
    with record.read() as reader:
        left = len(reader.condemned())
    return ErasureReport(
        documents=found.documents,
        mentions=len(found.mention_ids),
        captures=cut,
        wiped=wiped.wiped,
        captures_left=left,
        unwiped=wiped.unwiped,
        is_log_left=not record.forget_deleted(),
        why=waiting or wiped.why,
    )


def _told(record: Record, publish: Callable[[], Published], clock: Clock) -> str:
    """Tell the index what is gone; wait for another process that publishes. Return why it was not told, or nothing."""
    until = clock.monotonic() + _PATIENCE_S
    while True:
        waiting = publish().waiting
        with record.read() as reader:
            is_told = not reader.unwiped().untold
        if is_told or clock.monotonic() >= until:
            return "" if is_told else waiting
        clock.sleep(_ASK_AGAIN_S)


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"
