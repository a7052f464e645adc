"""Stories: documents that tell the same thing. Knows no likeness; who calls has compared the texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update

from earshot.model import Mention
from earshot.ports import StoryCandidate, holds
from earshot.record import incidents, revisions
from earshot.record.session import Session, WriteSession, add_new
from earshot.record.shapes import mention_of, select_mentions
from earshot.record.tables import document, document_band, mention, story

_OWN = select(
    document.c.story_id,
    document.c.published_at,
    exists().where(mention.c.document_id == document.c.id, mention.c.state == revisions.ACTIVE).label("is_mention"),
).where(document.c.id == bindparam("wanted"))
_PUT_IN = update(document).where(document.c.id == bindparam("wanted")).values(story_id=bindparam("kept"))
_STORIES = (
    select(story).where(story.c.id.in_(bindparam("wanted", expanding=True))).order_by(story.c.id).with_for_update()
)
"""Held until the end, so that no story is merged away while a document joins it."""
_CANDIDATES = (
    select(document.c.id, document.c.story_id, document.c.signature, document.c.published_at)
    .where(
        document.c.id.in_(
            select(document_band.c.document_id).where(document_band.c.band.in_(bindparam("bands", expanding=True)))
        )
    )
    .where(document.c.id != bindparam("exclude"))
    .where(document.c.published_at >= bindparam("since"), document.c.published_at <= bindparam("until"))
    .order_by(document.c.published_at, document.c.id)
)


class StoryReads(Session):
    """What the record says of stories."""

    def story_mentions(self, story_id: str, limit: int = 50) -> list[Mention]:
        """Return a story's active mentions, oldest first. The id of a merged story leads to what it became."""
        merged = self.db.execute(select(story.c.merged_into).where(story.c.id == story_id)).scalar()
        query = select_mentions().where(document.c.story_id == (merged or story_id))
        active = query.where(mention.c.state == revisions.ACTIVE)
        rows = self.db.execute(active.order_by(document.c.published_at, mention.c.id).limit(limit))
        return [mention_of(row) for row in rows]


class StoryWrites(WriteSession):
    """What ingest writes of stories."""

    def story_candidates(self, bands: Sequence[str], around: datetime, days: int, exclude: str) -> list[StoryCandidate]:
        """Return documents that share a band and were published within `days` of `around`, oldest first."""
        if not bands:
            return []
        near = {"since": around - timedelta(days=days), "until": around + timedelta(days=days)}
        rows = self.db.execute(_CANDIDATES, {"bands": list(bands), "exclude": exclude} | near)
        return [StoryCandidate(row.id, row.story_id, row.signature, row.published_at) for row in rows]

    def join_story(self, document_id: str, story_ids: Sequence[str]) -> str:
        """Put a document and these stories into one (the oldest, by first document, then id); return its id.

        With no `story_ids` the document keeps its story, or begins one, which is named after it. Mentions moved
        get a new revision; open incidents of merged stories with one brand and rule become the older one.
        """
        own = self.db.execute(_OWN, {"wanted": document_id}).first()
        if own is None:
            return ""
        joined = self._joined(*([own.story_id] if own.story_id else []), *story_ids)
        if not joined:
            add_new(self.db, story, [{"id": document_id, "began_at": own.published_at, "merged_into": ""}])
            self._put_in(document_id, document_id, own)
            return document_id
        return self._settle(document_id, own, joined)

    def _joined(self, *story_ids: str) -> list[Any]:
        """Return the rows of these stories, merged ones as what they became, oldest first."""
        found: dict[str, Any] = {}
        wanted = set(story_ids)
        while wanted:
            rows = self.db.execute(_STORIES, {"wanted": sorted(wanted)}).all()
            found |= {row.id: row for row in rows if not row.merged_into}
            wanted = {row.merged_into for row in rows if row.merged_into} - found.keys()
        return sorted(found.values(), key=lambda row: (row.began_at, row.id))

    def _settle(self, document_id: str, own: Any, joined: Sequence[Any]) -> str:
        kept, others = joined[0], [row.id for row in joined[1:]]
        if others:
            self.hold(holds.of_brand(each) for each in incidents.brands_of(self.db, [kept.id, *others]))
        moved = _merge(self.db, kept.id, others) if others else []
        if own.published_at < kept.began_at:
            self.db.execute(update(story).where(story.c.id == kept.id).values(began_at=own.published_at))
        if moved:
            mentions = revisions.active_of(self.db, moved)
            revisions.count_up(self.db, mentions, "story joined", kept.id, self.clock.now())
        if own.story_id != kept.id and document_id not in moved:
            self._put_in(document_id, kept.id, own)
        return str(kept.id)

    def _put_in(self, document_id: str, story_id: str, own: Any) -> None:
        self.db.execute(_PUT_IN, {"wanted": document_id, "kept": story_id})
        if own.is_mention:
            mentions = revisions.active_of(self.db, [document_id])
            revisions.count_up(self.db, mentions, "story joined", story_id, self.clock.now())


def _merge(db: Connection, kept: str, others: Sequence[str]) -> list[str]:
    """Move what belongs to the other stories; return ids of their documents."""
    into_kept = update(document).where(document.c.story_id.in_(others)).values(story_id=kept)
    moved = list(db.execute(into_kept.returning(document.c.id)).scalars())
    aliases = story.c.id.in_(others) | story.c.merged_into.in_(others)
    db.execute(update(story).where(aliases).values(merged_into=kept))
    incidents.follow_stories(db, kept, others)
    return moved
