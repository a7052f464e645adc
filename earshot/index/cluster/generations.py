"""The indices of one cluster index: which are read, which are written, how a new one takes over. Knows no mention.

    NAME                   alias that is read: all indices of one generation
    NAME.write             alias of what is written: those indices, and during a rebuild the new generation's too.
                           New mentions go to the newest index of each; `is_write_index` names it for `_rollover`
    NAME.STAMP-000001 ...  the indices of a generation, oldest first; those of a replaced one stay, without alias,
                           until the next rebuild, for a way back

What happens when: a rebuild makes its first index, lets writers write to it too, fills it and those after it, and
moves both aliases in one step. A crash before that leaves the old generation in force and leftovers that the next
rebuild removes. The template lets each new index be read, which is right for the one that follows by `_rollover`; a
rebuild takes that off before anything is in its index.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import mappings
from earshot.errors import StorageError
from earshot.index.admission import nothing_kept
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Reader
from earshot.index.cluster.writing import Writer
from earshot.ports import Clock

ADVICE = "run `earshot reindex`"
_NUMBERED = re.compile(r"(?P<generation>.+)-(?P<number>\d{6,})")
_UNREFRESHED = {"settings": {"index": {"refresh_interval": "-1"}}}


@dataclass(frozen=True, slots=True)
class Generation:
    """The indices that together hold each mention once, oldest first. is_read: it is the one in force."""

    indices: tuple[str, ...]
    is_read: bool

    @property
    def newest(self) -> str:
        """The index that new mentions go to."""
        return self.indices[-1]

    @property
    def older(self) -> tuple[str, ...]:
        """The others: what lies there is changed there."""
        return self.indices[:-1]


class Generations:
    """The generations under one name."""

    def __init__(self, name: str, reader: Reader, writer: Writer, clock: Clock, plan: Plan) -> None:
        self.read_alias, self._write_alias = name, mappings.write_alias(name)
        self._reader, self._writer, self._clock, self._plan = reader, writer, clock, plan

    def ensure(self) -> None:
        """Make sure that there is a generation to read and that it is of this version; a first one is made.

        Raises:
            StorageError: there are indices but no alias, or they are of another version.
        """
        aliases = self._aliases()
        if not any(self.read_alias in each for each in aliases.values()):
            if aliases:
                raise StorageError(f"the index has lost its alias {self.read_alias}; {ADVICE}")
            self._make_first()
        if self._reader.layouts(self.read_alias) != {mappings.layout()}:
            raise StorageError(f"the index {self.read_alias} was made by another version of Earshot; {ADVICE}")

    def read(self) -> list[str]:
        """Return the indices that are read, oldest first."""
        return _in_order(index for index, each in self._aliases().items() if self.read_alias in each)

    def written(self) -> list[Generation]:
        """Return the generations that every write goes to.

        Raises:
            StorageError: what is read is not written to.
        """
        aliases = self._aliases()
        ours = [index for index, each in aliases.items() if self.read_alias in each or self._write_alias in each]
        found = []
        for name in sorted({_generation(index) for index in ours}):
            indices = _in_order(index for index in ours if _generation(index) == name)
            if self._write_alias in aliases[indices[-1]]:
                is_read = any(self.read_alias in aliases[index] for index in indices)
                found.append(Generation(tuple(indices), is_read))
        if not any(each.is_read for each in found):
            raise StorageError(f"the index has lost its alias {self._write_alias}; {ADVICE}")
        return found

    def in_force(self) -> Generation:
        """Return the generation that is read.

        Raises:
            StorageError: what is read is not written to.
        """
        return next(each for each in self.written() if each.is_read)

    # rebuilding

    def begin(self) -> Generation:
        """Make a generation that is written to and not yet read; its newest index does not refresh while it fills."""
        stamp = self._clock.now().strftime("%Y%m%d%H%M%S")
        index = f"{self.read_alias}.{stamp}{secrets.token_hex(3)}-000001"
        self._put_templates()
        self._make_unread(index)
        return Generation((index,), is_read=False)

    def extend(self, generation: Generation) -> Generation:
        """Add an index to a generation that is being filled. Needs that nobody writes meanwhile."""
        full = generation.newest
        name, number = _generation(full), _number(full) + 1
        self._writer.change_settings(full, {"index": {"refresh_interval": None}})
        self._writer.refresh(full)
        index = f"{name}-{number:06}"
        self._make_unread(index)
        return Generation((*generation.indices, index), is_read=False)

    def reveal(self, new: Generation) -> None:
        """Let whoever asks a filled generation by the names of its indices find all of it."""
        self._writer.change_settings(new.newest, {"index": {"refresh_interval": None}})
        self._writer.refresh(",".join(new.indices))

    def switch(self, new: Generation) -> None:
        """Let `new` be the only generation that is read and written, in one step."""
        added: list[dict[str, Any]] = [{"add": {"index": index, "alias": self.read_alias}} for index in new.indices]
        added.append({"add": {"index": new.newest, "alias": self._write_alias, "is_write_index": True}})
        self._writer.change_aliases([*added, *self._without_aliases(new)])
        while late := self._without_aliases(new):  # begun by a lifecycle policy while we looked
            self._writer.change_aliases(late)

    def aside(self) -> list[str]:
        """Return the indices that are neither read nor written, oldest first: replaced ones."""
        return _in_order(index for index, each in self._aliases().items() if not each)

    def replaced(self) -> Generation:
        """Return the generation that the last rebuild replaced.

        Raises:
            ConfigError: none is kept.
            StorageError: it was made by another version.
        """
        aside = self.aside()
        if not aside:
            raise nothing_kept(f"under {self.read_alias}")
        last = _generation(aside[-1])
        indices = [index for index in aside if _generation(index) == last]
        if self._reader.layouts(",".join(indices)) != {mappings.layout()}:
            raise StorageError(f"{', '.join(indices)} was made by another version of Earshot, and only it can go back")
        return Generation(tuple(indices), is_read=False)

    def remove_others(self, kept: Iterable[str]) -> None:
        """Remove every index of this name that is not kept: replaced ones and leftovers. Needs that nobody writes."""
        for index in set(self._aliases()) - set(kept):
            self.remove(index)

    def remove(self, index: str) -> None:
        """Remove one index; one that is gone already is fine."""
        try:
            self._writer.delete(index)
        except ClusterError as refusal:
            if refusal.status != 404:
                raise

    # keeping

    def roll(self) -> str:
        """Begin the next index of the generation in force where its newest is full; return its name, or nothing."""
        conditions = self._plan.conditions(by_shard=self._writer.rolls_by_shard)
        newest = self.in_force().newest
        if not conditions or not self._reader.documents(newest):
            return ""
        if not self._aliases()[newest][self._write_alias].get("is_write_index"):
            named = {"index": newest, "alias": self._write_alias, "is_write_index": True}
            self._writer.change_aliases([{"add": named}])
        if not self._writer.rollover(self._write_alias, conditions, is_dry=True):
            return ""
        self._put_templates()  # the new index is of this version and this plan
        return self._writer.rollover(self._write_alias, conditions)

    # what is there

    def _aliases(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Return all indices of this name with their aliases, as they are at one moment."""
        return self._reader.aliases(f"{self.read_alias}.*")

    def _without_aliases(self, new: Generation) -> list[dict[str, Any]]:
        return [
            {"remove": {"index": index, "alias": alias}}
            for index, aliases in self._aliases().items()
            for alias in (self.read_alias, self._write_alias)
            if alias in aliases and index not in new.indices
        ]

    def _make_first(self) -> None:
        self._put_templates()
        aliases: dict[str, Any] = {self.read_alias: {}, self._write_alias: {"is_write_index": True}}
        try:
            self._writer.create(f"{self.read_alias}.first-000001", {"aliases": aliases})
        except ClusterError as refusal:  # another process was faster
            if "resource_already_exists_exception" not in refusal.kinds:
                raise

    def _make_unread(self, index: str) -> None:
        self._writer.create(index, _UNREFRESHED)
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self._write_alias}}]
        if self.read_alias in self._reader.aliases(index)[index]:
            actions.append({"remove": {"index": index, "alias": self.read_alias}})
        self._writer.change_aliases(actions)

    def _put_templates(self) -> None:
        for name, component in mappings.load_components().items():
            self._writer.put_component(name, component)
        template = mappings.load_index_template(self.read_alias, self._plan.shards, self._plan.replicas)
        self._writer.put_template(*template)


def _generation(index: str) -> str:
    numbered = _NUMBERED.fullmatch(index)
    return numbered["generation"] if numbered else index


def _number(index: str) -> int:
    numbered = _NUMBERED.fullmatch(index)
    return int(numbered["number"]) if numbered else 0


def _in_order(indices: Iterable[str]) -> list[str]:
    return sorted(indices, key=lambda index: (_generation(index), _number(index)))
