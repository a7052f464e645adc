"""Mentions: document x brand, with their history. Knows no classifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from earshot.model import RELEVANT, Category, Mention, MentionCount, Sentiment, Severity
from earshot.ports import MentionEvent, MentionWrite
from earshot.record import revisions
from earshot.record.revisions import ACTIVE, WITHDRAWN
from earshot.record.session import Session, WriteSession, chunks
from earshot.record.shapes import judged, mention_of, select_mentions, shown
from earshot.record.tables import document, gone_mention, mention, mention_event

_SAID = {"text": "text changed", "details": "details changed", "verdict": "judged again", "flags": "flagged"}
_KNOWN = select(mention.c.id, mention.c.brand, mention.c.revision, mention.c.state, mention.c.shown).where(
    mention.c.document_id == bindparam("wanted")
)
_INSERT = insert(mention)
_GONE = select(gone_mention.c.revision).where(gone_mention.c.mention_id == bindparam("wanted"))
_DOCUMENT = select(document).where(document.c.id == bindparam("wanted"))


class MentionReads(Session):
    """What the record says of mentions."""

    def mentions(self, ids: Sequence[str]) -> list[Mention]:
        """Return the active ones of these mentions as the index shows them, in the order of `ids`."""
        found: dict[str, Mention] = {}
        for part in chunks(ids):
            active = select_mentions().where(mention.c.id.in_(part), mention.c.state == ACTIVE)
            found |= {row.id: mention_of(row) for row in self.db.execute(active)}
        return [found[each] for each in ids if each in found]

    def mention_counts(self, since: datetime, until: datetime) -> list[MentionCount]:
        """Return counts of the active mentions published in this time that are relevant (RELEVANT or more)."""
        verdict = (mention.c.sentiment, mention.c.is_own_voice, mention.c.severity, mention.c.categories)
        same = (mention.c.brand, document.c.site, *verdict)
        query = (
            select(*same, func.count().label("alike"))
            .join(document, document.c.id == mention.c.document_id)
            .where(document.c.published_at >= since, document.c.published_at < until)
            .where(mention.c.state == ACTIVE, mention.c.relevance >= RELEVANT)
            .group_by(*same)
            .order_by(*same)
        )
        return [
            MentionCount(
                brand=row.brand,
                sentiment=Sentiment(row.sentiment),
                is_own_voice=row.is_own_voice,
                severity=Severity(row.severity) if row.severity else None,
                site=row.site,
                categories=tuple(Category(each) for each in row.categories),
                count=row.alike,
            )
            for row in self.db.execute(query)
        ]

    def revisions(self, since: datetime | None = None, batch: int = 5000) -> Iterator[tuple[str, int]]:
        """Yield id and revision of all active mentions that were published at `since` or later, by id; None: all."""
        query = select(mention.c.id, mention.c.revision).where(mention.c.state == ACTIVE)
        if since is not None:
            query = query.join(document, document.c.id == mention.c.document_id)
            query = query.where(document.c.published_at >= since)
        part = query.order_by(mention.c.id).limit(batch)
        last = ""
        while rows := self.db.execute(part.where(mention.c.id > last)).all():
            yield from ((row.id, row.revision) for row in rows)
            last = rows[-1].id

    def iter_published(self, since: datetime | None = None, batch: int = 500) -> Iterator[list[Mention]]:
        """Yield all active mentions that were published at `since` or later, in lists, oldest first; None: all."""
        order = document.c.published_at, document.c.id, mention.c.id
        after = select_mentions().where(mention.c.state == ACTIVE).order_by(*order).limit(batch)
        query = after if since is None else after.where(document.c.published_at >= since)
        while rows := self.db.execute(query).all():
            found = [mention_of(row) for row in rows]
            yield found
            at, document_id, mention_id = found[-1].published_at, found[-1].document_id, found[-1].id
            later = document.c.published_at > at
            same = (document.c.id > document_id) | ((document.c.id == document_id) & (mention.c.id > mention_id))
            query = after.where(document.c.published_at >= at, later | same)

    def mention_history(self, mention_id: str) -> list[MentionEvent]:
        """Return what happened to a mention, oldest first."""
        mine = select(mention_event).where(mention_event.c.mention_id == mention_id).order_by(mention_event.c.id)
        return [MentionEvent(row.at, row.what, row.detail, row.revision) for row in self.db.execute(mine)]

    def mentions_of(self, document_id: str) -> list[Mention]:
        """Return a document's active mentions, by brand."""
        mine = select_mentions().where(mention.c.document_id == document_id, mention.c.state == ACTIVE)
        return [mention_of(row) for row in self.db.execute(mine.order_by(mention.c.brand))]


