"""The mail relay of one brand: settle what was left over, bind what is due, hand each delivery to the mail server once.

Knows neither SMTP nor HTML. What makes one mail of one notice: each step is written down before the next begins
(claimed, dot, sent), the relay works under a lease that the step `dot` renews in its own transaction, and a delivery
left between dot and sent is looked up in the mail server's own ledger before it is sent again. A delivery is of one
brand, so relays of two brands have nothing in common but the mail server (`earshot.alerts.gate`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from earshot.alerts.age import is_brief, why_too_late
from earshot.alerts.backoff import next_try, since_when
from earshot.alerts.binding import Bound, bind_due
from earshot.alerts.gate import our_side, why_closed
from earshot.alerts.letters import AnyLetter, gather
from earshot.alerts.quiet import quiet_until
from earshot.alerts.renderer import Renderer
from earshot.alerts.rules import RuleBook
from earshot.alerts.unsubscribing import ALERTS, BRIEF
from earshot.config.settings import Settings
from earshot.errors import MailError, MailStopped, MailUncertain, StorageError
from earshot.model import Delivery, DeliveryState, Message, Occasion
from earshot.operating import why_paused
from earshot.pipeline.doubt import doubt
from earshot.ports import Clock, Mailer, MailLedger, Record, RecordReader, RecordWriter

log = structlog.get_logger(__name__)
_LEASE_BEYOND_TIMEOUT = timedelta(hours=1)
_NOTHING_LEFT = "nothing left to tell: withdrawn, erased or corrected"
NOTHING_NEW = "nothing new to tell: all of it was in the mail before"
_ALL = 100_000
_NOTED_EVERY = timedelta(minutes=1)
_CLAIMED, _PENDING = DeliveryState.CLAIMED, DeliveryState.PENDING


def relay_of(brand_id: str) -> str:
    """Return the lease under which a brand's deliveries move; two relays of one brand never compete."""
    return f"relay:mail:{brand_id}"


def lease_length(settings: Settings) -> timedelta:
    """Return how long a lease holds: longer than one message can take, so that nobody looks for its fate too early."""
    return settings.mail.timeout + _LEASE_BEYOND_TIMEOUT


def pause_of(reader: RecordReader, book: RuleBook, brand_id: str) -> str:
    """Return why nobody is told of a brand now, or ""."""
    brand = book.brand(brand_id)
    return why_paused(brand_id, is_paused=brand is not None and brand.is_paused, pauses=reader.pauses())


def remember_pause(writer: RecordWriter, brand_id: str, now: datetime) -> None:
    """Note that a brand is paused, at most once a minute: a run asks every two seconds."""
    last = writer.last_paused().get(brand_id)
    if last is None or not timedelta(0) <= now - last < _NOTED_EVERY:
        writer.note_paused([brand_id], now)


@dataclass(frozen=True, slots=True)
class Post:
    """What every relay works with. ledger: None where the mail server shows nobody what it accepted."""

    record: Record
    mailer: Mailer
    ledger: MailLedger | None
    renderer: Renderer
    book: RuleBook
    settings: Settings
    clock: Clock
    owner: str
    is_stopping: Callable[[], bool]


