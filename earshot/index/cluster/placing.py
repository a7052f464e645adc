"""In which index of a generation a mention lies, and what each index is therefore sent. Knows no client.

A mention stays in the index that it was first written to, whatever has been begun since. So before anything is written
to a generation of several indices, one search by id over all of them tells where it lies; what lies nowhere goes to the
newest. Indices are named one by one, never by the alias: where the next index is begun between the search and the
write, the write goes to what was the newest when it was looked at, and the next search finds it there.

A mention that lies in two indices all the same (two writers at a time, which the lease of publish excludes) is brought
together by its next write: the index with the higher revision keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earshot.index.cluster.bulk import Operation, make_removal
from earshot.index.cluster.generations import Generation
from earshot.index.cluster.reading import Reader
from earshot.index.cluster.writing import Writer

_MOST_IDS, _MOST_HITS = 1000, 10_000
"""Ids of one search, and hits of it. Source of the second: `index.max_result_window`, default of both, read 2026-11."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a mention lies, with the revision that it has there."""

    index: str
    revision: int


@dataclass(frozen=True, slots=True)
class Sending:
    """An operation of a write, and the index that it is sent to. number: of its write."""

    number: int
    index: str
    operation: Operation


class Places:
    """Looks up where mentions lie."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader, self._writer = reader, writer

    def of(self, ids: Sequence[str], generation: Generation) -> dict[str, list[Copy]]:
        """Return where each of these lies, the highest revision first; what lies nowhere is left out.

        Of a generation that is not read yet only the older indices are looked at: the newest one is written to anyway,
        and making it searchable again and again is dear while it is filled. In one that is read, a refresh comes
        first: what a writer that was killed has left is found, too. It costs next to nothing where nothing changed.
        """
        if not generation.older:
            return {}
        indices = ",".join(generation.indices if generation.is_read else generation.older)
        self._writer.refresh(indices)
        found: dict[str, list[Copy]] = {}
        for start in range(0, len(ids), _MOST_IDS):
            asked = _question(ids[start : start + _MOST_IDS])
            for hit in self._reader.search(indices, asked)["hits"]["hits"]:
                found.setdefault(hit["_id"], []).append(Copy(hit["_index"], int(hit["_version"])))
        for copies in found.values():
            copies.sort(key=lambda copy: (-copy.revision, copy.index))
        return found


def sendings(
    operations: Mapping[int, Operation], places: Mapping[str, list[Copy]], generation: Generation
) -> list[Sending]:
    """Return what is sent to which index of a generation, and what is taken out of others."""
    found = []
    for number, operation in operations.items():
        home, *others = places.get(operation.id) or [Copy(generation.newest, 0)]
        found.append(Sending(number, home.index, operation))
        found += [Sending(number, copy.index, make_removal(operation.id, copy.revision)) for copy in others]
    return found


def _question(ids: Sequence[str]) -> dict[str, Any]:
    return {"query": {"terms": {"id": list(ids)}}, "size": _MOST_HITS, "_source": False, "version": True}
