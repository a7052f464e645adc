"""Notices and deliveries: who must be told what, and what became of the message. Knows no mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, or_, select, update

from earshot.errors import StorageError
from earshot.leases import is_gone
from earshot.model import Delivery, DeliveryState, Notice, NoticeState, Occasion, Severity
from earshot.ports import Unsubscription
from earshot.record import revisions
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.tables import delivery, incident, incident_mention, mention, notice, suppression, unsubscription

_P, _C, _D = DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.DOT
_S, _U, _X = DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.DEAD
MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    _P: frozenset({_C, _X}),
    _C: frozenset({_D, _P, _X, _U, _S}),
    _D: frozenset({_S, _P, _U, _X}),
    _U: frozenset({_S, _P, _X}),
    _S: frozenset(),
    _X: frozenset(),
}
"""What may follow a state. Unknown is left only when a ledger or a person has said what became of the message. What is
claimed becomes unknown or sent without a dot where another mail may have told it, or did, before a restore."""

_CLOCKS_DIFFER = timedelta(minutes=1)

ALERTS, BRIEF = "alerts", "brief"
"""What one can unsubscribe from."""


class DeliveryReads(Session):
    """What the record says of notices and deliveries."""

    def notices(self, keys: Sequence[str]) -> list[Notice]:
        """Return these notices, in the order of `keys`."""
        found: dict[str, Notice] = {}
        for part in chunks(keys):
            found |= {row.key: _notice(row) for row in self.db.execute(select(notice).where(notice.c.key.in_(part)))}
        return [found[key] for key in keys if key in found]

    def notices_of(self, incident_id: str) -> list[Notice]:
        """Return an incident's notices, by key; those of incidents merged into it are among them."""
        mine = select(notice).where(_of_incident(incident_id))
        return [_notice(row) for row in self.db.execute(mine.order_by(notice.c.key))]

    def notices_to(self, incident_id: str, recipient: str) -> list[Notice]:
        """Return an incident's notices to one recipient, oldest first; those of incidents merged into it too."""
        mine = select(notice).where(_of_incident(incident_id), notice.c.recipient == recipient)
        return [_notice(row) for row in self.db.execute(mine.order_by(notice.c.created_at, notice.c.key))]

    def all_notices(self) -> list[Notice]:
        """Return every notice, by key."""
        return [_notice(row) for row in self.db.execute(select(notice).order_by(notice.c.key))]

    def deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 200, brand_id: str = "") -> list[Delivery]:
        """Return deliveries, latest change first; `states` and `brand_id` empty narrow nothing."""
        query = select(delivery)
        if states:
            query = query.where(delivery.c.state.in_([str(state) for state in states]))
        if brand_id:
            mine = (notice.c.delivery_key == delivery.c.key) & (notice.c.brand_id == brand_id)
            query = query.where(exists().where(mine))
        latest = query.order_by(delivery.c.changed_at.desc(), delivery.c.key).limit(limit)
        return _deliveries(self.db, self.db.execute(latest).all())

    def deliveries_of(self, incident_id: str) -> list[Delivery]:
        """Return the deliveries that carry a notice of an incident, first one first."""
        keys = select(notice.c.delivery_key).where(_of_incident(incident_id))
        rows = self.db.execute(select(delivery).where(delivery.c.key.in_(keys)).order_by(delivery.c.bound_at)).all()
        return _deliveries(self.db, rows)

    def unsubscriptions(self) -> list[Unsubscription]:
        """Return who wants no more mails of which brand, by recipient."""
        rows = self.db.execute(select(unsubscription).order_by(*unsubscription.primary_key.columns))
        return [Unsubscription(row.recipient, row.brand_id, row.mails, row.at) for row in rows]

    def brands_waiting(self, now: datetime, stuck_before: datetime) -> dict[str, bool]:
        """Return the brands that have something to tell now, by id; True where something is left over to settle.

        To tell: pending notices and pending deliveries that are due. Left over: deliveries at the dot, and those
        claimed by a process that is gone, or, where that cannot be known, claimed before `stuck_before`.
        """
        due = or_(notice.c.not_before.is_(None), notice.c.not_before <= now)
        pending = select(notice.c.brand_id).where(notice.c.state == NoticeState.PENDING, due).distinct()
        found = {row.brand_id: False for row in self.db.execute(pending)}
        facts = (notice.c.brand_id, delivery.c.state, delivery.c.owner, delivery.c.not_before, delivery.c.changed_at)
        on_the_way = delivery.c.state.in_([str(_P), str(_C), str(_D)])
        joined = select(*facts).join(notice, notice.c.delivery_key == delivery.c.key).where(on_the_way).distinct()
        for row in self.db.execute(joined):
            is_stuck = row.state == _C and (row.changed_at < stuck_before or is_gone(row.owner))
            is_left = row.state == _D or is_stuck
            if is_left or (row.state == _P and (row.not_before is None or row.not_before <= now)):
                found[row.brand_id] = found.get(row.brand_id, False) or is_left
        return dict(sorted(found.items()))

    def has_times_to_come(self, now: datetime, longest: timedelta) -> bool:
        """Tell whether a notice or delivery has a time that it cannot have."""
        return any(
            self.db.execute(select(1).where(which).limit(1)).first() is not None
            for which in (
                *_written_later(now),
                _waits_beyond(notice, now + longest),
                _waits_beyond(delivery, now + longest),
            )
        )


