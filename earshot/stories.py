"""When two documents tell the same thing: MinHash signatures, their bands, and how alike two of them are.

Knows only texts: which documents are compared, and which story they join, is the pipeline's affair. Everything here
is the same on every machine and in every process.

Texts are compared by shingles: two words in a row, or four where a word is a single character (Han, kana, Hangul),
since single characters and common words are shared by texts that have nothing else in common.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rensa import RMinHash

from earshot.query.words import joined_words

PERMUTATIONS = 128
BANDS = 32
ROWS = PERMUTATIONS // BANDS
_SEED = 42
_LAYOUT = struct.Struct(f"<{PERMUTATIONS}I")

LIKE = 0.6
"""From this likeness on two documents tell the same story. Source: notes on libraries, section I (measured there)."""

MIN_SHINGLES = 8
"""Shorter texts say too little to be compared."""

MIN_WORDS = 50
"""Shorter texts do not identify an article: notes such as "no comment" are written many times."""


def signature(title: str, text: str) -> bytes:
    """Return 128 little-endian 32-bit values, or b"" where title and text say too little to be compared."""
    shingles = set(_shingles(_words(title, text)))
    if len(shingles) < MIN_SHINGLES:
        return b""
    hashed = RMinHash(PERMUTATIONS, _SEED)
    hashed.update(list(shingles))  # in any order: each value is the least over all
    return _LAYOUT.pack(*hashed.digest())


def bands(signature: bytes) -> tuple[str, ...]:
    """Return 32 keys, none for an empty signature; documents that share one are candidates for one story.

    At a likeness of 0.6 all but 1 % of pairs share one, at 0.2 one pair in twenty does.
    """
    size = 4 * ROWS
    parts = (signature[start : start + size] for start in range(0, len(signature), size))
    return tuple(f"{number:02d}{hashlib.blake2b(part, digest_size=8).hexdigest()}" for number, part in enumerate(parts))


def likeness(a: bytes, b: bytes) -> float:
    """Return the estimated Jaccard likeness of two texts, 0..1 (standard error below 0.045); 0 for an empty one."""
    if not a or not b:
        return 0.0
    pairs = zip(_LAYOUT.unpack(a), _LAYOUT.unpack(b), strict=True)
    return float(sum(one == other for one, other in pairs) / PERMUTATIONS)


def content_hash(title: str, text: str) -> str:
    """Return 64 hex digits by which the same article under two addresses is known, "" below 50 words.

    The title counts: walls and error pages have the same text for very different articles.
    """
    words = _words(title, text)
    if len(words) < MIN_WORDS:
        return ""
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()


@lru_cache(maxsize=2)
def _words(title: str, text: str) -> tuple[str, ...]:
    """Return the words of both. Remembered for the next question about the same text: a long one has 100,000."""
    return (*joined_words(title).split(), *joined_words(text).split())


def _shingles(words: Sequence[str]) -> Iterator[str]:
    for at, word in enumerate(words):
        size = 4 if len(word) == 1 and ord(word) >= 0x1100 else 2
        if at + size <= len(words):
            yield " ".join(words[at : at + size])
