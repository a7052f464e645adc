"""A Message as bytes for the wire, with headers that nothing can be smuggled into. Knows no connection.

Python before 3.11.10 writes a line break out of an encoded word into a header of its own (CVE-2024-6923), so
nothing here trusts the library: what was written is read again and compared.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime

from earshot.alerts.plain import is_unsafe
from earshot.errors import MailError
from earshot.mail_address import MailAddress, read_address
from earshot.model import Message

_WIRE = policy.SMTP.clone(utf8=False, cte_type="7bit")
_OURS = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]+@[A-Za-z0-9.-]+>")


def to_bytes(message: Message, now: datetime) -> bytes:
    """Return the mail as 7-bit MIME with CRLF line ends: text first, then HTML, both quoted-printable.

    Args:
        message: one sender, one recipient.
        now: for the Date header.

    Raises:
        MailError: a header holds what no header may (is_ours for the sender), or would come out as another.
    """
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise MailError(f"{message.message_id[:80]!r} is no Message-ID")
    mail = EmailMessage(policy=_WIRE)
    mail["From"] = _address(message.sender, is_ours=True)
    mail["To"] = _address(message.recipient)
    for name, value in (("Subject", message.subject), ("Message-ID", message.message_id), *message.headers):
        _check(name, value)
        mail[name] = value
    mail["Date"] = format_datetime(now)
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    raw = mail.as_bytes()
    _compare(raw, message)
    return raw


def bare_address(written: str, *, is_ours: bool = False) -> str:
    """Return `local@domain` for the envelope, the domain in ASCII.

    Args:
        written: `local@domain` or `Name <local@domain>`, exactly one.
        is_ours: whether it is our own address, so that a mistake is ours to mend.

    Raises:
        MailError: it is no address that a mail can be sent to; permanent, unless it is ours.
    """
    return _parts(written, is_ours=is_ours)[1]


def _parts(written: str, *, is_ours: bool = False) -> MailAddress:
    """Return display name and address, by a grammar narrow enough to have one meaning."""
    try:
        if is_unsafe(written):
            raise ValueError("is not a mail address")
        return read_address(written)
    except ValueError as error:
        raise MailError(f"{written[:80]!r} {error}", is_permanent=not is_ours, is_ours=is_ours) from error


def _address(written: str, *, is_ours: bool = False) -> Address:
    name, address = _parts(written, is_ours=is_ours)
    return Address(display_name=name, addr_spec=address)


def _check(name: str, value: str) -> None:
    """Refuse a header that holds a control character, or an encoded word in which one could hide.

    Text that only looks like an encoded word was broken up by who wrote it (`plain.one_line`).
    """
    if not _HEADER_NAME.fullmatch(name):
        raise MailError(f"{name[:40]!r} is no header name")
    if is_unsafe(value) or "=?" in value:
        raise MailError(f"header {name} holds a control character or an encoded word")


def _compare(raw: bytes, message: Message) -> None:
    """Refuse bytes that do not read back as exactly the headers that were meant."""
    meant = Counter(name.lower() for name in (*_OURS, *(name for name, _ in message.headers)))
    head = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    if Counter(name.lower() for name in head) != meant:
        raise MailError("the mail would carry other headers than it was given")
    again = BytesHeaderParser(policy=policy.default).parsebytes(raw)
    if [address.addr_spec for address in again["to"].addresses] != [bare_address(message.recipient)]:
        raise MailError("the mail would name another recipient than it was given")
    if again["message-id"].strip() != message.message_id:
        raise MailError("the Message-ID would come out as another")
