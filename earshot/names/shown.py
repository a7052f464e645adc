"""The usual forms of a name as people are shown them: examples of each, all of which are heard. Knows no brand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earshot.names.finder import NameFinder
from earshot.names.forms import Pattern
from earshot.names.plain import bare, spelled
from earshot.names.spelling import APOSTROPHE_GAP, Between
from earshot.query.words import find_words


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a name. text: as it may stand in a text. why: what it is, in a few words."""

    text: str
    why: str


def shown_forms(patterns: Sequence[Pattern]) -> list[Form]:
    """Return examples of the forms of one name, each text once: as written first. `patterns`: all of its forms."""
    finder = NameFinder()
    for pattern in patterns:
        finder.add(pattern, 0)
    shown: dict[str, Form] = {}
    for form in _examples(patterns):
        if form.text not in shown and _is_heard(finder, form.text):
            shown[form.text] = form
    return list(shown.values())


def _is_heard(finder: NameFinder, text: str) -> bool:
    """Tell whether a name is heard in a text and reaches to its end, apart from a possessive s."""
    hits = finder.find(text, find_words(text), "").get(0, ())
    return any(end >= len(text) - 2 for _, _, end in hits)


def _examples(patterns: Sequence[Pattern]) -> Iterator[Form]:
    given = patterns[0]
    yield Form(given.name.text, "as written")
    if given.is_exact:
        return
    yield Form(_written(given, tuple(map(bare, given.cased))), "without accents")
    yield Form(_written(given, tuple(map(spelled, given.cased))), "umlauts spelled out")
    for sign, why in ((" ", "with a space"), ("-", "with a hyphen"), ("’", "with another apostrophe")):
        if any(gap.kind in (Between.OPEN, Between.APOSTROPHE) and gap.written for gap in given.gaps):
            yield Form(_written(given, gap=sign), why)
    for pattern in patterns[1:]:
        yield Form(("#" if pattern.in_marks else "") + _written(pattern), _why(pattern, given))
    yield Form(f"{_written(given)}'s", "possessive")
    for pattern in (p for p in patterns if p.takes_more and p.is_one_word):
        name = "".join(pattern.cased)
        yield Form(f"{name}s", "plural or genitive")
        yield Form(f"#{bare(name)}", "hashtag")
        yield Form(f"@{bare(name)}", "handle")
        yield Form(f"#Stop{bare(name)[:1].upper()}{bare(name)[1:]}", "in a longer hashtag")
        yield Form(f"#stop{bare(name).lower()}", "in a longer hashtag, small letters")


def _written(pattern: Pattern, words: Sequence[str] = (), gap: str = "") -> str:
    """Return a text of a pattern: with other spellings of its words, with something else between them."""
    said = [word or keys[0] for word, keys in zip(words or pattern.cased, pattern.words, strict=True)]
    between = [gap if gap and each.kind is not Between.SIGN and each.written else each.written for each in pattern.gaps]
    text = "".join(word + behind for word, behind in zip(said, [*between, ""], strict=True))
    return f"{pattern.before}{text}{pattern.after}"


def _why(pattern: Pattern, given: Pattern) -> str:
    if pattern.in_marks:
        return "hashtag"
    if APOSTROPHE_GAP in pattern.gaps:
        return "with an apostrophe"
    if len(pattern.words) < len(given.words):
        return "joined"
    if pattern.name.has_signs:
        return "sign as a word"
    if any(gap.kind is Between.SIGN for gap in pattern.gaps):
        return "word as a sign"
    return "with a space"
