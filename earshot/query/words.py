"""The one tokeniser: which words a text holds, and where. Knows no query and no engine.

A word is a run of letters, digits and the marks that belong to them; Han, kana and Hangul make one word a
character, so that a term in them is a phrase. Words are found in the text as it is and normalised one by one: NFKC
of a whole text would join the trade mark sign to its brand. Measured: an ASCII run is cut out by one regular
expression and needs only `lower`; anything else is looked up in a memo. 0.2 ms for 500 words, 1.2 ms for 3,000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize

from earshot.query import characters

ANALYSIS = 2
"""Raised by hand when a text becomes other words than before: every index is then asked to be built anew."""

MAX_WORD = 200
"""Longest word in UTF-16 units; the rest of it is not looked at. White-space tokenisers of engines split at 255."""

_CHUNK = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")
# By the kinds of earshot.query.characters: a word, a syllable in jamo or composed, any other single-character word.
_PIECE = re.compile("[wx](?:[wxmj]|z+(?=[wmj]))*|(?:l+v*|sv*|v+)t*[mj]*|t+[mj]*|c[mj]*")
# Of these kinds each character is a piece, where nothing that belongs to it follows: so are texts without spaces.
_RUN = "((?:c(?![mj])|s(?![vtmj]))+)"
_RUN_OR_PIECE = re.compile(f"{_RUN}|{_PIECE.pattern}")
_MEMO_KEY = 64
_MEMO_SIZE = 100_000
_KEPT_LENGTH = 10_000  # longer texts are not remembered: 256 of these are some 60 MB at the most
_MAX_PIECE = 2 * MAX_WORD  # 20,000 marks stacked on one letter are real spam: never normalised whole


class Word(NamedTuple):
    """Code points `start` to `end` (excluded) of the text; `text` folded, `cased` with its case kept.

    Several words may share one span: the sign for one half is the words 1 and 2.
    """

    start: int
    end: int
    text: str
    cased: str


_memo: dict[str, tuple[Word, ...]] = {}


def find_words(text: str) -> list[Word]:
    """Return the words of `text` in order.

    The newest few texts are remembered: ingest asks five times for one text, and many pages show the same mentions.
    """
    return list(_find_words(text) if len(text) <= _KEPT_LENGTH else _cut(text))


@lru_cache(maxsize=256)
def _find_words(text: str) -> tuple[Word, ...]:
    return tuple(_cut(text))


def _cut(text: str) -> list[Word]:
    words: list[Word] = []
    add = words.append
    for match in _CHUNK.finditer(text):
        chunk = match[0]
        start = match.start()
        if chunk.isascii():
            if len(chunk) > MAX_WORD:
                add(Word(start, match.end(), chunk[:MAX_WORD].lower(), chunk[:MAX_WORD]))
            else:
                add(Word(start, match.end(), chunk.lower(), chunk))
        elif len(chunk) > _MEMO_KEY:
            words += _read_chunk(chunk, start)
        else:
            words += [Word(start + w.start, start + w.end, w.text, w.cased) for w in _chunk_words(chunk)]
    return words


def joined_words(text: str) -> str:
    """Return the folded words of `text` joined by single spaces, as the engines are given them."""
    if text.isascii():
        return joined_cased(text).lower()
    words: list[str] = []
    for chunk in _CHUNK.findall(text):  # without a Word for each, since nobody asks where they are
        if chunk.isascii():
            words.append(chunk[:MAX_WORD].lower())
        elif len(chunk) > _MEMO_KEY:
            words += _chunk_texts(chunk, 0)
        else:
            words += [word.text for word in _chunk_words(chunk)]
    return " ".join(words)


def joined_cased(text: str) -> str:
    """Return the words of `text` with their case, joined by single spaces; word for word beside `joined_words`."""
    if text.isascii():
        return " ".join([chunk[:MAX_WORD] for chunk in _CHUNK.findall(text)])
    words: list[str] = []
    for chunk in _CHUNK.findall(text):
        if chunk.isascii():
            words.append(chunk[:MAX_WORD])
        elif len(chunk) > _MEMO_KEY:
            words += _chunk_texts(chunk, 1)
        else:
            words += [word.cased for word in _chunk_words(chunk)]
    return " ".join(words)


def fold(text: str) -> str:
    """Return `text` without case and width: NFKC, case folded, NFKC again, what has no meaning dropped. Idempotent.

    The Turkish i without a dot is i: in capitals nobody can tell the two apart.

    Source: Unicode 14, D146 (NFKC after folding is stable where folding after NFKC is not, for 26 code points).
    """
    plain = normalize("NFKC", text.translate(characters.DROPPED))
    # The Turkish capital dotted i folds to i and a dot above; the dot is dropped, so that it is found by "i".
    return normalize("NFKC", plain.casefold().replace("i\u0307", "i").replace("ı", "i"))


def _chunk_words(chunk: str) -> tuple[Word, ...]:
    """Return the words of a short run without ASCII separators, with spans within it."""
    known = _memo.get(chunk)
    if known is None:
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        known = _memo[chunk] = tuple(_read_chunk(chunk, 0))
    return known


def _read_chunk(chunk: str, offset: int) -> Iterator[Word]:
    """Yield the words of a run, with spans that begin at `offset`."""
    for match in _RUN_OR_PIECE.finditer(characters.kinds(chunk)):
        start, end = match.span()
        if match[1]:
            run = enumerate(chunk[start:end], offset + start)
            yield from [_new(Word, (at, at + 1, *pair)) for at, char in run for pair in _singles[char]]
        else:
            for text, cased in _words_of(chunk[start : min(end, start + _MAX_PIECE)]):
                yield Word(offset + start, offset + end, text, cased)


def _chunk_texts(chunk: str, which: int) -> Iterator[str]:
    """Yield the words of a run, folded (0) or cased (1), where nobody asks for their places."""
    for match in _RUN_OR_PIECE.finditer(characters.kinds(chunk)):
        start, end = match.span()
        if match[1]:
            yield from [pair[which] for char in chunk[start:end] for pair in _singles[char]]
        else:
            yield from [pair[which] for pair in _words_of(chunk[start : min(end, start + _MAX_PIECE)])]


def _words_of(piece: str) -> tuple[tuple[str, str], ...]:
    return _piece_words(piece) if len(piece) > 1 else _singles[piece]


_new = tuple.__new__
"""Makes a Word in half the time."""


class _Singles(dict[str, tuple[tuple[str, str], ...]]):
    """The words of single characters; there are only so many of them, so all are kept."""

    def __missing__(self, char: str) -> tuple[tuple[str, str], ...]:
        known = self[char] = _piece_words(char)
        return known


_singles = _Singles()


def _piece_words(piece: str) -> tuple[tuple[str, str], ...]:
    """Return (folded, cased) of the words that a piece of text becomes; most become one."""
    plain = normalize("NFKC", piece.translate(characters.DROPPED))
    return tuple((_cap(text), _cap(cased)) for cased in _split(plain) for text in _split(fold(cased)))


def _split(text: str) -> list[str]:
    return [text[slice(*match.span())] for match in _PIECE.finditer(characters.kinds(text))]


def _cap(text: str) -> str:
    """Cut a word to MAX_WORD UTF-16 units."""
    if len(text) <= MAX_WORD // 2:
        return text
    return text.encode("utf-16-le")[: 2 * MAX_WORD].decode("utf-16-le", "ignore")


# --- tags and handles ----------------------------------------------------------------------------------


class Marked(NamedTuple):
    """A tag or handle: code points `start` to `end` with its sign, `text` folded, without it."""

    start: int
    end: int
    text: str


_TAG = re.compile("[#\uff03]([0-9A-Za-z_\x80-\U0010ffff]+)")
# An address of the web (page#part), an entity (&#8217;) and an e-mail address are not tags or handles.
_BEFORE_TAG = re.compile(r"[\w/&=#\uff03@\uff20]")
_HANDLE = re.compile(r"(?<![\w.@/&=-])[@\uff20](\w(?:[\w.-]*\w)?)(@\w(?:[\w.-]*\w)?)?")


def hashtags(text: str) -> list[str]:
    """Return the hashtags of `text`, folded, without sign, in order, with repetitions."""
    return [tag.text for tag in find_tags(text)]


def handles(text: str) -> list[str]:
    """Return the handles of `text`, folded, without sign; `@ada@example.org` gives both `ada` and the whole."""
    return [handle.text for handle in find_handles(text)]


def find_tags(text: str) -> list[Marked]:
    """Return the hashtags of `text` with their places."""
    if "#" not in text and "\uff03" not in text:
        return []
    found = []
    for match in _TAG.finditer(text):
        start = match.start()
        body = _tag_body(match[1])
        if body and not (start and _BEFORE_TAG.match(text[start - 1])):
            found.append(Marked(start, start + 1 + len(body), _mark(body)))
    return [tag for tag in found if tag.text]


def find_handles(text: str) -> list[Marked]:
    """Return the handles of `text` with their places."""
    if "@" not in text and "\uff20" not in text:
        return []
    found = []
    for match in _HANDLE.finditer(text):
        found.append(Marked(match.start(), match.end(1), _mark(match[1])))
        if match[2]:
            found.append(Marked(match.start(), match.end(), _mark(match[1] + match[2])))
    return [handle for handle in found if handle.text]


def folded_tags(*texts: str) -> list[str]:
    """Return the distinct hashtags of several texts, sorted."""
    return sorted({tag for text in texts for tag in hashtags(text)})


def folded_handles(*texts: str) -> list[str]:
    """Return the distinct handles of several texts, sorted."""
    return sorted({handle for text in texts for handle in handles(text)})


def _tag_body(run: str) -> str:
    """Return the part of a run up to its first character that is neither letter, digit, mark nor low line."""
    for index, kind in enumerate(characters.kinds(run)):
        if kind == " " and run[index] != "_":
            run = run[:index]
            break
    return run if any(kind not in " mjz" for kind in characters.kinds(run)) else ""


def _mark(body: str) -> str:
    """Return a tag or handle folded; "" where folding makes several words of it, or it is too long to be one."""
    folded = fold(body[:MAX_WORD])
    return "" if any(category(char)[0] in "ZC" for char in folded) else folded
