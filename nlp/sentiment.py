"""What a passage says of one brand: a score, and the words it rests on. Knows no document and no category."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from earshot.model import Sentiment
from nlp.attention import Weights
from nlp.components import Analysis, Sentence
from nlp.lexicon import BRAND, OTHER
from nlp.valence import Hit

SOFTNESS = 8.0
"""How slowly a sum nears 1: score = sum / sqrt(sum^2 + SOFTNESS).

Source: the form is VADER's (Hutto and Gilbert 2014, whose constant is 15), the constant our own.
"""
LENGTH = 0.35
"""Power of the attended words by which the sum is divided: long texts hold more words of either kind."""
NEGATIVE_BELOW, POSITIVE_FROM = -0.22, 0.25


@dataclass(frozen=True, slots=True)
class Ground:
    """Words `start` to `end` (excluded) and what they add to the sum."""

    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class Tone:
    """score: -1..1. grounds: what it rests on, in order. mass: the sum of what was said either way, 0 and up."""

    score: float
    label: Sentiment
    grounds: tuple[Ground, ...]
    mass: float


def feel(analysis: Analysis, hits: list[Hit], weights: Weights, brand: int) -> Tone:
    """Return what the passage says of brand number `brand`, from the clauses that are about it."""
    grounds = list(_from_hits(analysis, hits, weights, brand))
    taken = {at for ground in grounds for at in range(ground.start, ground.end)}
    for ground in _from_patterns(analysis, weights, brand):
        overlap = taken.intersection(range(ground.start, ground.end))
        if overlap:
            grounds = [g for g in grounds if not (ground.start <= g.start < ground.end) or g.value * ground.value > 0]
        grounds.append(ground)
    total = sum(ground.value for ground in grounds)
    about = sum(
        weights[number][place] * (clause.end - clause.start)
        for number, sentence in enumerate(analysis.sentences)
        for place, clause in enumerate(sentence.clauses)
    )
    total /= max(1.0, about / 20) ** LENGTH
    score = total / sqrt(total * total + SOFTNESS)
    mass = sum(abs(ground.value) for ground in grounds)
    return Tone(score, label_of(score), tuple(sorted(grounds, key=lambda g: g.start)), mass)


def label_of(score: float) -> Sentiment:
    """Return the label of a score."""
    if score < NEGATIVE_BELOW:
        return Sentiment.NEGATIVE
    return Sentiment.POSITIVE if score >= POSITIVE_FROM else Sentiment.NEUTRAL


def _from_hits(analysis: Analysis, hits: list[Hit], weights: Weights, brand: int) -> Iterator[Ground]:
    for hit in hits:
        weight = weights[hit.sentence][hit.clause]
        if weight <= 0:
            continue
        value = hit.value * weight * _compared(analysis, hit, brand)
        if abs(value) >= 0.05:
            yield Ground(hit.start, hit.end, value)


def _compared(analysis: Analysis, hit: Hit, brand: int) -> float:
    """Return -1 where a term praises something else above the brand: "better than BRAND"; else 1."""
    than = analysis.marks.get("than")
    if not than or not any(at in analysis.marks.get("comparatives", ()) for at in range(hit.start - 2, hit.end)):
        return 1.0
    sentence = analysis.sentences[hit.sentence]
    for at in range(hit.end, min(sentence.end, hit.end + 6)):
        if at in than:
            follows = analysis.words[at + 1 : at + 5]
            return -1.0 if any(word.brand == brand for word in follows) else 1.0
    return 1.0


def _from_patterns(analysis: Analysis, weights: Weights, brand: int) -> Iterator[Ground]:
    """Yield what the patterns that hold the brand itself say."""
    if not analysis.lexicon.targeted:
        return
    for number, sentence in enumerate(analysis.sentences):
        if brand not in sentence.brands:
            continue
        text, starts, words = shown(analysis, sentence, brand)
        tone = 0.65 if "?" in sentence.ends_with else 1.0
        for pattern, weight in analysis.lexicon.targeted:
            for match in pattern.finditer(text):
                first = words[bisect_right(starts, match.start()) - 1]
                last = words[bisect_right(starts, match.end() - 1) - 1]
                yield Ground(first, last + 1, weight * tone * max(weights[number]))


def shown(analysis: Analysis, sentence: Sentence, brand: int) -> tuple[str, list[int], list[int]]:
    """Return a sentence as patterns see it, where in it each word begins, and which word of the passage that is."""
    parts: list[str] = []
    starts: list[int] = []
    words: list[int] = []
    length = 0
    for at in range(sentence.start, min(sentence.end, sentence.start + 120)):
        word = analysis.words[at]
        if word.brand >= 0 and not word.is_first:
            continue
        text = word.text if word.brand < 0 else BRAND if word.brand == brand else OTHER
        parts.append(text)
        starts.append(length)
        words.append(at)
        length += len(text) + 1
    return " ".join(parts), starts, words
