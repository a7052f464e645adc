"""The components of the language pipelines, registered with spaCy: words and brands, clauses, terms.

A pipeline reads a Doc whose `user_data["heard"]` holds, per brand, its spans in code points of the Doc, and leaves an
`Analysis` in `user_data["analysis"]`. Knows no document, no verdict.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.lexicon import OTHER, SENTIMENT, Found, Lexicon, fold, load_lexicon

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
"""Languages with a pipeline of their own; all others share the multi-language one."""
_SLOW_TOKENIZER = "fr"
"""spaCy's French tokenizer takes 3 s of processor to make, the others 0.1 s: French uses the shared one, and its
elisions are cut here."""
_ELISION = re.compile(r"((?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’])(?=\w)", re.IGNORECASE)
_ENDS = frozenset(".!?…。！？")
_PAUSES = frozenset({",", ";", ":", "—", "–", "(", ")", "--", "…", "...", "|", "/", '"', "“", "”", "«", "»", "„"})


@dataclass(slots=True)
class Word:
    """A word of the passage. text: folded. brand: number of the brand it names, or -1. is_first: of that name."""

    text: str
    start: int
    end: int
    brand: int = -1
    is_first: bool = False
    is_shouted: bool = False
    is_capital: bool = False


@dataclass(slots=True)
class Clause:
    """Words `start` (included) to `end` (excluded). opener: the word that tied it to what came before, or empty."""

    start: int
    end: int
    opener: str = ""
    brands: frozenset[int] = frozenset()


@dataclass(slots=True)
class Sentence:
    """Clauses that belong together. ends_with: its closing signs. begins: code point of its first word."""

    clauses: list[Clause]
    ends_with: str
    begins: int

    @property
    def start(self) -> int:
        """First word."""
        return self.clauses[0].start

    @property
    def end(self) -> int:
        """Behind the last word."""
        return self.clauses[-1].end

    @property
    def brands(self) -> frozenset[int]:
        """Numbers of the brands it names."""
        return frozenset().union(*(clause.brands for clause in self.clauses))


@dataclass(slots=True)
class Analysis:
    """What the components found. marks: by group (negators, than ...) the words that carry it."""

    lexicon: Lexicon
    words: list[Word] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    sentiments: list[tuple[Found, float]] = field(default_factory=list)
    topics: list[tuple[Found, str, float]] = field(default_factory=list)
    marks: dict[str, dict[int, int]] = field(default_factory=dict)
    breaks: list[tuple[int, str]] = field(default_factory=list)


_MARKS = frozenset(
    {"negators", "negators_after", "intensifiers", "dampers", "contrast", "concession", "splitters", "than"}
    | {
        "comparatives",
        "questions",
        "first_person",
        "irony",
        "gratitude",
        "company",
        "other",
        "place_after",
        "firm_after",
    }
)
"""Groups that are looked up by the place of their words."""


@cache
def make_nlp(language: str) -> Language:
    """Return the pipeline of a language, made at its first use; languages without a tokenizer share one."""
    nlp = spacy.blank(language if language in LANGUAGES and language != _SLOW_TOKENIZER else "xx")
    config = {"language": language}
    for name in ("earshot_words", "earshot_terms", "earshot_clauses"):
        nlp.add_pipe(name, config=config)
    return nlp


def analyse(text: str, language: str, heard: Sequence[Sequence[tuple[int, int]]]) -> tuple[Doc, Analysis]:
    """Run a text through its language's pipeline.

    Args:
        text: any; nothing raises.
        language: ISO 639-1, or empty.
        heard: per brand, the spans of its names in code points.
    """
    nlp = make_nlp(language if language in LANGUAGES else "xx")
    doc = nlp.make_doc(text)
    doc.user_data["heard"] = heard
    doc = nlp(doc)
    return doc, doc.user_data["analysis"]


@Language.factory("earshot_words")
def make_words(nlp: Language, name: str, language: str) -> Callable[[Doc], Doc]:  # noqa: ARG001 - spaCy's signature
    """Return the component that lists the words and marks those that name a brand."""
    lexicon = load_lexicon(language)

    def find_words(doc: Doc) -> Doc:
        analysis = Analysis(lexicon)
        doc.user_data["analysis"] = analysis
        for token in doc:
            _add_token(analysis, token.text, token.idx)
        _mark_brands(doc, analysis)
        return doc

    return find_words


def _add_token(analysis: Analysis, text: str, at: int) -> None:
    """Add a token's words; signs become breaks before the next word."""
    words = analysis.words
    if text.isalpha() and len(text) <= 60:
        is_capital = not text[0].islower()
        shouted = is_capital and len(text) > 1 and text.isupper()
        words.append(Word(fold(text), at, at + len(text), is_capital=is_capital, is_shouted=shouted))
    elif "\n" in text:
        analysis.breaks.append((len(words), "\n"))
    elif text.isspace() or text == "-":
        return
    elif text[-1] in _ENDS and not any(c.isalnum() for c in text):
        analysis.breaks.append((len(words), text))
    elif text in _PAUSES:
        analysis.breaks.append((len(words), ","))
    elif "-" in text and text[0].isalpha() and len(text) <= 60:
        _add_hyphenated(analysis, text, at)
    elif is_elided := _ELISION.match(text) if analysis.lexicon.language == _SLOW_TOKENIZER else None:
        cut = is_elided.end()
        words.append(Word(fold(text[:cut]), at, at + cut))
        _add_token(analysis, text[cut:], at + cut)
    else:
        words.append(Word(fold(text[:60]), at, at + len(text), is_capital=not text[0].islower()))


