"""A name as it is written, taken apart into words, what stands between them, and signs of its own. Knows no text.

Signs carry meaning: C++ is not C, .NET is not a net, C&A is not "C, A". A sign before or behind the words has to stand
in a text too. Between two words may stand what the name has there, or what people put in its place: a space, a hyphen,
or nothing, where the name has one of these, an apostrophe, or the full stop of an abbreviation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from unicodedata import normalize

from earshot.names.plain import bare
from earshot.query.words import find_words

HYPHENS = "-‐‑‒–—−﹣－_·・"
APOSTROPHES = "'’‘ʼ＇´`′ʹ"
QUOTES = '"“”„‟«»‹›‚‛＂'
SHORT = 3
"""Letters and digits of a name that is easily met by chance."""

_LEADING = re.compile(r"[.@#$+&*%]+$")
_TRAILING = re.compile(r"[+#*$%&=@]+|[!?]+")
_SHOUT_LENGTH = 5  # Yahoo! is not "yahoo", but who is called Jeopardy! is also written without
_SPACE = r"[^\S\n]{0,3}(?:\n[^\S\n]{0,3})?"
_NEUTRAL = str.maketrans("", "", "®™℠©\u200b\u00ad")
_TYPEWRITER = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys("‐‑‒–—−﹣－", "-"))
_OPEN = re.compile(rf"{_SPACE}|[{HYPHENS}]")
_WITH_APOSTROPHE = re.compile(rf"{_SPACE}|[{HYPHENS}{APOSTROPHES}]")
_QUOTED = re.compile(rf"{_SPACE}[{APOSTROPHES}{QUOTES}]?{_SPACE}|[{HYPHENS}]")
_NOTHING = re.compile(r"\n?")
_STOP = re.compile(rf"\.{_SPACE}")
_WITH_STOP = re.compile(rf"{_SPACE}|[{HYPHENS}]|\.{_SPACE}")
_MEANING = re.compile(r"[&+#@$%*=.]")
_APOSTROPHE_ONLY = re.compile(f"[{APOSTROPHES}]")


class Between(StrEnum):
    """What stands between two words of a name."""

    OPEN = "a space, a hyphen or nothing"
    APOSTROPHE = "an apostrophe"
    STOP = "the full stop of an abbreviation"
    POINT = "a comma, a slash or another point"
    SIGN = "a sign that carries meaning"


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two words. written: as the name has it."""

    kind: Between
    written: str
    allowed: re.Pattern[str]

    def holds(self, between: str) -> bool:
        """Tell whether what stands between two words of a text may stand there in the name."""
        text = between.translate(_NEUTRAL)
        return bool(self.allowed.fullmatch(text)) or text == self.written

    def is_just(self, between: str) -> bool:
        """Tell whether it is what the name has, whatever the kind of hyphen, apostrophe or space."""
        return _straight(between) == _straight(self.written)

    @property
    def is_joinable(self) -> bool:
        """Tell whether people write the words as one."""
        is_soft = self.kind in (Between.OPEN, Between.APOSTROPHE, Between.STOP) or self.written == "/"
        return bool(self.written) and is_soft


OPEN_GAP = Gap(Between.OPEN, " ", _OPEN)
APOSTROPHE_GAP = Gap(Between.APOSTROPHE, "'", _APOSTROPHE_ONLY)


@dataclass(frozen=True, slots=True)
class Spelling:
    """words: as written, one at least. gaps: one fewer. before, after: signs that have to stand in a text too.

    letters: its letters and digits without accents, case kept.
    """

    text: str
    words: tuple[str, ...]
    gaps: tuple[Gap, ...]
    before: str
    after: str
    letters: str

    @property
    def is_short(self) -> bool:
        """Tell whether it is easily met by chance."""
        return len(self.letters) <= SHORT

    @property
    def is_sensitive(self) -> bool:
        """Tell whether it counts only in its own case: single letters, and short ones that begin or end with a digit.

        In small letters a number before a letter is an amount (3m), one behind it mostly a version, a variable or a
        place (v1, s2, a4): so were nearly all of the 282 such words in 1,910 blog posts, while those with a letter at
        either end are names (k8s).
        """
        if not self.is_short or self.has_signs:
            return False
        mixes = any(c.isdigit() for c in self.letters) and any(c.isalpha() for c in self.letters)
        return len(self.letters) == 1 or (mixes and not (self.letters[0].isalpha() and self.letters[-1].isalpha()))

    @property
    def has_signs(self) -> bool:
        """Tell whether signs have to stand in a text."""
        return bool(self.before or self.after or [1 for gap in self.gaps if gap.kind is Between.SIGN])


def read_spelling(text: str) -> Spelling | None:
    """Return a name taken apart; None where no letter or digit is in it."""
    text = text.strip()
    found = [word for word in find_words(text) if word.cased]
    if not found:
        return None
    words = tuple(word.cased for word in found)
    gaps = tuple(_gap(text[one.end : max(one.end, two.start)], one.cased, two.cased) for one, two in pairwise(found))
    before = _sign_at(_LEADING.search, text[: found[0].start])
    after = _sign_at(_TRAILING.match, text[found[-1].end :])
    if after[:1] in ("!", "?") and sum(map(len, words)) > _SHOUT_LENGTH:
        after = ""
    return Spelling(text, words, gaps, before, after, "".join(map(bare, words)))


def _sign_at(find: Callable[[str], re.Match[str] | None], text: str) -> str:
    found = find(normalize("NFKC", text)) if text else None
    return found[0] if found else ""


def _straight(text: str) -> str:
    return re.sub(r"\s+", " ", text.translate(_NEUTRAL).translate(_TYPEWRITER))


def _gap(written: str, before: str, behind: str) -> Gap:
    if written == " ":
        return OPEN_GAP
    core = normalize("NFKC", written.translate(_NEUTRAL))
    sign = core.strip()
    if sign and before[-1].isdigit() and behind[0].isdigit():  # 24/7 is not 24 7, and 1-2 is not 1.2
        return _sign(core)
    if not core:
        return Gap(Between.OPEN, core, _NOTHING)
    if not sign or re.fullmatch(f"[{HYPHENS}]", sign):
        return Gap(Between.OPEN, core, _OPEN)
    if sign != core and re.fullmatch(f"[{APOSTROPHES}{QUOTES}]", sign):  # Boots "Q" More
        return Gap(Between.OPEN, core, _QUOTED)
    if re.fullmatch(f"[{APOSTROPHES}]", sign):
        return Gap(Between.APOSTROPHE, core, _WITH_APOSTROPHE)
    if sign == "." and (core != "." or len(before) == 1):
        return Gap(Between.STOP, core, _STOP if len(before) == len(behind) == 1 else _WITH_STOP)
    return _sign(core) if _MEANING.search(sign) else _point(core)


def _point(core: str) -> Gap:
    sign = re.escape(core.strip())
    return Gap(Between.POINT, core, re.compile(rf"{_SPACE}|[{HYPHENS}]|{_SPACE}{sign}{_SPACE}"))


def _sign(core: str) -> Gap:
    """Return a gap in which just this sign stands; a full stop without spaces, so that no sentence ends there."""
    sign = re.escape(core.strip())
    return Gap(Between.SIGN, core, re.compile(sign if core == "." else rf"{_SPACE}{sign}{_SPACE}"))


AND_GAP = _sign(" & ")
