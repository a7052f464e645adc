"""Which categories a mention belongs to, and the words that say so. Knows no sentiment lexicon and no document."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from earshot.model import Category, Sentiment
from nlp.attention import Weights
from nlp.components import Analysis
from nlp.sentiment import Ground, Tone

ENOUGH = 2.0
"""Points from which a category holds: one plain term near the brand, or two faint ones."""
NEAR = 0.45
"""A clause counts for categories from this much attention on."""


def sort_out(analysis: Analysis, tone: Tone, weights: Weights) -> list[tuple[Category, list[Ground]]]:
    """Return the categories that hold, in the model's order, each with the words it rests on."""
    points: dict[str, list[Ground]] = {}
    for place, group, weight in _near(analysis, weights):
        points.setdefault(group, []).append(Ground(place[0], place[1], weight))
    held = []
    for category in Category:
        grounds = points.get(category.value, [])
        total = _total(grounds) + _extra(category, analysis, tone, weights)
        if total >= _needed(category, tone) and (grounds or category in _FROM_TONE):
            held.append((category, grounds or [Ground(g.start, g.end, g.value) for g in tone.grounds[:2]]))
    if any(category is Category.SPAM for category, _ in held):
        return [(category, grounds) for category, grounds in held if category is not Category.PRAISE]
    return held


_FROM_TONE = frozenset({Category.COMPLAINT, Category.PRAISE, Category.QUESTION})
"""Categories that may hold by the tone or the sentence alone."""


def _near(analysis: Analysis, weights: Weights) -> Iterator[tuple[tuple[int, int], str, float]]:
    """Yield the category terms in clauses that are about the brand."""
    starts = [clause.start for sentence in analysis.sentences for clause in sentence.clauses]
    flat = [weight for row in weights for weight in row]
    for found, group, weight in analysis.topics:
        attention = flat[bisect_right(starts, found.start) - 1]
        if attention >= NEAR:
            yield (found.start, found.end), group, weight


def _total(grounds: list[Ground]) -> float:
    """Return the points of different words; the same place counts once, with its highest."""
    best: dict[int, float] = {}
    for ground in grounds:
        best[ground.start] = max(best.get(ground.start, 0.0), ground.value)
    return sum(best.values())


def _needed(category: Category, tone: Tone) -> float:
    """Return the points a category needs: complaint and praise need their tone, and never hold against it."""
    if category is Category.COMPLAINT:
        return ENOUGH if tone.label is Sentiment.NEGATIVE else 99.0
    if category is Category.PRAISE:
        return ENOUGH if tone.label is Sentiment.POSITIVE else 99.0
    return 3.0 if category in (Category.SPAM, Category.EMPLOYMENT, Category.LEGAL, Category.OUTAGE) else ENOUGH


def _extra(category: Category, analysis: Analysis, tone: Tone, weights: Weights) -> float:
    if category in (Category.COMPLAINT, Category.PRAISE):
        is_own = bool(analysis.marks.get("first_person"))
        return (1.0 if is_own else 0.0) + 2.0 * max(0.0, abs(tone.score) - 0.3)
    if category is Category.QUESTION:
        return _asking(analysis, weights)
    return 0.0


def _asking(analysis: Analysis, weights: Weights) -> float:
    """Return points for sentences near the brand that end in a question mark and begin as questions do."""
    asked = analysis.marks.get("questions", {})
    best = 0.0
    for sentence, row in zip(analysis.sentences, weights, strict=True):
        if "?" in sentence.ends_with and max(row) >= NEAR:
            begins = any(at in asked for clause in sentence.clauses for at in range(clause.start, clause.start + 2))
            best = max(best, 2.0 if begins and sentence.end - sentence.start > 2 else 1.0)
    return best
