"""Text cut at the ends of its marks, so that a page can show overlapping evidence. Knows no template and no index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from earshot.model import Mention, Span


@dataclass(frozen=True, slots=True)
class Mark:
    """Code points start to end (excluded) of a part ("title" or "text"), and why they are marked."""

    part: str
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with one set of reasons, in order of the marks; without any it is plain."""

    text: str
    whys: tuple[str, ...] = ()


def cut(text: str, part: str, marks: Iterable[Mark]) -> list[Piece]:
    """Return the text in pieces; joined, they are the text again. Marks outside the text are cut to it or left out."""
    own = [
        (max(0, mark.start), min(len(text), mark.end), mark.why)
        for mark in marks
        if mark.part == part and mark.start < min(len(text), mark.end)
    ]
    edges = sorted({0, len(text), *(start for start, _, _ in own), *(end for _, end, _ in own)})
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        whys = tuple(dict.fromkeys(why for first, last, why in own if first <= start and end <= last))
        if pieces and pieces[-1].whys == whys:
            pieces[-1] = Piece(pieces[-1].text + text[start:end], whys)
        else:
            pieces.append(Piece(text[start:end], whys))
    return pieces


def marks_of(mention: Mention, found: Sequence[Span] = ()) -> list[Mark]:
    """Return the marks of a mention: its evidence, what fired its rules ("flag"), what a search found ("search")."""
    marks = [Mark(e.part, e.start, e.end, e.why) for e in mention.evidence]
    marks += [Mark(s.part, s.start, s.end, "flag") for flag in mention.flags for s in flag.spans]
    return marks + [Mark(s.part, s.start, s.end, "search") for s in found]
