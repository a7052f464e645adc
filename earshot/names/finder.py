"""Finds the names of all brands in one walk over a text. Knows no brand and no query.

What a word can mean at the beginning of a name is looked up once and kept: few words make most of all texts. Only what
may be a name is then held against the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from earshot.names.endings import MAX_ENDING, MIN_STEM, languages_of, stems, without_prefix
from earshot.names.forms import Pattern, parts_of
from earshot.names.plain import plain_keys
from earshot.names.rules import MIN_IN_KNOWN_TAG, WHOLE, Candidate, Heard, Step, Way, is_marked
from earshot.query.words import Word

_MEMO_SIZE = 200_000
_MAX_PARTS = 12
_SPELLINGS = 2
_LONGEST = 60  # letters of a word that is looked at for a name in it

NameHits = dict[int, list[tuple[int, int]]]
"""By number of the name, where it stands: code points from (included) to (excluded), in no order."""


class _Node:
    """Where the words so far lead: what ends here, and what may follow, whole or before an ending.

    heads: beginnings of all that may follow, so that most words are turned away at a glance.
    """

    __slots__ = ("after", "ends", "heads", "stems")

    def __init__(self) -> None:
        self.ends: list[tuple[int, Pattern]] = []
        self.after: dict[str, _Node] = {}
        self.stems: dict[str, list[tuple[str, _Node]]] = {}
        self.heads: set[str] = set()


_Lead = tuple[_Node, Step]


class _Entry(NamedTuple):
    """What a word means at the beginning of a name: names that it is, anywhere or in tags and addresses only;
    names that it is if what stands around it allows; and ways on.
    """

    sure: tuple[int, ...]
    marked: tuple[int, ...]
    asked: tuple[tuple[int, Pattern, Step, bool], ...]
    onward: tuple[_Lead, ...]
    by_head: dict[str, tuple[_Lead, ...]]  # the same, by the first letters of the word that must follow


_NOTHING = _Entry((), (), (), (), {})


class NameFinder:
    """Names by number. They are added first, then texts are walked."""

    def __init__(self) -> None:
        self._root = _Node()
        self._words: dict[str, _Node] = {}
        self._memos: dict[str, dict[str, _Entry]] = {}

    def add(self, pattern: Pattern, number: int) -> None:
        """Add one form of the name of a number."""
        for path in _paths(pattern):
            nodes = [self._root]
            for at, keys in enumerate(path):
                nodes = [_grow(node, key, pattern, is_last=at == len(path) - 1) for node in nodes for key in keys]
            for node in nodes:
                node.ends.append((number, pattern))
        if pattern.is_one_word and pattern.takes_more:
            for key in pattern.words[0]:
                self._words.setdefault(key, _Node()).ends.append((number, pattern))
        self._memos.clear()

    def find(self, text: str, words: Sequence[Word], language: str) -> NameHits:
        """Return where names stand in a text. words: its words. language: ISO 639-1, or "" where it is not known."""
        hits: NameHits = {}
        if not self._root.after:
            return hits
        known = self._memos.setdefault(language, {})
        for at, word in enumerate(words):
            entry = known.get(word.cased)
            if entry is None:
                entry = self._look_up(word, language, known)
            if entry is _NOTHING:
                continue
            for number in entry.sure:
                if number in hits:
                    hits[number].append((word.start, word.end))
                else:
                    hits[number] = [(word.start, word.end)]
            if entry.marked or entry.asked:
                _ask(entry, text, word, language, hits)
            if entry.onward and at + 1 < len(words):
                head = words[at + 1].text[:MIN_STEM]
                leads = entry.by_head.get(head, ()) if head.isascii() else entry.onward
                for lead in leads:
                    _go_on(lead, text, words, at, language, hits)
        return hits

    def _look_up(self, word: Word, language: str, known: dict[str, _Entry]) -> _Entry:
        within = self._within(word.cased) if len(word.cased) <= _LONGEST else ()
        leads = (*_steps(self._root, word.cased), *within)
        if len(known) >= _MEMO_SIZE:
            known.clear()
        entry = known[word.cased] = _entry(leads, word, language)
        return entry

    def _within(self, cased: str) -> Iterator[_Lead]:
        """Yield the names that are only a part of a word."""
        parts = parts_of(cased)
        if 1 < len(parts) <= _MAX_PARTS:
            for first in range(len(parts)):
                for after in range(first + 1, len(parts) + 1):
                    if after - first < len(parts):
                        yield from self._part(parts, first, after)
        keys = plain_keys(cased)
        for key in keys:
            added = len(key) - len(keys[0])  # letters of umlauts that are spelled out
            for cut in range(MIN_IN_KNOWN_TAG, len(key)):
                if node := self._words.get(key[:cut]):
                    yield node, Step(Way.FIRST, key[cut : len(key) - added])
            for cut in range(1, len(key) - MIN_IN_KNOWN_TAG + 1):
                if node := self._words.get(key[cut:]):
                    yield node, Step(Way.LAST, key[added:cut])

    def _part(self, parts: list[str], first: int, after: int) -> Iterator[_Lead]:
        ahead = "".join(parts[:first])
        if ahead.isalpha() and len(ahead) < MIN_STEM:
            return  # McDonald is no Donald
        for key in plain_keys("".join(parts[first:after])):
            if node := self._words.get(key):
                yield node, Step(Way.PART if first else Way.LEADING_PART)


def _paths(pattern: Pattern) -> Iterator[list[tuple[str, ...]]]:
    """Yield the rows of words under which a form is found: without accents, and with umlauts spelled out."""
    first = [keys[:1] if len(keys) == _SPELLINGS else keys for keys in pattern.words]
    second = [keys[1:] if len(keys) == _SPELLINGS else keys for keys in pattern.words]
    yield first
    if second != first:
        yield second


def _grow(node: _Node, key: str, pattern: Pattern, *, is_last: bool) -> _Node:
    """Return the node that a word of a form leads to, made if there is none."""
    following = node.after.get(key)
    if following is None:
        following = node.after[key] = _Node()
        node.heads.add(key[:MIN_STEM])
    if pattern.takes_more and (is_last or _inflects_within(key)):
        for stem, kind in stems(key):
            node.heads.add(stem[:MIN_STEM])
            ends = node.stems.setdefault(stem, [])
            if (kind, following) not in ends:
                ends.append((kind, following))
    return following


def _inflects_within(key: str) -> bool:
    """Tell whether a word of a name takes endings that is not its last."""
    return "\u0400" <= key[-1:] <= "\u052f"


def _entry(leads: Sequence[_Lead], word: Word, language: str) -> _Entry:
    """Return what a word means that leads to nodes, as far as the word tells."""
    sure: dict[int, None] = {}
    marked: dict[int, None] = {}
    asked: list[tuple[int, Pattern, Step, bool]] = []
    for node, step in leads:
        for number, pattern in node.ends:
            candidate = Candidate(pattern, (word,), (step,), language)
            heard = candidate.heard()
            if heard is Heard.NOWHERE:
                continue
            if candidate.needs_context:
                asked.append((number, pattern, step, heard is Heard.MARKED))
            else:
                (sure if heard is Heard.ANYWHERE else marked)[number] = None
    onward = tuple(lead for lead in leads if lead[0].heads)
    if not (sure or marked or asked or onward):
        return _NOTHING
    by_head: dict[str, tuple[_Lead, ...]] = {}
    for lead in onward:
        for head in lead[0].heads:
            by_head[head] = (*by_head.get(head, ()), lead)
    only_marked = tuple(number for number in marked if number not in sure)
    return _Entry(tuple(sure), only_marked, tuple(asked), onward, by_head)


def _ask(entry: _Entry, text: str, word: Word, language: str, hits: NameHits) -> None:
    """Add to `hits` the names that a word is if what stands around it allows."""
    is_in_mark = is_marked(text, word.start, word.end)
    for number in entry.marked if is_in_mark else ():
        hits.setdefault(number, []).append((word.start, word.end))
    for number, pattern, step, needs_mark in entry.asked:
        if is_in_mark or not needs_mark:
            _add(Candidate(pattern, (word,), (step,), language), number, text, hits)


def _go_on(lead: _Lead, text: str, words: Sequence[Word], at: int, language: str, hits: NameHits) -> None:
    """Add to `hits` the names of several words that begin with a word."""
    node, step = lead
    for number, candidate in _follow(node, words, at, [step], language):
        heard = candidate.heard()
        if heard is Heard.MARKED and is_marked(text, words[at].start, candidate.words[-1].end):
            heard = Heard.ANYWHERE
        if heard is Heard.ANYWHERE:
            _add(candidate, number, text, hits)


def _add(candidate: Candidate, number: int, text: str, hits: NameHits) -> None:
    if candidate.fits(text):
        hits.setdefault(number, []).append((candidate.start(), candidate.end()))


def _steps(node: _Node, cased: str) -> Iterator[_Lead]:
    """Yield where a word leads from a node."""
    for key in plain_keys(cased):
        if following := node.after.get(key):
            yield following, WHOLE
        for cut in range(max(MIN_STEM, len(key) - MAX_ENDING), len(key)):
            for kind, following in node.stems.get(key[:cut], ()):
                languages = languages_of(kind, key[cut:])
                if languages is not None:
                    yield following, Step(Way.ENDING, key[cut:], languages)
        for left in without_prefix(key):
            if following := node.after.get(left):
                yield following, Step(Way.ENDING)


def _follow(
    node: _Node, words: Sequence[Word], at: int, steps: list[Step], language: str
) -> Iterator[tuple[int, Candidate]]:
    """Yield what may be names of more words that begin with the word `at`."""
    after = at + len(steps)
    if after >= len(words):
        return
    for following, step in _steps(node, words[after].cased):
        ahead = [*steps, step]
        for number, pattern in following.ends:
            yield number, Candidate(pattern, words[at : after + 1], ahead, language)
        if following.heads:
            yield from _follow(following, words, at, ahead, language)