class Relay:
    """One run of a brand's relay. counts: what it did, by the names of `AlertReport`; paused: why nobody was told."""

    def __init__(self, post: Post, brand_id: str) -> None:
        self._post, self._brand_id = post, brand_id
        self._record, self._clock, self._settings = post.record, post.clock, post.settings
        self._lease = relay_of(brand_id)
        self.problem = ""
        self.paused = ""
        self.counts: Counter[str] = Counter()

    def run(self) -> bool:
        """Settle, bind and send under the lease; False where another relay of this brand holds it."""
        if not self._take():
            return False
        try:
            self._recover()
            if self._is_told():
                self._bind()
                self._send_due()
        finally:
            self._let_go()
        return True

    def _take(self) -> bool:
        with self._record.write() as writer:
            return self._lease in writer.lease([self._lease], self._post.owner, self._clock.now(), self._lease_end())

    def _let_go(self) -> None:
        with self._record.write() as writer:
            writer.free([self._lease], self._post.owner)

    def _lease_end(self) -> datetime:
        return self._clock.now() + lease_length(self._settings)

    def _is_told(self) -> bool:
        """Tell whether people may be told of the brand; where not, remember that it was paused."""
        with self._record.read() as reader:
            self.paused = pause_of(reader, self._post.book, self._brand_id)
        if self.paused:
            with self._record.write() as writer:
                remember_pause(writer, self._brand_id, self._clock.now())
        return not self.paused

    # --- what an ended process left behind

    def _recover(self) -> None:
        with self._record.read() as reader:
            left = reader.deliveries([_CLAIMED, DeliveryState.DOT], limit=_ALL, brand_id=self._brand_id)
        for delivery in left:
            state, reason = self._fate(delivery)
            if state is None:
                self.counts["waiting"] += 1
                continue
            # What waits again keeps its time, here too.
            at = delivery.changed_at if state is _PENDING else None
            self._change(delivery, state, reason=reason, subject=delivery.subject, at=at)
            self.counts["recovered"] += 1
            if state is DeliveryState.UNKNOWN:
                self.counts["unknown"] += 1

    def _fate(self, delivery: Delivery) -> tuple[DeliveryState | None, str]:
        """Return what a delivery that nobody works on has become; None where it is too early to say."""
        if delivery.state is _CLAIMED:
            return _PENDING, delivery.reason
        if self._post.ledger is None:
            return DeliveryState.UNKNOWN, delivery.reason or "cut off at the final dot, and there is no ledger to ask"
        if self._post.ledger.find(delivery.message_id):
            return DeliveryState.SENT, ""
        is_late = (delivery.changed_at or self._clock.now()) + self._settings.mail.ledger_wait <= self._clock.now()
        return (_PENDING, "the server never took it") if is_late else (None, "")

    # --- binding

    def _bind(self) -> None:
        with self._record.write() as writer:
            bound: Bound = bind_due(writer, self._brand_id, self._clock.now(), self._post.book, self._settings)
        self.counts.update(bound=bound.deliveries, held=bound.held, dropped=bound.dropped)

    # --- sending

    def _send_due(self) -> None:
        due = self._due()
        self.problem = why_closed(self._record, self._clock) if due else ""
        for delivery in due:
            if self.problem or self.paused or self._post.is_stopping():
                break
            self._deliver(delivery)

    def _due(self) -> list[Delivery]:
        """Return pending deliveries that are due, oldest first."""
        now = self._clock.now()
        with self._record.read() as reader:
            pending = reader.deliveries([_PENDING], limit=_ALL, brand_id=self._brand_id)
        return [d for d in reversed(pending) if d.not_before is None or d.not_before <= now]

    def _deliver(self, delivery: Delivery) -> None:
        if self._is_settled_by_restore(delivery):
            return
        letter = self._claim(delivery)
        if letter is None:
            return
        try:
            message = self._post.renderer.render(letter)
        except MailError as error:  # an address that is none: ours, or the recipient's
            self._refused(delivery, error)
            return
        except Exception as error:  # noqa: BLE001 (one letter's failure is recorded, and the next begins)
            self._postpone(delivery, f"the mail could not be written: {error!r}")
            return
        self._send(delivery, message)

    def _is_settled_by_restore(self, delivery: Delivery) -> bool:
        """End or hold a delivery that may have been told before the record was restored; the ledger is asked first."""
        with self._record.read() as reader:
            if reader.last_restored() is None:
                return False
            letter = gather(reader, delivery, self._post.book)
            found = doubt(reader, delivery, letter, self._post.ledger) if letter else None
        if found is None:
            return False
        with self._record.write() as writer:
            now = self._clock.now()
            writer.change_delivery(delivery.key, _CLAIMED, now, owner=self._post.owner)
            writer.change_delivery(delivery.key, found.state, now, reason=found.reason)
        self.counts["unknown" if found.state is DeliveryState.UNKNOWN else "recovered"] += 1
        return True

    def _claim(self, delivery: Delivery) -> AnyLetter | None:
        """Claim a delivery and return what it tells; None where it ends here or has to wait."""
        with self._record.write() as writer:
            now = self._clock.now()
            self.paused = pause_of(writer, self._post.book, self._brand_id)
            if self.paused:  # since this run began
                return None
            letter = gather(writer, delivery, self._post.book)
            reason = self._why_not(writer, delivery, letter, now)
            if letter is None or reason:
                writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=reason)
                self.counts["dead"] += 1
                return None
            until = quiet_until(letter.quiet_hours, now)
            writer.change_delivery(delivery.key, _CLAIMED, now, owner=self._post.owner, reason=delivery.reason)
            if until is None:
                writer.note_shown(letter.shown)
                return letter
            writer.change_delivery(delivery.key, _PENDING, now, reason=delivery.reason, not_before=until)
            self.counts["postponed"] += 1
            return None

    def _why_not(self, writer: RecordWriter, delivery: Delivery, letter: AnyLetter | None, now: datetime) -> str:
        """Return why nobody is to be told any more, or ""."""
        notices = writer.notices(delivery.notice_keys)
        if letter is None:
            is_update = all(notice.occasion is Occasion.UPDATE for notice in notices)
            return NOTHING_NEW if is_update else _NOTHING_LEFT
        if writer.is_suppressed(delivery.recipient):
            return "the recipient was struck off"
        mails = BRIEF if all(is_brief(notice) for notice in notices) else ALERTS
        if writer.is_unsubscribed(delivery.recipient, self._brand_id, mails):
            return "the recipient has unsubscribed"
        due_at = delivery.not_before or delivery.changed_at or now
        last_paused = writer.last_paused().get(self._brand_id)
        return why_too_late(writer, notices, due_at, last_paused, now, self._settings.alerts.max_age)

    def _send(self, delivery: Delivery, message: Message) -> None:
        is_at_dot = False

        def before_dot() -> None:
            nonlocal is_at_dot
            self._commit_dot(delivery, message)
            is_at_dot = True

        try:
            self._post.mailer.send(message, before_dot, self._post.is_stopping)
        except MailStopped:
            # It waits again as it did, and keeps its time: it is not younger for having been cut off.
            self._change(delivery, _PENDING, reason=delivery.reason, at=delivery.changed_at)
        except MailUncertain as uncertain:
            self._uncertain(delivery, message.subject, uncertain)
        except MailError as error:
            self._refused(delivery, error)
        except StorageError:
            raise
        except Exception as error:  # one mail's failure is recorded, and the next begins
            log.exception("sending a mail failed in an unforeseen way", delivery=delivery.key)
            reason = f"unforeseen error: {type(error).__name__}"  # its text might hold a password
            if is_at_dot:
                self._uncertain(delivery, message.subject, MailUncertain(reason))
            else:
                self._postpone(delivery, reason)
        else:
            self._commit_sent(delivery, message)
            self.counts["sent"] += 1

    def _commit_sent(self, delivery: Delivery, message: Message) -> None:
        """Write down that the server took it. Tried harder than anything else: only this process knows it."""
        for pause_s in (1.0, 5.0, 25.0):
            try:
                return self._change(delivery, DeliveryState.SENT, subject=message.subject)
            except StorageError:
                self._clock.sleep(pause_s)
        return self._change(delivery, DeliveryState.SENT, subject=message.subject)

    def _commit_dot(self, delivery: Delivery, message: Message) -> None:
        """Write down that the next byte may be the one that tells somebody; stop if another relay has taken over."""
        with self._record.write() as writer:
            now = self._clock.now()
            if self._lease not in writer.lease([self._lease], self._post.owner, now, self._lease_end()):
                raise StorageError("the mail relay's lease was lost before the final dot; nothing was sent")
            writer.change_delivery(
                delivery.key, DeliveryState.DOT, now, owner=self._post.owner, subject=message.subject
            )

    def _uncertain(self, delivery: Delivery, subject: str, uncertain: MailUncertain) -> None:
        """With a ledger the delivery stays at the dot until the next run asks it; without one nobody can know."""
        if self._post.ledger is None:
            self._change(delivery, DeliveryState.UNKNOWN, reason=uncertain.reason, subject=subject)
            self.counts["unknown"] += 1
        elif self._post.ledger.find(delivery.message_id):
            self._change(delivery, DeliveryState.SENT, subject=subject)
            self.counts["sent"] += 1
        else:
            self.counts["waiting"] += 1

    def _refused(self, delivery: Delivery, error: MailError) -> None:
        if error.is_ours:
            self.problem = error.reason
            self._change(delivery, _PENDING, reason=our_side(error.reason))
        elif error.is_permanent:
            with self._record.write() as writer:
                now = self._clock.now()
                writer.change_delivery(delivery.key, DeliveryState.DEAD, now, reason=error.reason)
                writer.suppress(delivery.recipient, error.reason, now)
            self.counts["dead"] += 1
        else:
            self._postpone(delivery, error.reason)

    def _postpone(self, delivery: Delivery, reason: str) -> None:
        """Leave it for later, at growing distance; after four days of trying it is dead."""
        now = self._clock.now()
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
        at: datetime | None = None,
    ) -> None:
        with self._record.write() as writer:
            writer.change_delivery(
                delivery.key,
                state,
                at or self._clock.now(),
                reason=reason,
                subject=subject,
                not_before=not_before,
            )
