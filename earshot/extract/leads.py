"""The lead above an article's text, which readers of articles take for something around it. Knows no article.

A paragraph of the page is its lead if the page describes itself with it (meta description, og:description, JSON-LD).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from earshot.extract import clean

_FEWEST = 40
"""Letters below which a description is a slogan, or one that many texts may hold."""
_BEGINNING = 60
"""Letters of a description which tell that the text holds it."""
_STARTS = 12
"""Signs with which an element begins that may hold it."""
_LONGEST = 2_000
_CUT = 140
"""Characters from which on a description may be cut off: engines cut at 140 to 300."""
_LONGER, _LONGER_THAN_CUT = 1.3, 3.0
"""So many times as long as the description the lead may be, and where the description may be cut off."""

_HOLDERS = ("p", "div", "h2", "h3", "h4", "span", "strong", "b", "em", "i", "section", "header")
_AROUND = frozenset({"a", "aside", "blockquote", "button", "figcaption", "footer", "li", "nav", "noscript"})
_ELLIPSIS = re.compile(r"(?:…|\.\.\.|\[…\])\W*$")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Wanted:
    said: str
    letters: str
    longest: float


def with_lead(text: str, root: etree._Element, descriptions: Iterable[str]) -> str:
    """Return an article's text with its lead before it, where the page shows one that the text does not hold.

    Args:
        text: of the article, without its title.
        root: of its page.
        descriptions: what the page says of itself.
    """
    wanted = list(_wanted(text, descriptions)) if text else []
    lead = next(_shown(root, wanted), "") if wanted else ""
    return f"{lead}\n{text}" if lead else text


def _wanted(text: str, descriptions: Iterable[str]) -> Iterator[_Wanted]:
    """Yield the descriptions that the text does not hold."""
    there = ""
    for said in dict.fromkeys(clean.clean_line(one, _LONGEST) for one in descriptions):
        letters = _letters(said)
        if len(letters) < _FEWEST or said[:_BEGINNING] in text:
            continue
        there = there or _letters(text)
        if letters[:_BEGINNING] not in there:
            may_be_cut = len(said) >= _CUT or _ELLIPSIS.search(said) is not None
            yield _Wanted(said, letters, len(letters) * (_LONGER_THAN_CUT if may_be_cut else _LONGER))


def _shown(root: etree._Element, wanted: list[_Wanted]) -> Iterator[str]:
    """Yield the page's paragraphs that are one of the descriptions."""
    for element in root.iter(*_HOLDERS):
        start = (element.text or "").strip()[:_STARTS]
        for one in wanted if len(start) > 3 else ():
            if one.said.startswith(start) and (lead := _around(element, one)):
                yield lead


def _around(element: etree._Element, wanted: _Wanted) -> str:
    """Return the text of the smallest element from this one outwards that holds the description, if it holds no more.

    A lead may begin with a word in bold: then it is not the innermost element.
    """
    one: etree._Element | None = element
    while one is not None:
        said = clean.clean_line("".join(one.itertext()), clean.MAX_TEXT)
        letters = _letters(said)
        if not letters or len(letters) > wanted.longest:
            return ""
        if letters.startswith(wanted.letters):
            is_around = one.tag in _AROUND or next(one.iterancestors(*_AROUND), None) is not None
            return "" if is_around else said
        if not wanted.letters.startswith(letters):
            return ""
        one = one.getparent()
    return ""


def _letters(text: str) -> str:
    return _SIGNS.sub("", text.lower())
