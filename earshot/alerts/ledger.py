"""The MailLedger over a Maildir: a folder in which every mail that the server accepted shows up.

Knows nothing of deliveries. Only reads; the server (or a sieve, or a journal address) writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path

from earshot.alerts import mentions_header
from earshot.alerts.mentions_header import read_mentions
from earshot.errors import StorageError
from earshot.model import SentMessage

_HEAD_BYTES = 64 * 1024
_RECIPIENT_HEADERS = ("X-RcptTo", "Delivered-To", "X-Original-To", "To")


class MaildirLedger:
    """Reads `new/` and `cur/` of a Maildir. A mail is known by its unique name, whatever its flags become.

    Source: the Maildir format, https://cr.yp.to/proto/maildir.html (read 2026-11).
    """

    def __init__(self, path: Path | str) -> None:
        """Keep the folder's path; it may appear later."""
        self._root = Path(path)
        self._message_ids: dict[str, str] = {}
        self._known: set[str] = set()
        self._headers: dict[str, SentMessage] = {}

    def find(self, message_id: str) -> bool:
        """Tell whether a mail with this Message-ID is there. Reads only mails it has not read before."""
        wanted = message_id.strip()
        if wanted in self._known:
            return True
        for name, file in self._files():
            if name not in self._message_ids:
                self._message_ids[name] = _read_message_id(file)
                self._known.add(self._message_ids[name])
        return wanted in self._known

    def told(self, since: datetime) -> dict[str, frozenset[str]]:
        """Return which mentions the mails that arrived since told of, by recipient. Reads the heads of all of them."""
        found: dict[str, frozenset[str]] = {}
        for name, file in self._files():
            at = _received(file)
            if at is not None and at >= since.timestamp() and (head := _head(name, file)) is not None:
                recipient = parseaddr(str(head["To"] or ""))[1].casefold()
                named = read_mentions(str(head[mentions_header.NAME] or ""))
                found[recipient] = found.get(recipient, frozenset()) | named
        return {recipient: named for recipient, named in found.items() if named}

    def messages(self, limit: int = 100) -> list[SentMessage]:
        """Return mails, latest first."""
        read = (_read(name, file) for name, file in self._latest(limit))
        return [message for message in read if message is not None]

    def headers(self, limit: int = 100) -> list[SentMessage]:
        """Return mails, latest first, without their texts. Only mails that were not listed before are read."""
        known = self._headers
        found = self._latest(limit)
        for name, file in found:
            if name not in known and (message := _read_headers(name, file)) is not None:
                known[name] = message
        self._headers = {name: known[name] for name, _ in found if name in known}
        return list(self._headers.values())

    def message(self, name: str) -> SentMessage | None:
        """Return one mail by its unique name, or None."""
        found = (file for known, file in self._files() if known == name)
        file = next(found, None)
        return _read(name, file) if file else None

    def _latest(self, limit: int) -> list[tuple[str, Path]]:
        times = [(at, name, file) for name, file in self._files() if (at := _received(file)) is not None]
        times.sort(key=lambda row: (row[0], row[1]), reverse=True)
        return [(name, file) for _, name, file in times[:limit]]

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Yield unique name and path of every mail.

        `new` before `cur`: a mail that moves meanwhile is seen twice rather than not at all.
        """
        for folder in ("new", "cur"):
            try:
                yield from ((file.name.partition(":")[0], file) for file in (self._root / folder).iterdir())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StorageError(f"the mail ledger {self._root} cannot be read: {error}") from error


def _read_message_id(file: Path) -> str:
    try:
        with file.open("rb") as mail:
            head = BytesHeaderParser(policy=policy.compat32).parsebytes(mail.read(_HEAD_BYTES))
    except FileNotFoundError:  # moved from new to cur just now; cur is read after new
        return _moved(file)
    except OSError as error:
        raise StorageError(f"the mail ledger's {file.name} cannot be read: {error}") from error
    return "".join(str(head.get("Message-ID", "")).split())


def _moved(file: Path) -> str:
    moved = _in_cur(file)
    return _read_message_id(moved) if moved else ""


def _in_cur(file: Path) -> Path | None:
    """Return where a mail lies now that was moved, or got other flags, since it was named; None if it is gone."""
    unique = file.name.partition(":")[0]
    again = (other for other in (file.parent.parent / "cur").glob(f"{unique}*") if other != file)
    return next(again, None)


def _received(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return None


def _read(name: str, file: Path) -> SentMessage | None:
    try:
        raw, at = file.read_bytes(), file.stat().st_mtime
    except FileNotFoundError:
        moved = _in_cur(file)
        return _read(name, moved) if moved else None
    mail = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    return replace(_headed(name, mail, at), text=_part(mail, "plain"), html=_part(mail, "html"))


def _read_headers(name: str, file: Path) -> SentMessage | None:
    head, at = _head(name, file), _received(file)
    return _headed(name, head, at) if head is not None and at is not None else None


def _head(name: str, file: Path) -> EmailMessage | None:
    """Return a mail's headers; None if it is gone."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_HEAD_BYTES)
    except FileNotFoundError:
        moved = _in_cur(file)
        return _head(name, moved) if moved else None
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return message_from_bytes(head, _class=EmailMessage, policy=policy.default)


def _headed(name: str, mail: EmailMessage, at: float) -> SentMessage:
    to = next((str(mail[header]) for header in _RECIPIENT_HEADERS if mail[header]), "")
    return SentMessage(
        name=name,
        message_id="".join(str(mail["Message-ID"] or "").split()),
        sender=parseaddr(str(mail["From"] or ""))[1],
        recipient=parseaddr(to)[1],
        subject=str(mail["Subject"] or ""),
        received_at=datetime.fromtimestamp(at, UTC),
        text="",
        html="",
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, ValueError):
        return ""
    return content.replace("\r\n", "\n") if isinstance(content, str) else ""
