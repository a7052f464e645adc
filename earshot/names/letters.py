"""Which languages a text may be in by its letters alone. Knows no name.

Source: the alphabets of the languages as listed in Unicode CLDR 47 (main exemplar characters), read 2026-11.
"""

from __future__ import annotations

from earshot.names.endings import INFLECTING, Languages

_LOOKED_AT = 500  # longer texts are rarely of an unknown language; of more the walk would take longer
_ALPHABETS = {
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hr": "čćđšž",
    "sr": "čćđšž",
    "bs": "čćđšž",
    "sl": "čšž",
    "hu": "áéíóöőúüű",
    "fi": "åäöšž",
    "et": "äõöüšž",
    "tr": "âçğıîöşüû",
    "ro": "ăâîșțşţ",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "pt": "áâãàçéêíóôõú",
    "it": "àèéìîòóù",
    "nl": "áéëïóöü",
    "sv": "åäöéà",
    "da": "æøåé",
    "no": "æøåéèêóòâôà",
    "is": "áðéíóúýþæö",
    "ca": "àçéèíïóòúü",
    "az": "çəğıöşü",
    "sq": "çë",
    "vi": "ăâđêôơưàảãáạèẻẽéẹìỉĩíịòỏõóọùủũúụỳỷỹýỵ",
}
_TELLING = frozenset("".join(_ALPHABETS.values()))
_LETTERS = {language: frozenset(letters) for language, letters in _ALPHABETS.items()}


def told_by_letters(text: str) -> Languages:
    """Return the languages whose letters a text is written in; none unless all of these inflect names.

    Two languages of the same letters are both returned: an ending that one of them has may be heard.
    """
    if text.isascii():
        return frozenset()
    used = _TELLING.intersection(text[:_LOOKED_AT].lower())
    if not used:
        return frozenset()
    may_be = frozenset(language for language, letters in _LETTERS.items() if used <= letters)
    return may_be if may_be <= INFLECTING else frozenset()
