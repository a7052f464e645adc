"""Incidents: one thing to tell people each. Knows neither rules nor recipients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from earshot.identity import incident_id as identify
from earshot.model import Incident, Mention, Severity
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.tables import document, incident, incident_mention, mention


class IncidentReads(Session):
    """What the record says of incidents."""

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident, or None. The id of a merged incident leads to the older one it became part of."""
        row = _row(self.db, incident_id)
        return None if row is None else _incidents(self.db, [row])[0]

    def incidents(
        self, limit: int = 50, brand_id: str = "", *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Incident]:
        """Return incidents, newest first; `since` and `until` are of their opening."""
        query = select(incident).where(incident.c.merged_into == "")
        query = query.where(incident.c.brand_id == brand_id) if brand_id else query
        query = query.where(incident.c.opened_at >= since) if since else query
        query = query.where(incident.c.opened_at < until) if until else query
        newest = query.order_by(incident.c.opened_at.desc(), incident.c.id).limit(limit)
        return _incidents(self.db, self.db.execute(newest).all())


class IncidentWrites(WriteSession):
    """What opens and joins incidents."""

    def open_incident(self, mention: Mention, rule_id: str, severity: Severity, now: datetime) -> tuple[str, bool]:
        """Join the open incident of the mention's story for its brand and rule, or open one.

        Returns its id, and True if it was opened now. Joining twice is joining once; the highest severity stays.
        """
        about = (incident.c.brand_id == mention.brand) & (incident.c.rule_id == rule_id)
        same = about & (incident.c.story_id == mention.story_id) & (incident.c.merged_into == "")
        oldest = select(incident).where(same).order_by(incident.c.opened_at, incident.c.id)
        name = identify(mention.brand, rule_id, mention.id)
        row = self.db.execute(oldest).first() if mention.story_id else None
        row = row or _row(self.db, name)
        if row is None:
            self._open(name, mention, rule_id, severity, now)
            return name, True
        _add_mentions(self.db, row.id, [(mention.id, now)])
        if severity.rank > Severity(row.severity).rank:
            self.db.execute(update(incident).where(incident.c.id == row.id).values(severity=severity))
        return row.id, False

    def _open(self, name: str, mention: Mention, rule_id: str, severity: Severity, now: datetime) -> None:
        row = {
            "id": name,
            "brand_id": mention.brand,
            "rule_id": rule_id,
            "story_id": mention.story_id,
            "severity": severity,
            "opened_at": now,
            "merged_into": "",
        }
        add_new(self.db, incident, [row])
        _add_mentions(self.db, name, [(mention.id, now)])


def follow_stories(db: Connection, kept: str, others: Sequence[str]) -> None:
    """Move incidents of merged stories; those with one brand and rule become the oldest of them.

    Notices stay as they are, so that nobody is told twice or not at all: a younger incident's id leads to the
    older one.
    """
    db.execute(update(incident).where(incident.c.story_id.in_(others)).values(story_id=kept))
    open_ones = select(incident).where(incident.c.story_id == kept, incident.c.merged_into == "")
    oldest: dict[tuple[str, str], str] = {}
    for row in db.execute(open_ones.order_by(incident.c.opened_at, incident.c.id)).all():
        older = oldest.setdefault((row.brand_id, row.rule_id), row.id)
        if older != row.id:
            _merge(db, older, row)


def _merge(db: Connection, older: str, younger: Any) -> None:
    mine = incident_mention.c.incident_id == younger.id
    joined = [(row.mention_id, row.at) for row in db.execute(select(incident_mention).where(mine))]
    db.execute(delete(incident_mention).where(mine))
    _add_mentions(db, older, joined)
    aliases = (incident.c.id == younger.id) | (incident.c.merged_into == younger.id)
    db.execute(update(incident).where(aliases).values(merged_into=older))
    severity = db.execute(select(incident.c.severity).where(incident.c.id == older)).scalar_one()
    if Severity(younger.severity).rank > Severity(severity).rank:
        db.execute(update(incident).where(incident.c.id == older).values(severity=younger.severity))


def _add_mentions(db: Connection, name: str, joined: Sequence[tuple[str, datetime]]) -> None:
    rows = [{"incident_id": name, "mention_id": mention_id, "at": at} for mention_id, at in joined]
    add_new(db, incident_mention, rows)


def _row(db: Connection, name: str) -> Any:
    """Return the row of an incident, or of the one it was merged into, or None."""
    row = db.execute(select(incident).where(incident.c.id == name)).first()
    if row is not None and row.merged_into:
        row = db.execute(select(incident).where(incident.c.id == row.merged_into)).first()
    return row


def _incidents(db: Connection, rows: Sequence[Any]) -> list[Incident]:
    grouped: dict[str, list[str]] = {row.id: [] for row in rows}
    for part in chunks(list(grouped)):
        joined = (
            select(incident_mention.c.incident_id, incident_mention.c.mention_id)
            .join(mention, mention.c.id == incident_mention.c.mention_id)
            .join(document, document.c.id == mention.c.document_id)
            .where(incident_mention.c.incident_id.in_(part))
            .order_by(document.c.published_at, mention.c.id)
        )
        for row in db.execute(joined):
            grouped[row.incident_id].append(row.mention_id)
    return [
        Incident(
            id=row.id,
            brand_id=row.brand_id,
            rule_id=row.rule_id,
            story_id=row.story_id,
            severity=Severity(row.severity),
            opened_at=row.opened_at,
            mention_ids=tuple(grouped[row.id]),
        )
        for row in rows
    ]
