"""A query made ready to be asked of many texts whose terms were found beforehand. Knows no brand and no tokeniser.

It answers as `matcher.holds` does, by numbers of terms: a group of five hundred alternatives is one look at two sets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from earshot.names.finder import NameHits
from earshot.query.matcher import Stretch, Subject, holds, stretches_in
from earshot.query.reading import Range, is_near, near_ranges
from earshot.query.tree import AUTHOR, BOTH, And, Near, Node, Not, Or, Prefix, Words
from earshot.query.vocabulary import Hits, Vocabulary

Parts = tuple[str, ...]
_RANK = {part: rank for rank, part in enumerate(BOTH)}


class Found:
    """The terms that were found in one text, by part."""

    def __init__(
        self, subject: Subject, hits: dict[str, Hits], lengths: list[int], names: dict[str, NameHits] | None = None
    ) -> None:
        self.subject = subject
        self.hits = hits
        self.lengths = lengths
        self.names = names or {}
        self.named = {part: frozenset(hits) for part, hits in self.names.items()}
        self._words = {part: subject.part(part).words for part in BOTH}
        self._terms: dict[Parts, frozenset[int]] = {}

    def terms(self, parts: Parts) -> frozenset[int]:
        """Return the terms found in any of `parts`."""
        known = self._terms.get(parts)
        if known is None:
            known = self._terms[parts] = frozenset().union(*(self.hits[part] for part in parts))
        return known

    def stretch(self, part: str, first: int, after: int) -> Stretch:
        """Return where the words from number `first` to `after` (excluded) stand."""
        words = self._words[part]
        return _RANK[part], words[first].start, words[after - 1].end


class Step(ABC):
    """One node of a plan.

    gate: terms of which at least one is in every text that the step holds for; None where no such terms are known.
    """

    gate: frozenset[int] | None = None

    @abstractmethod
    def holds(self, found: Found) -> bool:
        """Tell whether it matches."""

    @abstractmethod
    def stretches(self, found: Found) -> Iterable[Stretch]:
        """Return where its words stand in title and text, in no order."""


class AnyOf(Step):
    """At least one of some terms, in one of `parts`."""

    def __init__(self, terms: frozenset[int], parts: Parts) -> None:
        self.gate = self._terms = terms
        self._parts, self._shown = parts, _shown(parts)

    def holds(self, found: Found) -> bool:
        """Tell whether one of the terms was found."""
        return not found.terms(self._parts).isdisjoint(self._terms)

    def stretches(self, found: Found) -> Iterator[Stretch]:
        """Yield all places of all the terms."""
        for part in self._shown:
            hits = found.hits[part]
            for term in self._terms & found.terms((part,)):
                length = found.lengths[term]
                for at in hits[term]:
                    yield found.stretch(part, at, at + length)


class Named(Step):
    """At least one of some names, in title or text."""

    def __init__(self, names: frozenset[int]) -> None:
        self.gate = self._names = names

    def holds(self, found: Found) -> bool:
        """Tell whether one of the names was found."""
        return not all(map(self._names.isdisjoint, found.named.values()))

    def stretches(self, found: Found) -> Iterator[Stretch]:
        """Yield all places of all the names."""
        for part, named in found.named.items():
            hits = found.names[part]
            for name in self._names & named:
                yield from hits[name]


class NearStep(Step):
    """Terms of two groups near each other."""

    def __init__(self, left: frozenset[int], right: frozenset[int], node: Near) -> None:
        self.gate = min(left, right, key=len)
        self._left, self._right, self._node = left, right, node
        self._parts, self._shown = node.parts, _shown(node.parts)

    def holds(self, found: Found) -> bool:
        """Tell whether two are near each other."""
        node = self._node
        return self._may_be(found) and any(
            is_near(*self._sides(found, part), node.gap, is_ordered=node.is_ordered) for part in self._parts
        )

    def stretches(self, found: Found) -> Iterable[Stretch]:
        """Return what has one of the other group near."""
        if not self._may_be(found):
            return ()
        return [found.stretch(part, *near) for part in self._shown for near in self._near(found, part)]

    def _may_be(self, found: Found) -> bool:
        """Tell whether both groups were found at all: asked first, since hundreds of brands ask in vain."""
        terms = found.terms(self._parts)
        return not (terms.isdisjoint(self._left) or terms.isdisjoint(self._right))

    def _near(self, found: Found, part: str) -> list[Range]:
        return near_ranges(*self._sides(found, part), self._node.gap, is_ordered=self._node.is_ordered)

    def _sides(self, found: Found, part: str) -> tuple[list[Range], list[Range]]:
        """Return where the terms of either side stand."""
        hits, lengths = found.hits[part], found.lengths
        left, right = (
            [(at, at + lengths[term]) for term in side & hits.keys() for at in hits[term]]
            for side in (self._left, self._right)
        )
        return left, right


class AllOf(Step):
    """Every one of some steps. The gate is that of the step with the fewest terms."""

    def __init__(self, steps: list[Step]) -> None:
        gates = [step.gate for step in steps if step.gate is not None]
        self.gate = min(gates, key=len) if gates else None
        self._steps = steps

    def holds(self, found: Found) -> bool:
        """Tell whether all hold."""
        return all(step.holds(found) for step in self._steps)

    def stretches(self, found: Found) -> Iterator[Stretch]:
        """Yield the stretches of all steps."""
        for step in self._steps:
            yield from step.stretches(found)


class OneOf(Step):
    """At least one of some steps."""

    def __init__(self, steps: list[Step]) -> None:
        gates = [step.gate for step in steps]
        self.gate = None if None in gates else frozenset().union(*(gate for gate in gates if gate is not None))
        self._steps = steps

    def holds(self, found: Found) -> bool:
        """Tell whether one holds."""
        return any(step.holds(found) for step in self._steps)

    def stretches(self, found: Found) -> Iterator[Stretch]:
        """Yield the stretches of all steps, those that do not hold by themselves too."""
        for step in self._steps:
            yield from step.stretches(found)


class NoneOf(Step):
    """Not what another step says."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def holds(self, found: Found) -> bool:
        """Tell whether it does not hold."""
        return not self._step.holds(found)

    def stretches(self, found: Found) -> Iterator[Stretch]:  # noqa: ARG002 (what must not be stands nowhere)
        """Yield nothing."""
        return iter(())


