"""Incidents: one event to tell people of each. Knows neither rules nor recipients, nor when two texts are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, select, update

from earshot.errors import StorageError
from earshot.identity import incident_id as identify
from earshot.model import Incident, Joined, Mention, Severity, Why
from earshot.ports import IncidentCandidate, IncidentMember, Sample, holds
from earshot.record import revisions
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.tables import document, incident, incident_mention, mention

_LEAD = 1200
"""Characters of a text that a sample shows."""

_MENTION = mention  # the table, where a parameter of the port has its name
_INCIDENT = select(incident).order_by(incident.c.opened_at, incident.c.id)
_HOLDING = _INCIDENT.join(incident_mention, incident_mention.c.incident_id == incident.c.id)


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

    def incidents_about(self, brand_id: str, since: datetime, until: datetime, limit: int) -> list[Incident]:
        """Return a brand's incidents that were opened, or whose mentions were published, in this time; newest first."""
        opened = (incident.c.opened_at >= since) & (incident.c.opened_at < until)
        published = (incident.c.last_at >= since) & (incident.c.first_at < until)
        query = select(incident).where(_of(brand_id), opened | published)
        newest = query.order_by(incident.c.opened_at.desc(), incident.c.id).limit(limit)
        return _incidents(self.db, self.db.execute(newest).all())

    def incident_of(self, mention: Mention) -> str:
        """Return the id of the incident that holds a mention, or another mention of its brand and story; else ""."""
        mine = _HOLDING.where(incident_mention.c.mention_id == mention.id)
        row = self.db.execute(mine).first()
        if row is None and mention.story_id:
            told = _HOLDING.join(_MENTION, _MENTION.c.id == incident_mention.c.mention_id)
            told = told.join(document, document.c.id == _MENTION.c.document_id)
            row = self.db.execute(told.where(document.c.story_id == mention.story_id, _of(mention.brand))).first()
        if row is None and mention.story_id:  # its mentions were withdrawn or erased
            empty = _INCIDENT.where(incident.c.story_id == mention.story_id, _of(mention.brand))
            row = self.db.execute(empty).first()
        return str(row.id) if row else ""

    def incident_size(self, incident_id: str) -> int:
        """Return how many mentions have joined an incident."""
        mine = incident_mention.c.incident_id == incident_id
        return int(self.db.execute(select(func.count()).select_from(incident_mention).where(mine)).scalar_one())

    def incident_candidates(
        self, brand_id: str, since: datetime, until: datetime, *, most: int, members: int
    ) -> list[IncidentCandidate]:
        """Return a brand's incidents that have a mention published in this time, the latest `most` of them."""
        near = (incident.c.last_at >= since) & (incident.c.first_at < until) & _of(brand_id)
        latest = select(incident).where(near).order_by(incident.c.last_at.desc(), incident.c.id).limit(most)
        rows = self.db.execute(latest).all()
        grouped: dict[str, list[IncidentMember]] = {row.id: [] for row in rows}
        if rows:
            parts = [select(_latest_of(row.id, members).subquery()) for row in rows]
            for each in self.db.execute(parts[0].union_all(*parts[1:])):
                member = IncidentMember(tuple(each.rules), tuple(each.categories), each.terms, each.site, each.language)
                grouped[each.incident_id].append(member)
        return [IncidentCandidate(row.id, row.first_at, row.last_at, tuple(grouped[row.id])) for row in rows]

    def joined(self, incident_id: str) -> list[Joined]:
        """Return an incident's mentions as they joined it, first one first."""
        mine = select(incident_mention).where(incident_mention.c.incident_id == incident_id)
        rows = self.db.execute(mine.order_by(incident_mention.c.at, incident_mention.c.mention_id))
        return [Joined(row.mention_id, row.at, tuple(row.rules), _why(row.why)) for row in rows]

    def samples(self, before: datetime, limit: int, brand_id: str = "", *, is_flagged: bool) -> list[Sample]:
        """Return the latest documents published before this time that a rule flagged, or that none did."""
        facts = (document.c.id, document.c.language, document.c.title, func.substr(document.c.text, 1, _LEAD))
        flagged = exists().where(mention.c.document_id == document.c.id, mention.c.severity != "")
        query = select(*facts).where(document.c.published_at < before, flagged if is_flagged else ~flagged)
        if brand_id:
            about = exists().where(mention.c.document_id == document.c.id, mention.c.brand == brand_id)
            query = query.where(about)
        rows = self.db.execute(query.order_by(document.c.published_at.desc(), document.c.id).limit(limit))
        return [Sample(name, language, f"{title}\n{text}") for name, language, title, text in rows]

    def rule_counts(self, brand_id: str, before: datetime, limit: int) -> tuple[int, dict[str, int]]:
        """Return how many active mentions a brand had before this time, and how many each rule flagged of them."""
        mine = (
            (mention.c.brand == brand_id) & (mention.c.state == revisions.ACTIVE) & (document.c.published_at < before)
        )
        query = select(mention.c.flags).join(document, document.c.id == mention.c.document_id).where(mine)
        rows = self.db.execute(query.order_by(document.c.published_at.desc(), document.c.id).limit(limit)).all()
        return len(rows), dict(Counter(flag["rule_id"] for row in rows for flag in row.flags))


