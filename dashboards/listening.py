"""What can be said of listening: hours heard, not heard, not yet listened to. Knows no chart and no page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboards import wording
from dashboards.charts import Band
from dashboards.periods import HOUR, merge_runs
from earshot.model import HourHeard

PARTLY = 0.5
"""An hour heard by fewer than this share of its sources is drawn as partly heard."""
STATES = {
    "unheard": "Not covered: no source reached back to these hours",
    "partly": "Partly covered: fewer than half of the sources",
    "before": "Not yet listening",
}


@dataclass(frozen=True, slots=True)
class Listening:
    """How well a range was listened to. hours_*: whole hours in each state; bands: the parts not well heard.

    fewest, of: sources heard, and listened to, in the hour that was heard by the smallest share of them; hours that
    were not heard at all left out.
    """

    bands: tuple[Band, ...] = ()
    hours: int = 0
    heard: int = 0
    unheard: int = 0
    partly: int = 0
    before: int = 0
    fewest: int = 0
    of: int = 0

    @property
    def is_deaf(self) -> bool:
        """True where no hour was heard, so that no mention means nothing."""
        return self.hours > 0 and self.heard == 0 and self.partly == 0

    def note(self, at: datetime, to: datetime) -> str:
        """Say what was amiss between two times on the reader's clock; empty where all was heard."""
        states = dict.fromkeys(band.state for band in self.bands if band.at < to and band.to > at)
        return ". ".join(STATES[state].split(":")[0] for state in states)


def listening(hours: Sequence[HourHeard], since: datetime, until: datetime, zone: ZoneInfo) -> Listening:
    """Return what hours_heard says of a range, hours as they come: by time, none twice."""
    rows = [(row.hour, _state(row)) for row in hours if since - HOUR < row.hour < until]
    earlier = 0
    if rows and rows[0][1] == "before":  # not listening then, so not any earlier either: a band, however long it is
        earlier = max(0, int((rows[0][0] - since) / HOUR))
    count = Counter(state for _, state in rows)
    runs = merge_runs(rows)
    if earlier:
        runs[0] = (runs[0][0] - HOUR * earlier, *runs[0][1:])
    bands = tuple(
        _band(max(start, since), min(end, until), state, zone) for start, end, state in runs if state != "heard"
    )
    inside = [row for row in hours if since - HOUR < row.hour < until and row.heard]
    worst = min(inside, key=lambda row: row.heard / row.listening, default=HourHeard(since, 0, 0))
    return Listening(
        bands,
        len(rows) + earlier,
        count["heard"],
        count["unheard"],
        count["partly"],
        count["before"] + earlier,
        worst.heard,
        worst.listening,
    )


def _state(row: HourHeard) -> str:
    if not row.listening:
        return "before"
    if not row.heard:
        return "unheard"
    return "heard" if row.heard / row.listening >= PARTLY else "partly"


def _band(start: datetime, end: datetime, state: str, zone: ZoneInfo) -> Band:
    at, to = (moment.astimezone(zone).replace(tzinfo=None) for moment in (start, end))
    return Band(at, to, state, f"{STATES[state]}\n{wording.span_of(at, to)}")
