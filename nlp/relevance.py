"""How likely a text means the brand, and not a common word or another name like it. Knows no sentiment."""

from __future__ import annotations

from earshot.model import Recognised
from nlp.components import Analysis, Word
from nlp.passage import Passage

_ARTICLES = frozenset(
    {"a", "an", "the", "this", "that", "ein", "eine", "einen", "einem", "einer", "der", "die", "das"}
    | {"un", "una", "el", "la", "los", "las", "le", "les", "une", "des"}
)
_PLURAL = 0.2
"""Doubt where the name is a common word in the plural: "Apples"."""
NEARBY = 12
"""Words either side of a name whose company tells."""


def judge_relevance(analysis: Analysis, passage: Passage, heard: Recognised, number: int) -> float:
    """Return 0.02..0.99: how likely brand `number` is meant.

    A name nobody else has (two words, a handle, a made-up word never seen small) starts high; doubt comes from the
    same word in small letters, from a place or family name around it, and from the words beside it.
    """
    places = [at for at, word in enumerate(analysis.words) if word.brand == number and word.is_first]
    if not places:
        return 0.6 if heard.spans else 0.5
    readings = [_one(analysis, passage, at, number) for at in places[:20]]
    best = max(readings)
    mean = sum(readings) / len(readings)
    score = 0.65 * best + 0.35 * mean
    if any(analysis.words[at].start < len(passage.pieces[0].text) for at in places) and len(passage.pieces) > 1:
        score += 0.03
    if heard.is_own_voice:
        score = max(score, 0.95)
    return round(min(0.99, max(0.02, score)), 3)


def _one(analysis: Analysis, passage: Passage, at: int, number: int) -> float:
    """Return the likelihood that one naming means the brand."""
    words = analysis.words
    end = at + 1
    while end < len(words) and words[end].brand == number and not words[end].is_first:
        end += 1
    before = passage.text[words[at].start - 1 : words[at].start]
    if words[at].text[:1] in "@#" or before in ("@", "#"):
        return 0.97
    score = 0.86 if end - at > 1 else 0.8
    score += _by_form(analysis, at, end)
    if words[at].text.endswith("s") and end - at == 1 and analysis.lexicon.has(words[at].text, "common"):
        score -= _PLURAL
    return min(0.99, max(0.02, score + _by_company(analysis, at, end)))


def _by_form(analysis: Analysis, at: int, end: int) -> float:
    """Return doubt from how the name is written and from the words that touch it."""
    words, marks = analysis.words, analysis.marks
    score = 0.0
    is_common = end - at == 1 and analysis.lexicon.has(words[at].text, "common")
    if not words[at].is_capital:
        score -= 0.45 if is_common else 0.15
        score -= 0.15 if at and words[at - 1].text in _ARTICLES else 0.0
    elif end - at == 1 and _is_seen_small(words, at):
        score -= 0.15
    if end in marks.get("firm_after", ()):
        score += 0.12
    if end in marks.get("place_after", ()) and words[end].is_capital:
        score -= 0.4
    previous = words[at - 1] if at else None
    if previous and previous.is_capital and previous.brand < 0 and _touch(previous, words[at]):
        starts_sentence = any(sentence.start == at - 1 for sentence in analysis.sentences)
        score -= 0.0 if starts_sentence else 0.12
    return score


def _touch(first: Word, second: Word) -> bool:
    return second.start - first.end == 1


def _is_seen_small(words: list[Word], at: int) -> bool:
    """Tell whether the same word, or its plural, stands in small letters too: then it is a common one."""
    forms = {words[at].text, words[at].text + "s"}
    return any(word.text in forms and not word.is_capital for word in words)


def _by_company(analysis: Analysis, at: int, end: int) -> float:
    """Return what the words around a name say: a firm's words for it, nature's and places' against."""
    company = _count(analysis.marks.get("company", {}), at, end)
    other = _count(analysis.marks.get("other", {}), at, end)
    return max(-0.6, min(0.15, 0.06 * company - 0.18 * other))


def _count(places: dict[int, int], at: int, end: int) -> int:
    near = sum(1 for p in places if at - NEARBY <= p < at or end <= p < end + NEARBY)
    return min(near, 5)
