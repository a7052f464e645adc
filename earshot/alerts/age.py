"""Whether what could not be told in time is still worth telling. Knows neither why a brand was paused nor any mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.model import Notice
from earshot.ports import RecordReader

BECAME_OLD = "it became old while the brand was paused"
TOO_LATE = "too late for a brief: it was made more than a day ago"

BRIEF_KEEPS = timedelta(days=1)
"""How long a brief may wait for its mail to go out; then the next day's has taken its place."""


def is_brief(notice: Notice) -> bool:
    """Tell whether a notice is of a brief and not of an incident."""
    return not notice.rule_id


def why_too_late(
    reader: RecordReader,
    notices: Sequence[Notice],
    due_at: datetime,
    last_paused: datetime | None,
    now: datetime,
    max_age: timedelta | None,
) -> str:
    """Return why one message of these notices is not to be sent any more, or "" where it is.

    Quiet hours, a full hour and a mail server that is down hold a notice back, and it is told all the same. A pause
    does not: what was due before it ended (`due_at` < `last_paused`) is told only if something in it is still news, by
    the newest mention of its incident (`max_age`; None lifts the limit). A brief is too late after a day in any case.

    Args:
        reader: the record.
        notices: of one message: all of a brief, or none.
        due_at: since when nothing but a pause could have kept them back.
        last_paused: when the brand was last known to be paused, or None.
        now: time of asking.
        max_age: `alerts.max_age`.
    """
    if all(is_brief(notice) for notice in notices):
        briefs = [reader.brief(notice.incident_id) for notice in notices]
        is_late = all(brief is not None and now - brief.made_at >= BRIEF_KEEPS for brief in briefs)
        return TOO_LATE if briefs and is_late else ""
    if max_age is None or last_paused is None or due_at >= last_paused:
        return ""
    return "" if any(_is_news(reader, notice, now - max_age) for notice in notices) else BECAME_OLD


def _is_news(reader: RecordReader, notice: Notice, since: datetime) -> bool:
    """Tell whether an incident's newest mention is; one without any is left to who writes the mail."""
    incident = reader.incident(notice.incident_id)
    mentions = reader.mentions(incident.mention_ids) if incident else []
    return not mentions or max(mention.published_at for mention in mentions) >= since