class Ask(Step):
    """What is no word: left to the matcher."""

    def __init__(self, node: Node, time_zone: str) -> None:
        self._node, self._time_zone = node, time_zone

    def holds(self, found: Found) -> bool:
        """Tell what the matcher tells."""
        return holds(self._node, found.subject, self._time_zone)

    def stretches(self, found: Found) -> Iterator[Stretch]:
        """Yield where its tags and handles stand."""
        return stretches_in(self._node, found.subject)


def _shown(parts: Parts) -> Parts:
    """Return the parts that are shown: highlights are in title and text."""
    return tuple(part for part in parts if part != AUTHOR)


def make_step(node: Node, vocabulary: Vocabulary, time_zone: str) -> Step:
    """Return the plan of a query; its terms are added to `vocabulary`."""
    match node:
        case Words() | Prefix():
            return AnyOf(frozenset((vocabulary.add(node),)), node.parts)
        case Near():
            left, right = (frozenset(vocabulary.add(term) for term in side) for side in (node.left, node.right))
            return NearStep(left, right, node)
        case And():
            # What must not be is asked last: it is rarely there.
            ordered = sorted(node.nodes, key=lambda child: isinstance(child, Not))
            return AllOf([make_step(child, vocabulary, time_zone) for child in ordered])
        case Or():
            return _any_of(node.nodes, vocabulary, time_zone)
        case Not():
            return NoneOf(make_step(node.node, vocabulary, time_zone))
    return Ask(node, time_zone)


def _any_of(nodes: tuple[Node, ...], vocabulary: Vocabulary, time_zone: str) -> Step:
    """Return alternatives, all words and phrases among them as one step."""
    terms: dict[Parts, set[int]] = {}
    others: list[Step] = []
    for node in nodes:
        if isinstance(node, Words | Prefix):
            terms.setdefault(node.parts, set()).add(vocabulary.add(node))
        else:
            others.append(make_step(node, vocabulary, time_zone))
    steps: list[Step] = [AnyOf(frozenset(ids), parts) for parts, ids in terms.items()]
    steps += others
    return steps[0] if len(steps) == 1 else OneOf(steps)
