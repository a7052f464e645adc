"""The parts of a text around what was found, cut into pieces to be marked. Knows no HTML and no query.

All offsets are code points of the text as stored, as spans are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earshot.model import Span

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is a hit as a whole, or none."""

    text: str
    is_hit: bool = False


def marked(text: str, spans: Iterable[Span], part: str = "text") -> tuple[Piece, ...]:
    """Return the whole text as pieces: joined together they are the text. Spans of other parts are left aside."""
    return _pieces(text, _ranges(text, spans, part), 0, len(text))


def snippet(text: str, spans: Iterable[Span], part: str = "text", width: int = 240) -> tuple[Piece, ...]:
    """Return about `width` code points of the text where most hits stand, or its beginning where there is none.

    Cuts stand at white space where there is some within 24 code points, never inside a hit (a hit longer than
    `width` is there whole), and are shown by an ellipsis. White space is as in the text.
    """
    if len(text) <= width:
        return marked(text, spans, part)
    ranges = _ranges(text, spans, part)
    start, end = _window(ranges, len(text), width)
    start, end = _at_space(text, start, end, ranges)
    before = (Piece(ELLIPSIS),) if start else ()
    behind = (Piece(ELLIPSIS),) if end < len(text) else ()
    return before + _pieces(text, ranges, start, end) + behind


def _ranges(text: str, spans: Iterable[Span], part: str) -> list[tuple[int, int]]:
    """Return the part's spans in order, those that touch or overlap merged, clamped to the text."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, s.start), min(s.end, len(text))) for s in spans if s.part == part):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(ranges: Sequence[tuple[int, int]], length: int, width: int) -> tuple[int, int]:
    """Return where the most hits stand within `width`; the earliest of equal places, with the hits in its middle."""
    if not ranges:
        return 0, width
    ends = [end for _, end in ranges]
    best, most = 0, 0
    for first, (start, _) in enumerate(ranges):
        held = max(1, bisect_left(ends, start + width + 1) - first)
        if held > most:
            best, most = first, held
    low, high = ranges[best][0], ranges[best + most - 1][1]
    start = max(0, min(low - max(0, width - (high - low)) // 2, length - width))
    return min(start, low), max(start + width, high)


def _at_space(text: str, start: int, end: int, ranges: Sequence[tuple[int, int]], reach: int = 24) -> tuple[int, int]:
    for low, high in ranges:
        if low < start < high:
            start = low
        if low < end < high:
            end = low
    held = [(low, high) for low, high in ranges if low >= start and high <= end]
    latest, earliest = (held[0][0], held[-1][1]) if held else (end, start)
    if start:
        start = next((i for i in range(start, min(start + reach, latest)) if text[i - 1].isspace()), start)
    if end < len(text):
        end = next((i for i in range(end, max(end - reach, earliest), -1) if text[i].isspace()), end)
    return start, end


def _pieces(text: str, ranges: Sequence[tuple[int, int]], start: int, end: int) -> tuple[Piece, ...]:
    pieces, at = [], start
    for low, high in ranges:
        if low < start or high > end:
            continue
        pieces += [Piece(text[at:low]), Piece(text[low:high], is_hit=True)]
        at = high
    pieces.append(Piece(text[at:end]))
    return tuple(piece for piece in pieces if piece.text)
