"""What becomes of a mail whose last answer is unclear: looked up in the ledger, or left for a person to decide."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from earshot.alerts.ledger import MaildirLedger
from earshot.alerts.smtp import SmtpMailer
from tests.alerts.raw_server import RawServer, raw_server
from tests.alerts.scene import Scene

REPLIES = [b"25\r\n", b"OK\r\n", b"251 will forward\r\n", b""]


def rounds(scene: Scene, raw: RawServer, ledger: MaildirLedger | None) -> None:
    """Tell what is due, and look again after an hour, twice."""
    with raw_server(raw) as server:
        mail = scene.settings.mail.model_copy(
            update={"host": server.host, "port": server.port, "security": "none", "timeout": timedelta(seconds=2)}
        )
        for _ in range(3):
            scene.alert(SmtpMailer(mail, scene.clock), ledger)
            scene.clock.advance(hours=1)


@pytest.mark.fault(
    case="A mail server that takes each mail and answers the final dot with `25`, without a code, with 251 or not",
    promise="With a ledger each mail arrives once and is known to.",
)
@pytest.mark.parametrize("reply", REPLIES)
def test_with_a_ledger_each_mail_arrives_once_whatever_the_last_answer(tmp_path: Path, reply: bytes) -> None:
    scene = Scene(tmp_path).begin()
    scene.flag(3)
    raw = RawServer({"dot": reply}, maildir=tmp_path / "mails")
    rounds(scene, raw, MaildirLedger(tmp_path / "mails"))
    assert len(raw.taken) == 3
    assert scene.states() == {"sent": 3}
    scene.record.close()


@pytest.mark.parametrize("reply", REPLIES)
def test_without_a_ledger_it_is_never_sent_again_and_shown_as_unknown(tmp_path: Path, reply: bytes) -> None:
    scene = Scene(tmp_path).begin()
    scene.flag(3)
    raw = RawServer({"dot": reply})
    rounds(scene, raw, None)
    assert len(raw.taken) == 3
    assert scene.states() == {"sent" if reply.startswith(b"251") else "unknown": 3}
    scene.record.close()


def test_what_the_server_refuses_after_the_dot_is_sent_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path).begin()
    scene.flag(1)
    raw = RawServer({"dot": b"451 try later\r\n"})
    rounds(scene, raw, None)
    assert scene.states() == {"pending": 1}
    scene.record.close()
    assert len(raw.taken) > 1
