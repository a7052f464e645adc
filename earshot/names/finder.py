"""Finds the names of all brands in one walk over a text. Knows no brand and no query.

What a word can mean at the beginning of a name, and the next word behind it, is looked up once and kept: few words make
most of all texts. Only what may be a name is then held against what stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from earshot.names.endings import ANY, MIN_STEM, Languages, names_behind, without_prefix
from earshot.names.forms import Pattern, parts_of
from earshot.names.letters import told_by_letters
from earshot.names.plain import plain_keys
from earshot.names.rules import MIN_IN_KNOWN_TAG, WHOLE, Candidate, Heard, Step, Way, is_marked
from earshot.names.runs import RunIndex, has_no_spaces, words_of_others
from earshot.query.words import Word, fold

_MEMO_SIZE = 200_000
_MAX_PARTS = 12
_SPELLINGS = 2
_LONGEST = 60  # letters of a word that is looked at for a name in it
_CASED = attrgetter("cased")
_EDGE = MIN_IN_KNOWN_TAG
_NO_NODES: dict[str, _Node] = {}
_NO_HEADS: set[str] = set()

NameHits = dict[int, list[tuple[int, int, int]]]
"""By number of the name, where it stands, in no order: rank of the text, code points from (included) to (excluded)."""


class _Node:
    """Where the words so far lead: what ends here, and what may follow.

    heads: the first letters of all that may follow, so that most words are turned away at a glance.
    """

    __slots__ = ("after", "ends", "heads")

    def __init__(self) -> None:
        self.ends: tuple[tuple[int, Pattern], ...] = ()
        self.after = _NO_NODES
        self.heads = _NO_HEADS

    def grow(self, key: str) -> _Node:
        """Return the node that a word leads to, made if there is none."""
        if self.after is _NO_NODES:
            self.after, self.heads = {}, set()
        following = self.after.get(key)
        if following is None:
            following = self.after[key] = _Node()
            self.heads.add(key[:MIN_STEM])
        return following


class _Lead(NamedTuple):
    """A way through the names that some words may be on."""

    node: _Node
    steps: tuple[Step, ...]


class _End(NamedTuple):
    """A name that some words are. in_marks: only in a tag, a handle or an address. is_sure: whatever stands around."""

    number: int
    candidate: Candidate
    in_marks: bool
    is_sure: bool


class _State:
    """What some words mean: names that they are, and what may follow them.

    sure: names that they are whatever stands around them, with a space between each two. asked: the other ends.
    """

    __slots__ = ("asked", "ends", "following", "heads", "leads", "said", "sure")

    def __init__(self, said: tuple[Word, ...], leads: Sequence[_Lead], languages: Languages) -> None:
        self.said = said
        self.ends = tuple(_ends(said, leads, languages))
        self.sure = tuple(dict.fromkeys(end.number for end in self.ends if end.is_sure and not end.in_marks))
        self.asked = tuple(end for end in self.ends if end.number not in self.sure)
        self.leads = [lead for lead in leads if lead.node.heads and not _is_part(lead.steps[-1])]
        self.heads = frozenset().union(*(lead.node.heads for lead in self.leads))
        self.following: dict[str, _State | None] = {}


class _Memo(dict[str, "_State | None"]):
    """What words mean at the beginning of a name in texts of some languages, looked up as they are met; or nothing."""

    def __init__(self, look_up: Callable[[str, Languages], _State | None], languages: Languages) -> None:
        super().__init__()
        self.languages = languages
        self._look_up = look_up

    def __missing__(self, cased: str) -> _State | None:
        found = self[cased] = self._look_up(cased, self.languages)
        return found


class NameFinder:
    """Names by number. They are added first, then texts are walked."""

    def __init__(self, expected: Languages = ANY) -> None:
        """Take the languages (ISO 639-1) that texts are expected in of which nobody knows the language."""
        self._expected = expected
        self._root = _Node()
        self._runs = RunIndex()
        self._by_head: dict[str, list[int]] = {}
        self._by_tail: dict[str, list[int]] = {}
        self._memos: dict[Languages, _Memo] = {}
        self._kept = 0

    def add(self, pattern: Pattern, number: int) -> None:
        """Add one form of the name of a number."""
        end = (number, pattern)
        for path in _paths(pattern.words):
            nodes = [self._root]
            for keys in path:
                nodes = [node.grow(key) for node in nodes for key in keys]
            for node in nodes:
                node.ends += (end,)
        if _takes_parts(pattern):
            for key in pattern.words[0]:
                self._add_edges(key)
                self._runs.add(key)
        if self._memos:
            self._memos.clear()

    def find(self, text: str, words: Sequence[Word], language: str, rank: int = 0) -> NameHits:
        """Return where names stand in a text.

        words: its words. language: ISO 639-1, or "" where it is not known. rank: what each place begins with.
        """
        hits: NameHits = {}
        if not self._root.after:
            return hits
        memo = self._memo(frozenset((language,)) if language else told_by_letters(text) or self._expected)
        states = enumerate(map(memo.__getitem__, map(_CASED, words)))
        last = len(words) - 1
        for at, state in [(at, state) for at, state in states if state]:
            word = words[at]
            if state.sure:
                place = rank, word.start, word.end
                for number in state.sure:
                    if number in hits:
                        hits[number].append(place)
                    else:
                        hits[number] = [place]
            if state.asked:
                _ask(state.asked, text, (word,), rank, hits)
            if state.heads and at < last:
                head = words[at + 1].text[:MIN_STEM]  # told here too, since it turns nearly all away
                if head not in state.heads and head.isascii():
                    continue
                self._go_on(state, text, words, at, rank, hits, memo.languages)
        return hits

    def _go_on(
        self,
        state: _State,
        text: str,
        words: Sequence[Word],
        at: int,
        rank: int,
        hits: NameHits,
        languages: Languages,
    ) -> None:
        """Add to `hits` the names of several words that begin with a word, which leads to a state."""
        is_spaced = True
        for after in range(at + 1, len(words)):
            word = words[after]
            head = word.text[:MIN_STEM]
            if head not in state.heads and head.isascii():
                return
            known = state.following.get(word.cased, state)
            following = self._follow(state, word, languages) if known is state else known
            if following is None:
                return
            state = following
            is_spaced = is_spaced and text[words[after - 1].end : word.start] == " "
            if state.sure and is_spaced:
                place = rank, words[at].start, word.end
                for number in state.sure:
                    hits.setdefault(number, []).append(place)
            ends = state.asked if is_spaced else state.ends
            if ends:
                _ask(ends, text, words[at : after + 1], rank, hits)

    def _follow(self, state: _State, word: Word, languages: Languages) -> _State | None:
        """Return where a word leads from a state."""
        keys = plain_keys(word.cased)
        leads = [
            _Lead(node, (*lead.steps, step))
            for lead in state.leads
            for node, step in _steps(lead.node, keys, languages)
        ]
        following = state.following[word.cased] = _State((*state.said, word), leads, languages) if leads else None
        self._kept += 1
        return following

    def _memo(self, languages: Languages) -> _Memo:
        """Return what is known of words in texts of some languages; all is forgotten when it is too much."""
        if self._kept > _MEMO_SIZE:
            self._memos.clear()
            self._kept = 0
        known = self._memos.get(languages)
        if known is None:
            known = self._memos[languages] = _Memo(self._look_up, languages)
        return known

    def _look_up(self, cased: str, languages: Languages) -> _State | None:
        self._kept += 1
        keys = plain_keys(cased)
        leads = [_Lead(node, (step,)) for node, step in _steps(self._root, keys, languages)]
        if has_no_spaces(cased):
            names = (*self._runs.names_in(keys[0]), *words_of_others(keys[0]))
            leads += [_Lead(node, (Step(Way.RUN, name),)) for name in names if (node := self._root.after.get(name))]
        elif len(cased) <= _LONGEST:
            leads += [_Lead(node, (step,)) for node, step in self._within(cased, keys)]
        return _State((Word(0, len(cased), fold(cased), cased),), leads, languages) if leads else None

    def _within(self, cased: str, keys: tuple[str, ...]) -> Iterator[tuple[_Node, Step]]:
        """Yield the names that are only a part of a word."""
        parts = parts_of(cased)
        if 1 < len(parts) <= _MAX_PARTS:
            for first in range(len(parts)):
                for after in range(first + 1, len(parts) + 1):
                    if after - first < len(parts):
                        yield from self._part(parts, first, after)
        by_head, by_tail = self._by_head, self._by_tail
        for key in keys:
            if not (key[:_EDGE] in by_head or key[-_EDGE:] in by_tail):  # nearly always
                continue
            added = len(key) - len(keys[0])  # letters of umlauts that are spelled out
            for length in by_head.get(key[:_EDGE], ()):
                if length < len(key) and (node := self._root.after.get(key[:length])):
                    yield node, Step(Way.FIRST, key[length : len(key) - added])
            for length in by_tail.get(key[-_EDGE:], ()):
                if length < len(key) and (node := self._root.after.get(key[-length:])):
                    yield node, Step(Way.LAST, key[added:-length])

    def _part(self, parts: list[str], first: int, after: int) -> Iterator[tuple[_Node, Step]]:
        ahead = "".join(parts[:first])
        if ahead.isalpha() and len(ahead) < MIN_STEM:
            return  # McDonald is no Donald
        for key in plain_keys("".join(parts[first:after])):
            if node := self._root.after.get(key):
                yield node, Step(Way.PART if first else Way.LEADING_PART)

    def _add_edges(self, key: str) -> None:
        """Note how long the names are that begin or end with the same letters."""
        if len(key) < _EDGE:
            return
        for lengths in (self._by_head.setdefault(key[:_EDGE], []), self._by_tail.setdefault(key[-_EDGE:], [])):
            if len(key) not in lengths:
                lengths.append(len(key))


def _paths(words: tuple[tuple[str, ...], ...]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield the rows of words under which a form is found: without accents, and with umlauts spelled out."""
    if all(len(keys) != _SPELLINGS for keys in words):  # nearly always
        yield words
        return
    yield tuple(keys[:1] if len(keys) == _SPELLINGS else keys for keys in words)
    yield tuple(keys[1:] if len(keys) == _SPELLINGS else keys for keys in words)


