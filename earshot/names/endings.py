"""What languages add to the end of a name, or glue to its beginning. Knows no name and no text.

Only endings that names take. A rule says what the name ends in, and what a language puts in its place. Rules are read
backwards, from a word of a text to the names it may be a form of, so that names need no table of their own. Endings
are written plainly, as `plain.bare` leaves them. Sources: grammars of the languages, as summed up in Wikipedia
(declension of proper names), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from earshot.names.plain import bare

Languages = frozenset[str]
"""ISO 639-1; empty: of whatever language the text is."""

ANY: Languages = frozenset()
MIN_STEM = 3
"""Letters that must be left of a name."""

_HISSING = ("s", "x", "z", "ch", "sh")
_GREEK, _CYRILLIC, _ARABIC, _HEBREW = ("\u0370", "\u03ff"), ("\u0400", "\u052f"), ("\u0600", "\u06ff"), ("א", "ת")
_VOWELS = "aeiouy"

_SLAVIC: Languages = frozenset(("pl", "cs", "sk", "hr", "sr", "bs", "sl"))
_WITHIN = _SLAVIC | {"lt", "lv"}
"""Latin languages in which a word of a name takes endings that is not its last."""
_SAME = {"hr": ("hr", "sr", "bs", "sl")}

_PLAIN = {
    "pl": "a u owi em iem ie y i e ow ami ach om",
    "cs": "a u e i y ovi em om um ech ach ami y ou mi ove uv",
    "sk": "a u e i y ovi em om ov och ami ou mi ia ove",
    "hr": "a u om em e i ov ova ove ovi ima ju jem",
    "hu": "t at et ot nak nek ban ben ba be bol hoz hez nal nel ra re rol tol val vel ert ig kent k ok ek i e os es",
    "fi": "n a in ia ina issa ista iin illa ilta ille iksi it ien ssa sta an en on lla lta lle na ksi t tta",
    "et": "i is ist ile il ilt iga it ide ga st le lt t d de",
    "tr": "in un nin nun i u yi yu a e ya ye da de ta te dan den tan ten la le yla yle lar ler li lu ca ce daki deki",
    "ro": "ul ului lui i a ei ii le lor",
    "lt": "as o ui a u e ai us is io iui",
    "lv": "s a am u i us os iem",
}
"""Put behind any name in Latin letters."""
_HARD = "a u em om ovi owi y i e"
_REPLACED = {
    "a": {"pl": "y i e a o ie ej", "cs": "y i e u ou o", "sk": "y i e u ou o ej", "hr": "e i u o om oj"},
    "o": {"pl": "a u em ie owi", "cs": "a u em ovi", "sk": "a u om ovi", "hr": "a u om"},
    "y": {"pl": "ego emu ym ych", "cs": "eho emu ym em e ych", "sk": "eho emu ym om e ych"},
    "i": {"pl": "iego iemu im ich", "cs": "iho imu im ich", "hr": "og om im ih"},
    "e": {"pl": "ego emu ym ych", "cs": "eho emu em", "sk": "eho emu om"},
    **{
        f"{letter}a": dict.fromkeys(("pl", "cs", "sk", "hr"), said)
        for letter, said in {"k": "ce", "g": "dze ze zi", "r": "rze", "t": "cie", "d": "dzie", "h": "se sze ze"}.items()
    },
    **{
        f"e{letter}": dict.fromkeys(("pl", "cs", "sk", "hr"), " ".join(letter + end for end in _HARD.split()))
        for letter in "kc"
    },
    "nen": {"fi": "sen sta seen sessa sesta sella selta selle seksi set"},
}
"""By the end of a name what takes its place. A vowel before k and c is left out: Pilek, Pilku."""
_GRADES = {"fi": (("kk", "pp", "tt"), "n ssa sta lla lta lle ksi t")}
"""Finnish writes a double consonant once where the last syllable is closed: Markko, Markon."""
_HUNGARIAN = "b c d f g h j k l m n p r t v x z s cs dz gy ly ny sz ty zs"
"""Consonants that the v of -val, -vel, -vá and -vé becomes: Fiat, Fiattal; Lukács, Lukáccsal."""
_GERMAN_ADJECTIVE = "en er es em"

_ATTACHED = "а у ом ем е ы и ов ам ами ах ой ою і ові ів ю я єм ем ї ът та то те ове ям ями ях"
_CYRILLIC_ENDS = {
    "а": "ы и е у ой ою о ам ами ах і",
    "я": "и е ю ей ею й ї і єю ям ями ях",
    "й": "я ю ем е и єм ї еві єві ев",
    "ь": "я ю ем е и ью і єм ей ям ями ях",
    "о": "а у ом е и і ам ами ах",
    "е": "а у ем и я ю",
}
_FLEETING = (("ок", "к"), ("ек", "к"), ("ек", "ьк"), ("ец", "ц"), ("ец", "ьц"))
_ADJECTIVES = ("ый", "ий", "ой", "ая", "яя", "ое", "ее")
_ADJECTIVE = "ый ий ой ая яя ое ее ого его ому ему ым им ом ем ей ую юю ые ие ых их ыми ими"
_GREEK_ENDS = {"ος": "ου ο ε οι ων ους", "ας": "α ες ων", "ης": "η ες ων", "α": "ας ες ων", "η": "ης ες", "ο": "ου α"}


_PREFIXES = {
    _ARABIC: ("ال", "و", "ب", "ل", "ف", "ك", "س", "وال", "بال", "لل", "فال", "كال", "ول", "وب"),
    _HEBREW: ("ה", "ו", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "מה", "שה", "שב"),
}


class Where(StrEnum):
    """Which words of a name take an ending."""

    LAST = "the last one"
    WITHIN = "any but the last one"
    ANYWHERE = "every one"


class Ending(NamedTuple):
    """A rule: a word ends in `said` where the name ends in `tail`. kept: letters that both begin with.

    is_for: tells of a name that ends in `tail` whether the rule holds for it. languages: in which it does.
    """

    said: str
    tail: str
    languages: Languages
    where: Where
    is_for: Callable[[str], bool]
    kept: int


def names_behind(word: str, languages: Languages) -> Iterator[tuple[str, Ending]]:
    """Yield the plain names that a plain word may be a form of, with the rule, whether or not anyone is so called.

    languages: that the text may be in.
    """
    length, rules = len(word), _rules_of(languages)
    for cut in range(max(1, length - _LONGEST), length):
        for ending in rules.get(word[cut:], ()):
            name = word[:cut] + ending.tail
            if cut + ending.kept >= MIN_STEM and name != word and ending.is_for(name):
                yield name, ending


def without_prefix(key: str) -> Iterator[str]:
    """Yield what is left of an Arabic or Hebrew word without the article, prepositions or "and" glued to it."""
    for script, prefixes in _PREFIXES.items():
        if _is_of(key[:1], script):
            yield from (key[len(p) :] for p in prefixes if key.startswith(p) and len(key) - len(p) >= MIN_STEM)


def _rules() -> Iterator[Ending]:
    yield _rule("s", "", ANY, is_for=lambda name: _is_latin(name) and not name.endswith(_HISSING))
    yield _rule("es", "", ANY, is_for=lambda name: name.endswith(_HISSING))
    for language, said in _PLAIN.items():
        for one in said.split():
            yield _rule(one, "", _together(language), is_for=_is_latin)
    for tail, by_language in _REPLACED.items():
        for language, said in by_language.items():
            yield from (_rule(one, tail, _together(language)) for one in said.split())
    yield from _finnish()
    for consonant in _HUNGARIAN.split():
        doubled = consonant[0] + consonant
        yield from (_rule(doubled + end, consonant, frozenset(("hu",))) for end in ("al", "el", "a", "e"))
    for said in _GERMAN_ADJECTIVE.split():
        yield _rule(said, "e", frozenset(("de",)), Where.WITHIN)
    yield from _cyrillic()
    for tail, said in _GREEK_ENDS.items():
        yield from (_rule(one, tail, ANY) for one in said.split())


def _finnish() -> Iterator[Ending]:
    for language, (doubles, endings) in _GRADES.items():
        for double in doubles:
            for vowel in _VOWELS:
                for end in endings.split():
                    yield _rule(double[0] + vowel + end, double + vowel, frozenset((language,)))


def _cyrillic() -> Iterator[Ending]:
    for one in _ATTACHED.split():
        yield _rule(one, "", ANY, Where.ANYWHERE, _takes_cyrillic)
    for tail in _ADJECTIVES:
        yield from (_rule(one, tail, ANY, Where.ANYWHERE) for one in _ADJECTIVE.split())
    for tail, said in (*_CYRILLIC_ENDS.items(), ("ка", "ці"), ("га", "зі")):
        yield from (_rule(one, tail, ANY, Where.ANYWHERE) for one in said.split())
    for tail, left in _FLEETING:
        yield from (_rule(left + one, tail, ANY, Where.ANYWHERE) for one in ("а", "у", "ом", "ем", "е"))


def _rule(
    said: str,
    tail: str,
    languages: Languages,
    where: Where | None = None,
    is_for: Callable[[str], bool] = lambda _: True,
) -> Ending:
    said, tail = bare(said).casefold(), bare(tail).casefold()
    place = where or (Where.ANYWHERE if languages and languages <= _WITHIN else Where.LAST)
    return Ending(said, tail, languages, place, is_for, _common(said, tail))


def _together(language: str) -> Languages:
    return frozenset(_SAME.get(language, (language,)))


def _is_latin(name: str) -> bool:
    return "a" <= name[-1:] <= "z"


def _takes_cyrillic(name: str) -> bool:
    return _is_of(name[-1], _CYRILLIC) and name[-1] not in _CYRILLIC_ENDS and name[-1] not in "иіуыэюєї"


def _is_of(letter: str, script: tuple[str, str]) -> bool:
    return script[0] <= letter <= script[1]


def _common(one: str, two: str) -> int:
    """Return how many letters two texts begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def _by_said() -> dict[str, tuple[Ending, ...]]:
    """Return the rules by what a word ends in; those that differ by language only as one."""
    made: dict[str, dict[object, Ending]] = {}
    for rule in _rules():
        alike = made.setdefault(rule.said, {})
        key = (rule.tail, rule.where, rule.is_for, rule.languages == ANY)
        known = alike.get(key)
        alike[key] = rule._replace(languages=rule.languages | known.languages) if known else rule
    return {said: tuple(rules.values()) for said, rules in made.items()}


@lru_cache(maxsize=256)
def _rules_of(languages: Languages) -> dict[str, tuple[Ending, ...]]:
    """Return the rules that hold in any of some languages, by what a word ends in."""
    held = {
        said: tuple(rule for rule in rules if not (rule.languages and rule.languages.isdisjoint(languages)))
        for said, rules in _BY_SAID.items()
    }
    return {said: rules for said, rules in held.items() if rules}


_BY_SAID = _by_said()
_LONGEST = max(map(len, _BY_SAID))
INFLECTING: Languages = frozenset().union(*(rule.languages for rules in _BY_SAID.values() for rule in rules))
"""Languages written in Latin letters that inflect names."""
