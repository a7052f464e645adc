"""After a restore: what may have been told before it, by mails that the restored record does not know of.

Between the backup and the restore another record was in use. What it told stands in the mail server's ledger, where
there is one; else nobody can know, and a person decides. What nobody can have heard of before the restore is told as
ever: it was published since, and its source was looked at before without it. Knows no SMTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from earshot.alerts.letters import AnyLetter, BriefLetter
from earshot.alerts.mentions_header import short_name
from earshot.briefs import Day
from earshot.model import Delivery, DeliveryState, Mention, Role
from earshot.pipeline.collect import page_id
from earshot.ports import MailLedger, RecordReader, Restored

HELD = "held: it may have been sent"
RELEASED = "to be sent, as a person decided"
TOLD = "told by another mail before the restore"
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Doubt:
    """What became of what a delivery tells. state: SENT or UNKNOWN; reason: why, in words."""

    state: DeliveryState
    reason: str


def doubt(reader: RecordReader, delivery: Delivery, letter: AnyLetter, ledger: MailLedger | None) -> Doubt | None:
    """Return what is to become of a delivery that may have been told before a restore; None where it is to be sent.

    Raises:
        StorageError: the ledger cannot be read.
    """
    last = reader.last_restored()
    if last is None or delivery.reason.startswith(RELEASED) or not _may_be_told(reader, letter, last):
        return None
    if ledger is None or not _is_of_this_server(reader, ledger, last):
        why = f"{HELD} before the record was restored from the backup of {last.backup_at:%Y-%m-%d %H:%M} UTC"
        return Doubt(DeliveryState.UNKNOWN, why)
    if ledger.find(delivery.message_id):
        return Doubt(DeliveryState.SENT, "")
    if isinstance(letter, BriefLetter):  # always a mail of its own, under this very Message-ID
        return None
    told = ledger.told(last.backup_at).get(delivery.recipient.casefold(), frozenset())
    is_told = all(short_name(mention.id) in told for mention in _news(letter))
    return Doubt(DeliveryState.SENT, TOLD) if is_told else None


def _may_be_told(reader: RecordReader, letter: AnyLetter, last: Restored) -> bool:
    if isinstance(letter, BriefLetter):
        return Day(letter.figures.date, ZoneInfo(letter.figures.time_zone)).until <= last.at
    return all(_may_be_known(reader, mention, last) for mention in _news(letter))


def _news(letter: AnyLetter) -> Sequence[Mention]:
    """Return the mentions that a letter tells of, as far as it quotes or lists them."""
    if isinstance(letter, BriefLetter):
        return ()
    return [mention for telling in letter.tellings for mention in (telling.mention, *telling.newest)]


def _may_be_known(reader: RecordReader, mention: Mention, last: Restored) -> bool:
    """Tell whether a mention may have been heard before the restore.

    What a source's first answer since holds may have stood there before; what comes later did not.
    """
    if mention.published_at <= last.at or mention.found_at <= last.at:
        return True
    first = reader.first_heard(mention.source, last.at)
    return first is None or _named_at(reader, mention) <= first


def _named_at(reader: RecordReader, mention: Mention) -> datetime:
    """Return when it was first named: a page's address stands in the frontier before the page is fetched."""
    page = reader.page(page_id(mention.url, Role.PAGE))
    return min(mention.found_at, page.found_at) if page is not None else mention.found_at


def _is_of_this_server(reader: RecordReader, ledger: MailLedger, last: Restored) -> bool:
    """Tell whether a ledger shows what was sent: an empty folder on another machine would say that nothing was."""
    sent = reader.deliveries([DeliveryState.SENT], limit=10 * _LOOKED_AT)
    before = [each for each in sent if each.sent_at is not None and each.sent_at < last.at][:_LOOKED_AT]
    return any(ledger.find(each.message_id) for each in before) or bool(ledger.told(last.backup_at))
