"""A text laid out for matching: its words by place and by name. Knows no query language and no brand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

from earshot.query.tree import Near, Prefix, Words
from earshot.query.words import Marked, Word, find_handles, find_tags, find_words

Range = tuple[int, int]
"""Words from the first (included) to the second (excluded), by number."""


class Part:
    """One part of a mention: its words, and where each of them stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[Word] = find_words(text)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Numbers of each folded word, rising."""
        places: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            places.setdefault(word.text, []).append(number)
        return places

    @cached_property
    def _cased_places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            places.setdefault(word.cased, []).append(number)
        return places

    @cached_property
    def vocabulary(self) -> list[str]:
        """The different folded words, sorted."""
        return sorted(self.places)

    @cached_property
    def tags(self) -> list[Marked]:
        """Its hashtags."""
        return find_tags(self.text)

    @cached_property
    def handles(self) -> list[Marked]:
        """Its handles."""
        return find_handles(self.text)

    def find_phrase(self, node: Words) -> list[Range]:
        """Return where the words of `node` stand in a row."""
        places = self._cased_places if node.is_cased else self.places
        length = len(node.words)
        starts: Iterable[int] = places.get(node.words[0], ())
        for offset, word in enumerate(node.words[1:], 1):
            if not starts:
                break
            here = set(places.get(word, ()))
            starts = [start for start in starts if start + offset in here]
        return [(start, start + length) for start in starts]

    def find_prefix(self, node: Prefix) -> list[Range]:
        """Return where words begin with the prefix."""
        found: list[int] = []
        for at in range(bisect_left(self.vocabulary, node.prefix), len(self.vocabulary)):
            word = self.vocabulary[at]
            if not word.startswith(node.prefix):
                break
            found += self.places[word]
        return [(number, number + 1) for number in sorted(found)]

    def find_term(self, node: Words | Prefix) -> list[Range]:
        """Return where a word, a phrase or the words of a prefix stand."""
        return self.find_phrase(node) if isinstance(node, Words) else self.find_prefix(node)

    def find_near(self, node: Near) -> list[Range]:
        """Return what of both sides has one of the other within reach."""
        left, right = ([found for term in side for found in self.find_term(term)] for side in (node.left, node.right))
        return near_ranges(left, right, node.gap, is_ordered=node.is_ordered)


def near_ranges(left: Sequence[Range], right: Sequence[Range], gap: int, *, is_ordered: bool = False) -> list[Range]:
    """Return, rising, what of either side has one of the other with at most `gap` words between.

    No range of one side overlaps one of the other. is_ordered: the left one stands first.
    Sorted and bisected: 0.9 ms for 1,400 x 1,400 where loops took 89 ms.
    """
    if not (left and right):
        return []
    found = _one_before_other(left, right, gap)
    if not is_ordered:
        found |= _one_before_other(right, left, gap)
    return sorted(found)


def is_near(left: Sequence[Range], right: Sequence[Range], gap: int, *, is_ordered: bool = False) -> bool:
    """Tell whether `near_ranges` finds any: asked of hundreds of brands, of which few are shown."""
    if not (left and right):
        return False
    return _is_before(left, right, gap) or (not is_ordered and _is_before(right, left, gap))


def _is_before(ones: Sequence[Range], others: Sequence[Range], gap: int) -> bool:
    starts = sorted([start for start, _ in others])
    for _, end in ones:
        at = bisect_left(starts, end)
        if at < len(starts) and starts[at] <= end + gap:
            return True
    return False


def _one_before_other(ones: Sequence[Range], others: Sequence[Range], gap: int) -> set[Range]:
    """Return what of `ones` has one of `others` behind it with at most `gap` words between, and these others."""
    starts = sorted(start for start, _ in others)
    found = {one for one in ones if bisect_left(starts, one[1]) < bisect_right(starts, one[1] + gap)}
    if found:
        ends = sorted(end for _, end in found)
        found |= {other for other in others if bisect_left(ends, other[0] - gap) < bisect_right(ends, other[0])}
    return found


@lru_cache(maxsize=16)
def read(text: str) -> Part:
    """Return `text` laid out; kept a little while, since many queries are asked of one text."""
    return Part(text)
