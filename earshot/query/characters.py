"""What kind of character each code point is, for the tokeniser. Knows no words.

Kinds, one letter each: `w` letter or digit, `x` letter of a script that is written without spaces (Thai, Lao, Khmer,
Burmese), `c` Han or kana (a word by itself), `s` Hangul syllable, `l` `v` `t` leading, vowel and trailing jamo, `m`
mark, `j` inside words and of no meaning, `z` the zero-width space, and a space for all else.

Source: Unicode Character Database as in `unicodedata`; Hangul ranges from The Unicode Standard 14, section 3.12.
"""

from __future__ import annotations

from functools import cache
from unicodedata import category, name, normalize

_END = 0x33480  # nothing is assigned between here and the tags and variation selectors of plane 14
_PLANE_14 = range(0xE0000, 0xE01F0)
_JOINERS = (
    *(0xAD, 0x34F, 0x61C, 0xFEFF),  # soft hyphen, grapheme joiner, Arabic letter mark, byte order mark
    *range(0x200C, 0x2010),  # joiners and direction marks
    *range(0x2060, 0x2065),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *_PLANE_14,
)
_ZERO_WIDTH_SPACE = 0x200B  # parts words in scripts without spaces; in all others a copied page left it in a word
_POINTING = (  # what people leave out or put in for looks: Arabic kashida and harakat, Hebrew points
    0x640,
    *range(0x610, 0x61B),
    *range(0x64B, 0x653),
    *range(0x656, 0x660),
    0x670,
    *range(0x6D6, 0x6DD),
    *range(0x6DF, 0x6E5),
    *range(0x6E7, 0x6E9),
    *range(0x6EA, 0x6EE),
    *(code for code in range(0x591, 0x5C8) if code not in (0x5BE, 0x5C0, 0x5C3, 0x5C6)),
)
_WITHOUT_SPACES = (range(0xE00, 0xF00), range(0x1000, 0x10A0), range(0x1780, 0x1800), range(0x19E0, 0x1A00))
_ENCLOSING = (*range(0x20DD, 0x20E1), *range(0x20E2, 0x20E5), 0x488, 0x489, *range(0xA670, 0xA673))
_FILLERS = (0x115F, 0x1160, 0x3164, 0xFFA0)  # letters by their category, blank to the eye
_NO_WORDS = (0x2122, 0x2120, 0x1F16A, 0x1F16B, 0x1F16C)  # trade and service marks
_JAMO = {
    "l": (range(0x1100, 0x115F), range(0xA960, 0xA97D)),
    "v": (range(0x1161, 0x11A8), range(0xD7B0, 0xD7C7)),
    "t": (range(0x11A8, 0x1200), range(0xD7CB, 0xD7FC)),
    "s": (range(0xAC00, 0xD7A4),),
}
_HAN = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, _END))
_CJK = ("CJK ", "HIRAGANA ", "KATAKANA", "HANGUL", "HALFWIDTH KATAKANA", "IDEOGRAPHIC ", "HANGZHOU")

DROPPED = dict.fromkeys((*_JOINERS, *_ENCLOSING, *_POINTING, _ZERO_WIDTH_SPACE))
"""Characters that stand inside words and count for nothing, for `str.translate`."""


def kinds(text: str) -> str:
    """Return the kind of every character of `text`, one letter each."""
    # An index error leaves a character as it is: private use and what lies behind plane 14, which are no words.
    return text.translate(_table())


@cache
def _table() -> str:
    """Return the kinds of all code points up to plane 14; built once, in a seventh of a second."""
    table = [_kind(chr(code)) for code in range(_HAN[-1].start)]
    table += ["c" if category(chr(code)) == "Lo" else " " for code in _HAN[-1]]
    table += " " * (_PLANE_14.start - _END)
    table += "j" * len(_PLANE_14)
    for code in (*_JOINERS, *_POINTING):
        table[code] = "j"
    table[_ZERO_WIDTH_SPACE] = "z"
    for code in (code for block in _WITHOUT_SPACES for code in block if table[code] == "w"):
        table[code] = "x"
    for code in (*_FILLERS, *_NO_WORDS):
        table[code] = " "
    for kind, ranges in _JAMO.items():
        for block in ranges:
            table[block.start : block.stop] = kind * len(block)
    return "".join(table)


def _kind(char: str) -> str:
    group = category(char)
    if group == "Lo" and any(ord(char) in block for block in _HAN):
        return "c"
    if group[0] == "M":
        return "m"
    if group[0] not in "LN" and group != "So":
        return " "
    plain = normalize("NFKC", char)
    if group == "So" and plain == char:
        return " "
    if all(category(c)[0] == "M" for c in plain):
        return "m"
    if not any(category(c)[0] in "LN" for c in plain):
        return " "
    return "c" if any(_is_cjk(c) for c in plain) else "w"


def _is_cjk(char: str) -> bool:
    return char >= "\u1100" and category(char)[0] in "LN" and name(char, "").startswith(_CJK)