class IncidentWrites(WriteSession):
    """What opens and joins incidents."""

    def open_incident(
        self,
        mention: Mention,
        rule_id: str,
        severity: Severity,
        now: datetime,
        *,
        rule_ids: Sequence[str] = (),
        terms: Mapping[str, Sequence[Any]] | None = None,
    ) -> tuple[str, bool]:
        """Join the incident of the mention or of its story, for its brand, or open one that is named after the rule.

        Returns its id, and True if it was opened now. Joining twice is joining once; the highest severity stays.
        """
        self.hold([holds.of_brand(mention.brand)])
        known = IncidentReads(self.db, self.clock).incident_of(mention)
        name = identify(mention.brand, rule_id, mention.id)
        row = _row(self.db, known or name)
        fired = tuple(rule_ids or (rule_id,))
        if row is not None:
            story = Why("story", rules=fired)
            self.join_incident(row.id, mention, severity, story, now, rule_ids=fired, terms=terms)
            return row.id, False
        opened = {
            "id": name,
            "brand_id": mention.brand,
            "rule_id": rule_id,
            "story_id": mention.story_id,
            "severity": severity,
            "opened_at": now,
            "first_at": mention.published_at,
            "last_at": mention.published_at,
            "merged_into": "",
        }
        add_new(self.db, incident, [opened])
        self.join_incident(name, mention, severity, Why("opened", rules=fired), now, rule_ids=fired, terms=terms)
        return name, True

    def join_incident(
        self,
        incident_id: str,
        mention: Mention,
        severity: Severity,
        why: Why,
        now: datetime,
        *,
        rule_ids: Sequence[str] = (),
        terms: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        """Put a mention into an incident; the highest severity stays. Twice is once: what was said first counts."""
        self.hold([holds.of_brand(mention.brand)])
        row = _row(self.db, incident_id)
        if row is None:
            raise StorageError(f"the record: there is no incident {incident_id}")
        said = {"kind": why.kind, "rules": list(why.rules), "words": list(why.words), "alike": why.alike}
        place = {"at": now, "rules": list(rule_ids), "why": said, "terms": dict(terms or {})}
        add_new(self.db, incident_mention, [{"incident_id": row.id, "mention_id": mention.id, **place}])
        _widen(self.db, row, severity, mention.published_at, mention.published_at)

    def merge_incidents(self, kept: str, other: str) -> None:
        """Let an incident become part of another of its brand; its id leads there, and nobody is told twice."""
        one, two = _row(self.db, kept), _row(self.db, other)
        if one is not None and two is not None and one.id != two.id and one.brand_id == two.brand_id:
            _merge(self.db, one.id, two)


def _widen(db: Connection, row: Any, severity: Severity, first_at: datetime, last_at: datetime) -> None:
    """Let an incident span this time too; the highest severity stays."""
    rises = severity.rank > Severity(row.severity).rank
    span = {"first_at": min(row.first_at, first_at), "last_at": max(row.last_at, last_at)}
    changes: dict[str, Any] = span | ({"severity": severity} if rises else {})
    db.execute(update(incident).where(incident.c.id == row.id).values(**changes))


def brands_of(db: Connection, story_ids: Sequence[str]) -> list[str]:
    """Return the brands that have an incident of one of these stories."""
    named = select(incident.c.brand_id).where(incident.c.story_id.in_(story_ids)).distinct()
    return sorted(db.execute(named).scalars())


def follow_stories(db: Connection, kept: str, others: Sequence[str]) -> None:
    """Move incidents of merged stories; those of one brand become the oldest of them.

    Notices stay as they are, so that nobody is told twice or not at all: a younger incident's id leads to the
    older one.
    """
    db.execute(update(incident).where(incident.c.story_id.in_(others)).values(story_id=kept))
    open_ones = select(incident).where(incident.c.story_id == kept, incident.c.merged_into == "")
    oldest: dict[str, str] = {}
    for row in db.execute(open_ones.order_by(incident.c.opened_at, incident.c.id)).all():
        older = oldest.setdefault(row.brand_id, row.id)
        if older != row.id:
            _merge(db, older, row)


def _merge(db: Connection, older: str, younger: Any) -> None:
    mine = incident_mention.c.incident_id == younger.id
    rows = db.execute(select(incident_mention).where(mine)).mappings().all()
    db.execute(delete(incident_mention).where(mine))
    add_new(db, incident_mention, [{**row, "incident_id": older} for row in rows])
    aliases = (incident.c.id == younger.id) | (incident.c.merged_into == younger.id)
    db.execute(update(incident).where(aliases).values(merged_into=older))
    kept = db.execute(select(incident).where(incident.c.id == older)).one()
    _widen(db, kept, Severity(younger.severity), younger.first_at, younger.last_at)


def _of(brand_id: str) -> ColumnElement[bool]:
    """Return what narrows to the incidents of a brand that are not part of an older one."""
    return (incident.c.brand_id == brand_id) & (incident.c.merged_into == "")


def _latest_of(incident_id: str, most: int) -> Select[Any]:
    """Return a query for the active mentions that joined an incident last."""
    return (
        select(
            incident_mention.c.incident_id,
            incident_mention.c.rules,
            incident_mention.c.terms,
            mention.c.categories,
            document.c.site,
            document.c.language,
        )
        .join(mention, mention.c.id == incident_mention.c.mention_id)
        .join(document, document.c.id == mention.c.document_id)
        .where(incident_mention.c.incident_id == incident_id, mention.c.state == revisions.ACTIVE)
        .order_by(incident_mention.c.at.desc(), incident_mention.c.mention_id)
        .limit(most)
    )


def _why(plain: Mapping[str, Any]) -> Why:
    """Return why a mention joined; what joined before reasons were kept did so by its story."""
    words, rules = plain.get("words", ()), plain.get("rules", ())
    return Why(plain.get("kind", "story"), tuple(rules), tuple(words), plain.get("alike", 0.0))


def _row(db: Connection, name: str) -> Any:
    """Return the row of an incident, or of the one it was merged into, or None."""
    row = db.execute(select(incident).where(incident.c.id == name)).first()
    if row is not None and row.merged_into:
        row = db.execute(select(incident).where(incident.c.id == row.merged_into)).first()
    return row


def _incidents(db: Connection, rows: Sequence[Any]) -> list[Incident]:
    grouped: dict[str, list[str]] = {row.id: [] for row in rows}
    fired: dict[str, dict[str, None]] = {row.id: {row.rule_id: None} for row in rows}
    for part in chunks(list(grouped)):
        joined = (
            select(incident_mention.c.incident_id, incident_mention.c.mention_id, incident_mention.c.rules)
            .join(mention, mention.c.id == incident_mention.c.mention_id)
            .join(document, document.c.id == mention.c.document_id)
            .where(incident_mention.c.incident_id.in_(part))
            .order_by(document.c.published_at, mention.c.id)
        )
        for row in db.execute(joined):
            grouped[row.incident_id].append(row.mention_id)
            fired[row.incident_id].update(dict.fromkeys(row.rules))
    return [
        Incident(
            id=row.id,
            brand_id=row.brand_id,
            rule_id=row.rule_id,
            story_id=row.story_id,
            severity=Severity(row.severity),
            opened_at=row.opened_at,
            mention_ids=tuple(grouped[row.id]),
            rule_ids=tuple(fired[row.id]),
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in rows
    ]
