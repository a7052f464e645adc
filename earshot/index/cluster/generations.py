"""The indices of one cluster index: which is read, which are written, how a new one takes over. Knows no mention.

    NAME            alias that is read: one generation
    NAME.write      alias of what is written: the same generation, and during a rebuild the new one too
    NAME.*-000001   one index each; a replaced one stays until the next rebuild, for a way back

What happens when: a rebuild makes its index, lets writers write to it too, fills it, and moves both aliases in one
step. A crash before that leaves the old one in force and a leftover that the next rebuild removes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import mappings
from earshot.errors import StorageError
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.reading import Reader
from earshot.index.cluster.writing import Writer
from earshot.ports import Clock

ADVICE = "run `earshot reindex`"


class Generations:
    """The generations under one name."""

    def __init__(self, name: str, reader: Reader, writer: Writer, clock: Clock) -> None:
        self.read_alias, self._write_alias = name, mappings.write_alias(name)
        self._reader, self._writer, self._clock = reader, writer, clock

    def ensure(self) -> None:
        """Make sure that there is a generation to read and that it is of this version; a first one is made.

        Raises:
            StorageError: there are indices but no alias, or they are of another version.
        """
        if not self.read():
            if self._all():
                raise StorageError(f"the index has lost its alias {self.read_alias}; {ADVICE}")
            self._make_first()
        if self._reader.layouts(self.read_alias) != {mappings.layout()}:
            raise StorageError(f"the index {self.read_alias} was made by another version of Earshot; {ADVICE}")

    def read(self) -> list[str]:
        """Return the indices that are read."""
        return self._reader.indices_of(self.read_alias)

    def written(self) -> list[str]:
        """Return the indices that every write goes to.

        Raises:
            StorageError: there is none.
        """
        found = self._reader.indices_of(self._write_alias)
        if not found:
            raise StorageError(f"the index has lost its alias {self._write_alias}; {ADVICE}")
        return found

    def begin(self) -> str:
        """Make an index that is written to and not yet read; it does not refresh while it is filled."""
        stamp = self._clock.now().strftime("%Y%m%d%H%M%S")
        index = f"{self.read_alias}.{stamp}{secrets.token_hex(3)}-000001"
        self._make(index, {"aliases": {self._write_alias: {}}, "settings": {"index": {"refresh_interval": "-1"}}})
        return index

    def switch(self, new: str) -> None:
        """Let `new` be the only one that is read and written, in one step."""
        self._writer.change_settings(new, {"index": {"refresh_interval": None}})
        self._writer.refresh(new)
        others = [
            {"remove": {"index": index, "alias": alias}}
            for alias in (self.read_alias, self._write_alias)
            for index in self._reader.indices_of(alias)
            if index != new
        ]
        self._writer.change_aliases([{"add": {"index": new, "alias": self.read_alias}}, *others])

    def remove_others(self, kept: Iterable[str]) -> None:
        """Remove every index of this name that is not kept: replaced ones and leftovers."""
        for index in set(self._all()) - set(kept):
            self.remove(index)

    def remove(self, index: str) -> None:
        """Remove one index; one that is gone already is fine."""
        try:
            self._writer.delete(index)
        except ClusterError as refusal:
            if refusal.status != 404:
                raise

    def _all(self) -> list[str]:
        return self._reader.indices_named(f"{self.read_alias}.*")

    def _make_first(self) -> None:
        try:
            first = f"{self.read_alias}.first-000001"
            self._make(first, {"aliases": {self.read_alias: {}, self._write_alias: {}}})
        except ClusterError as refusal:  # another process was faster
            if "resource_already_exists_exception" not in refusal.kinds:
                raise

    def _make(self, index: str, body: dict[str, object]) -> None:
        for name, component in mappings.load_components().items():
            self._writer.put_component(name, component)
        self._writer.put_template(*mappings.load_index_template(self.read_alias))
        self._writer.create(index, body)
