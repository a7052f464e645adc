"""The contract of the Mailer port, run on every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from earshot.alerts.smtp import SmtpMailer
from earshot.config.settings import MailSettings
from earshot.ports import Mailer
from tests.alerts.servers import Handler, smtp_server
from tests.builders import FakeClock
from tests.ports.mailer import MailerContract


class _Smtp:
    """What the contract needs of an adapter: a mailer, what arrived, and a way to spoil the next message."""

    def __init__(self, handler: Handler, mailer: Mailer) -> None:
        self.handler, self.mailer = handler, mailer

    def arrived(self) -> list[tuple[str, list[str]]]:
        return [(envelope.mail_from, envelope.rcpt_tos) for envelope in self.handler.taken]

    def spoil(self, how: str) -> None:
        step, reply = {
            "recipient unknown": ("RCPT", "550 5.1.1 no such user"),
            "mailbox full": ("RCPT", "452 4.2.2 mailbox full"),
            "refused after the dot": ("DATA", "451 try later"),
            "cut after the dot": ("DATA", "cut"),
        }[how]
        self.handler.script = {step: [reply, ""]}


@pytest.fixture(params=["smtp"])
def post(request: pytest.FixtureRequest) -> Iterator[_Smtp]:
    handler = Handler()
    with smtp_server(handler) as server:
        settings = MailSettings(host=server.host, port=server.port, security="none", timeout=timedelta(seconds=5))
        yield _Smtp(handler, SmtpMailer(settings, FakeClock()))


class TestMailer(MailerContract):
    """The contract."""
