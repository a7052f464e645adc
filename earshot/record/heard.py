"""Which hours a source was heard in, kept as spans of time. Knows nothing of runs.

An hour without mentions is quiet only where it was heard; else it is not heard, or not yet listened to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from earshot.model import HourHeard
from earshot.record.session import Session
from earshot.record.tables import heard_span, source

HOUR = timedelta(hours=1)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Listener:
    """A source within the asked time: from when it listens, and what it heard, as spans that never touch."""

    since: datetime
    spans: tuple[tuple[datetime, datetime], ...]


class HeardReads(Session):
    """What the record says of heard time."""

    def hours_heard(self, since: datetime, until: datetime, source_ids: Sequence[str] = ()) -> list[HourHeard]:
        """Return one row per UTC hour from the hour of `since` on; `source_ids` empty means all active ones.

        An hour is heard by a source if a span of its heard time covers it wholly. Of the hour that is running,
        a span that covers its beginning is enough: a later run of this hour reached back to it. A source listens
        from the hour of `Source.listening_since`, or of its first sight; nobody listens to hours to come.
        """
        now = self.clock.now()
        listeners = self._listeners(since, until, source_ids)
        return [_told(hour, now, listeners) for hour in _hours(since, until)]

    def _listeners(self, since: datetime, until: datetime, source_ids: Sequence[str]) -> list[_Listener]:
        wanted = source.c.id.in_(source_ids) if source_ids else source.c.is_active
        rows = self.db.execute(select(source.c.id, source.c.added_at, source.c.listening_since).where(wanted)).all()
        spans: dict[str, list[tuple[datetime, datetime]]] = {}
        inside = (heard_span.c.since < until) & (heard_span.c.until > _hour_of(since))
        inside &= heard_span.c.source_id.in_(select(source.c.id).where(wanted))
        for row in self.db.execute(select(heard_span).where(inside).order_by(heard_span.c.since)):
            spans.setdefault(row.source_id, []).append((row.since, row.until))
        return [_Listener(_hour_of(row.listening_since or row.added_at), tuple(spans.get(row.id, ()))) for row in rows]


def _told(hour: datetime, now: datetime, listeners: Sequence[_Listener]) -> HourHeard:
    listening = [each for each in listeners if each.since <= hour <= now]
    heard = sum(any(_covers(span, hour, now) for span in each.spans) for each in listening)
    return HourHeard(hour, heard, len(listening))


def _covers(span: tuple[datetime, datetime], hour: datetime, now: datetime) -> bool:
    since, until = span
    if now < hour + HOUR:
        return since <= hour < until
    return since <= hour and until >= hour + HOUR


def _hour_of(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    hour = _hour_of(since)
    while hour < until:
        yield hour
        hour += HOUR


def add(db: Connection, source_id: str, since: datetime, until: datetime) -> None:
    """Add a heard span; spans that touch or overlap become one row. Twice is once."""
    since = max(since, _EARLIEST)
    touching = (heard_span.c.source_id == source_id) & (heard_span.c.since <= until) & (heard_span.c.until >= since)
    for row in db.execute(select(heard_span).where(touching)).all():
        since, until = min(since, row.since), max(until, row.until)
    if since >= until:
        return
    db.execute(delete(heard_span).where(touching))
    db.execute(insert(heard_span).values(source_id=source_id, since=since, until=until))
