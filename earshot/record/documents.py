"""Documents, their keys, and where they were found. Knows neither stories nor mentions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update

from earshot.identity import digest
from earshot.model import DateFrom, Document, TextIs
from earshot.ports import MAX_CHANGES, DocumentKey, FoundIn, StoredDocument
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.shapes import document_of
from earshot.record.tables import document, document_band, document_key, found_in, source
from earshot.record.tombstones import folded_author
from earshot.record.types import clean
from earshot.urls import other_scheme

Place = tuple[datetime, str]
"""Of a document among all: published_at and id."""

_STORED = (
    document.c.id, document.c.text_is, document.c.content_hash, document.c.revisions, document.c.story_id,
    document.c.judged_at, document.c.text_at, document.c.text_source, document.c.title, document.c.found_at,
    document.c.author, document.c.language, document.c.published_at, document.c.published_from,
    document.c.published_as, document.c.parent, document.c.source_id,
)  # fmt: skip
_BY_KEY = (
    select(document_key.c.digest, *_STORED)
    .join(document, document.c.id == document_key.c.document_id)
    .where(document_key.c.digest.in_(bindparam("digests", expanding=True)))
)
_BY_ID = select(document).where(document.c.id == bindparam("wanted"))
_INSERT, _INSERT_BANDS = insert(document), insert(document_band)
_CHANGE = update(document).where(document.c.id == bindparam("wanted"))
_NO_BANDS = delete(document_band).where(document_band.c.document_id == bindparam("wanted"))


class DocumentReads(Session):
    """What the record says of documents."""

    def document(self, document_id: str) -> Document | None:
        """Return a document, or None."""
        row = self.db.execute(_BY_ID, {"wanted": document_id}).first()
        return None if row is None else document_of(row)

    def document_at(self, url: str) -> str:
        """Return the id of the document that an address (canonical, under http or https) leads to, or ""."""
        forms = [form for form in (url, other_scheme(url)) if form]
        digests = [_digest(DocumentKey("url", form)) for form in forms]
        rows = {row.digest: row.id for row in self.db.execute(_BY_KEY, {"digests": digests})}
        return next((rows[each] for each in digests if each in rows), "")

    def documents(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        below: Place | None = None,
        limit: int = 50,
    ) -> list[Document]:
        """Return documents published in this time, newest first: by published_at, then id, both falling.

        `since` and `until` None mean no end. `below`: only what comes after this (published_at, id) in that order.
        """
        newest = document.c.published_at.desc(), document.c.id.desc()
        rows = self.db.execute(select(document).where(*_within(since, until, below)).order_by(*newest).limit(limit))
        return [document_of(row) for row in rows]

    def count_documents(
        self, since: datetime | None = None, until: datetime | None = None, *, below: Place | None = None
    ) -> int:
        """Return how many documents `documents` would return without a limit."""
        count = select(func.count()).select_from(document).where(*_within(since, until, below))
        return int(self.db.execute(count).scalar_one())

    def is_waiting(self, document_id: str) -> bool:
        """Tell whether a document is a teaser that waits for its page, to be judged then."""
        waits = document.c.judge_at.is_not(None) & document.c.judged_at.is_(None)
        return self.db.execute(select(1).where(document.c.id == document_id, waits)).first() is not None

    def found_in(self, document_id: str) -> list[FoundIn]:
        """Return where a document was found, first one first."""
        rows = self.db.execute(
            select(found_in, source.c.name)
            .join(source, source.c.id == found_in.c.source_id, isouter=True)
            .where(found_in.c.document_id == document_id)
            .order_by(found_in.c.found_at, found_in.c.source_id)
        )
        return [FoundIn(row.source_id, row.name or row.source_id, row.url, row.found_at) for row in rows]


class DocumentWrites(WriteSession):
    """What ingest writes of documents."""

    def find_document(self, keys: Sequence[DocumentKey]) -> StoredDocument | None:
        """Return the first document that one of the keys leads to, keys in order of trust."""
        digests = [_digest(key) for key in keys]
        rows = {row.digest: row for row in self.db.execute(_BY_KEY, {"digests": digests})} if digests else {}
        for each in digests:
            if each in rows:
                self.touched.add(rows[each].id)
                return _stored(rows[each])
        return None

    def find_documents(self, keys: Collection[DocumentKey]) -> dict[DocumentKey, StoredDocument]:
        """Return the documents that the keys lead to, by key; keys that lead nowhere are left out."""
        digests = {_digest(key): key for key in keys}
        found: dict[DocumentKey, StoredDocument] = {}
        for part in chunks(list(digests)):
            rows = self.db.execute(_BY_KEY, {"digests": part})
            found |= {digests[row.digest]: _stored(row) for row in rows}
        return found

    def put_document(
        self,
        document: Document,
        keys: Sequence[DocumentKey],
        content_hash: str,
        signature: bytes,
        bands: Sequence[str],
    ) -> bool:
        """Insert or change a document; True if it was new or its text changed. Keys that lead elsewhere stay there.

        Text is title, text, and whether it is the teaser. URL, site, source and time of finding stay those of
        the first finding; where a later text came from is noted beside them. Bands replace the document's bands.
        A document is changed at most 24 times, then its text is frozen.
        """
        self.touched.add(document.id)
        row = self.db.execute(_BY_ID, {"wanted": document.id}).first()
        came_from = {"text_at": document.found_at, "text_source": document.source_id}
        identified = {"content_hash": content_hash, "signature": signature} | came_from
        if row is None:
            self.db.execute(_INSERT, _first(document) | _text(document) | _details(document) | identified)
            is_changed = True
        else:
            is_changed = self._change_document(row, document, identified)
        if is_changed:
            self._put_bands(document.id, bands, is_new=row is None)
        self._add_keys(document.id, keys)
        return is_changed

    def put_details(self, document: Document) -> None:
        """Change what may change without the text being another one: author, date, language, links, counts."""
        self.touched.add(document.id)
        self.db.execute(_CHANGE, {"wanted": document.id} | _details(document))

    def add_keys(self, document_id: str, keys: Sequence[DocumentKey]) -> None:
        """Let these keys lead to a document, but those that lead elsewhere already. Twice is once."""
        self.touched.add(document_id)
        self._add_keys(document_id, keys)

    def _change_document(self, row: Any, new: Document, identified: dict[str, Any]) -> bool:
        """Write what is different; tell whether the text is."""
        text = _text(new)
        is_changed = row.revisions < MAX_CHANGES and any(getattr(row, name) != text[name] for name in text)
        changes = {name: value for name, value in _details(new).items() if getattr(row, name) != value}
        if is_changed:
            changes |= text | identified | {"revisions": row.revisions + 1}
        if changes:
            self.db.execute(_CHANGE, {"wanted": new.id} | changes)
        return is_changed

    def _put_bands(self, document_id: str, bands: Sequence[str], *, is_new: bool) -> None:
        if not is_new:
            self.db.execute(_NO_BANDS, {"wanted": document_id})
        rows = [{"band": band, "document_id": document_id} for band in sorted(set(bands))]
        if rows:
            self.db.execute(_INSERT_BANDS, rows)

    def _add_keys(self, document_id: str, keys: Sequence[DocumentKey]) -> None:
        rows = [
            {"digest": _digest(key), "kind": key.kind, "value": key.value, "document_id": document_id} for key in keys
        ]
        add_new(self.db, document_key, rows)

    def add_found_in(self, document_id: str, source_id: str, url: str, now: datetime) -> None:
        """Note that a source holds a document. Twice is once."""
        self.touched.add(document_id)
        row = {"document_id": document_id, "source_id": source_id, "url": url, "found_at": now}
        add_new(self.db, found_in, [row])

    def wait_for_page(self, document_id: str, until: datetime) -> None:
        """Let a teaser wait for its page before it is judged; one that waits already goes on waiting as it did."""
        waits = (document.c.id == document_id) & document.c.judged_at.is_(None) & document.c.judge_at.is_(None)
        self.db.execute(update(document).where(waits).values(judge_at=until))

    def documents_to_judge(self, now: datetime, limit: int = 500) -> list[str]:
        """Return ids of teasers whose page has failed or is late, and which were never judged, longest late first."""
        late = select(document.c.id).where(document.c.judge_at <= now, document.c.judged_at.is_(None))
        return list(self.db.execute(late.order_by(document.c.judge_at, document.c.id).limit(limit)).scalars())

    def set_judged(self, document_id: str, now: datetime) -> None:
        """Note that a document's flags have been turned into incidents; it waits for nothing any more."""
        self.db.execute(_CHANGE, {"wanted": document_id, "judged_at": now, "judge_at": None})


