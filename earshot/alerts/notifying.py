"""Who hears of an incident, and when again: once when it is new to them, at once when it becomes more severe, and as
they have asked when it grows.

Runs inside the transaction of whoever found the mention. Knows no mail. A person has at most one notice of an incident
that is still to be sent: what happens until then is told by that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from earshot.alerts.quiet import quiet_until
from earshot.alerts.rules import RuleBook
from earshot.identity import notice_key
from earshot.model import Flag, Mention, Notice, NoticeState, Occasion, Severity, Updates
from earshot.ports import RecordWriter

MAIL = "mail"
"""The name of the channel."""


def notify(
    writer: RecordWriter, incident_id: str, mention: Mention, address: str, now: datetime, book: RuleBook
) -> bool:
    """Let one person hear of a mention that has joined an incident; True if a notice was made. Twice is once."""
    flags = [flag for flag in mention.flags if book.recipient(mention.brand, flag.rule_id, address) is not None]
    lead = most_severe(flags)
    if lead is None:
        return False
    size = writer.incident_size(incident_id)
    told = writer.notices_to(incident_id, address)
    fresh = Notice(
        key="",
        incident_id=incident_id,
        brand_id=mention.brand,
        rule_id=lead.rule_id,
        channel=MAIL,
        recipient=address,
        state=NoticeState.PENDING,
        created_at=now,
        not_before=_not_before(flags, mention.brand, now, book),
        severity=lead.severity,
        shown=size,
    )
    if not told:
        return _add(writer, fresh, Occasion.FIRST, "")
    waiting = next((notice for notice in told if notice.state is NoticeState.PENDING), None)
    if waiting is not None and writer.raise_notice(_raised(waiting, fresh)):
        return False
    if lead.severity.rank > max(_rank(notice.severity) for notice in told):
        return _add(writer, fresh, Occasion.RISE, lead.severity)
    return _update(writer, fresh, told, book.updates(mention.brand, lead.rule_id, address))


def most_severe(flags: Sequence[Flag]) -> Flag | None:
    """Return the flag that leads: the most severe, the first of them; None where there is none."""
    return max(flags, key=lambda flag: flag.severity.rank, default=None)


def next_step(steps: Sequence[int], shown: int) -> int | None:
    """Return the size at which somebody hears again who was told of `shown` mentions; None for never.

    After the last step it is each doubling of it.
    """
    if not steps:
        return None
    reached = next((step for step in steps if step > shown), None)
    if reached is not None:
        return reached
    step = max(1, steps[-1])
    while step <= shown:
        step *= 2
    return step


def _update(writer: RecordWriter, fresh: Notice, told: Sequence[Notice], updates: Updates) -> bool:
    shown = max(notice.shown for notice in told)
    if fresh.shown <= shown:
        return False
    if updates.after is not None:
        due = max(notice.created_at for notice in told) + updates.after
        held = max(at for at in (due, fresh.not_before) if at is not None)
        return _add(writer, replace(fresh, not_before=held), Occasion.UPDATE, str(shown))
    step = next_step(updates.steps, shown)
    if step is None or fresh.shown < step:
        return False
    return _add(writer, fresh, Occasion.UPDATE, str(shown))


def _add(writer: RecordWriter, fresh: Notice, occasion: Occasion, detail: str) -> bool:
    """Add a notice under the key of its occasion: an update is known by how many mentions were told before."""
    key = notice_key(fresh.incident_id, f"{occasion}{detail}", fresh.channel, fresh.recipient)
    return writer.add_notice(replace(fresh, key=key, occasion=occasion))


def _raised(waiting: Notice, fresh: Notice) -> Notice:
    """Return a notice that waits as it stands now that the incident has grown.

    A more severe rule takes its place, and with it the time at which that rule may speak.
    """
    if _rank(fresh.severity) <= _rank(waiting.severity):
        return replace(waiting, shown=max(waiting.shown, fresh.shown))
    return replace(
        waiting, rule_id=fresh.rule_id, severity=fresh.severity, shown=fresh.shown, not_before=fresh.not_before
    )


def _not_before(flags: Sequence[Flag], brand_id: str, now: datetime, book: RuleBook) -> datetime | None:
    """Return when the first of these rules may speak; None for at once."""
    rules = (book.rule(brand_id, flag.rule_id) for flag in flags)
    until = [quiet_until(rule.quiet_hours, now) for rule in rules if rule is not None]
    return None if None in until else min((at for at in until if at is not None), default=None)


def _rank(severity: Severity | None) -> int:
    return severity.rank if severity else -1
