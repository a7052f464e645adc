"""How much each clause of a passage is about one brand. Knows no sentiment."""

from __future__ import annotations

from nlp.components import Analysis
from nlp.passage import Passage

TITLE = 1.3
SHORT = 220
"""Words up to which a passage is taken to be about its brand as a whole, unless it names others."""
BESIDE, FADES, LONG_FADES = 0.85, 0.85, 0.6
"""Weight of the first sentence behind one that names the brand, and what each further one keeps of it."""
FLOOR = 0.35
FAR = 3
"""Sentences behind the brand's last naming in which a long text still speaks of it."""
BEFORE = 0.55
_APART = (1.0, 0.9, 0.8, 0.7)
"""Weight of a clause by how many clauses lie between it and the brand, inside one sentence."""

Weights = list[list[float]]


def attend(analysis: Analysis, passage: Passage, brand: int, brands: int) -> Weights:
    """Return, per sentence and clause, how much it is about a brand: 0 (not at all) to TITLE.

    Args:
        analysis: of the passage.
        passage: for which part a sentence stands in.
        brand: its number.
        brands: how many were heard. Where none of this brand's names is in the passage, all of it counts the same.
    """
    own = [brand in sentence.brands for sentence in analysis.sentences]
    if not any(own):
        return [[1.0 if brands == 1 else 0.5] * len(s.clauses) for s in analysis.sentences]
    is_short = passage.is_whole and len(analysis.words) <= SHORT
    title_end = passage.pieces[0].at + len(passage.pieces[0].text) if passage.pieces[0].part == "title" else 0
    weights: Weights = []
    since, is_ours = 0, False
    for number, sentence in enumerate(analysis.sentences):
        is_title = sentence.begins < title_end
        if sentence.brands:
            is_ours, since = own[number], 0
            row = _in_sentence(analysis, number, brand) if is_ours else [0.0] * len(sentence.clauses)
        else:
            since += 1
            weight = _beside(since, is_short) if is_ours else _ahead(own, analysis, number, is_short)
            row = [weight] * len(sentence.clauses)
        weights.append([TITLE * weight if is_title else weight for weight in row])
    return weights


def _beside(since: int, is_short: bool) -> float:
    """Return the weight of a sentence that names nobody, `since` sentences behind one that names the brand."""
    if is_short:
        return max(FLOOR, BESIDE * FADES ** (since - 1))
    return LONG_FADES**since if since <= FAR else 0.0


def _ahead(own: list[bool], analysis: Analysis, number: int, is_short: bool) -> float:
    """Return the weight of a sentence that names nobody and stands ahead of the brand's first naming."""
    upcoming = next((at for at in range(number, len(own)) if analysis.sentences[at].brands), None)
    if upcoming is None or not own[upcoming] or any(analysis.sentences[at].brands for at in range(number)):
        return 0.0
    distance = upcoming - number
    if is_short:
        return max(FLOOR, BEFORE * FADES ** (distance - 1))
    return LONG_FADES**2 if distance == 1 else 0.0


def _in_sentence(analysis: Analysis, number: int, brand: int) -> list[float]:
    """Return the weights inside a sentence that names the brand: other brands' clauses are theirs."""
    clauses = analysis.sentences[number].clauses
    named = {other for clause in clauses for other in clause.brands}
    if named == {brand}:
        places = [at for at, clause in enumerate(clauses) if clause.brands]
        return [_APART[min(len(_APART) - 1, *(abs(at - place) for place in places))] for at in range(len(clauses))]
    row: list[float] = []
    holder: frozenset[int] = next(clause.brands for clause in clauses if clause.brands)
    for clause in clauses:
        holder = clause.brands or holder
        row.append(0.0 if brand not in holder else 1.0 if clause.brands else 0.8)
    return row