class DeliveryWrites(WriteSession):
    """What the alert stage and the mail relay write."""

    def add_notice(self, notice: Notice) -> bool:
        """Add a notice unless its key exists; True if it was added.

        To a recipient who was struck off or has unsubscribed from the brand it is born suppressed.
        """
        if self.db.execute(select(1).where(_NOTICE.c.key == notice.key)).first() is not None:
            return False
        mails = ALERTS if notice.rule_id else BRIEF
        is_unwanted = self.is_suppressed(notice.recipient) or self.is_unsubscribed(
            notice.recipient, notice.brand_id, mails
        )
        state = NoticeState.SUPPRESSED if is_unwanted else notice.state
        row = {
            "key": notice.key,
            "incident_id": notice.incident_id,
            "brand_id": notice.brand_id,
            "rule_id": notice.rule_id,
            "channel": notice.channel,
            "recipient": notice.recipient,
            "state": state,
            "created_at": notice.created_at,
            "not_before": notice.not_before,
            "delivery_key": notice.delivery_key,
            "occasion": notice.occasion,
            "severity": notice.severity or "",
            "shown": notice.shown,
        }
        add_new(self.db, _NOTICE, [row])
        return True

    def raise_notice(self, notice: Notice) -> bool:
        """Give a notice that is still pending this rule, severity, count and time; False where it is bound already."""
        raised = {
            "rule_id": notice.rule_id,
            "severity": notice.severity or "",
            "shown": notice.shown,
            "not_before": notice.not_before,
        }
        return bool(self._change_notices([notice.key], NoticeState.PENDING, raised))

    def note_shown(self, shown: Mapping[str, int]) -> None:
        """Keep, by notice, how many mentions of its incident the mail counts."""
        for key, count in shown.items():
            self.db.execute(update(notice).where(notice.c.key == key).values(shown=count))

    def pending_notices(self, now: datetime, brand_id: str = "") -> list[Notice]:
        """Return notices that are due (not_before is None or <= now), oldest first; `brand_id` empty means all."""
        due = or_(notice.c.not_before.is_(None), notice.c.not_before <= now)
        query = select(notice).where(notice.c.state == NoticeState.PENDING, due)
        query = query.where(notice.c.brand_id == brand_id) if brand_id else query
        return [_notice(row) for row in self.db.execute(query.order_by(notice.c.created_at, notice.c.key))]

    def hold_notices(self, keys: Sequence[str], not_before: datetime) -> None:
        """Leave notices pending until then; what is bound or told already stays so."""
        self._change_notices(keys, NoticeState.PENDING, {"not_before": not_before})

    def _change_notices(self, keys: Sequence[str], state: NoticeState, changes: dict[str, Any]) -> int:
        """Change those of the notices that are in `state`; return how many."""
        changed = 0
        for part in chunks(keys):
            those = notice.c.key.in_(part) & (notice.c.state == state)
            changed += self.db.execute(update(notice).where(those).values(**changes)).rowcount
        return changed

    def end_times_to_come(self, now: datetime, longest: timedelta) -> int:
        """Bring to `now` what has a time that it cannot have; return how many rows. Twice is once."""
        late_notices, late_deliveries = _written_later(now)
        made = self.db.execute(select(notice).where(late_notices).order_by(notice.c.created_at, notice.c.key)).all()
        for order, row in enumerate(made):  # a microsecond apart: the order stays
            at = now + timedelta(microseconds=order)
            times = {"created_at": at, "not_before": _as_long(row.not_before, row.created_at, now)}
            self.db.execute(update(notice).where(notice.c.key == row.key).values(**times))
        changed = self.db.execute(select(delivery).where(late_deliveries).order_by(delivery.c.changed_at)).all()
        for order, row in enumerate(changed):
            at = now + timedelta(microseconds=order)
            times = {
                "changed_at": at,
                "bound_at": min(row.bound_at, at),
                "sent_at": min(row.sent_at, at) if row.sent_at else None,
                "not_before": _as_long(row.not_before, row.changed_at, now),
            }
            self.db.execute(update(delivery).where(delivery.c.key == row.key).values(**times))
        count = len(made) + len(changed)
        if count:
            held = _waits_beyond(notice, now) & (notice.c.occasion != Occasion.UPDATE)
            count += self.db.execute(update(notice).where(held).values(not_before=now)).rowcount
        for table in (notice, delivery):
            far = _waits_beyond(table, now + longest)
            count += self.db.execute(update(table).where(far).values(not_before=now)).rowcount
        return count

    def told_since(self, brand_id: str, recipient: str, since: datetime) -> int:
        """Return how many alert mails of this brand to this recipient were made (bound, not dead) since."""
        made = (
            select(func.count(delivery.c.key.distinct()))
            .join(notice, notice.c.delivery_key == delivery.c.key)
            .where(delivery.c.recipient == recipient, delivery.c.bound_at >= since, delivery.c.state != _X)
            .where(notice.c.brand_id == brand_id, notice.c.rule_id != "")
        )
        return int(self.db.execute(made).scalar_one())

    def bind(self, delivery: Delivery) -> None:
        """Create a delivery and bind its notices to it. Twice is once.

        Raises:
            StorageError: one of the notices is not pending any more; look again.
        """
        if self.db.execute(select(1).where(_DELIVERY.c.key == delivery.key)).first() is not None:
            return
        add_new(self.db, _DELIVERY, [_row(delivery, self.clock.now())])
        keys = sorted(set(delivery.notice_keys))
        bound = {"state": NoticeState.BOUND, "delivery_key": delivery.key, "not_before": None}
        if self._change_notices(keys, NoticeState.PENDING, bound) != len(keys):
            raise StorageError("the record: some of these notices are not pending any more")

    def change_delivery(
        self,
        key: str,
        state: DeliveryState,
        now: datetime,
        *,
        owner: str = "",
        reason: str = "",
        subject: str = "",
        not_before: datetime | None = None,
    ) -> None:
        """Move a delivery to `state` and its notices with it (sent: told). Claiming counts an attempt.

        Writing a settled state (pending, sent, unknown, dead) twice is once. `owner`, where given, must be who
        claimed it, unless that process is gone.

        Raises:
            StorageError: the delivery is not there, is another process's, or cannot go from its state to this
                one: somebody else moved it, look again.
        """
        row = self.db.execute(select(delivery).where(delivery.c.key == key)).first()
        if row is None:
            raise StorageError(f"the record: there is no delivery {key}")
        if state == row.state and state not in (_C, _D):
            return
        _check(row, state, owner)
        self.db.execute(
            update(delivery)
            .where(delivery.c.key == key)
            .values(
                state=state,
                changed_at=now,
                owner=(owner or row.owner) if state in (_C, _D) else "",
                attempts=row.attempts + int(state is _C),
                reason=reason,
                subject=subject or row.subject,
                not_before=not_before,
                sent_at=now if state is _S else None,
            )
        )
        if state is _S:
            self.db.execute(update(notice).where(notice.c.delivery_key == key).values(state=NoticeState.TOLD))
            revisions.remember(self.db, _told(self.db, key, row.recipient), now)

    def suppress(self, recipient: str, reason: str, now: datetime) -> None:
        """Strike a recipient off: pending notices become suppressed, later ones are born so. Twice is once."""
        add_new(self.db, suppression, [{"recipient": _address(recipient), "reason": reason, "at": now}])
        pending = select(notice.c.key, notice.c.recipient).where(notice.c.state == NoticeState.PENDING)
        rows = self.db.execute(pending).all()
        mine = [row.key for row in rows if _address(row.recipient) == _address(recipient)]
        self._change_notices(mine, NoticeState.PENDING, {"state": NoticeState.SUPPRESSED})

    def is_suppressed(self, recipient: str) -> bool:
        """Tell whether a recipient was struck off."""
        struck = select(1).where(suppression.c.recipient == _address(recipient))
        return self.db.execute(struck).first() is not None

    def unsubscribe(self, recipient: str, brand_id: str, mails: str, now: datetime) -> bool:
        """Note that somebody wants no more "alerts" or no more "brief" of a brand; False if it was noted before."""
        if self.is_unsubscribed(recipient, brand_id, mails):
            return False
        row = {"recipient": _address(recipient), "brand_id": brand_id, "mails": mails, "at": now}
        add_new(self.db, unsubscription, [row])
        is_wanted = notice.c.rule_id != "" if mails == ALERTS else notice.c.rule_id == ""
        pending = (notice.c.state == NoticeState.PENDING) & (notice.c.brand_id == brand_id) & is_wanted
        rows = self.db.execute(select(notice.c.key, notice.c.recipient).where(pending)).all()
        mine = [row.key for row in rows if _address(row.recipient) == _address(recipient)]
        self._change_notices(mine, NoticeState.PENDING, {"state": NoticeState.SUPPRESSED})
        return True

    def resubscribe(self, recipient: str, brand_id: str = "") -> int:
        """Undo it for a brand, or for all; return how many were undone. What was suppressed stays so."""
        mine = unsubscription.c.recipient == _address(recipient)
        mine = mine & (unsubscription.c.brand_id == brand_id) if brand_id else mine
        return self.db.execute(delete(unsubscription).where(mine)).rowcount

    def is_unsubscribed(self, recipient: str, brand_id: str, mails: str) -> bool:
        """Tell whether somebody wants no more of these mails of a brand."""
        mine = (unsubscription.c.recipient == _address(recipient)) & (unsubscription.c.brand_id == brand_id)
        return self.db.execute(select(1).where(mine, unsubscription.c.mails == mails)).first() is not None


