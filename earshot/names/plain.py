"""Letters as people write them who leave accents out: two ways to spell a word plainly. Knows no name."""

from __future__ import annotations

from unicodedata import combining, normalize

_LETTERS = {
    "ß": "ss",
    "ẞ": "SS",
    "æ": "ae",
    "Æ": "Ae",
    "œ": "oe",
    "Œ": "Oe",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ł": "l",
    "Ł": "L",
    "ı": "i",
    "þ": "th",
    "Þ": "Th",
    "ð": "d",
    "Ð": "D",
    "ħ": "h",
    "Ħ": "H",
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
}
_SPELLED = {
    "ä": "ae",
    "Ä": "Ae",
    "ö": "oe",
    "Ö": "Oe",
    "ü": "ue",
    "Ü": "Ue",
    "å": "aa",
    "Å": "Aa",
    "ø": "oe",
    "Ø": "Oe",
}
_OWN_LETTERS = "йЙїЇ"  # letters of their own, not an и with an accent
_ACCENTS = (range(0x300, 0x370), range(0x653, 0x656))  # Latin, Greek and Cyrillic accents; hamza and madda


class _Letters(dict[int, str]):
    """What letters become, for `str.translate`; filled as they are met."""

    def __init__(self, own: dict[str, str]) -> None:
        super().__init__((ord(letter), plain) for letter, plain in own.items())

    def __missing__(self, code: int) -> str:
        plain = self[code] = _bare_letter(chr(code))
        return plain


def _bare_letter(letter: str) -> str:
    if letter in _OWN_LETTERS:
        return letter
    left = "".join(c for c in normalize("NFD", letter) if not (combining(c) and _is_accent(c)))
    return "".join(_LETTERS.get(c, c) for c in normalize("NFC", left))


def _is_accent(char: str) -> bool:
    return any(ord(char) in block for block in _ACCENTS)


_TO_BARE, _TO_SPELLED = _Letters({}), _Letters(_SPELLED)


def bare(text: str) -> str:
    """Return `text` (NFKC) without accents, case kept: Nestlé is Nestle, Straße is Strasse, Łódź is Lodz."""
    return text if text.isascii() else text.translate(_TO_BARE)


def spelled(text: str) -> str:
    """Return `text` as keyboards without umlauts write it, case kept: Möbel is Moebel, Ørsted is Oersted."""
    return text if text.isascii() else text.translate(_TO_SPELLED)


def plain_keys(cased: str) -> tuple[str, ...]:
    """Return the one or two small spellings under which a word is looked up."""
    if cased.isascii():
        return (cased.lower(),)
    one, two = bare(cased).casefold(), spelled(cased).casefold()
    return (one,) if one == two else (one, two)
