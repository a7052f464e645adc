"""smtplib's client over a `Wire`: its commands and logins, with an end to every wait and to every reply.

Knows neither settings nor mails.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from functools import cache

from earshot.alerts.wire import IsStopping, NotAReplyError, StoppedError, Waits, Wire, in_time

_QUIT_S = 1.0
"""How long a goodbye is waited for: what counts was said before."""


class NoGreetingError(Exception):
    """The connection stands, and the server said nothing in time."""


class Dialogue(smtplib.SMTP):
    """One connection to a mail server, of which smtplib's own socket and file are not used."""

    def __init__(self, ends_at: float, is_stopping: IsStopping) -> None:
        """Open nothing yet. ends_at: of all up to the final dot, on the monotonic clock."""
        self._ends_at, self._is_stopping = ends_at, is_stopping
        self._wire: Wire | None = None
        super().__init__(local_hostname=in_time(_our_name, Waits(is_stopping, ends_at)))

    def open(self, host: str, port: int, greeting_s: float, context: ssl.SSLContext | None = None) -> None:
        """Connect and be greeted. context: of TLS from the first byte on.

        Raises:
            NoGreetingError: nothing was said within `greeting_s`.
            TimeoutError, OSError, smtplib.SMTPException, StoppedError: there is no connection, or another greeting.
        """
        self._host = host
        waits = Waits(self._is_stopping, self._ends_at)
        connect = lambda: socket.create_connection((host, port), greeting_s)  # noqa: E731 (called in a thread)
        self._wire = Wire(in_time(connect, waits, socket.socket.close), self._is_stopping)
        self._wire.limit(min(self._ends_at, time.monotonic() + greeting_s))
        if context is not None:
            self._wire.begin_tls(context, host)
        self.sock = self._wire.sock
        try:
            code, said = self.getreply()
        except TimeoutError as error:
            if self._wire.has_heard:
                raise TimeoutError(f"its greeting did not end within {greeting_s:g} s") from error
            raise NoGreetingError from error
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        self._wire.limit(self._ends_at)

    def begin_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS; who may be spoken to as what is to be asked again.

        Raises:
            ssl.SSLError: there is no trusted TLS. And whatever a command raises.
        """
        code, said = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, said)
        if self.is_out_of_turn():  # it would be read as if it had been said inside
            raise NotAReplyError("the server went on in the clear after it had agreed to TLS")
        self._open_wire.begin_tls(context, self._host)
        self.sock = self._open_wire.sock
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False

    def end_data(self, answer_s: float, stop_grace_s: float) -> tuple[int, bytes]:
        """Send the final dot and return the answer. stop_grace_s: how long it is still waited for at an end of the run.

        Whatever it raises, the server may have taken the message.
        """
        self._open_wire.limit(time.monotonic() + answer_s, stop_grace_s)
        self._open_wire.send(b".\r\n")
        return self._open_wire.reply()

    def is_out_of_turn(self) -> bool:
        """Tell whether the server has said something that nobody asked: its next word would be no answer."""
        return self._open_wire.is_out_of_turn()

    def say_goodbye(self) -> None:
        """Take leave, and wait for no more than a moment."""
        self._open_wire.limit(time.monotonic() + _QUIT_S)
        with suppress(OSError, smtplib.SMTPException, StoppedError):
            self.docmd("QUIT")

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply; see `Wire.reply`."""
        return self._open_wire.reply()

    def send(self, s: object) -> None:
        """Send text or bytes."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        assert isinstance(data, bytes)
        self._open_wire.send(data)

    def close(self) -> None:
        """Close the connection. Twice is once."""
        if self._wire is not None:
            self._wire.close()

    @property
    def _open_wire(self) -> Wire:
        if self._wire is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._wire


@cache
def _our_name() -> str:
    """Return what we call ourselves; looked up once, since a machine without DNS may take seconds each time."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"
