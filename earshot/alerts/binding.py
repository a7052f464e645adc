"""From due notices to deliveries: which share a message, and which wait, so that nobody is told more than asked.

Knows neither the text of a mail nor how it is sent. Runs inside the relay's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from itertools import groupby
from typing import TypeVar

from earshot.alerts.age import why_too_late
from earshot.alerts.quiet import quiet_until
from earshot.alerts.rules import RuleBook
from earshot.config.settings import Settings
from earshot.identity import delivery_key
from earshot.model import Delivery, DeliveryState, Notice
from earshot.ports import RecordWriter

T = TypeVar("T")

WINDOW = timedelta(hours=1)
"""What "at most N per hour" counts: the hour that ends now."""

MOST_IN_ONE = 100
"""Notices that one message carries at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What binding did: deliveries made, notices held back, notices that nobody is to be told of any more."""

    deliveries: int = 0
    held: int = 0
    dropped: int = 0

    def __add__(self, other: Bound) -> Bound:
        """Return both together."""
        return Bound(self.deliveries + other.deliveries, self.held + other.held, self.dropped + other.dropped)


def shares(due: Sequence[T], budget: int) -> list[Sequence[T]]:
    """Divide what is due, most urgent first, into at most `budget` messages; what does not fit is left out.

    One message each while the budget lasts; else single ones for the most urgent, and the rest together, at most
    100 in one. Where one message cannot hold the rest, further single ones are given up for it.
    """
    if len(due) <= budget:
        return [due[n : n + 1] for n in range(len(due))]
    together = 1
    while together < budget and (budget - together) + together * MOST_IN_ONE < len(due):
        together += 1
    alone = max(0, budget - together)
    rest = due[alone : alone + together * MOST_IN_ONE] if budget > 0 else []
    parts = [rest[n : n + MOST_IN_ONE] for n in range(0, len(rest), MOST_IN_ONE)]
    return [due[n : n + 1] for n in range(alone)] + parts


def bind_due(writer: RecordWriter, brand_id: str, now: datetime, book: RuleBook, settings: Settings) -> Bound:
    """Bind a brand's due notices into deliveries, or hold them: quiet hours first, then the rule's messages per hour.

    A notice whose rule, or whose place in the rule, is gone from the workspace ends as a dead delivery, and so does
    what a pause made old: nobody is told, and operations can see why. A brief is a message of its own, at once.
    """
    total = Bound()
    due, late = _apart(writer, brand_id, now, settings)
    for (reason, _), members in late.items():
        total += _drop(writer, members, now, settings.mail.sender, reason)
    for (rule_id, recipient), group in groupby(sorted(due, key=_group), key=_group):
        if rule_id:
            total += _bind_group(writer, brand_id, rule_id, recipient, list(group), now, book, settings.mail.sender)
        else:
            total += _bind_each(writer, list(group), now, settings.mail.sender)
    return total


def _apart(
    writer: RecordWriter, brand_id: str, now: datetime, settings: Settings
) -> tuple[list[Notice], dict[tuple[str, tuple[str, str]], list[Notice]]]:
    """Return what is due and still worth telling, and, by reason and group, what is not."""
    due: list[Notice] = []
    late: dict[tuple[str, tuple[str, str]], list[Notice]] = {}
    last_paused = writer.last_paused().get(brand_id)
    for notice in writer.pending_notices(now, brand_id):
        since = notice.not_before or notice.created_at
        reason = why_too_late(writer, [notice], since, last_paused, now, settings.alerts.max_age)
        (late.setdefault((reason, _group(notice)), []) if reason else due).append(notice)
    return due, late


def _group(notice: Notice) -> tuple[str, str]:
    return notice.rule_id, notice.recipient


def _bind_each(writer: RecordWriter, due: Sequence[Notice], now: datetime, sender: str) -> Bound:
    for notice in due:
        writer.bind(make_delivery([notice], now, sender))
    return Bound(len(due))


def _bind_group(
    writer: RecordWriter,
    brand_id: str,
    rule_id: str,
    recipient: str,
    due: list[Notice],
    now: datetime,
    book: RuleBook,
    sender: str,
) -> Bound:
    rule = book.rule(brand_id, rule_id)
    if rule is None or book.recipient(brand_id, rule_id, recipient) is None:
        return _drop(
            writer, due, now, sender, "the rule no longer names this recipient" if rule else "the rule is gone"
        )
    until = quiet_until(rule.quiet_hours, now)
    if until is not None:
        writer.hold_notices([notice.key for notice in due], until)
        return Bound(held=len(due))
    budget = rule.max_per_hour - writer.told_since(brand_id, rule_id, recipient, now - WINDOW)
    could_fit = due[: max(0, budget) * MOST_IN_ONE]  # in a storm the rest is not even looked at
    parts = shares(_most_urgent_first(writer, could_fit), max(0, budget))
    messages = [[notice for unit in part for notice in unit] for part in parts]
    for order, notices in enumerate(messages):  # a microsecond apart, so that they are sent in this order
        writer.bind(make_delivery(notices, now + timedelta(microseconds=order), sender))
    bound = {notice.key for notices in messages for notice in notices}
    held = [notice.key for notice in due if notice.key not in bound]
    if held:
        writer.hold_notices(held, _window_opens(writer, (brand_id, rule_id, recipient), rule.max_per_hour, now))
    return Bound(len(messages), len(held))


def _most_urgent_first(writer: RecordWriter, due: Iterable[Notice]) -> list[list[Notice]]:
    """Return notices by incident (those of merged stories are one), the most severe first, then the oldest."""
    units: dict[str, tuple[int, list[Notice]]] = {}
    for notice in due:
        incident = writer.incident(notice.incident_id)
        name, rank = (incident.id, incident.severity.rank) if incident else (notice.incident_id, 0)
        units.setdefault(name, (rank, []))[1].append(notice)
    ordered = sorted(units.values(), key=lambda unit: (-unit[0], unit[1][0].created_at, unit[1][0].key))
    return [notices for _, notices in ordered]


def _drop(writer: RecordWriter, due: Sequence[Notice], now: datetime, sender: str, reason: str) -> Bound:
    for start in range(0, len(due), MOST_IN_ONE):
        delivery = make_delivery(due[start : start + MOST_IN_ONE], now, sender)
        writer.bind(delivery)
        writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=reason)
    return Bound(dropped=len(due))


def _window_opens(writer: RecordWriter, line: tuple[str, str, str], most: int, now: datetime) -> datetime:
    """Return the first whole minute after `now` that has fewer than `most` messages in the hour before it."""
    early, late = 0, 60  # minutes from now: still too many at `early`, none left at `late`
    while late - early > 1:
        middle = (early + late) // 2
        told = writer.told_since(*line, now - WINDOW + timedelta(minutes=middle))
        early, late = (early, middle) if told < most else (middle, late)
    return now + timedelta(minutes=late)


def make_delivery(notices: Sequence[Notice], now: datetime, sender: str) -> Delivery:
    """Return the pending delivery that carries these notices; its key and Message-ID come from their keys alone."""
    keys = tuple(notice.key for notice in notices)
    key = delivery_key(keys)
    return Delivery(
        key=key,
        channel=notices[0].channel,
        recipient=notices[0].recipient,
        state=DeliveryState.PENDING,
        message_id=message_id(key, sender),
        attempts=0,
        notice_keys=keys,
        changed_at=now,
    )


def message_id(key: str, sender: str) -> str:
    """Return `<key@domain of the sender>`, the same for every attempt. sender: address, with or without a name."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain.encode('idna').decode('ascii')}>"
