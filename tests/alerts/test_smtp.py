"""SMTP with real servers: transport security, login, and what each kind of refusal means."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from earshot.alerts.smtp import SmtpMailer, dot_stuffed
from earshot.config.settings import MailSettings
from earshot.errors import MailError
from tests.alerts.servers import PASSWORD, USER, Handler, Running, smtp_server
from tests.builders import FakeClock
from tests.ports.mailer import make_message


def mailer(server: Running, **changes: Any) -> SmtpMailer:
    values = {"host": server.host, "port": server.port, "security": "none", "timeout": timedelta(seconds=5)}
    return SmtpMailer(MailSettings(**{**values, **changes}), FakeClock())


def refusal(send: Callable[[], None]) -> MailError:
    with pytest.raises(MailError) as caught:
        send()
    return caught.value


def nothing() -> None:
    """Commit nothing."""


def test_text_and_html_arrive_as_written(tmp_path: Path) -> None:
    handler = Handler()
    with smtp_server(handler) as server:
        mailer(server).send(make_message(), nothing)
    mail = message_from_bytes(handler.taken[0].original_content, policy=policy.default)
    assert mail["subject"] == "Halden: Überhitzt"
    assert mail["message-id"] == "<abc@example.org>"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail.get_body(("plain",)).get_content() == "Text\r\n.\r\n..dots\r\n"
    assert mail["date"].datetime == FakeClock().now()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_spoken_to_a_trusted_server_and_login_given(tmp_path: Path, security: str) -> None:
    handler = Handler()
    with smtp_server(handler, security, has_login=True, folder=tmp_path) as server:
        login = {"username": USER, "password": SecretStr(PASSWORD)}
        mailer(server, security=security, ca_file=server.ca_file, **login).send(make_message(), nothing)
    assert len(handler.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, security: str) -> None:
    handler = Handler()
    with smtp_server(handler, security, folder=tmp_path) as server:
        error = refusal(lambda: mailer(server, security=security).send(make_message(), nothing))
    assert error.is_ours
    assert "TLS" in error.reason
    assert handler.taken == []


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    handler = Handler()
    with smtp_server(handler) as server:
        error = refusal(lambda: mailer(server, security="starttls").send(make_message(), nothing))
    assert error.is_ours
    assert "no STARTTLS" in error.reason


def test_a_wrong_password_is_ours_and_is_not_in_the_reason(tmp_path: Path) -> None:
    handler = Handler()
    with smtp_server(handler, "starttls", has_login=True, folder=tmp_path) as server:
        wrong = {"username": USER, "password": SecretStr("hunter2-canary")}
        error = refusal(
            lambda: mailer(server, security="starttls", ca_file=server.ca_file, **wrong).send(make_message(), nothing)
        )
    assert error.is_ours
    assert "535" in error.reason
    assert "canary" not in error.reason


@pytest.mark.parametrize("without", [(), ("PLAIN",), ("LOGIN",)])
def test_a_password_in_any_script_logs_in(tmp_path: Path, without: tuple[str, ...]) -> None:
    handler, password = Handler(), "пароль-gehéim€"
    with smtp_server(handler, "starttls", True, tmp_path, password, without) as server:
        login = {"username": USER, "password": SecretStr(password)}
        mailer(server, security="starttls", ca_file=server.ca_file, **login).send(make_message(), nothing)
    assert len(handler.taken) == 1


@pytest.mark.parametrize(
    ("password", "without", "word"), [("gehéim", ("PLAIN", "LOGIN"), "beyond ASCII"), ("a\0b", (), "NUL")]
)
def test_a_password_that_cannot_be_sent_is_ours(tmp_path: Path, password: str, without: list[str], word: str) -> None:
    with smtp_server(Handler(), "starttls", True, tmp_path, password, without) as server:
        login = {"username": USER, "password": SecretStr(password)}
        sender = mailer(server, security="starttls", ca_file=server.ca_file, **login)
        error = refusal(lambda: sender.send(make_message(), nothing))
    assert error.is_ours
    assert word in error.reason
    assert password not in error.reason


def test_a_server_that_wants_a_login_and_gets_none_is_ours(tmp_path: Path) -> None:
    with smtp_server(Handler(), "starttls", has_login=True, folder=tmp_path) as server:
        send = lambda: mailer(server, security="starttls", ca_file=server.ca_file).send(make_message(), nothing)  # noqa: E731
        assert refusal(send).is_ours


@pytest.mark.parametrize(
    ("step", "reply", "is_permanent", "is_ours"),
    [
        ("MAIL", "421 too busy", False, False),
        ("MAIL", "450 greylisted", False, False),
        ("MAIL", "550 sender not allowed", False, True),
        ("RCPT", "421 too many recipients", False, False),
        ("RCPT", "450 4.2.0 greylisted", False, False),
        ("RCPT", "451 local error", False, False),
        ("RCPT", "550 no such user", True, False),
        ("RCPT", "550 5.1.1 no such user", True, False),
        ("RCPT", "550 5.2.1 mailbox disabled", True, False),
        ("RCPT", "553 5.1.3 bad address", True, False),
        ("RCPT", "552 mailbox full", False, False),
        ("RCPT", "552 5.2.2 mailbox full", False, False),
        ("RCPT", "550 5.7.1 relaying denied", False, True),
        ("RCPT", "535 login first", False, True),
        ("RCPT", "554 transaction failed", False, False),
        ("DATA", "451 try later", False, False),
        ("DATA", "552 too large", False, False),
        ("DATA", "554 5.7.1 looks like spam", False, False),
    ],
)
def test_each_refusal_means_what_to_do_next(step: str, reply: str, is_permanent: bool, is_ours: bool) -> None:
    handler = Handler(script={step: [reply, ""]})
    with smtp_server(handler) as server:
        error = refusal(lambda: mailer(server).send(make_message(), nothing))
        mailer(server).send(make_message(), nothing)
    assert (error.is_permanent, error.is_ours) == (is_permanent, is_ours)
    assert reply.split()[-1] in error.reason
    assert len(handler.taken) == 1


def test_a_server_that_is_not_there_is_ours() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refusal(lambda: mailer(Running("127.0.0.1", port, Handler())).send(make_message(), nothing))
    assert error.is_ours
    assert "cannot be reached" in error.reason


def test_a_server_that_says_nothing_is_given_up_in_time_and_may_speak_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = Running("127.0.0.1", mute.getsockname()[1], Handler())
        error = refusal(lambda: mailer(silent, greeting=timedelta(milliseconds=200)).send(make_message(), nothing))
    assert error.is_ours
    assert "security: tls" in error.reason


def test_a_port_that_does_not_speak_tls_is_named_as_such() -> None:
    with smtp_server(Handler()) as server:
        error = refusal(lambda: mailer(server, security="tls").send(make_message(), nothing))
    assert error.is_ours
    assert "security: starttls" in error.reason


def test_a_display_name_may_hold_commas_and_brackets() -> None:
    handler = Handler()
    with smtp_server(handler) as server:
        mailer(server).send(make_message(sender="Hörer, Stadt (Team) <listen@example.org>"), nothing)
    mail = message_from_bytes(handler.taken[0].original_content, policy=policy.default)
    assert [(one.display_name, one.addr_spec) for one in mail["from"].addresses] == [
        ("Hörer, Stadt (Team)", "listen@example.org")
    ]


@pytest.mark.parametrize(
    "recipient",
    ["mara@example.org\r\nRCPT TO:<victim@example.org>", "mara", "a b@example.org", "@example.org", "<x>@example.org",
     "mara@example.org, victim@example.org", "mara@exa\x00mple.org", "mära@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_a_connection(recipient: str) -> None:
    error = refusal(lambda: mailer(Running("127.0.0.1", 9, Handler())).send(make_message(recipient=recipient), nothing))
    assert error.is_permanent


@settings(deadline=None)
@given(st.binary(max_size=300).map(lambda raw: raw.replace(b"\0", b"\n.")))
def test_stuffed_data_never_ends_early_and_can_be_unstuffed(raw: bytes) -> None:
    stuffed = dot_stuffed(raw)
    assert stuffed.endswith(b"\r\n")
    lines = stuffed.split(b"\r\n")[:-1]
    assert b"." not in lines
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    unstuffed = b"\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert unstuffed == plain.removesuffix(b"\n")