def _takes_parts(pattern: Pattern) -> bool:
    """Tell whether a form is heard as a part of a word."""
    return pattern.is_one_word and pattern.takes_more


def _is_part(step: Step) -> bool:
    return step.way not in (Way.WHOLE, Way.ENDING)


def _steps(node: _Node, keys: tuple[str, ...], languages: Languages) -> Iterator[tuple[_Node, Step]]:
    """Yield where a word, in its plain spellings, of a text in some languages leads from a node."""
    for key in keys:
        if key[:MIN_STEM] in node.heads:
            if following := node.after.get(key):
                yield following, WHOLE
            for name, ending in names_behind(key, languages):
                if following := node.after.get(name):
                    yield following, Step(Way.ENDING, ending.said, ending)
        if key.isascii():
            continue
        for left in without_prefix(key):
            if following := node.after.get(left):
                yield following, Step(Way.ENDING)


def _ends(said: tuple[Word, ...], leads: Sequence[_Lead], languages: Languages) -> Iterator[_End]:
    """Yield the names that some words are, as far as the words tell; each once where it is sure."""
    sure: set[tuple[int, bool]] = set()
    for node, steps in leads:
        for number, pattern in node.ends:
            if _is_part(steps[-1]) and not _takes_parts(pattern):
                continue
            candidate = Candidate(pattern, said, steps, languages)
            heard = candidate.heard()
            in_marks = heard is Heard.MARKED
            if heard is Heard.NOWHERE or (number, False) in sure or (number, in_marks) in sure:
                continue
            end = _End(number, candidate, in_marks, candidate.is_sure)
            if end.is_sure and not pattern.gaps:
                sure.add((number, in_marks))
            yield end


def _ask(ends: Sequence[_End], text: str, words: Sequence[Word], rank: int, hits: NameHits) -> None:
    """Add to `hits` the names that words are if what stands around them allows."""
    for number, candidate, in_marks, is_sure in ends:
        if in_marks and not is_marked(text, words[0].start, words[-1].end):
            continue
        if (is_sure and len(words) == 1) or candidate.fits(text, words):
            hits.setdefault(number, []).append((rank, *candidate.span(text, words)))
