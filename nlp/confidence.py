"""How often a verdict like this one was right, measured. Knows no words."""

from __future__ import annotations

from earshot.model import Sentiment
from nlp.sentiment import Tone

# Share of right labels among 8,673 targets in news sentences (newsmtsc, dev part; docs/developers/accuracy.md), by
# label and by the size of the score: below 0.35, 0.5, 0.65, 0.8, and above. Neutral: where nothing spoke, and where
# good and bad were in balance.
_STEPS = (0.35, 0.5, 0.65, 0.8)
_RIGHT = {
    Sentiment.NEGATIVE: (0.55, 0.55, 0.62, 0.68, 0.76),
    Sentiment.POSITIVE: (0.47, 0.59, 0.64, 0.72, 0.85),
}
_NEUTRAL_SILENT, _NEUTRAL_MIXED = 0.49, 0.20
_UNCOVERED = 0.6
"""What is left of it in a language without a lexicon, where only signs and emoji were understood."""


def confidence_of(tone: Tone, *, is_covered: bool) -> float:
    """Return 0..1: how often a label that rests on this much was right."""
    if tone.label is Sentiment.NEUTRAL:
        sure = _NEUTRAL_SILENT if tone.mass < 1.0 else _NEUTRAL_MIXED
    else:
        step = sum(abs(tone.score) >= limit for limit in _STEPS)
        sure = _RIGHT[tone.label][step]
    return round(sure if is_covered else sure * _UNCOVERED, 2)
