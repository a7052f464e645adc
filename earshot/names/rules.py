"""Whether what was found under a form of a name is the name: signs, neighbours, capitals and language. Knows no brand.

A form that was derived is a guess. A short guess may be an ordinary word ("to nestle"), so it counts only with a
capital or in a tag, a handle or an address. Single letters, and names of up to three letters and digits that mix both,
count only in their own case (3M is no 3m).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from unicodedata import category, normalize

from earshot.names.endings import Ending, Languages, Where
from earshot.names.forms import Pattern, surface
from earshot.names.plain import bare, spelled
from earshot.names.spelling import APOSTROPHES, Gap
from earshot.query.words import Word, fold

FREE_LENGTH = 8
"""Letters of a name from which a guess is no ordinary word."""
MIN_COMPOUND = 6
"""Letters of a name that begins a compound: Haldenhändler. Five were too few: Intel and Intelligenz."""
MIN_REST = 4
"""Letters of the other part of a compound: the Amazon and the Amazonas."""
MIN_IN_TAG = 6
"""Letters of a name at the beginning or end of a tag or handle in small letters."""
MIN_BESIDE = 3
"""Letters of the rest of it."""
MIN_IN_KNOWN_TAG = 4
"""Letters of a name in a tag whose rest is one of BESIDE_NAMES."""
MIN_LEADING = 4
"""Letters of a name that begins a word with capitals inside, in running text: HaldenStore."""

COMPOUNDING: Languages = frozenset(
    ("de", "nl", "af", "sv", "da", "no", "nb", "nn", "is", "fo", "fi", "et", "hu", "lb", "fy")
)
"""Languages that join a name and a noun."""

_BESIDE = """
boycott boykott boicot boicott boycottez boykot bojkot stop stopp no not never cancel ban quit delete dump sue hate
fail fails failed sucks scam fraud lies down outage broken recall recalled strike crash gate leak hack hacked bug
help care support service news team official store shop app fans fan club love my the thanks thankyou dear hey hello
buy new online jobs careers sale deals world hilfe kundenservice danke nein nie skandal streik
"""
BESIDE_NAMES = frozenset(_BESIDE.split())
"""What people put beside a name in a tag or handle: our own choice of common ones."""

_MARK_BEFORE = re.compile(r"[#@＃＠][\w]*$")
_HOST_BEFORE = re.compile(r"(?:://|www\.)[\w.-]*$")
_HOST_AFTER = re.compile(r"\.[a-z]{2,24}(?![\w@.])|\.[a-z]{2,24}/")
_LOOK_BACK = 60
_MONEY = "Sc"
_SENTENCE_GAP = 6
_OPENING = " \t\"'“”„«»‘(["


class Way(StrEnum):
    """How a word of a text belongs to a form."""

    WHOLE = "is it"
    ENDING = "has an ending"
    FIRST = "begins with it"
    LAST = "ends with it"
    PART = "has it as a part that capitals tell"
    LEADING_PART = "begins with it as a part that capitals tell"
    RUN = "holds it, in a script without spaces"


class Step(NamedTuple):
    """A word of a text on the way through a form. rest: what is left of the word. ending: the rule it follows."""

    way: Way = Way.WHOLE
    rest: str = ""
    ending: Ending | None = None


WHOLE = Step()


class Heard(StrEnum):
    """Where words that a form leads to are the name, as far as the words themselves can tell."""

    ANYWHERE = "anywhere"
    MARKED = "in a tag, a handle or an address"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be a form of a name, wherever they stand. Their own places are of no interest.

    languages: of the texts they stand in; empty where none is known.
    """

    pattern: Pattern
    words: Sequence[Word]
    steps: Sequence[Step]
    languages: Languages

    # --- what the words tell -------------------------------------------------------------------------------

    def heard(self) -> Heard:
        """Return where it is the name."""
        pattern = self.pattern
        if pattern.is_exact:
            return Heard.ANYWHERE if self._is_exact() else Heard.NOWHERE
        if pattern.is_cased and not self._has_case():
            return Heard.NOWHERE
        if self._holds(is_marked=False):
            return Heard.ANYWHERE
        return Heard.MARKED if self._holds(is_marked=True) else Heard.NOWHERE

    def _holds(self, *, is_marked: bool) -> bool:
        pattern, step = self.pattern, self.steps[-1]
        if not is_marked and (pattern.in_marks or (pattern.in_own_case and not self._in_own_case())):
            return False
        if step.way in (Way.WHOLE, Way.ENDING):
            return self._endings_hold() and (is_marked or not self._is_guess() or self._is_told_apart())
        return self._part_holds(step, is_marked=is_marked)

    def _endings_hold(self) -> bool:
        last = len(self.steps) - 1
        for at, step in enumerate(self.steps):
            if step.ending and not self._takes(step.ending, is_last=at == last):
                return False
        return True

    def _takes(self, ending: Ending, *, is_last: bool) -> bool:
        return self.pattern.takes_more and ending.where is not (Where.WITHIN if is_last else Where.LAST)

    def _part_holds(self, step: Step, *, is_marked: bool) -> bool:
        length = len(self.pattern.name.letters)
        if step.way is Way.RUN:
            return True
        if step.way is Way.PART:
            return is_marked and length > 1
        if step.way is Way.LEADING_PART:
            return length > 1 if is_marked else length >= MIN_LEADING and self._in_own_case()
        if is_marked:
            is_known = length >= MIN_IN_KNOWN_TAG and step.rest in BESIDE_NAMES
            return is_known or (length >= MIN_IN_TAG and len(step.rest) >= MIN_BESIDE)
        is_compound = step.way is Way.FIRST and length >= MIN_COMPOUND and len(step.rest) >= MIN_REST
        if not is_compound or not step.rest.isalpha():
            return False
        is_long = length >= FREE_LENGTH
        if self.languages and self.languages <= COMPOUNDING:
            return is_long or self._is_told_apart()
        return is_long and len(self.languages) != 1

    # --- what stands around them ---------------------------------------------------------------------------

    @property
    def is_sure(self) -> bool:
        """Tell whether nothing that stands around its words can take it away; between them may be a space."""
        pattern, first, last = self.pattern, self.words[0].cased, self.words[-1].cased
        if pattern.name.is_short or pattern.before or pattern.after or pattern.refused or pattern.is_exact:
            return False
        if self.steps[0].way is Way.RUN:
            return False
        if len(self.words[0].text) == 1 or first[0].isdigit() or last[-1].isdigit():
            return False
        return not (pattern.is_cased and self._is_guess()) and all(gap.holds(" ") for gap in pattern.gaps)

    def fits(self, text: str, words: Sequence[Word]) -> bool:
        """Tell whether what stands around and between its words, here in a text, lets it be the name."""
        if self.pattern.refused and surface(text[slice(*self.span(text, words))]) in self.pattern.refused:
            return False
        if self.pattern.is_cased and self._is_guess() and _begins_sentence(text, words[0].start):
            return False  # its capital tells nothing
        return self._gaps_hold(text, words) and self._signs_hold(text, words) and self._stands_alone(text, words)

    def span(self, text: str, words: Sequence[Word]) -> tuple[int, int]:
        """Return where it begins and ends, signs included; of a name in a run without spaces where that is known."""
        start, end = words[0].start, words[-1].end
        step = self.steps[0]
        at = text.lower().find(step.rest, start, end) if step.way is Way.RUN else -1
        if at >= 0:
            return at, at + len(step.rest)
        return max(0, start - len(self.pattern.before)), end + len(self.pattern.after)

    def _gaps_hold(self, text: str, words: Sequence[Word]) -> bool:
        between = [text[words[n].end : words[n + 1].start] for n in range(len(words) - 1)]
        holds = Gap.is_just if self.pattern.is_exact else Gap.holds
        return all(map(holds, self.pattern.gaps, between))

    def _signs_hold(self, text: str, words: Sequence[Word]) -> bool:
        pattern = self.pattern
        if pattern.after:
            end = words[-1].end + len(pattern.after)
            if normalize("NFKC", text[words[-1].end : end]) != pattern.after:
                return False
            if pattern.after[-1] in "+#" and text[end : end + 1] == pattern.after[-1]:
                return False
        if not pattern.before:
            return True
        start = words[0].start - len(pattern.before)
        if start < 0 or normalize("NFKC", text[start : words[0].start]) != pattern.before:
            return False
        ahead = text[start - 1 : start] if start else ""
        # ASP.NET is .NET, and an address that ends in .net is not.
        return not (ahead.isalnum() or ahead in ("_", ".")) or (pattern.before == "." and self._has_own_case(ahead))

    def _has_own_case(self, ahead: str) -> bool:
        return ahead.isalnum() and not self.words[0].cased.islower() and self._in_own_case()

    def _stands_alone(self, text: str, words: Sequence[Word]) -> bool:
        """Tell whether its neighbours leave it a word of its own: not the T of don't, the 3M of $3M, the C of C++."""
        first, last = words[0], words[-1]
        before, behind = text[max(0, first.start - 2) : first.start], text[last.end : last.end + 2]
        if len(first.text) == 1 and len(before) == 2 and before[1] in APOSTROPHES and before[0].isalpha():
            return False
        if first.cased[0].isdigit() and _is_amount_before(before):
            return False
        if last.cased[-1].isdigit() and behind[:1] in (".", ",", ":") and behind[1:].isdigit():
            return False
        if not self.pattern.name.is_short or self.pattern.before or self.pattern.after:
            return True
        if behind[:1] in ("+", "#") or (behind[:1] == "&" and behind[1:].isalnum()):
            return False
        return not (before[-1:] == "&" and before[:-1].isalnum())

    # --- capitals ----------------------------------------------------------------------------------------

    def _is_guess(self) -> bool:
        """Tell whether it is a short form that may be an ordinary word."""
        name, pattern = self.pattern.name, self.pattern
        if len(name.letters) >= FREE_LENGTH:
            return False
        if pattern.is_guess or any(step.way is Way.ENDING for step in self.steps):
            return True
        return len(name.words) == 1 and not any(map(_is_as_written, self.words, pattern.cased))

    def _is_told_apart(self) -> bool:
        """Tell whether a guess is written as a name: with a capital, as the name is, or in letters without case."""
        said, name = self.words[0].cased, self.pattern.cased[0]
        first = said[0]
        if first.isupper() or first.lower() == first.upper():
            return True
        return name[:1].islower() and any(c.isupper() for c in name) and said.startswith(name)

    def _has_case(self) -> bool:
        """Tell whether every word has the case of the name."""
        return all(
            not name or _begins(word.cased, name) for word, name in zip(self.words, self.pattern.cased, strict=True)
        )

    def _in_own_case(self) -> bool:
        """Tell whether every word has the case of the name, or is in capitals."""
        return all(
            not name or _begins(word.cased, name) or _begins(word.cased, name.upper())
            for word, name in zip(self.words, self.pattern.cased, strict=True)
        )

    def _is_exact(self) -> bool:
        pairs = zip(self.words, self.pattern.cased, strict=True)
        return all(word.cased == name if self.pattern.is_cased else word.text == fold(name) for word, name in pairs)