_NOTICE, _DELIVERY = notice, delivery  # the tables, where a parameter of the port has their name


def _of_incident(incident_id: str) -> ColumnElement[bool]:
    """Return what narrows to the notices of an incident, and of those that were merged into it."""
    merged = select(incident.c.id).where(incident.c.merged_into == incident_id)
    return or_(notice.c.incident_id == incident_id, notice.c.incident_id.in_(merged))


def _check(row: Any, state: DeliveryState, owner: str) -> None:
    if state not in MOVES[DeliveryState(row.state)]:
        raise StorageError(f"the record: a delivery that is {row.state} cannot become {state}")
    if owner and row.owner and owner != row.owner and not is_gone(row.owner):
        raise StorageError(f"the record: the delivery is claimed by {row.owner}")


def _address(recipient: str) -> str:
    return recipient.strip().lower()


def _told(db: Connection, key: str, recipient: str) -> list[tuple[str, int, str, str]]:
    """Return the lines of history for the mentions that a delivery told of."""
    named = select(notice.c.incident_id).where(notice.c.delivery_key == key)
    merged = select(incident.c.merged_into).where(incident.c.id.in_(named), incident.c.merged_into != "")
    about = or_(incident_mention.c.incident_id.in_(named), incident_mention.c.incident_id.in_(merged))
    query = select(mention.c.id, mention.c.revision).join(
        incident_mention, incident_mention.c.mention_id == mention.c.id
    )
    rows = db.execute(query.where(about).distinct().order_by(mention.c.id))
    return [(row.id, row.revision, "told", recipient) for row in rows]


