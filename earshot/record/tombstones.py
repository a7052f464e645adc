"""Tombstones: what was erased is known by digest only, so that it does not come back. Knows no way to erase.

Names of people are few and can be guessed, so theirs are keyed with the workspace's secret: who has the database alone
cannot ask it who was forgotten. A record opened with another secret would let the forgotten come back, and is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, select

from earshot.errors import ConfigError, SourceError
from earshot.identity import digest, document_id
from earshot.ports import DocumentKey
from earshot.record.session import WriteSession, add_new, chunks
from earshot.record.tables import tombstone
from earshot.urls import canonical_url, other_scheme

_ANY = select(tombstone.c.digest).limit(1)
_WITNESS = digest("tombstone", "witness")
"""Digest of the row whose kind tells one secret from another."""


def folded_author(author: str) -> str:
    """Return the form under which two spellings are one author: NFKC, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", author).casefold().split())


def url_forms(url: str) -> set[str]:
    """Return `url` as given and in its canonical form, both under http and https; a fragment names a part of a page."""
    forms = {url}
    with suppress(SourceError):
        forms.add(canonical_url(url, keep_fragment=True))
    return forms | {other for form in forms if (other := other_scheme(form))}


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


def add_author(session: WriteSession, author: str, now: datetime) -> None:
    """Set a tombstone against an author, in whatever case the name is written. Twice is once.

    Raises:
        ConfigError: authors were erased under another secret.
    """
    check_secret(session)
    rows = [
        {"digest": _keyed(session.secret(), "author", folded_author(author)), "kind": "author", "at": now},
        {"digest": _WITNESS, "kind": _keyed(session.secret(), "witness"), "at": now},
    ]
    add_new(session.db, tombstone, rows)


def is_author_erased(session: WriteSession, author: str) -> bool:
    """Tell whether a tombstone stands against an author; one set by an earlier version, without a secret, too."""
    name = folded_author(author)
    if not name:
        return False
    known = tombstone.c.digest.in_(author_digests(session, name))
    return session.db.execute(select(tombstone.c.digest).where(known)).first() is not None


def author_digests(session: WriteSession, folded: str) -> tuple[str, str]:
    """Return the digests that a tombstone against an author may have; the second was set by an earlier version."""
    return _keyed(session.secret(), "author", folded), digest("tombstone", "author", folded)


def check_secret(session: WriteSession) -> None:
    """Make sure that this is the secret under which authors were erased, if any were.

    Raises:
        ConfigError: it is another one.
    """
    known = session.db.execute(select(tombstone.c.kind).where(tombstone.c.digest == _WITNESS)).scalar()
    if known and known != _keyed(session.secret(), "witness"):
        raise ConfigError(
            "this is not the key under which authors were erased: they would come back",
            where=".secrets/pseudonyms.key",
            advice="bring the file back from your backup",
        )


def _keyed(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\0".join(("tombstone", *parts)).encode("utf-8"), hashlib.sha256).hexdigest()


class TombstoneWrites(WriteSession):
    """What the ingest transaction asks before it inserts."""

    def is_erased(self, keys: Sequence[DocumentKey], author: str, site: str) -> bool:  # noqa: ARG002
        """Tell whether a tombstone stands against one of the keys or the author.

        An author is erased on every site: who asked to be forgotten did not ask for one site only.

        Raises:
            ConfigError: authors were erased under another secret.
        """
        if self.has_tombstones is None:  # nobody erases beside us, so once a transaction is enough
            self.has_tombstones = self.db.execute(_ANY).first() is not None
            check_secret(self)
        if not self.has_tombstones:
            return False
        named = [(key.kind, key.value) for key in keys]
        named += [("document", document_id(key.value)) for key in keys if key.kind == "url"]
        return bool(standing(self.db, named)) or is_author_erased(self, author)
