"""The file in which a spider process says what happened: one event a line.

Its parent reads it while both live, and nobody after them; so it is not synced to the disk.
"""

from __future__ import annotations

from pathlib import Path

from earshot.batches import event_line
from earshot.model import CollectEvent


def results_path(batch_file: Path) -> Path:
    """Return where the events of a batch are written: beside its file."""
    return batch_file.with_name(f"{batch_file.stem}.results.jsonl")


class ResultsFile:
    """Appends events."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def append(self, *events: CollectEvent) -> None:
        """Write events, in order; the parent sees them when this returns."""
        self._file.write("".join(f"{event_line(event)}\n" for event in events))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