def _stored(row: Any) -> StoredDocument:
    return StoredDocument(
        id=row.id,
        text_is=TextIs(row.text_is),
        content_hash=row.content_hash,
        revisions=row.revisions,
        story_id=row.story_id,
        judged_at=row.judged_at,
        text_at=row.text_at,
        text_source=row.text_source,
        source_id=row.source_id,
        found_at=row.found_at,
        title=row.title,
        author=row.author,
        language=row.language,
        published_at=row.published_at,
        published_from=DateFrom(row.published_from),
        published_as=row.published_as,
        parent=row.parent,
    )


def _within(since: datetime | None, until: datetime | None, below: Place | None) -> list[ColumnElement[bool]]:
    """Return what the index on (published_at, id) is asked for; `<=` first, since a comparison of pairs is not used."""
    at = document.c.published_at
    meant = [at >= since] if since is not None else []
    meant += [at < until] if until is not None else []
    if below is not None:
        meant += [at <= below[0], or_(at < below[0], document.c.id < below[1])]
    return meant


def _digest(key: DocumentKey) -> str:
    return digest("key", key.kind, clean(key.value))


def _first(new: Document) -> dict[str, Any]:
    """Return what is decided by the first finding."""
    return {
        "id": new.id,
        "url": new.url,
        "site": new.site,
        "found_at": new.found_at,
        "source_id": new.source_id,
        "source_kind": new.source_kind,
        "collection": new.collection,
        "scope": new.scope,
        "story_id": "",
        "revisions": 0,
        "judge_at": None,
        "judged_at": None,
    }


def _text(new: Document) -> dict[str, Any]:
    return {"title": clean(new.title), "text": clean(new.text), "text_is": str(new.text_is)}


def _details(new: Document) -> dict[str, Any]:
    """Return what may change without the text being another one."""
    author = clean(new.author)
    return {
        "author": author,
        "author_folded": folded_author(author),
        "published_at": new.published_at,
        "published_from": str(new.published_from),
        "language": new.language,
        "images": list(new.images),
        "links": list(new.links),
        "engagement": dict(new.engagement),
        "published_as": clean(new.published_as),
        "parent": clean(new.parent),
    }
