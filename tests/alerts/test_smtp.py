"""SMTP with real servers: transport security, login, and what each kind of refusal means."""

from __future__ import annotations

import socket
import threading
import time
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
from earshot.errors import MailError, MailStopped, MailUncertain
from tests.alerts.raw_server import ENDLESS, MUTE, RESET, RawServer, raw_server
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
@pytest.mark.fault(case="A mail server whose certificate nobody vouches for", promise="It gets neither login nor mail")
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, security: str) -> None:
    handler = Handler()
    with smtp_server(handler, security, folder=tmp_path) as server:
        error = refusal(lambda: mailer(server, security=security).send(make_message(), nothing))
    assert error.is_ours
    assert "TLS" in error.reason
    assert handler.taken == []


@pytest.mark.fault(case="A mail server that offers no STARTTLS", promise="Nothing is sent in the clear")
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


ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"


def after_dot(reply: bytes) -> str:
    """Return what the mailer makes of a reply to the final dot."""
    with raw_server(RawServer({"dot": reply})) as server:
        try:
            mailer(server, timeout=timedelta(seconds=0.5)).send(make_message(), nothing)
        except MailUncertain:
            return UNKNOWN
        except MailError as error:
            assert not error.is_permanent
            return REFUSED
        return ACCEPTED


@pytest.mark.fault(
    case="A mail server whose last answer is cut short, has no code or says nothing clear",
    promise="The mail counts as neither taken nor refused, and is never sent again before its fate is known.",
)
@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (b"250 OK\r\n", ACCEPTED),
        (b"250\r\n", ACCEPTED),
        (b"250 OK\n", ACCEPTED),
        (b"251 will forward\r\n", ACCEPTED),
        (b"252 maybe\r\n", ACCEPTED),
        (b"200 fine\r\n", ACCEPTED),
        (b"250-queued\r\n250 as 1\r\n", ACCEPTED),
        (b"250 \xff\xfe\x1b[2J\r\n", ACCEPTED),
        (b"421 closing\r\n", REFUSED),
        (b"451 4.3.0 try later\r\n", REFUSED),
        (b"550 5.7.1 spam\r\n", REFUSED),
        (b"554-no\r\n554 really\r\n", REFUSED),
        (b"25\r\n", UNKNOWN),
        (b"25", UNKNOWN),
        (b"250", UNKNOWN),
        (b"2\r\n", UNKNOWN),
        (b"2500 OK\r\n", UNKNOWN),
        (b"250OK\r\n", UNKNOWN),
        (b"OK\r\n", UNKNOWN),
        (b" 250 OK\r\n", UNKNOWN),
        (b"\r\n", UNKNOWN),
        (b"550", UNKNOWN),
        (b"55\r\n", UNKNOWN),
        (b"250-queued\r\n", UNKNOWN),
        (b"250-queued\r\n550 no\r\n", UNKNOWN),
        (b"\x16\x03\x01\x02\r\n", UNKNOWN),
        (b"150 wait\r\n", UNKNOWN),
        (b"354 go on\r\n", UNKNOWN),
        (b"650 what\r\n", UNKNOWN),
        (b"HTTP/1.1 200 OK\r\n", UNKNOWN),
        (b"", UNKNOWN),
        (RESET, UNKNOWN),
        (MUTE, UNKNOWN),
        (ENDLESS, UNKNOWN),
        (b"250 " + b"x" * 50_000, UNKNOWN),
    ],
)
def test_only_a_whole_answer_to_the_dot_accepts_or_refuses(reply: bytes, meaning: str) -> None:
    assert after_dot(reply) == meaning


@pytest.mark.parametrize("reply", [b"251 will forward\r\n", b"252 cannot say, will try\r\n"])
def test_a_recipient_that_is_forwarded_is_accepted(reply: bytes) -> None:
    raw = RawServer({"RCPT": reply})
    with raw_server(raw) as server:
        mailer(server).send(make_message(), nothing)
    assert len(raw.taken) == 1


