"""The alert stage: judge late teasers, bind due notices, hand each delivery to the mail server once.

Knows neither SMTP nor HTML. What makes one mail of one notice: each step is written down before the next begins
(claimed, dot, sent), the relay works under a lease that the step `dot` renews in its own transaction, and a delivery
left between dot and sent is looked up in the mail server's own ledger before it is sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from earshot.alerts.backoff import next_try, since_when
from earshot.alerts.binding import Bound, bind_due
from earshot.alerts.letters import Letter, gather
from earshot.alerts.quiet import quiet_until
from earshot.alerts.render import AlertRenderer
from earshot.alerts.routing import Judged, judge_document
from earshot.alerts.rules import RuleBook
from earshot.config.settings import Settings
from earshot.errors import MailError, MailUncertain, StorageError
from earshot.model import Delivery, DeliveryState, Message
from earshot.ports import Clock, Mailer, MailLedger, Record

RELAY = "relay:mail"
"""The lease under which deliveries move; two relays never compete."""

_OUR_SIDE = "our side: "
_PATIENCE = timedelta(minutes=1)
"""How long a server that refused *us* is left alone: a wrong password tried every second locks the account."""
_LEASE_BEYOND_TIMEOUT = timedelta(hours=1)
_NOTHING_LEFT = "nothing left to tell: withdrawn, erased or corrected"
_ALL = 100_000
_CLAIMED, _PENDING = DeliveryState.CLAIMED, DeliveryState.PENDING


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What one run of the stage did, in counts.

    judged: late teasers. bound: deliveries made. held: notices that wait for quiet hours to end or for the hour's
    budget. dropped: notices nobody is to be told of any more. postponed: deliveries to be tried again. waiting:
    deliveries whose fate the ledger does not know yet. recovered: deliveries found left over by a process that ended.
    problem: what a person has to mend before mail can go out, or empty. is_busy: another relay is at work.
    """

    judged: int = 0
    incidents: int = 0
    notices: int = 0
    bound: int = 0
    held: int = 0
    dropped: int = 0
    sent: int = 0
    postponed: int = 0
    unknown: int = 0
    dead: int = 0
    waiting: int = 0
    recovered: int = 0
    problem: str = ""
    is_busy: bool = False


def alert(
    record: Record,
    mailer: Mailer | None,
    ledger: MailLedger | None,
    renderer: AlertRenderer,
    book: RuleBook,
    settings: Settings,
    clock: Clock,
    owner: str,
    is_stopping: Callable[[], bool] = lambda: False,
) -> AlertReport:
    """Run the stage once: everything that is due now is told. May run twice at any moment, anywhere.

    Args:
        record: the record.
        mailer: None where the workspace names no mail server: teasers are judged, notices wait.
        ledger: what the mail server accepted, or None; without one a delivery cut off at the dot ends as unknown.
        renderer: makes the message of a letter.
        book: the workspace's rules.
        settings: the workspace's settings.
        clock: time.
        owner: `earshot.leases.me()`; one owner runs this stage once at a time.
        is_stopping: asked before each mail; True leaves the rest for the next run.

    Raises:
        StorageError: the record did not answer; what was done stays done, the rest is done by the next run.
    """
    judged, count = _judge_late(record, book, settings, clock)
    told: dict[str, Any] = {"judged": count, "incidents": judged.incidents, "notices": judged.notices}
    if mailer is None:
        return AlertReport(**told, problem=_no_server(record))
    relay = _Relay(record, mailer, ledger, renderer, book, settings, clock, owner, is_stopping)
    if not relay.take():
        return AlertReport(**told, is_busy=True)
    try:
        relay.run()
    finally:
        relay.let_go()
    return AlertReport(**told | relay.counts, problem=relay.problem)


def _judge_late(record: Record, book: RuleBook, settings: Settings, clock: Clock) -> tuple[Judged, int]:
    """Judge every teaser whose page failed or is late, in transactions of some hundred."""
    incidents = notices = count = 0
    while True:
        with record.write() as writer:
            now = clock.now()
            late = writer.documents_to_judge(now)
            for document_id in late:
                done = judge_document(writer, document_id, now, settings.alerts, book)
                incidents, notices = incidents + done.incidents, notices + done.notices
        count += len(late)
        if not late:
            return Judged(incidents, notices), count


