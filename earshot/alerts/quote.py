"""The part of a text that a mail quotes, cut into pieces with the words that matter marked. Knows no markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from earshot.alerts.plain import one_line, paragraphs, shorten
from earshot.model import Flag, Mention, Span

BRAND, FIRED, EVIDENCE = "brand", "fired", "evidence"
_RANK = {"": 0, EVIDENCE: 1, BRAND: 2, FIRED: 3}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and why it is marked: "brand", "fired" (the rule's words), "evidence" (the verdict's), or ""."""

    text: str
    why: str = ""


def quote_text(mention: Mention, flag: Flag, most: int = 600) -> list[Piece]:
    """Return about `most` characters of the text around what fired, clean, in order; empty where there is no text."""
    marks = _marks(mention, flag, "text", len(mention.text))
    start, end = _window(mention.text, marks, most)
    pieces = _cut(mention.text, marks, start, end, paragraphs)
    if pieces and start > 0:
        pieces.insert(0, Piece("… "))
    if pieces and end < len(mention.text):
        pieces.append(Piece(" …"))
    return pieces


def quote_title(mention: Mention, flag: Flag, most: int = 200) -> list[Piece]:
    """Return the title as one line with its marks; the beginning of the text where there is no title."""
    if not mention.title.strip():
        return [Piece(one_line(shorten(mention.text.strip(), most)) or mention.site)]
    marks = _marks(mention, flag, "title", len(mention.title))
    return _cut(mention.title, marks, 0, min(len(mention.title), most), _keep_ends)


def _keep_ends(text: str) -> str:
    """Clean a piece of a line without losing the space that parts it from its neighbours."""
    clean = one_line(text)
    if not clean:
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return f"{before}{clean}{after}"


def _marks(mention: Mention, flag: Flag, part: str, length: int) -> list[tuple[int, int, str]]:
    """Return marked ranges of one part, as they come; they may overlap."""

    def inside(span: Span, why: str) -> tuple[int, int, str]:
        return max(0, span.start), min(length, span.end), why

    fired = [inside(span, FIRED) for span in flag.spans if span.part == part]
    words = [
        inside(Span(e.part, e.start, e.end), BRAND if e.why == "brand" else EVIDENCE)
        for e in mention.evidence
        if e.part == part
    ]
    return [mark for mark in (*words, *fired) if mark[0] < mark[1]]


def _window(text: str, marks: Sequence[tuple[int, int, str]], most: int) -> tuple[int, int]:
    """Return what to show: from the beginning if the first word that matters stands there, else around it."""
    if len(text) <= most:
        return 0, len(text)
    pointed = sorted(marks, key=lambda mark: (-_RANK[mark[2]], mark[0]))
    focus = pointed[0][0] if pointed else 0
    start = 0 if focus < most * 2 // 3 else focus - most // 3
    if start:
        space = text.find(" ", start, focus)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + most)
    if end < len(text):
        space = text.rfind(" ", max(start + most // 2, focus), end)
        end = space if space >= 0 else end
    return start, end


def _cut(
    text: str, marks: Sequence[tuple[int, int, str]], start: int, end: int, clean: Callable[[str], str]
) -> list[Piece]:
    """Cut text[start:end] at the marks' borders; where marks overlap the strongest reason counts."""
    borders = sorted({start, end, *(at for mark in marks for at in mark[:2] if start < at < end)})
    pieces: list[Piece] = []
    for left, right in pairwise(borders):
        reasons = [why for a, b, why in marks if a <= left and right <= b]
        why = max(reasons, key=_RANK.__getitem__, default="")
        if pieces and pieces[-1].why == why:
            pieces[-1] = Piece(pieces[-1].text + text[left:right], why)
        else:
            pieces.append(Piece(text[left:right], why))
    cleaned = [Piece(clean(piece.text), piece.why) for piece in pieces]
    return [piece for piece in cleaned if piece.text]
