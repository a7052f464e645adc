"""The lake: captures as they were fetched, in files that appear whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from earshot.model import Capture, CaptureRef


class LakeWriter(Protocol):
    """An open WARC file that nobody else sees yet."""

    def add(self, capture: Capture, body: bytes) -> Capture:
        """Append a response record; return the capture with its real `ref`. body: after transfer and content coding."""

    @property
    def is_full(self) -> bool:
        """True once the file holds 64 MB, 500 captures, or is 20 seconds old (and holds at least one)."""

    def publish(self) -> str:
        """Make the file appear, whole and durable, and return its name; "" if it holds nothing. The writer is done."""


class Lake(Protocol):
    """Captures in WARC files: published files never change, except by `rewrite_without`."""

    def open_writer(self) -> LakeWriter:
        """Begin a file. One that is never published leaves nothing that `iter_files` shows."""

    def iter_files(self) -> Iterator[str]:
        """Yield the names of published files, oldest first."""

    def iter_captures(self, file: str) -> Iterator[tuple[Capture, bytes]]:
        """Yield captures with bodies in order. A broken record ends the file with DocumentError.

        Raises:
            Gone: another process took the file away since it was named.
            StorageError: the file cannot be read now.
        """

    def read(self, ref: CaptureRef) -> tuple[Capture, bytes]:
        """Return one capture.

        Raises:
            Gone: another process took the file away.
            StorageError: it is not in the file, or its digest differs.
        """

    def rewrite_without(
        self, file: str, refs: Sequence[CaptureRef], known: Sequence[CaptureRef] = ()
    ) -> dict[CaptureRef, CaptureRef]:
        """Write `file` anew without these captures; return where the others went (old -> new). Twice is once.

        The old file is gone when this returns, and the new one has another name. A file left with no capture
        disappears.

        known: captures that lie in it. Of a broken file, those of them that can still be read are kept.

        Raises:
            StorageError: not now; nothing was cut.
            DocumentError: the file is broken, and nothing is `known` of it; nothing was cut.
        """

    def remove(self, file: str) -> None:
        """Remove a published file with all that is in it, also a broken one. Twice is once."""

    def sweep(self) -> None:
        """Remove unfinished files that processes which died left behind. Twice is once."""

    def begun_at(self, file: str) -> datetime | None:
        """Return when a file was begun, as its name says (of a rewritten one: the old one); None if it says nothing."""