def _no_server(record: Record) -> str:
    with record.read() as reader:
        waiting = reader.counts().notices.get("pending", 0)
    return f"no mail server is set (mail.host), {waiting} notices wait" if waiting else ""


@dataclass(slots=True)
class _Relay:
    """One run of the relay, under its lease."""

    record: Record
    mailer: Mailer
    ledger: MailLedger | None
    renderer: AlertRenderer
    book: RuleBook
    settings: Settings
    clock: Clock
    owner: str
    is_stopping: Callable[[], bool]
    problem: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def take(self) -> bool:
        """Take the lease; False where another relay holds it."""
        with self.record.write() as writer:
            return RELAY in writer.lease([RELAY], self.owner, self.clock.now(), self._lease_end())

    def let_go(self) -> None:
        """Give the lease back."""
        with self.record.write() as writer:
            writer.free([RELAY], self.owner)

    def _lease_end(self) -> datetime:
        """Longer than one message can take, so that nobody looks for its fate while it is still on its way."""
        return self.clock.now() + self.settings.mail.timeout + _LEASE_BEYOND_TIMEOUT

    def run(self) -> None:
        """Settle what was left over, bind what is due, send what is bound."""
        self._recover()
        self._bind()
        for delivery in self._due():
            if self.problem or self.is_stopping():
                break
            self._deliver(delivery)

    # --- what an ended process left behind

    def _recover(self) -> None:
        with self.record.read() as reader:
            left = reader.deliveries([_CLAIMED, DeliveryState.DOT], limit=_ALL)
        for delivery in left:
            state, reason = self._fate(delivery)
            if state is None:
                self.counts["waiting"] += 1
                continue
            self._change(delivery, state, reason=reason, subject=delivery.subject)
            self.counts["recovered"] += 1
            if state is DeliveryState.UNKNOWN:
                self.counts["unknown"] += 1

    def _fate(self, delivery: Delivery) -> tuple[DeliveryState | None, str]:
        """Return what a delivery that nobody works on has become; None where it is too early to say."""
        if delivery.state is _CLAIMED:
            return _PENDING, delivery.reason
        if self.ledger is None:
            return DeliveryState.UNKNOWN, delivery.reason or "cut off at the final dot, and there is no ledger to ask"
        if self.ledger.find(delivery.message_id):
            return DeliveryState.SENT, ""
        is_late = (delivery.changed_at or self.clock.now()) + self.settings.mail.ledger_wait <= self.clock.now()
        return (_PENDING, "the server never took it") if is_late else (None, "")

    # --- binding

    def _bind(self) -> None:
        with self.record.write() as writer:
            bound: Bound = bind_due(writer, self.clock.now(), self.book, self.settings.mail.sender)
        self.counts.update(bound=bound.deliveries, held=bound.held, dropped=bound.dropped)

    def _due(self) -> list[Delivery]:
        """Return pending deliveries that are due, oldest first; none while the server is to be left alone."""
        now = self.clock.now()
        with self.record.read() as reader:
            pending = reader.deliveries([_PENDING], limit=_ALL)
        for delivery in pending:
            is_fresh = delivery.changed_at is not None and now - delivery.changed_at < _PATIENCE
            if is_fresh and delivery.reason.startswith(_OUR_SIDE):
                self.problem = delivery.reason.removeprefix(_OUR_SIDE)
                return []
        return [d for d in reversed(pending) if d.not_before is None or d.not_before <= now]

    # --- sending

    def _deliver(self, delivery: Delivery) -> None:
        letter = self._claim(delivery)
        if letter is None:
            return
        try:
            message = self.renderer.render(letter)
        except MailError as error:  # an address that is none: ours, or the recipient's
            self._refused(delivery, error)
            return
        except Exception as error:  # noqa: BLE001 (one letter's failure is recorded, and the next begins)
            self._postpone(delivery, f"the mail could not be written: {error!r}")
            return
        self._send(delivery, message)

    def _claim(self, delivery: Delivery) -> Letter | None:
        """Claim a delivery and return what it tells; None where it ends here or has to wait."""
        with self.record.write() as writer:
            now = self.clock.now()
            letter = gather(writer, delivery, self.book)
            if letter is None or writer.is_suppressed(delivery.recipient):
                reason = "the recipient was struck off" if letter else _NOTHING_LEFT
                writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=reason)
                self.counts["dead"] += 1
                return None
            until = quiet_until(letter.tellings[0].rule.quiet_hours, now)
            writer.change_delivery(delivery.key, _CLAIMED, now, owner=self.owner, reason=delivery.reason)
            if until is None:
                return letter
            writer.change_delivery(delivery.key, _PENDING, now, reason=delivery.reason, not_before=until)
            self.counts["postponed"] += 1
            return None

    def _send(self, delivery: Delivery, message: Message) -> None:
        try:
            self.mailer.send(message, lambda: self._commit_dot(delivery, message))
        except MailUncertain as uncertain:
            self._uncertain(delivery, message.subject, uncertain)
        except MailError as error:
            self._refused(delivery, error)
        else:
            self._commit_sent(delivery, message)
            self.counts["sent"] += 1

    def _commit_sent(self, delivery: Delivery, message: Message) -> None:
        """Write down that the server took it. Tried harder than anything else: only this process knows it."""
        for pause_s in (1.0, 5.0, 25.0):
            try:
                return self._change(delivery, DeliveryState.SENT, subject=message.subject)
            except StorageError:
                self.clock.sleep(pause_s)
        return self._change(delivery, DeliveryState.SENT, subject=message.subject)

    def _commit_dot(self, delivery: Delivery, message: Message) -> None:
        """Write down that the next byte may be the one that tells somebody; stop if another relay has taken over."""
        with self.record.write() as writer:
            now = self.clock.now()
            if RELAY not in writer.lease([RELAY], self.owner, now, self._lease_end()):
                raise StorageError("the mail relay's lease was lost before the final dot; nothing was sent")
            writer.change_delivery(delivery.key, DeliveryState.DOT, now, owner=self.owner, subject=message.subject)

    def _uncertain(self, delivery: Delivery, subject: str, uncertain: MailUncertain) -> None:
        """With a ledger the delivery stays at the dot until the next run asks it; without one nobody can know."""
        if self.ledger is None:
            self._change(delivery, DeliveryState.UNKNOWN, reason=uncertain.reason, subject=subject)
            self.counts["unknown"] += 1
        elif self.ledger.find(delivery.message_id):
            self._change(delivery, DeliveryState.SENT, subject=subject)
            self.counts["sent"] += 1
        else:
            self.counts["waiting"] += 1

    def _refused(self, delivery: Delivery, error: MailError) -> None:
        if error.is_ours:
            self.problem = error.reason
            self._change(delivery, _PENDING, reason=_OUR_SIDE + error.reason)
        elif error.is_permanent:
            with self.record.write() as writer:
                now = self.clock.now()
                writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=error.reason)
                writer.suppress(delivery.recipient, error.reason, now)
            self.counts["dead"] += 1
        else:
            self._postpone(delivery, error.reason)

    def _postpone(self, delivery: Delivery, reason: str) -> None:
        """Leave it for later, at growing distance; after four days of trying it is dead."""
        now = self.clock.now()
        since = since_when(delivery.reason) or now
        later = next_try(since, now)
        state = _PENDING if later else DeliveryState.DEAD
        self._change(delivery, state, reason=f"{reason} (tried since {since:%Y-%m-%d %H:%M} UTC)", not_before=later)
        self.counts["postponed" if later else "dead"] += 1

    def _change(
        self,
        delivery: Delivery,
        state: DeliveryState,
        *,
        reason: str = "",
        subject: str = "",
        not_before: datetime | None = None,
    ) -> None:
        with self.record.write() as writer:
            writer.change_delivery(
                delivery.key,
                state,
                self.clock.now(),
                reason=reason,
                subject=subject,
                not_before=not_before,
            )
