"""The Mailer over SMTP: STARTTLS, TLS or plain, login, and a DATA dialogue that stops before the final dot.

Knows neither the record nor what a mail says. One connection per message: alerts are few, and a connection
that was kept too long would be one more state to be uncertain about.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from earshot.alerts.compose import bare_address, to_bytes
from earshot.alerts.dialogue import Dialogue, NoGreetingError
from earshot.alerts.login import log_in
from earshot.alerts.wire import StoppedError
from earshot.config.settings import MailSettings
from earshot.errors import MailError, MailStopped, MailUncertain
from earshot.harmless import harmless_line
from earshot.model import Message
from earshot.ports import BeforeDot, Clock, never

_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_DIALOGUE_S = 120.0
"""Longest time from the first byte to the final dot. RFC 5321 section 4.5.3.2 allows minutes for each command, which a
server that drips its answers would make hours; mails are small, and one that was not taken is tried again."""

_STOP_GRACE_S = 2.0
"""How long the answer to the final dot is still waited for when the run is to end: nearly always it comes in time."""

_TLS_PORT = "the port may speak TLS from the first byte (465 does); if so, write `security: tls`"
_PLAIN_PORT = "the port does not speak TLS from the first byte; write `security: starttls`"


@dataclass(frozen=True, slots=True)
class _Said:
    """A reply of the server."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {harmless_line(self.text)}"[:300]

    @property
    def is_yes(self) -> bool:
        """Whether it accepts what was asked. Source: RFC 5321 section 4.2.1."""
        return 200 <= self.code < 300

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
        self._answer_s = settings.timeout.total_seconds()
        self._dialogue_s = min(self._answer_s, _DIALOGUE_S)
        self._greeting_s = min(self._dialogue_s, settings.greeting.total_seconds())

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        """Send one message; see the port.

        Up to the final dot it takes two minutes at most, then `mail.timeout`.

        Raises:
            MailError: not taken. is_permanent: the recipient does not exist there. is_ours: server not reachable,
                certificate, login or sender refused; the next message would fare no better.
            MailStopped: the run is to end, and the final dot was not sent.
            MailUncertain: no clear answer came to the final dot.
        """
        sender = bare_address(message.sender, is_ours=True)
        recipient = bare_address(message.recipient)
        payload = dot_stuffed(to_bytes(message, self._clock.now()))
        try:
            self._send(sender, recipient, payload, before_dot, is_stopping)
        except StoppedError as error:
            raise MailStopped("the run was asked to end; nothing was sent") from error

    def _send(
        self, sender: str, recipient: str, payload: bytes, before_dot: BeforeDot, is_stopping: Callable[[], bool]
    ) -> None:
        with self._opened(is_stopping) as server:
            self._login(server)
            self._envelope(server, sender, recipient)
            self._data(server, payload, before_dot)

    # --- the dialogue, step by step

    @contextmanager
    def _opened(self, is_stopping: Callable[[], bool]) -> Iterator[Dialogue]:
        at = f"{self._settings.host}:{self._settings.port}"
        try:
            server = Dialogue(time.monotonic() + self._dialogue_s, is_stopping)
        except TimeoutError as error:
            raise MailError("this machine's own name could not be looked up in time", is_ours=True) from error
        try:
            self._begin(server, at)
            yield server
        finally:
            server.close()

    def _begin(self, server: Dialogue, at: str) -> None:
        """Connect, be greeted, say who we are, and begin TLS where it is to be."""
        try:
            is_tls = self._settings.security == "tls"
            context = self._context() if is_tls else None
            server.open(self._settings.host, self._settings.port, self._greeting_s, context)
            _expect(_said(server.ehlo()), 250, "EHLO")
            if self._settings.security == "starttls":
                if not server.has_extn("starttls"):
                    raise MailError(f"{at} offers no STARTTLS; set mail.security to what it does offer", is_ours=True)
                server.begin_tls(self._context())
                _expect(_said(server.ehlo()), 250, "EHLO")
        except ssl.SSLError as error:
            advice = f"; {_PLAIN_PORT}" if error.reason == "WRONG_VERSION_NUMBER" else ""
            raise MailError(f"{at}: no trusted TLS connection: {error}{advice}", is_ours=True) from error
        except smtplib.SMTPResponseException as error:
            said = _said((error.smtp_code, error.smtp_error))
            raise MailError(f"{at}: {said}", is_ours=not _is_temporary(said)) from error
        except NoGreetingError as error:
            what = f"{at} took the connection and said nothing for {self._greeting_s:g} s"
            raise MailError(
                f"{what}: {_TLS_PORT}; if it only greets late, raise mail.greeting", is_ours=True
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"{at} cannot be reached: {error}", is_ours=True) from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _login(self, server: Dialogue) -> None:
        if not self._settings.username:
            return
        try:
            log_in(server, self._settings.username, self._settings.password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"login failed: {error}", is_ours=True) from error

    def _envelope(self, server: Dialogue, sender: str, recipient: str) -> None:
        said = self._ask(server, f"mail FROM:<{sender}>")
        if not said.is_yes:
            raise MailError(f"sender refused: {said}", is_ours=not _is_temporary(said))
        said = self._ask(server, f"rcpt TO:<{recipient}>")
        if not said.is_yes:
            raise MailError(
                f"recipient refused: {said}", is_permanent=_is_no_such_person(said), is_ours=_is_policy(said)
            )

    def _data(self, server: Dialogue, payload: bytes, before_dot: BeforeDot) -> None:
        said = self._ask(server, "data")
        if said.code != 354:
            raise MailError(f"message refused: {said}")
        try:
            server.send(payload)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"connection lost before the end of the message: {error}") from error
        before_dot()
        self._check_turn(server)
        said = self._last_word(server)
        if not said.is_yes:
            raise MailError(f"message refused: {said}")
        server.say_goodbye()

    def _check_turn(self, server: Dialogue) -> None:
        """Take care that the next word of the server answers the final dot, and nothing before it."""
        try:
            is_out_of_turn = server.is_out_of_turn()
        except OSError as error:
            raise MailError(f"connection lost before the end of the message: {error}") from error
        if is_out_of_turn:
            raise MailError("the server answered or left before the end of the message")

    def _last_word(self, server: Dialogue) -> _Said:
        """Send the final dot and return the answer, which accepts or refuses.

        From the first byte on everything that is neither, an answer cut short as well as none, means not knowing.
        """
        try:
            said = _said(server.end_data(self._answer_s, _STOP_GRACE_S))
        except (OSError, smtplib.SMTPException, StoppedError) as error:
            raise MailUncertain(f"no clear answer to the final dot: {error}") from error
        if not said.is_yes and said.code < 400:
            raise MailUncertain(f"no clear answer to the final dot: {said}")
        return said

    def _ask(self, server: Dialogue, command: str) -> _Said:
        try:
            return _said(server.docmd(command))
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"connection lost: {error}") from error


def dot_stuffed(raw: bytes) -> bytes:
    """Return a message ready for DATA: CRLF line ends, leading dots doubled, a line end last, no final dot.

    Source: RFC 5321 section 4.5.2.
    """
    lines = _BARE_LINE_END.sub(b"\r\n", raw)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _said(reply: tuple[int, bytes | str]) -> _Said:
    code, said = reply
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _Said(code, " ".join(text.split()))


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