def is_marked(text: str, start: int, end: int) -> bool:
    """Tell whether a word of a text stands in a tag, a handle or an address of the web."""
    if text[end : end + 1] == "." and _HOST_AFTER.match(text, end):
        return True
    before = text[max(0, start - _LOOK_BACK) : start]
    if before[-1:] in ("", " "):  # nearly always
        return False
    return bool(_MARK_BEFORE.search(before) or _HOST_BEFORE.search(before))


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - _SENTENCE_GAP) : start].rstrip(_OPENING)
    return not before or before[-1] in ".!?…:\n。"


def _begins(said: str, name: str) -> bool:
    """Tell whether a word of a text begins with a word of a name, accents aside."""
    return bare(said).startswith(bare(name)) or bare(said).startswith(spelled(name)) or spelled(said).startswith(name)


def _is_as_written(word: Word, name: str) -> bool:
    """Tell whether a word has the name's letters, or one of the two spells the umlauts of the other out."""
    return not name or word.text == fold(name) or _spells_out(name, word.cased) or _spells_out(word.cased, name)


def _spells_out(one: str, two: str) -> bool:
    return spelled(one) != bare(one) and fold(spelled(one)) == fold(two)


def _is_amount_before(before: str) -> bool:
    """Tell whether a number that follows is only the end of one, or an amount of money."""
    last = before[-1:]
    if last and category(last) == _MONEY:
        return True
    return last in (".", ",", ":") and before[:-1].isdigit()
