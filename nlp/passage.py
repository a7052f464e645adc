"""What is read of a document: its title and the parts of its text near the brands. Knows no language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.model import Entry, Recognised

WHOLE = 1_600
"""Code points of text that are read whole; of longer texts only what is near a brand, and the beginning."""
AROUND = 280
HEAD = 300
MOST = 4_000
"""Code points of text that are read at most, some 650 words: 6 to 9 ms for five brands, measured on two busy cores."""
MOST_TITLE = 500
_JOINT = "\n\n"
_RUN = re.compile(r"[^\w\s]{12,}")
_KEPT_SIGNS = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of `part` that begins at its code point `source` and lies at `at` in the passage."""

    part: str
    source: int
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What is judged, as one text, and the way back. is_whole: nothing of the document was left out."""

    text: str
    pieces: tuple[Piece, ...]
    is_whole: bool

    def inside(self, part: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where a span of the document lies in the passage, or None where it was not read."""
        for piece in self.pieces:
            if piece.part == part and piece.source <= start < end <= piece.source + len(piece.text):
                return start - piece.source + piece.at, end - piece.source + piece.at
        return None

    def outside(self, start: int, end: int) -> tuple[str, int, int]:
        """Return part, start and end in the document of a span of the passage that lies in one piece."""
        piece = next(p for p in reversed(self.pieces) if p.at <= start)
        shift = piece.source - piece.at
        return piece.part, start + shift, min(end, piece.at + len(piece.text)) + shift


def make_passage(entry: Entry, heard: Sequence[Recognised]) -> Passage:
    """Return what is to be judged of an entry: all of a short one, of a long one what is near the brands."""
    title = entry.title[:MOST_TITLE]
    stretches = [("title", 0, len(title))] if title else []
    windows = _windows(entry.text, heard)
    stretches += [("text", start, end) for start, end in windows]
    pieces, at = [], 0
    for part, start, end in stretches:
        text = _RUN.sub(_thinned, (title if part == "title" else entry.text)[start:end])
        pieces.append(Piece(part, start, at, text))
        at += len(text) + len(_JOINT)
    read = sum(end - start for start, end in windows)
    return Passage(_JOINT.join(p.text for p in pieces), tuple(pieces), read == len(entry.text))


def _thinned(run: re.Match[str]) -> str:
    """Return a long run of signs as its first few and spaces: spaCy's tokenizer takes 0.6 s for 1,600 equal signs."""
    return run.group()[:_KEPT_SIGNS].ljust(len(run.group()))


def _windows(text: str, heard: Sequence[Recognised]) -> list[tuple[int, int]]:
    """Return the stretches of the text to read, in order, apart from one another."""
    if len(text) <= WHOLE:
        return [(0, len(text))] if text else []
    wanted = [(0, HEAD)]
    spans = [[s for s in one.spans if s.part == "text" and s.end <= len(text)] for one in heard]
    budget = MOST - HEAD
    for turn in range(max(map(len, spans), default=0)):
        for own in spans:
            if turn < len(own) and not _covered(own[turn].start, own[turn].end, wanted):
                window = (max(0, own[turn].start - AROUND), min(len(text), own[turn].end + AROUND))
                if (budget := budget - (window[1] - window[0])) < 0:
                    return _merged(text, wanted)
                wanted.append(window)
    if len(wanted) == 1:
        wanted = [(0, WHOLE)]
    return _merged(text, wanted)


def _covered(start: int, end: int, windows: list[tuple[int, int]]) -> bool:
    """Tell whether a span lies in a window already, with room after it for what is said."""
    return any(low <= start and end + AROUND // 2 <= high for low, high in windows)


def _merged(text: str, windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        start, end = _widened(text, start, -1), _widened(text, end, 1)
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _widened(text: str, at: int, step: int) -> int:
    """Return the next place at or beyond `at`, at most 60 code points away, where no word is cut."""
    for _ in range(60):
        if at <= 0 or at >= len(text) or text[at - 1].isspace():
            break
        at += step
    return min(max(at, 0), len(text))