class MentionWrites(WriteSession):
    """What ingest writes of mentions."""

    def put_mentions(
        self, document_id: str, writes: Sequence[MentionWrite], now: datetime, *, brand: str = ""
    ) -> list[str]:
        """Make these the document's mentions; return ids of new or changed ones, withdrawn ones left out.

        What changed (what the index shows of it, of the document too) gets revision + 1, history and outbox
        rows; a brand no longer there is withdrawn and kept. Join the story first: it is a change of its own.
        With `brand` all this is about that brand's mention only, and the others stay as they are.
        """
        known = {row.id: row for row in self.db.execute(_KNOWN, {"wanted": document_id})}
        row = self.db.execute(_DOCUMENT, {"wanted": document_id}).first() if writes or known else None
        if row is None:
            return []
        changed = [write.id for write in writes if self._put(row, write, known.get(write.id), now)]
        kept = {write.id for write in writes}
        meant = [each for each in known.values() if brand in ("", each.brand)]
        lost = sorted(each.id for each in meant if each.id not in kept and each.state == ACTIVE)
        if lost:
            self.db.execute(update(mention).where(mention.c.id.in_(lost)).values(state=WITHDRAWN))
            revisions.count_up(self.db, lost, "withdrawn", "the document does not name the brand any more", now)
        return changed

    def overtake(self, held: Mapping[str, int], now: datetime) -> None:
        """Raise these mentions' revisions above what an index has of them, and queue them for it. Twice is once."""
        raised: dict[str, int] = {}
        for mention_id, revision in held.items():
            behind = (mention.c.id == mention_id) & (mention.c.revision <= revision)
            above = update(mention).where(behind).values(revision=revision + 1)
            if self.db.execute(above).rowcount:
                raised[mention_id] = revision + 1
        revisions.send(self.db, raised, now)

    def _put(self, row: Any, write: MentionWrite, known: Any, now: datetime) -> bool:
        """Insert or change one mention; tell whether anything did."""
        columns = judged(write)
        looks = shown(row, columns)
        if known is None:
            revision = self._insert(write, columns | {"shown": looks})
            changes = [(write.id, revision, "found", row.source_id)]
            if write.flags:
                changes.append((write.id, revision, "flagged", _rules(write)))
            revisions.announce(self.db, changes, now)
            return True
        what = [name for name in looks if looks[name] != known.shown.get(name)]
        if known.state == ACTIVE and not what:
            return False
        values = columns | {"shown": looks, "state": ACTIVE, "revision": mention.c.revision + 1}
        raised = update(mention).where(mention.c.id == write.id).values(**values).returning(mention.c.revision)
        revision = self.db.execute(raised).scalar_one()
        said = [_said(name, write) for name in what] if known.state == ACTIVE else [("found again", "")]
        revisions.announce(self.db, [(write.id, revision, *each) for each in said], now)
        return True

    def _insert(self, write: MentionWrite, columns: dict[str, Any]) -> int:
        """Insert a mention; return its revision, which goes on where an erased one ended."""
        revision = int(self.db.execute(_GONE, {"wanted": write.id}).scalar() or 0) + 1
        born = {
            "id": write.id,
            "document_id": write.document_id,
            "brand": write.verdict.brand_id,
            "revision": revision,
            "state": ACTIVE,
            "topics": [],
            "reach": None,
            "status": "new",
            "assignee": "",
        }
        self.db.execute(_INSERT, born | columns)
        return revision


def _said(name: str, write: MentionWrite) -> tuple[str, str]:
    if name != "flags":
        return _SAID[name], ""
    return ("flagged", _rules(write)) if write.flags else ("not flagged any more", "")


def _rules(write: MentionWrite) -> str:
    return ", ".join(flag.rule_name for flag in write.flags)
