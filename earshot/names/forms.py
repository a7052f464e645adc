"""The forms of a name that follow from how it is written. Knows no text and no other name.

A pattern is a row of words with what may stand between them. Each word stands for its spellings with and without
accents, so that a name has few patterns: as written, joined, and those that put a word in the place of a sign. Endings,
compounds, tags and handles are looked for by the finder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from earshot.names.plain import plain_keys
from earshot.names.spelling import (
    AND_GAP,
    APOSTROPHE_GAP,
    OPEN_GAP,
    Between,
    Gap,
    Spelling,
    read_spelling,
)
from earshot.query.words import fold

MIN_JOINED = 4
"""Letters of joined words that count in small letters too: E-On is not eon."""
MAX_PATTERNS = 24
"""Of one name."""
MAX_JOINED_WORDS = 4
"""Words of a name that are joined in all ways; of a longer one only all together."""

AND_WORDS = ("and", "und", "et", "en", "og", "och", "e", "y", "i", "ve", "ja", "и", "і", "και")
"""What people write for &. Source: Unicode CLDR 47, list patterns of two, read 2026-11."""
_MARKS = ("@", "#")
"""Before a name they make a handle or a tag of it, which nobody says in words."""
_SIGN_WORDS = {"+": "plus", "#": "sharp", ".": "dot", "@": "at"}
_MIN_AROUND_AND = (
    3  # a letter for "and" parts words only that are no letters themselves: "Dolce e Gabbana", not "A e B"
)


class Pattern(NamedTuple):
    """A form of a name.

    words: for each its plain spellings. cased: for each as written, or "" where its case is of no interest.
    in_marks: heard only in a tag, a handle or an address. in_own_case: only with its capitals, or all in capitals.
    is_guess: a short one counts only with a capital. is_cased: only in the case of the name. is_exact: spelled just so.
    refused: texts that are not meant, as `surface` gives them.
    """

    name: Spelling
    words: tuple[tuple[str, ...], ...]
    cased: tuple[str, ...]
    gaps: tuple[Gap, ...]
    before: str = ""
    after: str = ""
    in_marks: bool = False
    in_own_case: bool = False
    is_guess: bool = False
    is_cased: bool = False
    is_exact: bool = False
    refused: frozenset[str] = frozenset()

    @property
    def takes_more(self) -> bool:
        """Tell whether endings and further words may be joined to it."""
        return not (self.after or self.is_exact) and self.cased[-1][-1:].isalpha()

    @property
    def is_one_word(self) -> bool:
        """Tell whether it is a single word without signs."""
        return len(self.words) == 1 and not (self.before or self.after or self.is_exact)


def surface(text: str) -> str:
    """Return how a form is written, for comparison: folded, with its signs, without the sign of a tag or handle."""
    return fold(" ".join(text.split()).lstrip("#@＃＠"))


def patterns_of(
    text: str, *, is_cased: bool = False, is_exact: bool = False, refused: frozenset[str] = frozenset()
) -> list[Pattern]:
    """Return the forms of a name, the one as written first; none where it has no letter or digit."""
    name = read_spelling(text)
    if name is None:
        return []
    given = _pattern(name, name.words, name.gaps, name.before, name.after)
    made = [given] if is_exact else [given, *_derived(name)]
    if len(made) > 1:
        distinct = {(p.words, p.gaps, p.before, p.after): p for p in reversed(made)}
        made = list(reversed(distinct.values()))[:MAX_PATTERNS]
    if is_cased or is_exact or refused:
        return [one._replace(is_cased=is_cased, is_exact=is_exact, refused=refused) for one in made]
    return made


def parts_of(word: str) -> list[str]:
    """Return what capitals and digits inside a word part it into: BoycottHalden is Boycott and Halden."""
    behind = word[1:]
    is_even = behind.islower() or (not word[0].islower() and (behind.isupper() or behind.lower() == behind.upper()))
    if is_even and word.isalpha():  # nearly always
        return [word]
    cuts = [0, *(at for at in range(1, len(word)) if _is_cut(word, at)), len(word)]
    return [word[one:two] for one, two in pairwise(cuts)]


def _is_cut(word: str, at: int) -> bool:
    before, here = word[at - 1], word[at]
    if before.isdigit() != here.isdigit():
        return True
    return here.isupper() and (before.islower() or (before.isupper() and word[at + 1 : at + 2].islower()))


def _pattern(name: Spelling, words: Sequence[str], gaps: Sequence[Gap], before: str = "", after: str = "") -> Pattern:
    keys = tuple(map(plain_keys, words))
    return Pattern(name, keys, tuple(words), tuple(gaps), before, after, in_own_case=name.is_sensitive)


def _derived(name: Spelling) -> Iterator[Pattern]:
    if not name.has_signs:
        yield from _joined(name)
        yield from _parted(name)
        yield from _with_apostrophe(name)
        yield from _and_as_sign(name)
        return
    if name.before or name.after:
        yield from _signs_as_words(name)
    if any(gap.kind is Between.SIGN for gap in name.gaps):
        yield from _joined(name)
        yield from _without_stops(name)
        for words, gaps in ((name.words, name.gaps), *_ways_to_join(name)):
            yield from _and_as_word(name, words, gaps)
    if not any(sign in _SIGN_WORDS for sign in name.before + name.after):
        yield from _in_marks(name)


def _joined(name: Spelling) -> Iterator[Pattern]:
    """Yield CocaCola for Coca-Cola, and Tom & Larrys for Tom & Larry's; of several words every way."""
    for words, gaps in _ways_to_join(name):
        one = _pattern(name, words, gaps, name.before, name.after)
        is_short = len(name.letters) < MIN_JOINED and len(words) == 1
        yield one._replace(in_own_case=True) if is_short else one


