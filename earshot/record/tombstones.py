"""Tombstones: what was erased is known by digest only, so that it does not come back. Knows no way to erase."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from earshot.errors import SourceError
from earshot.identity import digest, document_id
from earshot.ports import DocumentKey
from earshot.record.session import WriteSession, add_new, chunks
from earshot.record.tables import tombstone
from earshot.urls import canonical_url

_ANY = select(tombstone.c.digest).limit(1)


def folded_author(author: str) -> str:
    """Return the form under which two spellings are one author: NFKC, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", author).casefold().split())


def url_forms(url: str) -> set[str]:
    """Return `url` as given and in its canonical form; a fragment names a part of a page, never the page."""
    try:
        return {url, canonical_url(url, keep_fragment=True)}
    except SourceError:
        return {url}


def add(db: Connection, kind: str, values: Iterable[str], now: datetime) -> None:
    """Set tombstones against these values. Twice is once."""
    rows = [{"digest": digest("tombstone", kind, value), "kind": kind, "at": now} for value in sorted(set(values))]
    add_new(db, tombstone, rows)


def standing(db: Connection, named: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of `named` (kind, value) against which a tombstone stands."""
    digests = {digest("tombstone", kind, value): (kind, value) for kind, value in named}
    found: set[tuple[str, str]] = set()
    for part in chunks(list(digests)):
        rows = db.execute(select(tombstone.c.digest).where(tombstone.c.digest.in_(part)))
        found |= {digests[row.digest] for row in rows}
    return found


def erased_urls(db: Connection, urls: Sequence[str]) -> set[str]:
    """Return those of `urls` that were erased."""
    return {value for _, value in standing(db, [("url", url) for url in urls])}


class TombstoneWrites(WriteSession):
    """What the ingest transaction asks before it inserts."""

    def is_erased(self, keys: Sequence[DocumentKey], author: str, site: str) -> bool:  # noqa: ARG002
        """Tell whether a tombstone stands against one of the keys or the author.

        An author is erased on every site: who asked to be forgotten did not ask for one site only.
        """
        if self.has_tombstones is None:  # nobody writes beside us, so once a transaction is enough
            self.has_tombstones = self.db.execute(_ANY).first() is not None
        if not self.has_tombstones:
            return False
        named = [(key.kind, key.value) for key in keys]
        named += [("document", document_id(key.value)) for key in keys if key.kind == "url"]
        if folded_author(author):
            named.append(("author", folded_author(author)))
        return bool(standing(self.db, named))