def _row(new: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "key": new.key,
        "channel": new.channel,
        "recipient": new.recipient,
        "state": new.state,
        "message_id": new.message_id,
        "attempts": new.attempts,
        "not_before": new.not_before,
        "owner": new.owner,
        "bound_at": new.changed_at or now,
        "changed_at": new.changed_at or now,
        "sent_at": new.sent_at,
        "subject": new.subject,
        "reason": new.reason,
    }


def _notice(row: Any) -> Notice:
    return Notice(
        key=row.key,
        incident_id=row.incident_id,
        brand_id=row.brand_id,
        rule_id=row.rule_id,
        channel=row.channel,
        recipient=row.recipient,
        state=NoticeState(row.state),
        created_at=row.created_at,
        not_before=row.not_before,
        delivery_key=row.delivery_key,
        occasion=Occasion(row.occasion),
        severity=Severity(row.severity) if row.severity else None,
        shown=row.shown,
    )


def _deliveries(db: Connection, rows: Sequence[Any]) -> list[Delivery]:
    carried: dict[str, list[str]] = {row.key: [] for row in rows}
    for part in chunks(list(carried)):
        bound = select(notice.c.delivery_key, notice.c.key).where(notice.c.delivery_key.in_(part))
        for row in db.execute(bound.order_by(notice.c.key)):
            carried[row.delivery_key].append(row.key)
    return [
        Delivery(
            key=row.key,
            channel=row.channel,
            recipient=row.recipient,
            state=DeliveryState(row.state),
            message_id=row.message_id,
            attempts=row.attempts,
            notice_keys=tuple(carried[row.key]),
            not_before=row.not_before,
            owner=row.owner,
            changed_at=row.changed_at,
            sent_at=row.sent_at,
            subject=row.subject,
            reason=row.reason,
        )
        for row in rows
    ]


def _written_later(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return which notices and which deliveries were written at a time to come. The states let an index be used."""
    late = now + _CLOCKS_DIFFER
    notices = notice.c.state.in_([str(state) for state in NoticeState]) & (notice.c.created_at > late)
    deliveries = delivery.c.state.in_([str(state) for state in DeliveryState]) & (delivery.c.changed_at > late)
    return notices, deliveries


def _waits_beyond(table: Table, far: datetime) -> ColumnElement[bool]:
    pending = str(NoticeState.PENDING if table is notice else DeliveryState.PENDING)
    return (table.c.state == pending) & (table.c.not_before > far)


def _as_long(until: datetime | None, since: datetime, now: datetime) -> datetime | None:
    """Return when a wait ends that is as long, and begins now."""
    return now + (until - since) if until is not None else None
