"""Real SMTP servers for tests: plain, STARTTLS or TLS, with login, with a Maildir, and with scripted misbehaviour."""

from __future__ import annotations

import mailbox
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "earshot", "correct horse"


@dataclass
class Handler:
    """Takes mail into memory and, where given, a Maildir. `script`: replies by step, used once each, first first.

    Steps: MAIL, RCPT, DATA (the reply to the dot). A reply "cut" closes the connection without an answer, after the
    mail was taken if the step is DATA; "lose" does so before it is taken.
    """

    maildir: Path | None = None
    script: dict[str, list[str]] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)

    def _next(self, step: str) -> str:
        replies = self.script.get(step) or [""]
        return replies.pop(0) if len(replies) > 1 or replies[0] != "" else ""

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        reply = self._next("MAIL")
        if not reply:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        reply = self._next("RCPT")
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        reply = self._next("DATA")
        if reply in ("", "cut"):
            self.taken.append(envelope)
            if self.maildir is not None:
                mailbox.Maildir(self.maildir).add(envelope.original_content)
        if reply in ("cut", "lose"):
            server.transport.abort()
        return reply or "250 OK"


@dataclass
class Running:
    """A running server. ca_file: who vouches for it, empty without TLS."""

    host: str
    port: int
    handler: Handler
    ca_file: str = ""


def _authenticator(password: str) -> Callable[..., AuthResult]:
    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    return authenticate


@contextmanager
def smtp_server(
    handler: Handler,
    security: str = "none",
    has_login: bool = False,
    folder: Path | None = None,
    password: str = PASSWORD,
    without: Sequence[str] = (),
) -> Iterator[Running]:
    """Run a server on a free port of the loopback until the block ends. without: ways to log in that it lacks."""
    context, ca_file = None, ""
    if security != "none":
        assert folder is not None
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        ca_file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(ca_file)
    options: dict[str, Any] = {"server_hostname": "localhost"}
    if has_login:
        options |= {
            "authenticator": _authenticator(password),
            "auth_exclude_mechanism": without,
            "auth_required": security == "starttls",
            "auth_require_tls": security == "starttls",
        }
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "tls":
        options |= {"ssl_context": context}
    controller = _Controller(handler, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        port = controller.server.sockets[0].getsockname()[1]
        yield Running("localhost", port, handler, ca_file)
    finally:
        controller.stop()


class _Controller(Controller):
    """A controller that can find its own free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
