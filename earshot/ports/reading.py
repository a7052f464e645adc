"""Collecting and reading: what fetches, and what makes words, brands and verdicts of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from earshot.errors import DocumentError, SourceError
from earshot.model import Capture, CollectEvent, Entry, Hint, Reading, Recognised, Verdict, Visit


class Collector(Protocol):
    """Fetches a batch."""

    def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
        """Run one child process over a batch file (`earshot.batches`) and yield events as they happen.

        A Fetched event with outcome OK comes after the FilePublished that holds its capture. The child ends
        with its parent. Closing the iterator ends the child.

        Raises:
            StorageError: the child died or wrote nonsense; what was yielded before stays true.
        """

    def open(self, batch_file: Path) -> CollectSession:
        """Start a child process that takes visits as they come; the file says its limits and its lake.

        Raises:
            StorageError: it cannot be started.
        """


class CollectSession(Protocol):
    """A child process that fetches what it is given. It ends with the thread that opened it."""

    is_over: bool
    """Whether it has ended, and all that it said was taken."""

    def send(self, visit: Visit) -> None:
        """Give it more to do; every item comes to its end as those of a batch. Never waits."""

    def events(self) -> list[CollectEvent]:
        """Return what has happened since the last look. Never waits.

        Raises:
            StorageError: it died or wrote nonsense; what was returned before stays true.
        """

    def close(self) -> None:
        """Give it nothing more: it ends when it has done what it was given."""

    def kill(self) -> None:
        """End it now. Twice is once."""


class Extractor(Protocol):
    """Reads captures inside bounded children (CPU, memory, output)."""

    def read(self, capture: Capture, body: bytes, hint: Hint = ...) -> Reading:
        """Return what the capture says, by its role. hint: what is known of its source; nothing if absent.

        Raises:
            SourceError: the body is not what the role expects (outcome NOT_A_FEED), e.g. a login page.
            DocumentError: its reader crashed or cost too much.
            StorageError: no reader process can be started now.
        """

    def read_many(
        self, captures: Iterable[tuple[Capture, bytes]], hint_of: Callable[[Capture], Hint] = ...
    ) -> Iterator[Reading | SourceError | DocumentError]:
        """Yield what each capture says, in order, several children at a time; what cannot be read is yielded.

        hint_of: gives what is known of a capture's source; nothing if absent.
        """

    def close(self) -> None:
        """End the children."""


class Recogniser(Protocol):
    """Recognises all brands in one pass."""

    def recognise(self, entry: Entry, url: str, source: str = "") -> list[Recognised]:
        """Return the brands heard in this text, in order of brand id.

        url: canonical, for `site:` and owned domains. source: id, for `source:`.
        """


class Classifier(Protocol):
    """Judges mentions. Pure: the same text, brand and version give the same verdict."""

    @property
    def model_version(self) -> str:
        """Name of what judges; changes whenever a verdict could."""

    def detect_language(self, text: str, hint: str = "") -> str:
        """Return ISO 639-1 in lower case, or "" where the text is too little and there is no hint."""

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        """Return one verdict per recognised brand, in the same order."""