@pytest.mark.fault(case="A mail server that answers out of turn", promise="Its answer is not taken for having the mail")
def test_an_answer_that_nobody_asked_is_not_taken_for_the_answer_to_the_dot() -> None:
    """Two answers to DATA: the second would else count as having taken the message."""
    steps: list[str] = []
    raw = RawServer({"DATA": b"354 go on\r\n250 OK\r\n", "dot": b"550 no\r\n"})
    with raw_server(raw) as server:
        error = refusal(lambda: mailer(server).send(make_message(), lambda: steps.append("dot")))
    assert "before the end of the message" in error.reason


@pytest.mark.fault(
    case="A mail server that drips its answers, never ends one, or says nothing",
    promise="The dialogue ends within two minutes, or what mail.timeout says, whatever step it is at.",
)
@pytest.mark.parametrize(
    ("step", "how"),
    [
        *((step, "drip") for step in ("greeting", "EHLO", "MAIL", "RCPT", "DATA")),
        *((step, how) for step in ("greeting", "RCPT") for how in ("mute", "endless")),
    ],
)
def test_each_step_comes_to_an_end(step: str, how: str) -> None:
    raw = RawServer({} if how == "drip" else {step: MUTE if how == "mute" else ENDLESS})
    raw.drip_s = {step: 0.2} if how == "drip" else {}
    began = time.monotonic()
    with raw_server(raw) as server:
        sender = mailer(server, timeout=timedelta(seconds=0.4), greeting=timedelta(seconds=0.4))
        error = refusal(lambda: sender.send(make_message(), nothing))
    assert time.monotonic() - began < 15
    assert error.is_ours is (step in ("greeting", "EHLO"))
    assert raw.taken == []


def test_a_goodbye_without_an_answer_takes_nothing_back() -> None:
    raw = RawServer({"QUIT": MUTE})
    began = time.monotonic()
    with raw_server(raw) as server:
        mailer(server, timeout=timedelta(seconds=60)).send(make_message(), nothing)
    assert time.monotonic() - began < 30
    assert len(raw.taken) == 1


@pytest.mark.parametrize("step", ["greeting", "DATA"])
def test_a_run_that_is_to_end_ends_a_dialogue_and_nothing_was_sent(step: str) -> None:
    raw, ending, dots = RawServer({step: MUTE}), threading.Event(), list[int]()
    with raw_server(raw) as server:
        threading.Timer(0.3, ending.set).start()
        began = time.monotonic()
        with pytest.raises(MailStopped):
            mailer(server).send(make_message(), lambda: dots.append(1), ending.is_set)
        took_s = time.monotonic() - began
    assert took_s < 2
    assert dots == []


@pytest.mark.fault(
    case="A TERM while the mail server's last answer is awaited",
    promise="The run ends within three seconds, and what became of that mail is looked up by the next.",
)
@pytest.mark.parametrize(("drip_s", "is_known"), [(0.05, True), (5.0, False)])
def test_a_run_that_is_to_end_waits_a_moment_for_the_last_answer(drip_s: float, is_known: bool) -> None:
    raw, ending = RawServer(drip_s={"dot": drip_s}), threading.Event()
    with raw_server(raw) as server:
        began = time.monotonic()
        if is_known:
            mailer(server).send(make_message(), ending.set, ending.is_set)
        else:
            with pytest.raises(MailUncertain):
                mailer(server).send(make_message(), ending.set, ending.is_set)
        took_s = time.monotonic() - began
    assert took_s < 3.5


@pytest.mark.fault(case="An answer slipped in before STARTTLS begins", promise="It is not believed; nothing is sent")
def test_what_a_server_says_in_the_clear_before_tls_is_not_believed(tmp_path: Path) -> None:
    raw = RawServer({"EHLO": b"250-raw\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n250 injected\r\n"})
    with raw_server(raw) as server:
        error = refusal(lambda: mailer(server, security="starttls").send(make_message(), nothing))
    assert error.is_ours
    assert "in the clear" in error.reason


def test_what_a_server_says_cannot_command_a_terminal() -> None:
    raw = RawServer({"RCPT": b"550 5.1.1 \x1b]0;gone\x07\x9b2J no such user\r\n"})
    with raw_server(raw) as server:
        error = refusal(lambda: mailer(server).send(make_message(), nothing))
    assert error.is_permanent
    assert error.reason.isprintable()
    assert "no such user" in error.reason


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
