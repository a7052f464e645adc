"""What a record that was brought back from a backup does not know, as an alarm that lasts until it matters no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from earshot.model import DeliveryState
from earshot.operating import Alarm
from earshot.pipeline.doubt import HELD
from earshot.pipeline.maintain.kinds import Kind, in_words, make_alarm
from earshot.ports import RecordReader, Restored

KIND = Kind.RESTORED
_LONGEST = timedelta(days=7)
_MOST = 1000


def alarm(reader: RecordReader, now: datetime) -> Alarm | None:
    """Return what it does not know, while sources are not heard again or mails are held; None where all is settled."""
    last = reader.last_restored()
    if last is None or not matters(reader, last, now):
        return None
    return make_alarm(KIND, "", said(reader, last), now)


def matters(reader: RecordReader, last: Restored, now: datetime) -> bool:
    """Tell whether mails are held, or, for a week, sources were not heard again."""
    heard, active = _heard(reader, last)
    return bool(_held(reader, last)) or (heard < active and now - last.at < _LONGEST)


def said(reader: RecordReader, last: Restored) -> str:
    """Return it in sentences."""
    heard, active = _heard(reader, last)
    gap, held = in_words(last.at - last.backup_at), _held(reader, last)
    backup, now = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (last.backup_at, last.at))
    parts = [f"Restored from the backup of {backup}: {gap}, until {now}, are not covered."]
    parts.append(f"Sources are fetched again: {heard} of {active} so far.")
    if held:
        mails = (
            "1 mail that may have been sent before is"
            if held == 1
            else f"{held} mails that may have been sent before are"
        )
        parts.append(f"{mails} held: `earshot alerts held` lists them.")
    return " ".join(parts)


def _heard(reader: RecordReader, last: Restored) -> tuple[int, int]:
    """Return how many active sources were heard since, and how many there are."""
    active = [source for source in reader.sources() if source.is_active]
    return sum(1 for source in active if source.last_heard_at and source.last_heard_at >= last.at), len(active)


def _held(reader: RecordReader, last: Restored) -> int:
    unknown = reader.deliveries([DeliveryState.UNKNOWN], limit=_MOST)
    return sum(1 for each in unknown if each.reason.startswith(HELD) and (each.changed_at or last.at) >= last.at)
