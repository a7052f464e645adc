"""The Mailer over SMTP: STARTTLS, TLS or plain, login, and a DATA dialogue that stops before the final dot.

Knows neither the record nor what a mail says. One connection per message: alerts are few, and a connection
that was kept too long would be one more state to be uncertain about.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from earshot.alerts.compose import bare_address, to_bytes
from earshot.alerts.login import log_in
from earshot.config.settings import MailSettings
from earshot.errors import MailError, MailUncertain
from earshot.model import Message
from earshot.ports import BeforeDot, Clock

_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_COMMAND_TIMEOUT_S = 300.0
"""Longest wait for a reply but the last. Source: RFC 5321 section 4.5.3.2 (5 minutes; the final dot: 10)."""

_TLS_PORT = "the port may speak TLS from the first byte (465 does); if so, write `security: tls`"
_PLAIN_PORT = "the port does not speak TLS from the first byte; write `security: starttls`"


@dataclass(frozen=True, slots=True)
class _Said:
    """A reply of the server."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:300]

    @property
    def subject(self) -> str:
        """The middle of the enhanced status code ("1" is the address), or empty. Source: RFC 3463."""
        found = _ENHANCED.search(self.text)
        return f"{found[2]}.{found[3]}" if found else ""


class SmtpMailer:
    """Hands messages to the workspace's SMTP server."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        """Keep the settings; nothing is opened before the first message."""
        self._settings = settings
        self._clock = clock
        self._last_timeout_s = settings.timeout.total_seconds()
        self._timeout_s = min(self._last_timeout_s, _COMMAND_TIMEOUT_S)
        self._greeting_s = min(self._timeout_s, settings.greeting.total_seconds())

    def send(self, message: Message, before_dot: BeforeDot) -> None:
        """Send one message; see the port.

        Raises:
            MailError: not taken. is_permanent: the recipient does not exist there. is_ours: server not reachable,
                certificate, login or sender refused; the next message would fare no better.
            MailUncertain: no answer came to the final dot.
        """
        sender = bare_address(message.sender, is_ours=True)
        recipient = bare_address(message.recipient)
        payload = dot_stuffed(to_bytes(message, self._clock.now()))
        server = self._open()
        try:
            self._login(server)
            self._envelope(server, sender, recipient)
            self._data(server, payload, before_dot)
        finally:
            server.close()

    # --- the dialogue, step by step

    def _open(self) -> smtplib.SMTP:
        at = f"{self._settings.host}:{self._settings.port}"
        try:
            server = self._connect()
            _expect(_Said(*_text(server.ehlo())), 250, "EHLO")
            if self._settings.security == "starttls":
                if not server.has_extn("starttls"):
                    server.close()
                    raise MailError(f"{at} offers no STARTTLS; set mail.security to what it does offer", is_ours=True)
                server.starttls(context=self._context())
                _expect(_Said(*_text(server.ehlo())), 250, "EHLO")
        except ssl.SSLError as error:
            advice = f"; {_PLAIN_PORT}" if error.reason == "WRONG_VERSION_NUMBER" else ""
            raise MailError(f"{at}: no trusted TLS connection: {error}{advice}", is_ours=True) from error
        except smtplib.SMTPResponseException as error:
            said = _Said(*_text((error.smtp_code, error.smtp_error)))
            raise MailError(f"{at}: {said}", is_ours=not _is_temporary(said)) from error
        except _NoGreetingError as error:
            what = f"{at} took the connection and said nothing for {self._greeting_s:g} s"
            raise MailError(
                f"{what}: {_TLS_PORT}; if it only greets late, raise mail.greeting", is_ours=True
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"{at} cannot be reached: {error}", is_ours=True) from error
        return server

    def _connect(self) -> smtplib.SMTP:
        server: smtplib.SMTP
        at, wait_s = (self._settings.host, self._settings.port), self._greeting_s
        if self._settings.security == "tls":
            server = smtplib.SMTP_SSL(*at, local_hostname=_our_name(), timeout=wait_s, context=self._context())
        else:
            server = _Greeted(*at, local_hostname=_our_name(), timeout=wait_s)
        if isinstance(server.sock, socket.socket):
            server.sock.settimeout(self._timeout_s)
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _login(self, server: smtplib.SMTP) -> None:
        if not self._settings.username:
            return
        try:
            log_in(server, self._settings.username, self._settings.password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"login failed: {error}", is_ours=True) from error

    def _envelope(self, server: smtplib.SMTP, sender: str, recipient: str) -> None:
        said = self._ask(server, f"mail FROM:<{sender}>")
        if said.code != 250:
            raise MailError(f"sender refused: {said}", is_ours=not _is_temporary(said))
        said = self._ask(server, f"rcpt TO:<{recipient}>")
        if said.code not in (250, 251):
            raise MailError(
                f"recipient refused: {said}", is_permanent=_is_no_such_person(said), is_ours=_is_policy(said)
            )

    def _data(self, server: smtplib.SMTP, payload: bytes, before_dot: BeforeDot) -> None:
        said = self._ask(server, "data")
        if said.code != 354:
            raise MailError(f"message refused: {said}")
        try:
            server.send(payload)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"connection lost before the end of the message: {error}") from error
        before_dot()
        said = self._last_word(server)
        if said.code != 250:
            raise MailError(f"message refused: {said}")
        with suppress(OSError, smtplib.SMTPException):
            server.quit()

    def _last_word(self, server: smtplib.SMTP) -> _Said:
        """Send the final dot and return the answer; from the first byte on, no answer means not knowing."""
        try:
            if isinstance(server.sock, socket.socket):
                server.sock.settimeout(self._last_timeout_s)
            server.send(b".\r\n")
            return _Said(*_text(server.getreply()))
        except (OSError, smtplib.SMTPException) as error:
            raise MailUncertain(f"no answer to the final dot: {error}") from error

    def _ask(self, server: smtplib.SMTP, command: str) -> _Said:
        try:
            return _Said(*_text(server.docmd(command)))
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"connection lost: {error}") from error


class _NoGreetingError(Exception):
    """The connection stands, and no greeting came in time."""


class _Greeted(smtplib.SMTP):
    """A connection that tells a server that says nothing from one that is not there."""

    _is_greeted = False

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply; the first one is the greeting."""
        is_first, self._is_greeted = not self._is_greeted, True
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if is_first and isinstance(error.__context__, TimeoutError):
                raise _NoGreetingError from error
            raise