def _add_hyphenated(analysis: Analysis, text: str, at: int) -> None:
    for part in text.split("-"):
        if part:
            _add_token(analysis, part, at)
        at += len(part) + 1


def _mark_brands(doc: Doc, analysis: Analysis) -> None:
    """Mark the words that names cover. A term of a brand's query that judges is no name and stays a word."""
    starts = [word.start for word in analysis.words]
    for number, spans in enumerate(doc.user_data["heard"]):
        groups: list[Span] = []
        for start, end in spans:
            covered = _covered(analysis.words, starts, start, end)
            if not covered or _is_plain_term(analysis, covered):
                continue
            for position, word in enumerate(covered):
                word.brand, word.is_first = number, position == 0
            span = doc.char_span(start, end, label=f"brand {number}", alignment_mode="expand")
            groups += [span] if span is not None else []
        doc.spans[f"brand {number}"] = groups


def _covered(words: list[Word], starts: list[int], start: int, end: int) -> list[Word]:
    low = max(0, bisect_right(starts, start) - 1)
    return [word for word in words[low : bisect_left(starts, end)] if word.end > start]


def _is_plain_term(analysis: Analysis, covered: list[Word]) -> bool:
    is_written_small = not covered[0].is_capital or analysis.lexicon.language == "de"
    return is_written_small and analysis.lexicon.knows([word.text for word in covered])


@Language.factory("earshot_terms")
def make_terms(nlp: Language, name: str, language: str) -> Callable[[Doc], Doc]:  # noqa: ARG001 - spaCy's signature
    """Return the component that finds the lexicon's terms; a brand's own name is never one."""
    lexicon = load_lexicon(language)

    def find_terms(doc: Doc) -> Doc:
        analysis: Analysis = doc.user_data["analysis"]
        read_until = 0
        shown = [OTHER if word.brand >= 0 else word.text for word in analysis.words]
        for found in lexicon.find(shown):
            for group, weight in found.senses:
                if group in _MARKS:
                    analysis.marks.setdefault(group, {})[found.start] = found.end
                elif group != SENTIMENT:
                    analysis.topics.append((found, group, weight))
                elif found.start >= read_until:
                    analysis.sentiments.append((found, weight))
                    read_until = found.end
        return doc

    return find_terms


@Language.factory("earshot_clauses")
def make_clauses(nlp: Language, name: str, language: str) -> Callable[[Doc], Doc]:  # noqa: ARG001 - spaCy's signature
    """Return the component that cuts the words into sentences and clauses."""

    def find_clauses(doc: Doc) -> Doc:
        analysis: Analysis = doc.user_data["analysis"]
        words, splitters = analysis.words, analysis.marks.get("splitters", {})
        pauses = {at for at, sign in analysis.breaks if sign == ","}
        ends: dict[int, str] = {}
        for at, sign in analysis.breaks:
            if sign != ",":
                ends[at] = ends.get(at, "") + sign
        ends.setdefault(len(words), "")
        start = 0
        for end in sorted(ends):
            if end > start:
                cuts = [at for at in range(start + 1, end) if at in pauses or at in splitters]
                clauses = [_clause(words, splitters, a, b) for a, b in zip([start, *cuts], [*cuts, end], strict=True)]
                analysis.sentences.append(Sentence(clauses, ends[end], words[start].start))
                start = end
        return doc

    return find_clauses


def _clause(words: list[Word], splitters: dict[int, int], start: int, end: int) -> Clause:
    opener = words[start].text if start in splitters else ""
    return Clause(start, end, opener, frozenset(w.brand for w in words[start:end] if w.brand >= 0))


def read_out(doc: Doc) -> dict[str, Any]:
    """Return the brand spans of a Doc by their group, for tests and for a person at a prompt."""
    return {name: [span.text for span in group] for name, group in doc.spans.items()}
