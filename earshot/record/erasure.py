"""Erasure: a tombstone first, then every trace in the record. Knows neither lake nor index; says what is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, delete, or_, select, update

from earshot.model import DeliveryState, NoticeState
from earshot.ports import Erased
from earshot.record import captures, revisions, tombstones
from earshot.record.session import WriteSession, chunks, put
from earshot.record.tables import (
    brief,
    capture,
    dead_letter,
    delivery,
    document,
    document_band,
    document_key,
    found_in,
    frontier,
    gone_mention,
    incident,
    incident_mention,
    mention,
    mention_event,
    notice,
    page_capture,
    quarantine,
    story,
)


class ErasureWrites(WriteSession):
    """What forgets."""

    def erase(self, *, author: str = "", url: str = "", document_id: str = "", now: datetime) -> Erased:
        """Write the tombstone, then delete every trace in the record; return what is left to do. Twice is once.

        An author is erased on every site, in whatever case the name is written. A URL is erased as given and in
        its canonical form. `refs` names all captures that still have to be cut out of the lake, those of an
        erasure that was broken off too; `Record.move_captures` ticks them off.

        Raises:
            ConfigError: authors were erased under another secret.
        """
        self.has_erased = self.has_tombstones = True
        urls = tombstones.url_forms(url) if url else set()
        self._bury(author, urls, document_id, now)
        ids = self._meant(author, urls, document_id)
        return self.forget(ids, urls, now)

    def forget(self, ids: Sequence[str], urls: set[str], now: datetime) -> Erased:
        """Delete every trace of these documents, and of what was fetched from these addresses."""
        if ids:
            urls |= self._bury_keys(ids, now)
        self._condemn(ids, sorted(urls))
        gone = self._drop_mentions(ids, now)
        sites = self._sites(ids)
        self._drop_documents(ids, sorted(urls))
        self._forget_sites(sites)
        return Erased(len(ids), tuple(gone), captures.condemned_refs(self.db))

    def _sites(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for part in chunks(ids):
            found |= set(self.db.execute(select(document.c.site).where(document.c.id.in_(part))).scalars())
        return found

    def _forget_sites(self, sites: set[str]) -> None:
        """Take sites that hold nothing any more out of the figures of briefs: a person's own site names the person."""
        rows = (
            self.db.execute(select(document.c.site).where(document.c.site.in_(sorted(sites))).distinct())
            if sites
            else ()
        )
        gone = sites - {row.site for row in rows}
        for site in sorted(gone):
            named = brief.c.figures.cast(Text).contains(site, autoescape=True)
            for row in self.db.execute(select(brief.c.id, brief.c.figures).where(named)).all():
                ranked = [each for each in row.figures.get("sites", []) if each["name"] != site]
                changed = {**row.figures, "sites": ranked}
                self.db.execute(update(brief).where(brief.c.id == row.id).values(figures=changed))

    def _bury(self, author: str, urls: set[str], document_id: str, now: datetime) -> None:
        if tombstones.folded_author(author):
            tombstones.add_author(self, author, now)
        tombstones.add(self.db, "url", urls, now)
        if document_id:
            tombstones.add(self.db, "document", [document_id], now)

    def _meant(self, author: str, urls: set[str], document_id: str) -> list[str]:
        """Return ids of the documents that are meant."""
        meant: list[ColumnElement[bool]] = [document.c.id == document_id] if document_id else []
        if tombstones.folded_author(author):
            meant.append(document.c.author_folded == tombstones.folded_author(author))
        if urls:
            named = (document_key.c.kind == "url") & document_key.c.value.in_(sorted(urls))
            meant += [document.c.url.in_(sorted(urls))]
            meant += [document.c.id.in_(select(document_key.c.document_id).where(named))]
        if not meant:
            return []
        return list(self.db.execute(select(document.c.id).where(or_(*meant)).order_by(document.c.id)).scalars())

    def _bury_keys(self, ids: Sequence[str], now: datetime) -> set[str]:
        """Set tombstones against every name of these documents; return their URLs."""
        urls: set[str] = set()
        for part in chunks(ids):
            urls |= set(self.db.execute(select(document.c.url).where(document.c.id.in_(part))).scalars())
            named: dict[str, set[str]] = {}
            for row in self.db.execute(select(document_key).where(document_key.c.document_id.in_(part))):
                named.setdefault(row.kind, set()).add(row.value)
            for kind, values in named.items():
                tombstones.add(self.db, kind, values, now)
            urls |= named.get("url", set())
        tombstones.add(self.db, "url", urls, now)
        tombstones.add(self.db, "document", ids, now)
        return urls

    def _condemn(self, ids: Sequence[str], urls: Sequence[str]) -> None:
        """Name the captures that hold these documents, or were fetched from these URLs."""
        for part in chunks(ids):
            of_pages = select(page_capture).where(page_capture.c.document_id.in_(part)).subquery()
            same = (capture.c.file == of_pages.c.file) & (capture.c.offset == of_pages.c.offset)
            captures.condemn(self.db, self.db.execute(select(capture).join(of_pages, same)).all())
            for table in (capture, quarantine):
                captures.condemn(self.db, self.db.execute(_shown_in(table, part)).all())
        for part in chunks(urls):
            for table in (capture, quarantine):
                fetched = or_(table.c.url.in_(part), table.c.final_url.in_(part))
                captures.condemn(self.db, self.db.execute(select(table).where(fetched)).all())
            self.db.execute(delete(quarantine).where(quarantine.c.url.in_(part) | quarantine.c.final_url.in_(part)))

    def _drop_mentions(self, ids: Sequence[str], now: datetime) -> list[str]:
        """Delete mentions with history and place in incidents; the outbox gets a delete with revision + 1."""
        gone: dict[str, int] = {}
        for part in chunks(ids):
            rows = self.db.execute(select(mention.c.id, mention.c.revision).where(mention.c.document_id.in_(part)))
            gone |= {row.id: row.revision + 1 for row in rows}
        fresh = {"at": now, "is_wiped": False}
        put(self.db, gone_mention, [{"mention_id": name, "revision": rev} | fresh for name, rev in gone.items()])
        revisions.send(self.db, gone, now)
        for part in chunks(sorted(gone)):
            self._leave_incidents(part, now)
            self.db.execute(delete(mention_event).where(mention_event.c.mention_id.in_(part)))
            self.db.execute(delete(dead_letter).where(dead_letter.c.mention_id.in_(part)))
            self.db.execute(delete(mention).where(mention.c.id.in_(part)))
        return sorted(gone)

    def _leave_incidents(self, mention_ids: Sequence[str], now: datetime) -> None:
        mine = incident_mention.c.mention_id.in_(mention_ids)
        touched = sorted(set(self.db.execute(select(incident_mention.c.incident_id).where(mine)).scalars()))
        self.db.execute(delete(incident_mention).where(mine))
        others = incident_mention.c.incident_id.in_(touched)
        left = set(self.db.execute(select(incident_mention.c.incident_id).where(others)).scalars())
        for name in touched:
            merged = select(incident.c.id).where(incident.c.merged_into == name)
            names = [name, *self.db.execute(merged).scalars()]
            self._blank_subjects(names)
            if name not in left:
                self._drop_notices(names, now)
                self.db.execute(delete(incident).where(incident.c.id.in_(names)))

    def _blank_subjects(self, incident_ids: Sequence[str]) -> None:
        """Take the title out of what was told."""
        told = select(notice.c.delivery_key).where(notice.c.incident_id.in_(incident_ids))
        self.db.execute(update(delivery).where(delivery.c.key.in_(told)).values(subject=""))

    def _drop_notices(self, incident_ids: Sequence[str], now: datetime) -> None:
        """Delete notices that nobody was told of yet, and end deliveries that carry nothing any more."""
        waiting = select(delivery.c.key).where(delivery.c.state == DeliveryState.PENDING)
        untold = (notice.c.state == NoticeState.PENDING) | notice.c.delivery_key.in_(waiting)
        self.db.execute(delete(notice).where(notice.c.incident_id.in_(incident_ids), untold))
        empty = delivery.c.key.not_in(select(notice.c.delivery_key).where(notice.c.delivery_key != ""))
        ended: dict[str, Any] = {"state": DeliveryState.DEAD, "reason": "erased", "changed_at": now}
        self.db.execute(update(delivery).where(delivery.c.state == DeliveryState.PENDING, empty).values(**ended))

    def _drop_documents(self, ids: Sequence[str], urls: Sequence[str]) -> None:
        for part in chunks(urls):
            self.db.execute(delete(frontier).where(frontier.c.url.in_(part)))
        stories: set[str] = set()
        for part in chunks(ids):
            stories |= set(self.db.execute(select(document.c.story_id).where(document.c.id.in_(part))).scalars())
            self.db.execute(delete(frontier).where(frontier.c.document_id.in_(part)))
            for table in (document_key, document_band, found_in, page_capture):
                self.db.execute(delete(table).where(table.c.document_id.in_(part)))
            self.db.execute(delete(document).where(document.c.id.in_(part)))
        for part in chunks(sorted(stories)):
            told = select(document.c.story_id).where(document.c.story_id.in_(part))
            empty = story.c.id.in_(part) | story.c.merged_into.in_(part)
            still = story.c.id.in_(told) | story.c.merged_into.in_(told)
            self.db.execute(delete(story).where(empty, ~still))


def _shown_in(table: Any, document_ids: Sequence[str]) -> Any:
    """Return a query for captures of feeds between the first and the last that showed one of these documents."""
    within = (
        (table.c.source_id == found_in.c.source_id)
        & (table.c.fetched_at >= found_in.c.first_fetched_at)
        & (table.c.fetched_at <= found_in.c.last_fetched_at)
    )
    query = select(table).join(found_in, within).where(found_in.c.document_id.in_(document_ids))
    return query.where(table.c.role != "page") if "role" in table.c else query
