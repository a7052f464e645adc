"""Reads a language's lexicon and finds its terms among words. Knows no brand, no clause and no verdict."""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

BRAND = "§"
"""Stands for the brand that is judged, in patterns and in the sentences they are tried on."""
OTHER = "¤"
"""Stands for any other brand."""
SENTIMENT = "sentiment"
_NO_JUDGES = frozenset({"company", "other", "common", "firm_after", "place_after"})
_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "\ufe0f": ""})
_LEAST_STEM = 3
_LONG_RUN = re.compile(r"(.)\1{2,}")
_GAP = r"(?:\S+ ){0,4}?"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the lexicon. rest: the words after its first. senses: pairs of a group's name and a weight."""

    rest: tuple[str, ...]
    senses: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A term that stands at words `start` (included) to `end` (excluded)."""

    start: int
    end: int
    senses: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Lexicon:
    """All terms and patterns of one language, with those that every language shares.

    starts: terms by their first word, longest first. stems: senses by the beginning of a word. targeted: pairs of a
    pattern with BRAND in it and its weight. covers: False where the language has no lexicon of its own.
    """

    language: str
    starts: dict[str, tuple[Term, ...]]
    stems: dict[str, tuple[tuple[str, float], ...]]
    targeted: tuple[tuple[re.Pattern[str], float], ...]
    covers: bool
    _known: dict[str, tuple[Term, ...]] = field(default_factory=dict, compare=False, repr=False)

    def find(self, words: Sequence[str]) -> Iterator[Found]:
        """Yield every term that stands among words as `fold` gives them; several may begin at one word."""
        last = len(words)
        for at, word in enumerate(words):
            for term in self._beginning(word):
                end = at + 1 + len(term.rest)
                if end <= last and (not term.rest or tuple(words[at + 1 : end]) == term.rest):
                    yield Found(at, end, term.senses)

    def knows(self, words: Sequence[str]) -> bool:
        """Tell whether these words as a whole are a term that judges."""
        return any(
            found.start == 0 and found.end == len(words) and any(group not in _NO_JUDGES for group, _ in found.senses)
            for found in self.find(words)
        )

    def has(self, word: str, group: str) -> bool:
        """Tell whether a single word is a term of a group."""
        return any(not term.rest and any(name == group for name, _ in term.senses) for term in self._beginning(word))

    def _beginning(self, word: str) -> tuple[Term, ...]:
        """Return the terms that begin with a word. Remembers 100,000 words, then starts anew."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) > 100_000:
                self._known.clear()
            known = self._known[word] = self._look_up(word)
        return known

    def _look_up(self, word: str) -> tuple[Term, ...]:
        for form in _forms(word):
            longer = tuple(term for term in self.starts.get(form, ()) if term.rest)
            senses = dict(sense for term in self.starts.get(form, ()) if not term.rest for sense in term.senses)
            for end in range(len(form), _LEAST_STEM - 1, -1):
                for group, weight in self.stems.get(form[:end], ()):
                    senses.setdefault(group, weight)
            if longer or senses:
                return (*longer, Term((), tuple(senses.items()))) if senses else longer
        return ()


def _forms(word: str) -> Iterable[str]:
    """Return a word as it stands and, where letters are drawn out, with two of them and with one."""
    if not _LONG_RUN.search(word) or not word.isalpha():
        return (word,)
    return (word, _LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word))


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return a word as terms are written: small letters, straight apostrophes, no accents, no emoji tones.

    Umlauts become two letters, since "schon" is not "schön".
    """
    if word.isascii():
        return word.lower()
    word = word.lower().replace("’", "'").translate(_SPELLINGS)
    plain = unicodedata.normalize("NFD", word)
    kept = "".join(c for c in plain if unicodedata.category(c) != "Mn" and not 0x1F3FB <= ord(c) <= 0x1F3FF)
    return kept or word


def terms_of(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the terms of a comma-separated list as tuples of folded words."""
    for term in text.split(","):
        words = tuple(fold(word) for word in term.replace("-", " ").split()) or tuple(term.split())
        if words:
            yield words if any(c.isalnum() for c in term) else tuple(fold(word) for word in term.split())


@cache
def load_lexicon(language: str) -> Lexicon:
    """Return the lexicon of a language (ISO 639-1); one without its own has what all share."""
    shared, own = _read("common"), _read(language)
    singles: dict[tuple[str, ...], dict[str, float]] = {}
    for group, weight, words in [*_entries(shared), *_entries(own)]:
        singles.setdefault(words, {})[group] = weight
    starts: dict[str, list[Term]] = {}
    stems: dict[str, tuple[tuple[str, float], ...]] = {}
    for words, senses in singles.items():
        if len(words) == 1 and len(words[0]) > _LEAST_STEM and words[0].endswith("*"):
            stems[words[0][:-1]] = tuple(senses.items())
        else:
            starts.setdefault(words[0], []).append(Term(words[1:], tuple(senses.items())))
    sorted_starts = {first: tuple(sorted(terms, key=lambda t: -len(t.rest))) for first, terms in starts.items()}
    patterns = own.get("targeted", {})
    targeted = tuple((compile_pattern(text), float(weight)) for weight in patterns for text in patterns[weight])
    return Lexicon(language, sorted_starts, stems, targeted, covers=bool(own))


def _entries(table: dict[str, Any]) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Yield group, weight and words of all terms of a lexicon file."""
    for weight, text in table.get("sentiment", {}).items():
        yield from ((SENTIMENT, float(weight), words) for words in terms_of(text))
    for category, by_weight in table.get("categories", {}).items():
        for weight, text in by_weight.items():
            yield from ((category, float(weight), words) for words in terms_of(text))
    for section in ("words", "relevance"):
        for group, text in table.get(section, {}).items():
            yield from ((group, 1.0, words) for words in terms_of(text))


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return a pattern over folded words joined by single spaces.

    It is a regular expression in which `stem*` stands for every word that begins so and `...` for up to four words.
    """
    text = fold_pattern(text)
    text = re.sub(r"(\w)\*(?=[ )|]|$)", r"\1\\w*", text)
    text = text.replace(" ... ", " " + _GAP)
    return re.compile(rf"(?<!\S){text.strip()}(?!\S)")


def fold_pattern(text: str) -> str:
    """Return a pattern's text with its letters folded as words are."""
    return "".join(fold(c) if c.isalpha() else c for c in text)


def _read(name: str) -> dict[str, Any]:
    path = files("nlp") / "lexicons" / f"{name}.toml"
    if not (name.isalpha() and path.is_file()):
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def lexicon_digest() -> str:
    """Return a digest of all lexicon files: it changes with any of them."""
    digest = hashlib.sha256()
    folder = files("nlp") / "lexicons"
    for path in sorted(folder.iterdir(), key=lambda found: found.name):
        if path.name.endswith(".toml"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
