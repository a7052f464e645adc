"""Judges documents outside the transaction that turns out to need them: queries never run while the record is locked.

Which text is judged depends on what the record knows already, and that is certain only inside. So a transaction that
asks for a judgement not made yet is undone, the judgement is made, and the transaction runs again. Few do.
"""

from __future__ import annotations

from collections.abc import Callable

from earshot.model import Document
from earshot.ports import MentionWrite

TRIES = 5
"""Afterwards it is judged inside: another process changes the same documents again and again."""


class NotJudged(Exception):  # noqa: N818 (a state of knowledge, not a failure)
    """The transaction needs judgements that are not made yet; it is undone and runs again."""


class Judgements:
    """What documents say of every brand, for one capture."""

    def __init__(self, judge: Callable[[Document], tuple[MentionWrite, ...]]) -> None:
        """Take what says of a document what it says of every brand; it is slow."""
        self._judge = judge
        self._made: list[tuple[Document, tuple[MentionWrite, ...]]] = []
        self._missing: list[Document] = []
        self._tries = 0

    def of(self, document: Document) -> tuple[MentionWrite, ...]:
        """Return the judgement, inside the transaction; nothing where it is not made yet."""
        for known, writes in self._made:
            if known == document:
                return writes
        if self._tries >= TRIES:
            return self._judge(document)
        self._missing.append(document)
        return ()

    def check(self) -> None:
        """Raise at the end of the transaction where one was missing.

        Raises:
            NotJudged: then `make` them outside, and run the transaction again.
        """
        if self._missing:
            raise NotJudged

    def make(self) -> None:
        """Judge what was missing."""
        self._made += [(document, self._judge(document)) for document in self._missing]
        self._missing = []
        self._tries += 1
