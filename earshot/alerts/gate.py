"""Whether the mail server may be asked now. Brands have relays of their own, but it is one server, with one password.

Knows no connection: only what deliveries say of the server's last word.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.model import DeliveryState
from earshot.ports import Clock, Record, RecordReader

PATIENCE = timedelta(minutes=1)
"""How long a server that refused *us* is left alone: a wrong password tried every second locks the account."""

TRIAL = "mail server: one trial"
"""The lease of whoever tries, after a refusal, whether it has been mended. It is never given back, it runs out."""

_OUR_SIDE = "our side: "
_ALL = 100_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """The mail server's last word, where it was that it takes nothing from us. reason: its words, or why it could not
    be reached. at: when that was.
    """

    reason: str
    at: datetime


def our_side(reason: str) -> str:
    """Return a refusal of us, as a delivery's reason."""
    return _OUR_SIDE + reason


def why_closed(record: Record, clock: Clock) -> str:
    """Return what the server refused us for, where it is to be left alone now, or "" where it may be asked.

    It may be unless its last word was a refusal of us. Then, over all relays of all brands, one may try each minute;
    the first message that is taken opens it for everybody. Until a first refusal is written down, each relay that is at
    work may meet it once.
    """
    with record.read() as reader:
        refused = last_refusal(reader)
    if refused is None:
        return ""
    now = clock.now()
    if now - refused.at >= PATIENCE:
        with record.write() as writer:
            # In a name of its own, so that neither our own earlier trial nor the end of a process frees it early.
            if TRIAL in writer.lease([TRIAL], f"trial {secrets.token_hex(8)}", now, now + PATIENCE):
                return ""
    return refused.reason


def last_refusal(reader: RecordReader) -> Refusal | None:
    """Return what the server refused us for last, or None where it has taken a mail since. Writes nothing.

    One that is just being tried again counts: it is claimed, and keeps its reason until something comes of it.
    """
    waiting = reader.deliveries([DeliveryState.PENDING, DeliveryState.CLAIMED], limit=_ALL)
    refused = next((delivery for delivery in waiting if delivery.reason.startswith(_OUR_SIDE)), None)
    taken = next(iter(reader.deliveries([DeliveryState.SENT], limit=1)), None)
    if refused is None or refused.changed_at is None:
        return None
    if taken is not None and taken.changed_at is not None and taken.changed_at > refused.changed_at:
        return None
    return Refusal(refused.reason.removeprefix(_OUR_SIDE), refused.changed_at)
