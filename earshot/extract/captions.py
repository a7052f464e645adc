"""Captions of an article's pictures, beside its text. Knows no way of finding the article.

A caption belongs to the article if what is read just before or after it does: so those of related stories, galleries
in the margin and advertisements stay out. The credit of a photographer or agency alone is no caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from lxml import etree

from earshot.extract import clean
from earshot.extract.lengths import count_words

MAX_CAPTIONS = 40
MAX_CAPTION = 600
_NEAR = 3
"""So many pieces of text may stand between a caption and the article's own: a notice, a row of buttons."""
_PIECE = 20
"""Characters below which a piece of text proves nothing."""

_FEWEST = 3
"""Words: fewer are a name or a number under a picture."""

_CLASS = re.compile(r"(?:^|[\s_-])caption(?:$|[\s_-]|text)", re.IGNORECASE)
_CREDIT_CLASS = re.compile(r"credit|copyright|source|byline|photographer|rights", re.IGNORECASE)
_WORDS_OF_CREDIT = (
    r"(?:image|photo|picture|foto|bild|grafik|abbildung|fot|crédit|credit|quelle|source|fuente|fonte|bron|zdroj|źródło|"
    r"фото|источник|写真|照片|圖片)(?:s|graph(?:er|y|e)?)?\.?(?:\s+(?:credit|by|von|de|par))?"
)
_CREDIT = re.compile(
    rf"[\s(\[|–-]*(?:(?<!\w){_WORDS_OF_CREDIT}\s*[:：/|]|©|\(c\)).{{0,80}}$", re.IGNORECASE | re.DOTALL
)
"""What a caption ends with, or all of it: "(Photo: A. Smith)", "© Agency"."""
_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head", "button", "select", "nav", "footer"})


@dataclass(frozen=True, slots=True)
class _Caption:
    text: str


def captions_of(text: str, root: etree._Element) -> tuple[str, ...]:
    """Return the captions of an article's pictures in the page's order, each once and none that its text holds.

    Args:
        text: of the article, one newline between paragraphs.
        root: of its page.
    """
    if not text or not _may_have_captions(root):
        return ()
    pieces = list(_pieces(root))
    found: dict[str, None] = {}
    for place, piece in enumerate(pieces):
        if isinstance(piece, _Caption) and piece.text not in text and _is_beside(pieces, place, text):
            found.setdefault(piece.text)
            if len(found) == MAX_CAPTIONS:
                break
    return tuple(found)


def _may_have_captions(root: etree._Element) -> bool:
    return root.find(".//figcaption") is not None or bool(root.xpath("boolean(//@class[contains(., 'aption')])"))


def _is_beside(pieces: list[str | _Caption], place: int, text: str) -> bool:
    """Tell whether what is read just before or after a caption belongs to the article."""
    around = chain(_near(reversed(pieces[:place])), _near(pieces[place + 1 :]))
    return any(piece in text for piece in around)


def _near(pieces: Iterable[str | _Caption]) -> Iterator[str]:
    found = 0
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
            found += 1
            if found == _NEAR:
                return


def _pieces(root: etree._Element) -> Iterator[str | _Caption]:
    """Yield the page's longer texts in order, each on one line, and the captions among them."""
    skipped = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_edge = element.tag in _SKIPPED or _is_caption(element)
        is_start = event == "start"
        if is_edge:
            if is_start and not skipped and (caption := _caption(element)):
                yield caption
            skipped += 1 if is_start else -1
        said = element.text if is_start else element.tail
        if (
            said
            and not skipped
            and len(said) >= _PIECE
            and len(piece := clean.clean_line(said, clean.MAX_TEXT)) >= _PIECE
        ):
            yield piece


def _is_caption(element: etree._Element) -> bool:
    if element.tag == "figcaption":
        return True
    is_named = element.tag in ("p", "div", "span", "dd", "td") and _CLASS.search(element.get("class") or "") is not None
    return is_named and not _shows_picture(element) and any(map(_shows_picture, islice(element.iterancestors(), 2)))


def _shows_picture(element: etree._Element) -> bool:
    return next(element.iter("img", "picture", "video", "amp-img"), None) is not None


def _caption(element: etree._Element) -> _Caption | None:
    if not _is_caption(element):
        return None
    text = _CREDIT.sub("", clean.clean_line(" ".join(_own_texts(element)), MAX_CAPTION)).strip()
    linked = sum(count_words("".join(link.itertext())) for link in element.iter("a"))
    is_card = linked * 2 > count_words(text) or next(element.iterancestors("a"), None) is not None
    return None if is_card or count_words(text) < _FEWEST else _Caption(text)


def _own_texts(element: etree._Element) -> Iterator[str]:
    """Yield what a caption says, without who owns the picture."""
    skipped = 0
    for event, one in etree.iterwalk(element, events=("start", "end")):
        is_edge = one.tag in _SKIPPED or (
            one is not element and _CREDIT_CLASS.search(one.get("class") or "") is not None
        )
        is_start = event == "start"
        if is_edge:
            skipped += 1 if is_start else -1
        said = one.text if is_start else (one.tail if one is not element else None)
        if said and not skipped:
            yield said
