"""What languages add to the end of a name, or glue to its beginning. Knows no name and no text.

Only endings that names take. A class says what the name ends in, and so what the endings are put in place of. Endings
are written plainly, as `plain.bare` leaves them. Sources: grammars of the languages, as summed up in Wikipedia
(declension of proper names), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from earshot.names.plain import bare

Languages = frozenset[str]
"""ISO 639-1; empty: of whatever language the text is."""

ANY: Languages = frozenset()
MIN_STEM = 3
"""Letters that must be left of a name."""
MAX_ENDING = 5

_HISSING = ("s", "x", "z", "ch", "sh")
_GREEK, _CYRILLIC, _ARABIC, _HEBREW = ("\u0370", "\u03ff"), ("\u0400", "\u052f"), ("\u0600", "\u06ff"), ("א", "ת")

_LATIN = {
    "pl": "a u owi em iem ie y i e ow ami ach om",
    "cs": "a u e i y ovi em om um ech ach ami y ou mi ove uv",
    "sk": "a u e i y ovi om em ov och ami ou mi ia ove",
    "hr": "a u om em e i ov ova ove ovi ima ju jem",
    "hu": "t at et ot nak nek ban ben ba be bol hoz hez nal nel ra re rol tol val vel ert ig kent k ok ek i e os es",
    "fi": "n a in ia ina issa ista iin illa ilta ille iksi it ien ssa sta an en on lla lta lle na ksi t tta",
    "et": "i is ist ile il ilt iga it ide ga st le lt t d de",
    "tr": "in un nin nun i u yi yu a e ya ye da de ta te dan den tan ten la le yla yle lar ler li lu ca ce daki deki",
    "ro": "ul ului lui i a ei ii le lor",
    "lt": "as o ui a u e ai us is io iui",
    "lv": "s a am u i us os iem",
}
_SAME = {"hr": ("hr", "sr", "bs", "sl"), "cs": ("cs",)}
_LATIN_A = {"pl": "y i e a o ie", "cs": "y i e u ou o", "sk": "y i e u ou o", "hr": "e i u o om"}
_LATIN_O = {"pl": "a u em ie owi", "cs": "a u em ovi", "sk": "a u om ovi", "hr": "a u om"}
_SLAVIC: Languages = frozenset(("pl", "cs", "sk", "hr", "sr", "bs", "sl"))
_SOFTENED = {"k": "ce", "g": "dze ze zi", "r": "rze", "t": "cie", "d": "dzie", "h": "se sze ze"}

_ATTACHED = "а у ом ем е ы и ов ам ами ах ой ою і ові ів ю я єм ем ї ът та то те ове ям ями ях"
_CYRILLIC_ENDS = {
    "а": "ы и е у ой ою о ам ами ах і",
    "я": "и е ю ей ею й ї і єю ям ями ях",
    "й": "я ю ем е и єм ї еві єві ев",
    "ь": "я ю ем е и ью і єм ей ям ями ях",
    "о": "а у ом е и і ам ами ах",
    "е": "а у ем и я ю",
}
_ADJECTIVES = ("ый", "ий", "ой", "ая", "яя", "ое", "ее")
_ADJECTIVE = "ый ий ой ая яя ое ее ого его ому ему ым им ом ем ей ую юю ые ие ых их ыми ими"
_GREEK_ENDS = {"ος": "ου ο ε οι ων ους", "ας": "α ες ων", "ης": "η ες ων", "α": "ας ες ων", "η": "ης ες", "ο": "ου α"}


def _table(by_language: dict[str, str]) -> dict[str, Languages]:
    made: dict[str, set[str]] = {}
    for name, endings in by_language.items():
        for ending in endings.split():
            made.setdefault(bare(ending), set()).update(_SAME.get(name, (name,)))
    return {ending: frozenset(languages) for ending, languages in made.items()}


def _anywhere(endings: str, languages: Languages = ANY) -> dict[str, Languages]:
    return {bare(ending).casefold(): languages for ending in endings.split()}


_CLASSES: dict[str, dict[str, Languages]] = {
    "latin": _table(_LATIN) | _anywhere("s"),
    "latin hissing": _table(_LATIN) | _anywhere("es"),
    "latin -a": _table(_LATIN_A),
    "latin -o": _table(_LATIN_O),
    **{f"latin -{letter}a": _anywhere(ends, _SLAVIC) for letter, ends in _SOFTENED.items()},
    "cyrillic": _anywhere(_ATTACHED),
    "cyrillic -ка": _anywhere("ці"),
    "cyrillic -га": _anywhere("зі"),
    "cyrillic adjective": _anywhere(_ADJECTIVE),
    **{f"cyrillic -{end}": _anywhere(ends) for end, ends in _CYRILLIC_ENDS.items()},
    **{f"greek -{end}": _anywhere(ends) for end, ends in _GREEK_ENDS.items()},
}

_PREFIXES = {
    _ARABIC: ("ال", "و", "ب", "ل", "ف", "ك", "س", "وال", "بال", "لل", "فال", "كال", "ول", "وب"),
    _HEBREW: ("ה", "ו", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "מה", "שה", "שב"),
}


def stems(key: str) -> Iterator[tuple[str, str]]:
    """Yield what of a plain name its endings follow, with the name of their class."""
    for stem, kind in _stems(key):
        if len(stem) >= MIN_STEM:
            yield stem, kind


def languages_of(kind: str, ending: str) -> Languages | None:
    """Return the languages in which names of a class take an ending; None: in none."""
    return _CLASSES[kind].get(ending)


def without_prefix(key: str) -> Iterator[str]:
    """Yield what is left of an Arabic or Hebrew word without the article, prepositions or "and" glued to it."""
    for script, prefixes in _PREFIXES.items():
        if _is_of(key[:1], script):
            yield from (key[len(p) :] for p in prefixes if key.startswith(p) and len(key) - len(p) >= MIN_STEM)


def _stems(key: str) -> Iterator[tuple[str, str]]:
    last = key[-1:]
    if "a" <= last <= "z":
        yield key, "latin hissing" if key.endswith(_HISSING) else "latin"
        if last in "ao":
            yield key[:-1], f"latin -{last}"
        if last == "a" and key[-2:-1] in _SOFTENED:
            yield key[:-2], f"latin -{key[-2:]}"
    elif _is_of(last, _CYRILLIC):
        yield from _cyrillic_stems(key)
    elif _is_of(last, _GREEK):
        text = f"{key[:-1]}ς" if last == "σ" else key  # folding makes the final sigma the other one
        yield from ((key[: -len(end)], f"greek -{end}") for end in _GREEK_ENDS if text.endswith(end))


def _cyrillic_stems(key: str) -> Iterator[tuple[str, str]]:
    if key.endswith(_ADJECTIVES):
        yield key[:-2], "cyrillic adjective"
    if key[-1] in _CYRILLIC_ENDS:
        yield key[:-1], f"cyrillic -{key[-1]}"
        if key.endswith(("ка", "га")):
            yield key[:-2], f"cyrillic -{key[-2:]}"
    elif key[-1] not in "иіуыэюєї":
        yield key, "cyrillic"


def _is_of(letter: str, script: tuple[str, str]) -> bool:
    return script[0] <= letter <= script[1]
