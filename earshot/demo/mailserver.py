"""A real SMTP server for the demonstration that keeps every mail in a Maildir. Knows nothing of alerts.

A mail is on the disk, whole, before the client hears 250: what this server took, it holds.

Source: RFC 5321 section 4.1.1.4 (responsibility with 250); Maildir as described by its author (tmp, new, cur).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.policy import default as email_policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from earshot.demo.ports import free_port
from earshot.ports import Clock

_MAX_BYTES = 30 * 1024 * 1024


class DemoMailServer:
    """The server, in a thread of its own between `start` and `stop`."""

    def __init__(
        self,
        maildir: Path,
        clock: Clock,
        *,
        port: int = 0,
        on_mail: Callable[[str, str], None] | None = None,
    ) -> None:
        """Make the Maildir if need be.

        Args:
            maildir: folder that gets tmp/, new/ and cur/.
            clock: names files by time of arrival.
            port: 0 takes any that is free.
            on_mail: told recipient and subject of each mail, after it was written.
        """
        self.maildir = maildir
        for name in ("tmp", "new", "cur"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        self._handler = _Keeper(maildir, clock, self)
        self.on_mail = on_mail
        self._port = port or free_port()
        self._controller: Controller | None = None

    @property
    def port(self) -> int:
        """The port that is, or will be, served on the loopback."""
        return self._port

    def start(self) -> None:
        """Serve.

        Raises:
            OSError: the port is taken.
        """
        self._controller = Controller(
            self._handler, hostname="127.0.0.1", port=self._port, data_size_limit=_MAX_BYTES, ident="Earshot demo"
        )
        self._controller.start()

    def stop(self) -> None:
        """Stop serving. Twice is once."""
        if self._controller:
            self._controller.stop(no_assert=True)
            self._controller = None

    def __enter__(self) -> DemoMailServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Keeper:
    """Writes each mail: a file in tmp/, made durable, then moved to new/."""

    def __init__(self, maildir: Path, clock: Clock, owner: DemoMailServer) -> None:
        self._maildir, self._clock, self._owner = maildir, clock, owner
        self._numbers = itertools.count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        body: Any = envelope.content
        sender, recipients = envelope.mail_from or "", [str(one) for one in envelope.rcpt_tos]
        name = f"{self._clock.now().timestamp():.6f}.{os.getpid()}_{next(self._numbers)}.demo"
        try:
            self._write(name, _envelope_lines(sender, recipients) + body)
        except OSError as error:
            return f"452 4.3.1 could not be stored: {error.strerror}"
        self._tell(body, recipients)
        return f"250 2.0.0 stored as {name}"

    def _tell(self, body: bytes, recipients: list[str]) -> None:
        if self._owner.on_mail is None:
            return
        try:
            headers = BytesHeaderParser(policy=email_policy).parsebytes(body)
            self._owner.on_mail(", ".join(recipients), str(headers.get("Subject", "")).strip())
        except Exception:  # noqa: BLE001, S110 (the mail is stored: no trouble with telling of it may undo the 250)
            pass

    def _write(self, name: str, content: bytes) -> None:
        temporary, final = self._maildir / "tmp" / name, self._maildir / "new" / name
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _envelope_lines(sender: str, recipients: list[str]) -> bytes:
    """Return what the envelope said, as headers that only this server may write."""
    lines = [f"Return-Path: <{sender}>", *(f"Delivered-To: {one}" for one in recipients)]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