def _ways_to_join(name: Spelling) -> Iterator[tuple[Sequence[str], Sequence[Gap]]]:
    """Yield the words and gaps that are left when neighbours are joined, in every way."""
    joints = [number for number, gap in enumerate(name.gaps) if gap.is_joinable]
    ways = range(1, 1 << len(joints)) if len(joints) < MAX_JOINED_WORDS else [(1 << len(joints)) - 1]
    for way in ways:
        yield _join(name, {joint for number, joint in enumerate(joints) if way >> number & 1})


def _join(name: Spelling, joints: Collection[int]) -> tuple[Sequence[str], Sequence[Gap]]:
    words, gaps = [name.words[0]], []
    for number, word in enumerate(name.words[1:]):
        if number in joints:
            words[-1] += word
        else:
            words.append(word)
            gaps.append(name.gaps[number])
    return words, gaps


def _without_stops(name: Spelling) -> Iterator[Pattern]:
    """Yield KnotJS for Knot.js; numbers keep their points."""
    stops = {
        number
        for number, (gap, (one, two)) in enumerate(zip(name.gaps, pairwise(name.words), strict=True))
        if gap.written == "." and not (one[-1].isdigit() and two[0].isdigit())
    }
    if stops:
        words, gaps = _join(name, stops)
        one = _pattern(name, words, gaps, name.before, name.after)
        yield one._replace(in_own_case=True) if len(name.letters) < MIN_JOINED else one


def _parted(name: Spelling) -> Iterator[Pattern]:
    """Yield Play Station for PlayStation, and Turbo 3000 for Turbo3000."""
    parts = parts_of(name.words[0]) if len(name.words) == 1 else []
    if len(parts) < 2 or len(parts) > MAX_JOINED_WORDS or "".join(parts) != name.words[0] or len(parts[0]) < 2:
        return
    if any(len(part) < 2 and not part.isdigit() for part in parts) or (len(parts[0]) < 3 and parts[1].isdigit()):
        return
    yield _pattern(name, parts, [OPEN_GAP] * (len(parts) - 1))._replace(in_own_case=True)


