"""The Classifier port on spaCy: text and brands in, verdicts out. Knows no record, no web and no brand's settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from earshot.model import Category, Entry, Evidence, Recognised, Verdict
from nlp.attention import attend
from nlp.components import Analysis, analyse
from nlp.confidence import confidence_of
from nlp.language import LanguageDetector
from nlp.passage import Passage, make_passage
from nlp.relevance import judge_relevance
from nlp.sentiment import Ground, Tone, feel
from nlp.topics import sort_out
from nlp.valence import Hit, weigh
from nlp.version import model_version

MOST_EVIDENCE = 24
MOST_NAMES = 6
"""Of a brand's own names that many are shown as evidence, so that they leave room for the words that judge."""


class SpacyClassifier:
    """Judges by lexicons and rules over the clauses about each brand. Pure; pipelines are made at first use."""

    def __init__(self, languages: Collection[str] = ()) -> None:
        """Take the languages (ISO 639-1) that short texts are expected in; none means those that are judged."""
        self._languages = languages

    @cached_property
    def model_version(self) -> str:
        """Name of what judges; changes whenever a verdict could."""
        return model_version()

    @cached_property
    def _detector(self) -> LanguageDetector:
        return LanguageDetector(self._languages)

    def detect_language(self, text: str, hint: str = "") -> str:
        """Return ISO 639-1 in lower case, or "" where the text is too little and there is no hint."""
        return self._detector.detect(text, hint)

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        """Return one verdict per recognised brand, in the same order. Of long texts what is near a brand counts."""
        if not heard:
            return []
        passage = make_passage(entry, heard)
        spans = [_inside(passage, one) for one in heard]
        _, analysis = analyse(passage.text, language, spans)
        hits = weigh(analysis)
        return [self._judge(passage, analysis, hits, heard, number) for number in range(len(heard))]

    def _judge(
        self, passage: Passage, analysis: Analysis, hits: list[Hit], heard: Sequence[Recognised], number: int
    ) -> Verdict:
        one = heard[number]
        weights = attend(analysis, passage, number, len(heard))
        tone = feel(analysis, hits, weights, number)
        topics = sort_out(analysis, tone, weights)
        return Verdict(
            brand_id=one.brand_id,
            relevance=judge_relevance(analysis, passage, one, number),
            sentiment=tone.label,
            sentiment_score=round(tone.score, 3),
            categories=tuple(category for category, _ in topics),
            evidence=_evidence(passage, analysis, one, tone, topics),
            confidence=confidence_of(tone, is_covered=analysis.lexicon.covers),
            brand_version=one.brand_version,
            model_version=self.model_version,
        )


def _inside(passage: Passage, one: Recognised) -> list[tuple[int, int]]:
    found = (passage.inside(span.part, span.start, span.end) for span in one.spans)
    return [place for place in found if place is not None]


def _evidence(
    passage: Passage,
    analysis: Analysis,
    one: Recognised,
    tone: Tone,
    topics: list[tuple[Category, list[Ground]]],
) -> tuple[Evidence, ...]:
    """Return the words a verdict rests on: names, what judges most, what the categories rest on; title first."""
    named = [Evidence(s.part, s.start, s.end, "brand") for s in one.spans if s.start < s.end][:MOST_NAMES]
    judged = sorted(tone.grounds, key=lambda ground: -abs(ground.value))
    found = [_shown(passage, analysis, g, "negative" if g.value < 0 else "positive") for g in judged[:10]]
    for category, grounds in topics:
        found += [_shown(passage, analysis, g, category.value) for g in sorted(grounds, key=lambda g: -g.value)[:3]]
    kept = [*named, *dict.fromkeys(found)][:MOST_EVIDENCE]
    return tuple(sorted(kept, key=lambda e: (e.part != "title", e.start, e.end, e.why)))


def _shown(passage: Passage, analysis: Analysis, ground: Ground, why: str) -> Evidence:
    words = analysis.words
    part, start, end = passage.outside(words[ground.start].start, words[ground.end - 1].end)
    return Evidence(part, start, end, why)
