"""Finds names in runs of scripts that are written without spaces: Thai, Lao, Khmer, Burmese. Knows no rule of names.

In Chinese and Japanese every character is a word by itself, so that names in them need nothing of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from earshot.query.characters import kinds

_SCRIPTS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_OTHERS = re.compile(f"{_SCRIPTS.pattern}+")
_BEFORE_ITS_CONSONANT = frozenset("เแโใไເແໂໃໄ\u17d2\u1039")  # vowels written first, and signs that stack letters
_BEHIND_ITS_CONSONANT = frozenset("ะาำๅະາຳ")
_EDGE = 3
MIN_IN_RUN = 3
"""Letters and marks of a name that is found inside a run."""


def has_no_spaces(word: str) -> bool:
    """Tell whether a word is a run of a script without spaces, or has such a run in it."""
    return not word.isascii() and _SCRIPTS.search(word) is not None


def words_of_others(run: str) -> list[str]:
    """Return what stands in a run in other scripts, such as a name in Latin letters."""
    return [word for word in _OTHERS.split(run) if word]


class RunIndex:
    """Plain names in scripts without spaces, by their first letters."""

    def __init__(self) -> None:
        self._lengths: dict[str, list[int]] = {}
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        """Add a plain name; one in another script, or too short to be found in a run, is not."""
        if name.isascii() or len(name) < MIN_IN_RUN or not has_no_spaces(name) or name in self._names:
            return
        self._names.add(name)
        lengths = self._lengths.setdefault(name[:_EDGE], [])
        if len(name) not in lengths:
            lengths.append(len(name))

    def names_in(self, run: str) -> Iterator[str]:
        """Yield the names that stand in a run from border to border of its letters; the whole run is none."""
        for start in range(len(run) - _EDGE + 1):
            for length in self._lengths.get(run[start : start + _EDGE], ()):
                end = start + length
                if length < len(run) and run[start:end] in self._names and _parts(run, start) and _parts(run, end):
                    yield run[start:end]


def _parts(run: str, at: int) -> bool:
    """Tell whether a word may begin or end at a place: letters that are written around another stay with it."""
    if at in (0, len(run)):
        return True
    before, behind = run[at - 1], run[at]
    return not (kinds(behind) == "m" or behind in _BEHIND_ITS_CONSONANT or before in _BEFORE_ITS_CONSONANT)
