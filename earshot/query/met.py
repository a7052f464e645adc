"""The forms of a brand's names: which are heard, and which were met, how often. Knows no index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from earshot.model import Brand, Entry, Mention
from earshot.names.forms import Pattern
from earshot.names.shown import Form, shown_forms
from earshot.names.spelling import Between, Spelling
from earshot.query.recognise import BrandRecogniser, named_patterns

MOST_ASKED = 1000
"""Mentions that whoever shows forms should read: the newest, 0.3 s in all."""


@dataclass(frozen=True, slots=True)
class Met:
    """A form as it stands in texts. mentions: in how many it stands. example: the first of them that was given."""

    text: str
    mentions: int
    example: Mention


def met_forms(brand: Brand, mentions: Iterable[Mention]) -> list[Met]:
    """Return the forms that were met in a brand's mentions, the most frequent first; of a query, its words.

    mentions: newest first, so that examples are new. Those in which nothing is met any more count for nothing.
    """
    recogniser = BrandRecogniser([replace(brand, context_required=(), context_excluded=(), exclusions=())])
    found: dict[str, tuple[int, Mention]] = {}
    for mention in mentions:
        for text in _forms_in(recogniser, mention):
            count, example = found.get(text, (0, mention))
            found[text] = count + 1, example
    met = [Met(text, count, example) for text, (count, example) in found.items()]
    return sorted(met, key=lambda one: (-one.mentions, one.text))


def _forms_in(recogniser: BrandRecogniser, mention: Mention) -> set[str]:
    entry = Entry(
        url=mention.url,
        title=mention.title,
        text=mention.text,
        author=mention.author,
        published_at=mention.published_at,
        language=mention.language,
    )
    heard = recogniser.recognise(entry, mention.url, mention.source)
    texts = {"title": mention.title, "text": mention.text}
    return {" ".join(texts[s.part][s.start : s.end].split()) for one in heard for s in one.spans}


@dataclass(frozen=True, slots=True)
class NameForms:
    """How one of a brand's names is heard, with examples of its usual forms. note: how its signs are read, or ""."""

    name: str
    forms: tuple[Form, ...]
    note: str


def forms_of(brand: Brand) -> list[NameForms]:
    """Return the usual forms of each of a brand's names, each name once; none of a brand that is heard by its query.

    Raises:
        ConfigError: a name has no letter or digit.
    """
    if brand.query.strip():
        return []
    found: dict[str, NameForms] = {}
    for patterns in named_patterns(brand):
        one = _forms(patterns)
        found.setdefault(one.name, one)
    return list(found.values())


def small_letters(brand: Brand, met: Iterable[Met]) -> tuple[int, int]:
    """Return in how many places a brand written with a capital was met in small letters, and in how many at all."""
    told = [one for one in met if one.text[:1].isalpha()]
    small = sum(one.mentions for one in told if one.text.islower()) if brand.name != brand.name.lower() else 0
    return small, sum(one.mentions for one in told)


def _forms(patterns: list[Pattern]) -> NameForms:
    name = patterns[0].name
    return NameForms(name.text, tuple(shown_forms(patterns)), signs_in_words(name))


def signs_in_words(name: Spelling) -> str:
    """Say which signs of a name have to stand in a text; "" where none have to."""
    if not name.has_signs:
        return ""
    signs = [name.before, *(gap.written.strip() for gap in name.gaps if gap.kind is Between.SIGN), name.after]
    told = " and ".join(dict.fromkeys(sign for sign in signs if sign))
    return f"counts only with its {told}"
