"""Which hours a source was heard in, kept as spans of time. Knows nothing of runs.

An hour without mentions is quiet only where it was heard; else it is not heard, or not yet listened to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from sqlalchemy import Connection, delete, insert, select

from earshot.model import HourHeard, SourceHeard
from earshot.record.session import Session
from earshot.record.tables import heard_span, source

HOUR = timedelta(hours=1)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Listener:
    """A source within the asked time: from when it listens, and what it heard, as spans that never touch."""

    since: datetime
    spans: tuple[tuple[datetime, datetime], ...]
    source_id: str = ""


class HeardReads(Session):
    """What the record says of heard time."""

    def hours_heard(self, since: datetime, until: datetime, source_ids: Sequence[str] = ()) -> list[HourHeard]:
        """Return one row per UTC hour from the hour of `since` on; `source_ids` empty means all active ones.

        An hour is heard by a source if a span of its heard time covers it wholly. Of the hour that is running,
        a span that covers its beginning is enough: a later run of this hour reached back to it. A source listens
        from the hour of `Source.listening_since`, or of its first sight; nobody listens to hours to come.
        """
        hours = list(_hours(since, until))
        sweep = _Sweep(hours, self.clock.now())
        for listener in self._listeners(since, until, source_ids):
            sweep.take(listener)
        return [HourHeard(hour, heard, listening) for hour, heard, listening in sweep.rows()]

    def sources_heard(self, since: datetime, until: datetime) -> list[SourceHeard]:
        """Return, for each active source that listened in this time, how many of its UTC hours were heard; by id."""
        hours, now = list(_hours(since, until)), self.clock.now()
        found = []
        for listener in self._listeners(since, until, ()):
            sweep = _Sweep(hours, now)
            sweep.take(listener)
            rows = list(sweep.rows())
            row = SourceHeard(listener.source_id, sum(heard for _, heard, _ in rows), sum(told for _, _, told in rows))
            found.append(row)
        return sorted((row for row in found if row.listening), key=lambda row: row.source_id)

    def _listeners(self, since: datetime, until: datetime, source_ids: Sequence[str]) -> list[_Listener]:
        wanted = source.c.id.in_(source_ids) if source_ids else source.c.is_active
        rows = self.db.execute(select(source.c.id, source.c.added_at, source.c.listening_since).where(wanted)).all()
        spans: dict[str, list[tuple[datetime, datetime]]] = {}
        inside = (heard_span.c.since < until) & (heard_span.c.until > _hour_of(since))
        inside &= heard_span.c.source_id.in_(select(source.c.id).where(wanted))
        for row in self.db.execute(select(heard_span).where(inside).order_by(heard_span.c.since)):
            spans.setdefault(row.source_id, []).append((row.since, row.until))
        return [
            _Listener(_hour_of(row.listening_since or row.added_at), tuple(spans.get(row.id, ())), row.id)
            for row in rows
        ]


class _Sweep:
    """Counts by differences at the borders of spans, so that the cost is hours + spans and not their product."""

    def __init__(self, hours: Sequence[datetime], now: datetime) -> None:
        self._hours, self._now = hours, now
        self._known = sum(hour <= now for hour in hours)  # nobody listens to hours to come
        self._heard, self._listening = [0] * (len(hours) + 1), [0] * (len(hours) + 1)

    def take(self, listener: _Listener) -> None:
        first = min(self._place(listener.since), self._known)
        self._add(self._listening, first, self._known)
        for since, until in listener.spans:
            begin, end = max(first, self._place(since, is_up=True)), self._place(until)
            if end == self._known - 1 and since <= self._hours[end] < until and self._now < self._hours[end] + HOUR:
                end += 1  # the hour that is running
            self._add(self._heard, begin, min(end, self._known))

    def rows(self) -> Iterator[tuple[datetime, int, int]]:
        return zip(self._hours, accumulate(self._heard), accumulate(self._listening), strict=False)

    def _place(self, time: datetime, *, is_up: bool = False) -> int:
        """Return the place of the hour that `time` lies in, or of the next whole one; cut to the asked hours."""
        if not self._hours:
            return 0
        whole, rest = divmod(time - self._hours[0], HOUR)
        return max(0, min(whole + bool(is_up and rest), len(self._hours)))

    def _add(self, counts: list[int], begin: int, end: int) -> None:
        if begin < end:
            counts[begin] += 1
            counts[end] -= 1


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
