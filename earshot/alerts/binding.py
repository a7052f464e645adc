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
from earshot.model import Delivery, DeliveryState, Notice, Occasion, Rule, Severity
from earshot.ports import RecordReader, RecordWriter

T = TypeVar("T")

WINDOW = timedelta(hours=1)
"""What "at most N per hour" counts: the hour that ends now."""

LEAST_KEPT = 4
"""From so many mails an hour on, places are kept for what is critical or new."""

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
    """Bind a brand's due notices into deliveries, or hold them: quiet hours first, then the person's mails per hour.

    A notice whose rule, or whose place in the rule, is gone from the workspace ends as a dead delivery, and so does
    what a pause made old: nobody is told, and operations can see why. A brief is a message of its own, at once.
    """
    total = Bound()
    due, late = _apart(writer, brand_id, now, settings)
    for (reason, _, _), members in late.items():
        total += _drop(writer, members, now, settings.mail.sender, reason)
    for (is_alert, recipient), group in groupby(sorted(due, key=_group), key=_group):
        if is_alert:
            total += _bind_group(writer, brand_id, recipient, list(group), now, book, settings.mail.sender)
        else:
            total += _bind_each(writer, list(group), now, settings.mail.sender)
    return total


def _apart(
    writer: RecordWriter, brand_id: str, now: datetime, settings: Settings
) -> tuple[list[Notice], dict[tuple[str, bool, str], list[Notice]]]:
    """Return what is due and still worth telling, and, by reason and group, what is not."""
    due: list[Notice] = []
    late: dict[tuple[str, bool, str], list[Notice]] = {}
    last_paused = writer.last_paused().get(brand_id)
    for notice in writer.pending_notices(now, brand_id):
        since = notice.not_before or notice.created_at
        reason = why_too_late(writer, [notice], since, last_paused, now, settings.alerts.max_age)
        (late.setdefault((reason, *_group(notice)), []) if reason else due).append(notice)
    return due, late


def _group(notice: Notice) -> tuple[bool, str]:
    """Return whether it is an alert, and whose."""
    return bool(notice.rule_id), notice.recipient


def _bind_each(writer: RecordWriter, due: Sequence[Notice], now: datetime, sender: str) -> Bound:
    for notice in due:
        writer.bind(make_delivery([notice], now, sender))
    return Bound(len(due))


def _bind_group(
    writer: RecordWriter, brand_id: str, recipient: str, due: list[Notice], now: datetime, book: RuleBook, sender: str
) -> Bound:
    spoken, total = _spoken(writer, due, now, book, sender)
    brand = book.brand(brand_id)
    if brand is None or not spoken:
        return total
    told = writer.told_since(brand_id, recipient, now - WINDOW)
    # At most half of what is left goes out at once, so that what comes a minute later does not wait for an hour.
    could_fit = spoken[: max(0, brand.max_per_hour - told) * MOST_IN_ONE]  # in a storm the rest is not looked at
    units = _most_urgent_first(writer, could_fit)
    limit = places(units or [Unit(())], brand.max_per_hour)
    left = max(0, limit - told)
    messages = [[notice for unit in part for notice in unit.notices] for part in shares(units, (left + 1) // 2)]
    for order, notices in enumerate(messages):  # a microsecond apart, so that they are sent in this order
        writer.bind(make_delivery(notices, now + timedelta(microseconds=order), sender))
    bound = {notice.key for notices in messages for notice in notices}
    held = [notice.key for notice in spoken if notice.key not in bound]
    if held:
        writer.hold_notices(held, _window_opens(writer, (brand_id, recipient), limit, now))
    return total + Bound(len(messages), len(held))


def _spoken(
    writer: RecordWriter, due: Sequence[Notice], now: datetime, book: RuleBook, sender: str
) -> tuple[list[Notice], Bound]:
    """Return the notices whose rule may speak now, and what became of the others: held for quiet hours, or dropped."""
    spoken: list[Notice] = []
    gone: dict[str, list[Notice]] = {}
    held = 0
    for notice in due:
        rule = rule_of(writer, notice, book)
        until = quiet_until(rule.quiet_hours, now) if rule else None
        if rule is None:
            is_there = book.rule(notice.brand_id, notice.rule_id) is not None
            why = "the rule no longer names this recipient" if is_there else "the rule is gone"
            gone.setdefault(why, []).append(notice)
        elif until is not None:
            writer.hold_notices([notice.key], until)
            held += 1
        else:
            spoken.append(notice)
    total = Bound(held=held)
    for why, members in gone.items():
        total += _drop(writer, members, now, sender, why)
    return spoken, total


def rule_of(reader: RecordReader, notice: Notice, book: RuleBook) -> Rule | None:
    """Return the rule in whose name a notice speaks: its own, or another of its incident that names the recipient."""
    if book.recipient(notice.brand_id, notice.rule_id, notice.recipient) is not None:
        return book.rule(notice.brand_id, notice.rule_id)
    incident = reader.incident(notice.incident_id)
    others = incident.rule_ids if incident else ()
    named = [rule for rule in others if book.recipient(notice.brand_id, rule, notice.recipient) is not None]
    rules = [rule for name in named if (rule := book.rule(notice.brand_id, name)) is not None]
    return max(rules, key=lambda rule: rule.severity.rank, default=None)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is told together in any case: the notices of one incident for one person. rank: of the most severe."""

    notices: tuple[Notice, ...]
    rank: int = 0

    @property
    def is_update(self) -> bool:
        """Tell whether the person knows of it already, at this severity."""
        return all(notice.occasion is Occasion.UPDATE for notice in self.notices)

    @property
    def is_urgent(self) -> bool:
        """Tell whether it is critical, and news to the person."""
        return not self.is_update and self.rank == Severity.CRITICAL.rank


def places(units: Sequence[Unit], most: int) -> int:
    """Return how many of a person's mails of an hour are open to these.

    Of four or more the last is kept for what is critical and new, the last but one for what is new.
    """
    if most < LEAST_KEPT or any(unit.is_urgent for unit in units):
        return most
    return most - (2 if all(unit.is_update for unit in units) else 1)


def _most_urgent_first(writer: RecordWriter, due: Iterable[Notice]) -> list[Unit]:
    """Return notices by incident (those of merged stories are one): new before known, severe before mild, old first."""
    units: dict[str, list[Notice]] = {}
    for notice in due:
        incident = writer.incident(notice.incident_id)
        units.setdefault(incident.id if incident else notice.incident_id, []).append(notice)
    made = [Unit(tuple(each), max(_rank(notice) for notice in each)) for each in units.values()]
    return sorted(made, key=lambda u: (-u.rank, u.is_update, u.notices[0].created_at, u.notices[0].key))


def _rank(notice: Notice) -> int:
    return notice.severity.rank if notice.severity else 0


def _drop(writer: RecordWriter, due: Sequence[Notice], now: datetime, sender: str, reason: str) -> Bound:
    for start in range(0, len(due), MOST_IN_ONE):
        delivery = make_delivery(due[start : start + MOST_IN_ONE], now, sender)
        writer.bind(delivery)
        writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=reason)
    return Bound(dropped=len(due))


def _window_opens(writer: RecordWriter, line: tuple[str, str], most: int, now: datetime) -> datetime:
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
