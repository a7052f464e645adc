"""Which of an entry's texts is the whole one. Knows no feed parser.

The whole text is the longest that is prose. A picture's caption or "The post ... appeared first on ..." in the element
for the full text is not: the summary beside it is a beginning, and the page behind it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from earshot.extract.markup import Plain

PROSE = 200
"""From so many characters on a text in the element for the full one is taken for it, whatever its form."""

_ENOUGH = 10
_SENTENCE_END = re.compile(r"[.!?…。！？।؟]")
_FOOTER = 120
_NEARLY = 0.9
_SAME_START = 40
_SAME = 0.6
"""A summary that begins like the full text is that text with other markup, if it is not much longer."""


def choose(full: Sequence[Plain], short: Sequence[Plain], title: str) -> tuple[Plain, bool]:
    """Return an entry's text, and whether it may be taken for the whole one.

    Args:
        full: what stands in elements for the full text; short: in those for a summary.
        title: cleaned; a footer is known by it.
    """
    whole, summary = _longest(full), _longest(short)
    length, beside = len(without_footer(whole, title)), len(without_footer(summary, title))
    enough = beside * (_SAME if whole.text[:_SAME_START] == summary.text[:_SAME_START] else _NEARLY)
    if whole.text and length >= enough and (is_prose(whole) or not is_prose(summary)):
        return whole, is_prose(whole) and length > 0
    images, links = summary.images or whole.images, summary.links or whole.links
    return Plain(summary.text or whole.text, images, links), False


def without_footer(plain: Plain, title: str) -> str:
    """Return a text without a last line that programs add: with links, and within it the title of the entry."""
    start, _, last = plain.text.rpartition("\n")
    place = last.find(title) if title and plain.links else -1
    is_footer = place > 0 and len(last) - len(title) < _FOOTER and not _SENTENCE_END.search(last[:place])
    return start if is_footer else plain.text


def _longest(plains: Sequence[Plain]) -> Plain:
    return max(plains, key=lambda plain: len(plain.text), default=Plain(""))


def is_prose(plain: Plain) -> bool:
    """Tell sentences from a caption: what stands in a figure, or is a few words without an end."""
    said = plain.text
    if plain.is_caption:
        return False
    return len(said) >= PROSE or (len(said) >= _ENOUGH and bool(_SENTENCE_END.search(said)))
