"""The demonstration's mail server: what it took, it holds."""

from __future__ import annotations

import mailbox
import smtplib
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest

from earshot.demo.mailserver import DemoMailServer
from tests.builders import FakeClock


def message(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@demo.localhost", "b@harbor.example", f"Nummer {number}: Tür"
    mail["Message-ID"] = f"<{number}@demo.localhost>"
    mail.set_content(".\nA line that begins with a dot is above.\n")
    return mail


def test_a_mail_is_in_the_folder_when_the_server_says_yes(tmp_path: Path, clock: FakeClock) -> None:
    with DemoMailServer(tmp_path / "mail", clock) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        client.ehlo()
        client.mail("a@demo.localhost")
        client.rcpt("b@harbor.example")
        code, _ = client.data(message(1).as_bytes())
        kept = mailbox.Maildir(tmp_path / "mail", create=False)
        assert code == 250
        assert [mail["Message-ID"] for mail in kept] == ["<1@demo.localhost>"]
        assert [mail["Delivered-To"] for mail in kept] == ["b@harbor.example"]
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_many_at_once_are_all_kept(tmp_path: Path, clock: FakeClock) -> None:
    def send(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(message(number))

    with DemoMailServer(tmp_path, clock) as server:
        threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = {mail["Message-ID"] for mail in mailbox.Maildir(tmp_path, create=False)}
    assert found == {f"<{number}@demo.localhost>" for number in range(12)}


def test_mails_are_told_of(tmp_path: Path, clock: FakeClock) -> None:
    heard: list[tuple[str, str]] = []
    with (
        DemoMailServer(tmp_path, clock, on_mail=lambda to, subject: heard.append((to, subject))) as server,
        smtplib.SMTP("127.0.0.1", server.port) as client,
    ):
        client.send_message(message(7))
    assert heard == [("b@harbor.example", "Nummer 7: Tür")]


def test_trouble_with_telling_does_not_undo_what_was_taken(tmp_path: Path, clock: FakeClock) -> None:
    def closed(_to: str, _subject: str) -> None:
        raise BrokenPipeError

    with (
        DemoMailServer(tmp_path, clock, on_mail=closed) as server,
        smtplib.SMTP("127.0.0.1", server.port) as client,
    ):
        assert client.send_message(message(1)) == {}
    assert len(mailbox.Maildir(tmp_path, create=False)) == 1


def test_what_cannot_be_stored_is_not_taken(tmp_path: Path, clock: FakeClock) -> None:
    with DemoMailServer(tmp_path, clock) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        for folder in ("tmp", "new"):
            (tmp_path / folder).rmdir()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.send_message(message(1))
    assert refused.value.smtp_code == 452