@cache
def _our_name() -> str:
    """Return what we call ourselves; looked up once, since a machine without DNS may take seconds each time."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def dot_stuffed(raw: bytes) -> bytes:
    """Return a message ready for DATA: CRLF line ends, leading dots doubled, a line end last, no final dot.

    Source: RFC 5321 section 4.5.2.
    """
    lines = _BARE_LINE_END.sub(b"\r\n", raw)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _text(reply: tuple[int, bytes | str]) -> tuple[int, str]:
    code, said = reply
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return code, " ".join(text.split())


def _expect(said: _Said, code: int, step: str) -> None:
    if said.code != code:
        raise MailError(f"{step} refused: {said}", is_ours=not _is_temporary(said))


def _is_temporary(said: _Said) -> bool:
    return 400 <= said.code < 500


def _is_policy(said: _Said) -> bool:
    """Tell whether the server refuses us, not the recipient: relaying, login, sender's reputation (x.7.x)."""
    return said.code in (530, 535) or (said.code >= 500 and said.subject.startswith("7."))


def _is_no_such_person(said: _Said) -> bool:
    """Tell whether the recipient does not exist or takes no mail: 550, 551, 553 without a better word, or x.1.x.

    A full mailbox (552, x.2.2) is not that. Source: RFC 5321 section 4.2.3, RFC 3463 section 3.2.
    """
    if said.code < 500 or _is_policy(said):
        return False
    if said.subject:
        return said.subject.startswith("1.") or said.subject == "2.1"
    return said.code in (550, 551, 553)
