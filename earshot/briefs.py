"""The words of a brief: the day it is about, and its figures. Knows no record, no mail and no page.

Figures are numbers, ids and names that the workspace gave. No word of a mention is kept in them: an erased mention's
title is not in any brief, and what a mail quotes is read when the mail is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from earshot.model import HourHeard, Severity

PARTLY = 0.5
"""An hour heard by fewer than this share of its sources was partly heard."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a time zone, in UTC: 23 or 25 hours long where clocks change."""

    date: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return _midnight(self.date, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.date + timedelta(days=1), self.zone)

    @property
    def before(self) -> Day:
        """The day before."""
        return Day(self.date - timedelta(days=1), self.zone)

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.until - self.since) / timedelta(hours=1)


def last_day(now: datetime, zone: ZoneInfo) -> Day:
    """Return the last whole day of a zone."""
    return Day(now.astimezone(zone).date() - timedelta(days=1), zone)


def due_at(day: Day, at: time) -> datetime:
    """Return when the brief of a day is due (UTC): at this time of the next day, on the clock of its zone."""
    return datetime.combine(day.date + timedelta(days=1), at, day.zone).astimezone(UTC)


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    """Return a day's first moment; where clocks jump over midnight, the moment they jump."""
    return datetime.combine(on, time(), zone).astimezone(UTC)


class _Figures(BaseModel):
    """Base: frozen, and kept as JSON in the record."""

    model_config = ConfigDict(frozen=True)


class Volume(_Figures):
    """Mentions of a day by sentiment, as pages count them: relevant, own voice left out. flagged: of them."""

    negative: int = 0
    neutral: int = 0
    positive: int = 0
    flagged: int = 0

    @property
    def mentions(self) -> int:
        """All of them."""
        return self.negative + self.neutral + self.positive


class Ranked(_Figures):
    """A brand's id, a site or a category, with its mentions of the day and of the day before."""

    name: str
    count: int
    before: int


class Told(_Figures):
    """An incident of the day. mentions: in it when the brief was made."""

    id: str
    rule_id: str
    severity: Severity
    mentions: int


class Gap(_Figures):
    """Hours that were not well heard. state: "unheard", "partly" or "before" (not yet listening)."""

    since: datetime
    until: datetime
    state: str


class Hours(_Figures):
    """How well a day was listened to, in whole UTC hours. all: of the day; gaps: what was not heard, by time."""

    all: int = 0
    heard: int = 0
    unheard: int = 0
    partly: int = 0
    before: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def is_deaf(self) -> bool:
        """True where no hour was heard, so that no mention means nothing."""
        return self.all > 0 and self.heard == 0 and self.partly == 0


class Missed(_Figures):
    """A source that was not heard, or is not heard now. heard, listening: its hours of the day.

    outcome: of its last run when the brief was made, empty before the first. last_heard_at: None means never.
    """

    source_id: str
    outcome: str
    last_heard_at: datetime | None
    heard: int
    listening: int


class Figures(_Figures):
    """All that a brief says of a brand's day, whoever reads it.

    date: of the day. time_zone: whose day it is. own: mentions by the brand's own voice, counted nowhere else.
    voices: of all own brands of the workspace, most first. incidents: most severe first, at most 50; opened: all of
    them, by severity. sources: at most 50 of the `missed` ones; gappy: sources that were heard, but not in every hour.
    """

    date: date
    time_zone: str
    now: Volume
    before: Volume
    own: int
    voices: tuple[Ranked, ...]
    sites: tuple[Ranked, ...]
    categories: tuple[Ranked, ...]
    incidents: tuple[Told, ...]
    opened: dict[Severity, int]
    hours: Hours
    hours_before: Hours
    sources: tuple[Missed, ...]
    missed: int
    gappy: int
    listened: int

    @property
    def day(self) -> Day:
        """The day it is about."""
        return Day(self.date, ZoneInfo(self.time_zone))

    @property
    def flagged(self) -> int:
        """Incidents of the day."""
        return sum(self.opened.values())


def hours_of(rows: list[HourHeard], since: datetime, until: datetime) -> Hours:
    """Say of each hour of a day how it was heard. rows: as `RecordReader.hours_heard` gives them, by time."""
    states = [(max(row.hour, since), min(row.hour + timedelta(hours=1), until), _state(row)) for row in rows]
    count = {state: sum(1 for _, _, s in states if s == state) for state in ("heard", "unheard", "partly", "before")}
    gaps: list[Gap] = []
    for start, end, state in states:
        if state == "heard":
            continue
        if gaps and gaps[-1].state == state and gaps[-1].until == start:
            gaps[-1] = Gap(since=gaps[-1].since, until=end, state=state)
        else:
            gaps.append(Gap(since=start, until=end, state=state))
    return Hours(all=len(states), gaps=tuple(gaps), **count)


def _state(row: HourHeard) -> str:
    if not row.listening:
        return "before"
    if not row.heard:
        return "unheard"
    return "heard" if row.heard / row.listening >= PARTLY else "partly"
