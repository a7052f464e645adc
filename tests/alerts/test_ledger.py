"""The Maildir ledger: finds what the server took, quickly, whatever becomes of the file's name."""

from __future__ import annotations

import mailbox
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earshot.alerts.compose import to_bytes
from earshot.alerts.ledger import MaildirLedger
from tests.builders import NOW
from tests.ports.mailer import make_message


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "box"


def deliver(folder: Path, message_id: str, **changes: str) -> str:
    return mailbox.Maildir(folder).add(to_bytes(make_message(message_id=message_id, **changes), NOW))


def test_a_mail_is_found_by_its_message_id_and_another_is_not(box: Path) -> None:
    ledger = MaildirLedger(box)
    assert not ledger.find("<one@example.org>")
    deliver(box, "<one@example.org>")
    assert ledger.find("<one@example.org>")
    assert not ledger.find("<two@example.org>")
    deliver(box, "<two@example.org>")
    assert ledger.find("<two@example.org>")


def test_a_folded_message_id_is_found(box: Path) -> None:
    long = f"<{'b' * 64}@{'sub.' * 10}example.org>"
    deliver(box, long)
    assert MaildirLedger(box).find(long)


def test_a_mail_that_was_read_is_still_found_under_its_name(box: Path) -> None:
    name = deliver(box, "<one@example.org>")
    (box / "new" / name).rename(box / "cur" / f"{name}:2,S")
    ledger = MaildirLedger(box)
    assert ledger.find("<one@example.org>")
    assert ledger.message(name) is not None
    assert [mail.name for mail in ledger.messages()] == [name]


def test_a_mail_that_moves_between_the_look_and_the_reading_is_still_shown(box: Path) -> None:
    name = deliver(box, "<one@example.org>")

    class Read(MaildirLedger):
        """Somebody opens the mail in a mail program just after it was listed."""

        def _files(self) -> Iterator[tuple[str, Path]]:
            found = list(super()._files())
            (box / "new" / name).rename(box / "cur" / f"{name}:2,S")
            yield from found

    mail = Read(box).message(name)
    assert mail is not None
    assert mail.message_id == "<one@example.org>"


def test_a_half_delivered_mail_does_not_count(box: Path) -> None:
    deliver(box, "<one@example.org>")
    (box / "tmp" / "half").write_bytes(to_bytes(make_message(message_id="<half@example.org>"), NOW))
    assert not MaildirLedger(box).find("<half@example.org>")


def test_messages_come_latest_first_with_what_a_page_shows(box: Path) -> None:
    for number in range(3):
        name = deliver(box, f"<m{number}@example.org>", subject=f"Höhe {number}")
        os.utime(box / "new" / name, (1000 + number, 1000 + number))
    mails = MaildirLedger(box).messages(limit=2)
    assert [mail.subject for mail in mails] == ["Höhe 2", "Höhe 1"]
    assert (mails[0].sender, mails[0].recipient) == ("alerts@example.org", "mara@example.org")
    assert mails[0].text == "Text\n.\n..dots\n"
    assert mails[0].html.strip() == "<p>Text</p>"
    assert mails[0].received_at.timestamp() == 1002


def test_a_name_never_leads_out_of_the_folder(box: Path) -> None:
    deliver(box, "<one@example.org>")
    (box.parent / "secret").write_text("Message-ID: <s@example.org>\n\nsecret")
    ledger = MaildirLedger(box)
    assert ledger.message("../../secret") is None
    assert ledger.message("") is None


@pytest.mark.fault(case="A mail in the ledger is damaged", promise="The others are still found")
def test_a_damaged_mail_hides_no_other(box: Path) -> None:
    deliver(box, "<one@example.org>")
    (box / "new" / "broken").write_bytes(b"\xff\xfe\x00 no headers at all")
    (box / "new" / "charset").write_bytes(b"Content-Type: text/plain; charset=klingon\n\nx\xff")
    ledger = MaildirLedger(box)
    assert ledger.find("<one@example.org>")
    assert len(ledger.messages()) == 3


def test_five_thousand_mails_are_asked_in_milliseconds(box: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    for number in range(5000):
        (box / "new" / f"{number}.x").write_text(f"Message-ID: <{number}@example.org>\n\nx")
    ledger = MaildirLedger(box)
    assert ledger.find("<4999@example.org>")
    started = time.perf_counter()
    for number in range(20):
        assert not ledger.find(f"<absent-{number}@example.org>")
    assert (time.perf_counter() - started) / 20 < 0.25


def test_a_list_of_headers_reads_each_mail_once_and_says_the_same(box: Path) -> None:
    for number in range(3):
        deliver(box, f"<{number}@example.org>", subject=f"Grüße Nummer {number} " + "lang " * 30)
    ledger = MaildirLedger(box)
    whole, listed = ledger.messages(), ledger.headers()
    assert [replace(mail, text="", html="") for mail in whole] == listed
    for file in (box / "new").iterdir():  # what was listed is not read again
        os.truncate(file, 0)
        os.utime(file, (0, listed[0].received_at.timestamp()))
    assert {mail.subject for mail in ledger.headers()} == {mail.subject for mail in listed}
    next((box / "new").iterdir()).unlink()
    assert len(ledger.headers()) == 2