def _with_apostrophe(name: Spelling) -> Iterator[Pattern]:
    """Yield Larry's for Larrys."""
    last = name.words[-1]
    if len(last) > 3 and last[-1:] in "sS" and last[:-1].isalpha() and last[-2] not in "sS":
        words = (*name.words[:-1], last[:-1], last[-1])
        yield _pattern(name, words, (*name.gaps, APOSTROPHE_GAP))._replace(is_guess=True)


def _signs_as_words(name: Spelling) -> Iterator[Pattern]:
    """Yield Halden Plus for Halden+, cplusplus for C++, dotnet for .NET."""
    if name.before in _MARKS or any(sign not in _SIGN_WORDS for sign in name.before + name.after):
        return
    ahead = [_SIGN_WORDS[sign] for sign in name.before]
    behind = [_SIGN_WORDS[sign] for sign in name.after]
    row = (*ahead, *name.words, *behind)
    gaps = (*[OPEN_GAP] * len(ahead), *name.gaps, *[OPEN_GAP] * len(behind))
    if all(gap.kind is not Between.SIGN for gap in gaps):
        yield _pattern(name, ("".join(row),), ())._replace(in_own_case=False)
    if len(name.letters) >= 3 or len(row) > 2:  # C sharp is a note, and vitamin C plus zinc no brand
        cased = (*[""] * len(ahead), *name.words, *[""] * len(behind))
        yield _pattern(name, row, gaps)._replace(cased=cased, in_own_case=False)


def _and_as_word(name: Spelling, words: Sequence[str], gaps: Sequence[Gap]) -> Iterator[Pattern]:
    """Yield C and A, and candA, for C&A. words, gaps: the name's, some words perhaps joined."""
    if name.before or name.after or not all(_is_and(gap) for gap in gaps if gap.kind is Between.SIGN):
        return
    row, cased, between = [plain_keys(words[0])], [words[0]], []
    for gap, (one, two) in zip(gaps, pairwise(words), strict=True):
        if gap.kind is Between.SIGN:
            if one.isdigit() or two.isdigit():  # 1 and 2 are numbers
                return
            is_plain = min(len(one), len(two)) >= _MIN_AROUND_AND
            row.append(tuple(word for word in AND_WORDS if is_plain or len(word) > 1))
            cased.append("")
            between.append(OPEN_GAP)
        row.append(plain_keys(two))
        cased.append(two)
        between.append(gap if gap.kind is not Between.SIGN else OPEN_GAP)
    own = any(len(word) == 1 for word in words)
    yield Pattern(name, tuple(row), tuple(cased), tuple(between), in_own_case=own)


def _and_as_sign(name: Spelling) -> Iterator[Pattern]:
    """Yield Marlow & Sons for Marlow and Sons."""
    for at, word in enumerate(name.words[1:-1], 1):
        if word.casefold() in AND_WORDS and not name.words[at - 1].isdigit():
            words = (*name.words[:at], *name.words[at + 1 :])
            yield _pattern(name, words, (*name.gaps[: at - 1], AND_GAP, *name.gaps[at + 1 :]))


def _in_marks(name: Spelling) -> Iterator[Pattern]:
    """Yield what is written where signs cannot be: #ATT for AT&T; and 1und2 for 1&2 anywhere."""
    letters = "".join(name.words)
    if len(letters) >= 3:
        yield _pattern(name, (letters,), ())._replace(in_marks=True, in_own_case=False)
    if any(_is_and(gap) for gap in name.gaps) and all(_is_and(g) for g in name.gaps if g.kind is Between.SIGN):
        for word in AND_WORDS[:2]:
            between = [word if _is_and(gap) else "" for gap in name.gaps]
            said = "".join(one + two for one, two in zip(name.words, [*between, ""], strict=True))
            one = _pattern(name, (said,), ())
            yield one._replace(in_marks=not letters.isdigit(), in_own_case=False)


def _is_and(gap: Gap) -> bool:
    return gap.kind is Between.SIGN and gap.written.strip() in ("&", "+")
