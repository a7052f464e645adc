"""What a rebuild has put into a new index, to be looked up there before the index takes over. Knows no engine.

An answer to a write says what an engine meant to do; this says what it has. Kept in a temporary file, some 80 bytes a
mention, since a rebuild may be of more mentions than fit into memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from earshot.errors import StorageError
from earshot.ports import Held

_AT_ONCE = 1000

Look = Callable[[Sequence[str]], Mapping[str, Held]]
"""Tells what an index has of some ids, as `MentionIndex.held` does."""


class Filled:
    """Ids and revisions in the order they were put in. Leaving the `with` block forgets them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - closed by `close`
        self._count = 0

    def __enter__(self) -> Filled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget them."""
        self._file.close()

    def add(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Note these ids and revisions."""
        for pair in pairs:
            self._file.write(json.dumps(pair) + "\n")
            self._count += 1

    def check(self, look: Look) -> None:
        """Look all of them up.

        Writers may have brought a newer revision, or a newer delete, meanwhile; older than what was put in may be none.

        Raises:
            StorageError: one is not there, is older, or is there more than once.
        """
        wrong, example = 0, ""
        for part in self._parts():
            held = look(list(part))
            for mention_id, revision in part.items():
                found = held.get(mention_id)
                if found is None or found.revision < revision or found.copies > 1:
                    wrong, example = wrong + 1, example or mention_id
        if wrong:
            what = f"of {self._count:,} mentions that were put into the new index {wrong:,} are not there as they were"
            raise StorageError(f"{what}, as {example}; the old index stays in force, try again")

    def _parts(self) -> Iterator[dict[str, int]]:
        self._file.seek(0)
        lines = map(json.loads, self._file)
        while part := dict(islice(lines, _AT_ONCE)):
            yield part
