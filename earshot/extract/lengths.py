"""How long a text is, in words of any script. Knows no language."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese. Source: Unicode 15.1, blocks of scripts written without spaces."""


def count_words(text: str) -> int:
    """Return about how many words a text has; in scripts without spaces two signs count as one word."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + unspaced // 2
