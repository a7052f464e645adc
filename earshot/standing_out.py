"""Words that stand out: what the mentions of a search say more often than those that they are compared with.

Built on the index's port alone, so that every engine answers alike: candidates come from the newest mentions of both
sides, the figures of each candidate are exact counts. Knows no engine and no page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from earshot.model import Hit, Mention, SearchRequest
from earshot.ports import MentionIndex
from earshot.query.words import find_words

LOOKED_AT = 500
"""Newest mentions of each side that candidates come from: a word that only older ones use is not seen."""
LEAST, LEAST_LIFT = 3, 1.5
"""In how many mentions a word has to stand, and how many times as often as elsewhere."""
_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """A word, folded. count and usual: mentions that have it, found ones and all they are compared with. times: how
    many times as often it stands in the found ones.
    """

    word: str
    count: int
    usual: int
    times: float
    query: str


@dataclass(frozen=True, slots=True)
class StandingOut:
    """The words, most telling first. total, compared: how many mentions were found, and compared with."""

    words: tuple[Standing, ...]
    total: int
    compared: int


def standing_out(index: MentionIndex, request: SearchRequest, compared: SearchRequest, most: int = 15) -> StandingOut:
    """Return the words that the mentions of `request` have more often than those of `compared`, which holds them too.

    The search's own words are left out, and so are numbers and words of one letter (in Chinese, Japanese and Korean
    each word is one). A word is told by (share - share elsewhere) x (share / share elsewhere), as engines do.

    Raises:
        QueryError: a query cannot be read.
        StorageError: the index does not answer.

    Source: the JLH score of `significant_terms`, Elasticsearch and OpenSearch reference (read 2026-11).
    """
    found = index.search(replace(request, size=LOOKED_AT, sort="newest", cursor=""))
    others = index.search(replace(compared, size=LOOKED_AT, sort="newest", cursor=""))
    if not found.hits or found.total == others.total:
        return StandingOut((), found.total, others.total)
    ids = {hit.mention.id for hit in found.hits}
    candidates = _candidates(found.hits, [hit.mention for hit in others.hits if hit.mention.id not in ids])
    words = []
    for word in candidates:
        narrowed = f'({request.query}) AND "{word}"' if request.query.strip() else f'"{word}"'
        count = index.count(replace(request, query=narrowed))
        usual = index.count(replace(compared, query=f'"{word}"'))
        times = (count / found.total) / (max(usual, 1) / others.total)
        if count >= LEAST and times >= LEAST_LIFT:
            words.append(Standing(word, count, usual, times, narrowed))
    words.sort(key=lambda each: (-_told_by(each.count / found.total, each.usual / others.total), each.word))
    return StandingOut(tuple(words[:most]), found.total, others.total)


def _candidates(found: Sequence[Hit], others: Sequence[Mention]) -> list[str]:
    asked: set[str] = set()
    here: Counter[str] = Counter()
    for hit in found:
        here.update(_words(hit.mention))
        asked |= {
            word.text
            for span in hit.spans
            for word in find_words(getattr(hit.mention, span.part)[span.start : span.end])
        }
    elsewhere: Counter[str] = Counter()
    for mention in others:
        elsewhere.update(_words(mention))
    shares = {
        word: (count / len(found), (elsewhere[word] + 1) / (len(others) + 1))
        for word, count in here.items()
        if count >= LEAST and word not in asked
    }
    ranked = sorted(shares, key=lambda word: (-_told_by(*shares[word]), word))
    return ranked[:_CANDIDATES]


def _words(mention: Mention) -> set[str]:
    words = {word.text for part in (mention.title, mention.text) for word in find_words(part)}
    return {word for word in words if len(word) > 1 and not word.isdigit()}


def _told_by(share: float, elsewhere: float) -> float:
    return (share - elsewhere) * (share / elsewhere) if elsewhere else share
