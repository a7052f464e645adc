"""The frozen nodes of a query, the same for all three meanings. Knows no text and no engine.

Every node carries where it stands in the query (`at` to `end`, code points) and how it was written there (`said`,
which reads as the node by itself). None of it counts when nodes are compared: two are equal when they mean the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product

TITLE, TEXT, AUTHOR = "title", "text", "author"
BOTH = (TITLE, TEXT)
"""Where a bare word is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have."""

    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """The empty query: every mention."""


@dataclass(frozen=True, slots=True)
class Words(Node):
    """One word, or several that stand directly one after another, within one of `parts`.

    words: folded as `earshot.query.words` does, or as written where `is_cased`; never empty.
    """

    words: tuple[str, ...]
    is_cased: bool = False
    parts: tuple[str, ...] = BOTH


@dataclass(frozen=True, slots=True)
class Prefix(Node):
    """A word that begins with `prefix` (folded, 3 to 19 characters)."""

    prefix: str
    parts: tuple[str, ...] = BOTH


@dataclass(frozen=True, slots=True)
class Near(Node):
    """One of `left` and one of `right`, at most `gap` other words between, in one part.

    left, right: folded words, phrases and prefixes of these `parts`; no word of one side can be one of the other.
    is_ordered: the left one stands first; else in either order.
    """

    left: tuple[Words | Prefix, ...]
    right: tuple[Words | Prefix, ...]
    gap: int
    parts: tuple[str, ...] = BOTH
    is_ordered: bool = False

    @property
    def pairs(self) -> Iterator[tuple[Words | Prefix, Words | Prefix]]:
        """What may stand near what, each pair once in the order in which it was written."""
        return product(self.left, self.right)


def length_of(term: Words | Prefix) -> int:
    """Return how many words a term is."""
    return len(term.words) if isinstance(term, Words) else 1


@dataclass(frozen=True, slots=True)
class Tag(Node):
    """A hashtag in title or text, folded, without its sign."""

    tag: str


@dataclass(frozen=True, slots=True)
class Handle(Node):
    """A handle in title or text, folded, without its sign."""

    handle: str


@dataclass(frozen=True, slots=True)
class Is(Node):
    """An exact value of one of the mention's fields; `field` is its name in the index."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class When(Node):
    """Published from `moment` on (`is_since`, included) or before it (excluded).

    moment: a date means the midnight that begins it in the reader's zone; a naive datetime is in that zone too.
    """

    is_since: bool
    moment: date | datetime


@dataclass(frozen=True, slots=True)
class Not(Node):
    """What must not be. Stands only in an And that has something positive too."""

    node: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of two or more nodes, at least one of them no Not."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """At least one of two or more nodes, none of them a Not."""

    nodes: tuple[Node, ...]
