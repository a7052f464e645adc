"""Cut what is condemned out of the lake: captures that hold what was erased. Knows no tombstone and no index."""

from __future__ import annotations

from collections import defaultdict

from earshot.errors import DocumentError, StorageError
from earshot.model import CaptureRef
from earshot.ports import Lake, Record


def cut_condemned(record: Record, lake: Lake) -> int:
    """Cut every condemned capture out of the lake and return how many; twice is once.

    What the lake cannot rewrite now stays condemned, for the next call.
    """
    with record.read() as reader:
        condemned = reader.condemned()
    by_file: dict[str, list[CaptureRef]] = defaultdict(list)
    for ref in condemned:
        by_file[ref.file].append(ref)
    cut = 0
    for file, gone in by_file.items():
        try:
            moved = lake.rewrite_without(file, gone)
        except (StorageError, DocumentError):
            continue
        record.move_captures(moved, gone)
        cut += len(gone)
    return cut
