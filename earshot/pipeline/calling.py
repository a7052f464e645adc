"""Who was called up and has not begun: a scheduler starts one run for a brand, not one more whenever it looks.

A call may be lost on its way, as a scheduler's events may be; so whoever looks in the next minute of the clock, as a
timer does, makes it again. Knows no scheduler.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.ports import Record, holds

PREFIX = "call:"
_CALLED = "called up"


def call_up(record: Record, job: str, brand_ids: Sequence[str], now: datetime) -> list[str]:
    """Return those of the brands whose run of `job` is to be started now, and note that they were called up."""
    if not brand_ids:
        return []
    with record.write(beside=True) as writer:
        writer.hold([holds.LEASES])
        waiting = {held.name for held in writer.held_leases() if held.owner == _CALLED and held.until > now}
        called = [brand_id for brand_id in brand_ids if _name(job, brand_id) not in waiting]
        next_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        writer.lease([_name(job, brand_id) for brand_id in called], _CALLED, now, next_minute)
    return called


def begin(record: Record, job: str, brand_id: str) -> None:
    """Note, before it looks at what is due, that a brand's run has begun: what comes now is another call's."""
    with record.write(beside=True) as writer:
        writer.free([_name(job, brand_id)], _CALLED)


def _name(job: str, brand_id: str) -> str:
    return f"{PREFIX}{job}:{brand_id}"
