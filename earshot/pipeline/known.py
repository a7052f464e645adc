"""What is known of a document is never replaced by something weaker, or by nothing: date, author, title, language.

Knows no record and no text: which text stays is decided elsewhere (`writing`).
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from earshot.model import DateFrom, Document
from earshot.ports import StoredDocument
from earshot.stated import is_day

_RANK = {DateFrom.FEED: 2, DateFrom.PAGE: 2, DateFrom.URL: 1, DateFrom.FOUND: 0}
_ONE_DAY = timedelta(hours=36)
"""Noon UTC of a stated day lies at most so far from any moment of that day, wherever on earth."""


def merged(new: Document, known: StoredDocument) -> Document:
    """Return a document with a new text under the known id, with all that is known better of it."""
    document = new if _is_better_date(new, known) else _with_known_date(new, known)
    return dataclasses.replace(
        document,
        id=known.id,
        published_at=min(document.published_at, known.found_at),
        title=new.title or known.title,
        author=new.author or known.author,
        language=new.language or known.language,
        parent=known.parent or new.parent,
    )


def improved(stored: Document, new: Document, known: StoredDocument) -> Document:
    """Return a stored document, whose text stays, with what another reading of it knows better."""
    document = stored
    if _is_stronger_date(new, known):
        document = dataclasses.replace(
            stored,
            published_at=min(new.published_at, known.found_at),
            published_from=new.published_from,
            published_as=new.published_as,
        )
    return dataclasses.replace(
        document,
        author=stored.author or new.author,
        language=stored.language or new.language,
        parent=stored.parent or new.parent,
    )


def is_improving(new: Document, known: StoredDocument) -> bool:
    """Tell whether `improved` would change anything."""
    missing = (not known.author and new.author, not known.language and new.language, not known.parent and new.parent)
    return any(missing) or _is_stronger_date(new, known)


def _is_better_date(new: Document, known: StoredDocument) -> bool:
    """A stronger word wins. Of two that are as strong the first stays, save that its own source may correct it."""
    if _is_stronger_date(new, known):
        return True
    is_own = new.source_id in (known.source_id, known.text_source)
    is_same_word = new.published_from is known.published_from and new.published_from is not DateFrom.FOUND
    is_vaguer = is_day(new.published_as) and not is_day(known.published_as) and _are_near(new, known)
    return is_same_word and is_own and not is_vaguer


def _is_stronger_date(new: Document, known: StoredDocument) -> bool:
    """Tell whether somebody who knows better has said when it was published; of one day a moment is the better word."""
    ranks = _RANK[new.published_from], _RANK[known.published_from]
    if ranks[0] != ranks[1]:
        return ranks[0] > ranks[1]
    is_exact = is_day(known.published_as) and bool(new.published_as) and not is_day(new.published_as)
    return is_exact and _are_near(new, known)


def _are_near(new: Document, known: StoredDocument) -> bool:
    return abs(new.published_at - known.published_at) < _ONE_DAY


def _with_known_date(new: Document, known: StoredDocument) -> Document:
    return dataclasses.replace(
        new,
        published_at=known.published_at,
        published_from=known.published_from,
        published_as=known.published_as,
    )
