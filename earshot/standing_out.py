"""Words that stand out: what the mentions of a search say more often than those that they are compared with.

Built on the index's port alone, so that every engine answers alike: words and phrases come from the newest mentions of
both sides, the figures of each are exact counts. Knows no engine and no page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log

from earshot.model import Hit, Mention, SearchRequest
from earshot.ports import MentionIndex
from earshot.query.words import Word, find_words
from earshot.stop_words import stop_words

LOOKED_AT = 500
"""Newest mentions of each side that words come from: one that only older mentions use is not seen."""
LEAST, LEAST_LIFT = 3, 1.5
"""In how many mentions a word has to stand, and how many times as often as elsewhere."""
LEAST_COMPARED = 10
"""With fewer mentions to compare with, nothing can be said."""
LEAST_SURPRISE = 6.63
"""Log-likelihood from which on chance explains a difference less than once in a hundred.

Source: the critical value of chi-squared with one degree of freedom at p = 0.01.
"""
LONGEST = 3
"""Words of the longest phrase."""
PARTICLES = frozenset(("out", "up", "down", "off", "away", "back", "over"))
"""Stop words that make another verb of the one before them: "locked out", "broke down"."""
_CANDIDATES = 40
_IN_A_ROW = re.compile(r"[\s'’-]*")
_APOSTROPHES = ("'", "’")
_SAME = 0.8
"""A word that stands nearly always in a phrase which stands out as well is shown by the phrase alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A word or phrase, folded. count, usual: mentions that have it, found ones and those they are compared with.

    times: how many times as often it stands in the found ones; None where the others do not have it at all.
    """

    word: str
    count: int
    usual: int
    times: float | None
    query: str
    surprise: float


@dataclass(frozen=True, slots=True)
class StandingOut:
    """The words, most surprising first. total, compared: how many mentions were found, and compared with."""

    words: tuple[Standing, ...]
    total: int
    compared: int


def standing_out(
    index: MentionIndex, request: SearchRequest, compared: SearchRequest, most: int = 15, *, is_around: bool = False
) -> StandingOut:
    """Return the words and phrases that the mentions of `request` have more often than those of `compared`.

    The search's own words are left out, and so are stop words of a mention's language, numbers and words of one letter
    (in Chinese, Japanese and Korean each word is one). A phrase neither begins nor ends with one of these,
    but for the particle of a verb at its end.

    Args:
        index: asked for both sides.
        request: the search.
        compared: what it is compared with.
        most: so many words at the most.
        is_around: `compared` holds the found mentions too; they are not counted among those compared with.

    Raises:
        QueryError: a query cannot be read.
        StorageError: the index does not answer.

    Source: Dunning 1993, "Accurate Methods for the Statistics of Surprise and Coincidence" (log-likelihood).
    """
    found = index.search(replace(request, size=LOOKED_AT, sort="newest", cursor=""))
    others = index.search(replace(compared, size=LOOKED_AT, sort="newest", cursor=""))
    beside = others.total - found.total if is_around else others.total
    if not found.hits or beside < LEAST_COMPARED:
        return StandingOut((), found.total, beside)
    ids = {hit.mention.id for hit in found.hits}
    words = []
    for word in _candidates(found.hits, [hit.mention for hit in others.hits if hit.mention.id not in ids]):
        narrowed = f'({request.query}) AND "{word}"' if request.query.strip() else f'"{word}"'
        count = index.count(replace(request, query=narrowed))
        usual = index.count(replace(compared, query=_both(compared.query, word))) - (count if is_around else 0)
        times = (count / found.total) / (usual / beside) if usual else None
        surprise = log_likelihood(count, found.total, usual, beside)
        if count >= LEAST and surprise >= LEAST_SURPRISE and (times is None or times >= LEAST_LIFT):
            words.append(Standing(word, count, usual, times, narrowed, surprise))
    words.sort(key=lambda each: (-each.surprise, each.word))
    return StandingOut(tuple(_without_parts(words)[:most]), found.total, beside)


def log_likelihood(count: int, total: int, usual: int, compared: int) -> float:
    """Return how surprising it is that `count` of `total` have a word, and `usual` of `compared`; 0 where it is rarer.

    Args:
        count: of the found ones, those that have it.
        total: found ones, at least 1.
        usual: of those compared with, those that have it.
        compared: compared with, at least 1.
    """
    if count / total <= usual / compared:
        return 0.0
    share = (count + usual) / (total + compared)
    rows = (
        (count, total * share),
        (usual, compared * share),
        (total - count, total * (1 - share)),
        (compared - usual, compared * (1 - share)),
    )
    return 2 * sum(seen * log(seen / expected) for seen, expected in rows if seen)


def _both(query: str, word: str) -> str:
    return f'({query}) AND "{word}"' if query.strip() else f'"{word}"'


def _candidates(found: Sequence[Hit], others: Sequence[Mention]) -> list[str]:
    """Return the words and phrases that may stand out, by what the newest mentions of both sides say."""
    asked: set[str] = set()
    here: Counter[str] = Counter()
    for hit in found:
        here.update(_terms(hit.mention))
        asked |= {
            word.text
            for span in hit.spans
            for word in find_words(getattr(hit.mention, span.part)[span.start : span.end])
        }
    elsewhere: Counter[str] = Counter()
    for mention in others:
        elsewhere.update(_terms(mention))
    told = {
        term: log_likelihood(count, len(found), elsewhere[term], max(1, len(others)))
        for term, count in here.items()
        if count >= LEAST and not asked & set(term.split())
    }
    return sorted((term for term in told if told[term]), key=lambda term: (-told[term], term))[:_CANDIDATES]


def _terms(mention: Mention) -> set[str]:
    """Return the words and phrases of a mention that may stand for something."""
    empty = stop_words(mention.language)
    return {term for part in (mention.title, mention.text) for run in _runs(part) for term in _phrases(run, empty)}


def _runs(text: str) -> Iterator[list[str]]:
    """Yield the words between two signs that part them: a phrase does not go over the end of a sentence."""
    words = find_words(text)
    if not words:
        return
    run = [words[0].text]
    for one, two in pairwise(words):
        if two.text == "t" and text[one.end : two.start] in _APOSTROPHES:  # "don't" and its kind say nothing
            del run[-1:]
            yield run
            run = []
            continue
        if not _are_in_a_row(text, one, two):
            yield run
            run = []
        run.append(two.text)
    yield run


def _are_in_a_row(text: str, one: Word, two: Word) -> bool:
    return _IN_A_ROW.fullmatch(text, one.end, max(one.end, two.start)) is not None


def _phrases(run: Sequence[str], empty: frozenset[str]) -> Iterator[str]:
    says = [len(word) > 1 and not word.isdigit() and word not in empty for word in run]
    for start in range(len(run)):
        if says[start]:
            ends = range(start + 1, min(start + LONGEST, len(run)) + 1)
            yield from (" ".join(run[start:end]) for end in ends if says[end - 1] or run[end - 1] in PARTICLES)


def _without_parts(words: Sequence[Standing]) -> list[Standing]:
    """Leave out what is only a part of a phrase that stands out as well."""
    return [word for word in words if not any(_is_part(word, other) for other in words)]


def _is_part(word: Standing, other: Standing) -> bool:
    is_inside = word.word != other.word and f" {word.word} " in f" {other.word} "
    return is_inside and other.count >= _SAME * word.count
