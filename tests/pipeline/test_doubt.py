"""After a restore nothing that was sent goes out again: the ledger is asked, and without one a person is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from earshot.alerts.binding import bind_due
from earshot.alerts.ledger import MaildirLedger
from earshot.alerts.mentions_header import NAME, short_name
from earshot.model import Delivery, DeliveryState, Mention
from earshot.pipeline.doubt import HELD, RELEASED, TOLD
from earshot.pipeline.maintain import restored
from earshot.ports import Restored
from tests.alerts.scene import Books, Scene
from tests.builders import FakeClock

MARA = "mara@example.org"


@dataclass
class Ledger(Books):
    """Knows Message-IDs, and which mentions its mails told of."""

    tells: dict[str, frozenset[str]] = field(default_factory=dict)

    def told(self, since: datetime) -> Mapping[str, frozenset[str]]:
        return self.tells


@pytest.fixture
def scene(tmp_path: Path, clock: FakeClock) -> Scene:
    return Scene(tmp_path, clock).begin()


def deliveries(scene: Scene, state: DeliveryState) -> list[Delivery]:
    with scene.record.read() as reader:
        return reader.deliveries([state])


def restore(scene: Scene, hours: int = 8) -> None:
    """The record is the backup of now, brought back some hours later."""
    backup_at = scene.clock.now()
    scene.clock.advance(hours=hours)
    with scene.record.write() as writer:
        writer.note_restored(Restored(scene.clock.now(), backup_at, "the vault"))


def sent_before(scene: Scene) -> Ledger:
    """One mail was sent before the backup, and stands in the ledger: it is the ledger of this mail server."""
    scene.flag(1, start=900)
    scene.alert()
    scene.inbox.taken.clear()
    return Ledger({each.message_id for each in deliveries(scene, DeliveryState.SENT)})


def bound(scene: Scene, number: int = 0) -> Mention:
    """A notice of a mention waits in the backup."""
    mention = scene.find(number)
    scene.judge(mention)
    return mention


@pytest.mark.fault(
    case="A record is restored that does not know which mails were sent since its backup; there is no ledger",
    promise="No mail is resent blindly: each that may have been sent is held and shown until a person settles it",
)
def test_without_a_ledger_what_may_have_been_sent_is_held_until_a_person_says(scene: Scene) -> None:
    bound(scene)
    restore(scene)
    report = scene.alert()
    assert (report.sent, report.unknown, scene.inbox.taken) == (0, 1, [])
    (held,) = deliveries(scene, DeliveryState.UNKNOWN)
    assert held.reason.startswith(HELD)
    with scene.record.write() as writer:
        found = restored.alarm(writer, scene.clock.now())
        assert found is not None
        assert "1 mail that may have been sent before is held" in found.what
        writer.change_delivery(held.key, DeliveryState.PENDING, scene.clock.now(), reason=RELEASED)
    assert scene.alert().sent == 1


@pytest.mark.fault(
    case="A record is restored that does not know which mails were sent since its backup; there is a ledger",
    promise="What the ledger holds counts as sent, what it does not hold is sent once",
)
def test_with_a_ledger_what_it_holds_counts_as_sent_and_what_it_does_not_is_sent(scene: Scene) -> None:
    ledger = sent_before(scene)
    first, second, third = (bound(scene, number) for number in range(3))
    restore(scene)
    ledger.tells = {MARA: frozenset({short_name(first.id), short_name(second.id)})}
    report = scene.alert(ledger=ledger)
    told = [delivery for delivery in deliveries(scene, DeliveryState.SENT) if delivery.reason == TOLD]
    assert (report.sent, len(told)) == (1, 2)
    (mail,) = scene.inbox.taken
    assert dict(mail.headers)[NAME] == short_name(third.id)


def test_a_mail_is_found_by_its_message_id_too(scene: Scene) -> None:
    ledger = sent_before(scene)
    bound(scene)
    with scene.record.write() as writer:
        bind_due(writer, "halden", scene.clock.now(), scene.book, scene.settings)
    restore(scene)
    (pending,) = deliveries(scene, DeliveryState.PENDING)
    ledger.ids.add(pending.message_id)
    scene.alert(ledger=ledger)
    assert scene.inbox.taken == []
    assert pending.key in {each.key for each in deliveries(scene, DeliveryState.SENT)}


@pytest.mark.fault(
    case="After a restore on another machine the ledger's folder is empty",
    promise="An empty ledger is not believed: mails that may have been sent are held",
)
def test_an_empty_ledger_is_not_believed(scene: Scene) -> None:
    sent_before(scene)
    bound(scene)
    restore(scene)
    assert scene.alert(ledger=Ledger()).unknown == 1
    assert scene.inbox.taken == []


def test_what_is_found_again_after_a_restore_is_held_and_what_is_new_is_sent(scene: Scene) -> None:
    restore(scene)
    now = scene.clock.now()
    old = scene.find(1, published_at=now - timedelta(hours=3))  # in the time that the backup does not cover
    undated = scene.find(2, published_at=now, found_at=now)  # its source's first answer since
    scene.judge(old)
    scene.judge(undated)
    scene.end_round()
    assert scene.alert().unknown == 2
    scene.clock.advance(minutes=15)
    scene.flag(1, start=3, published_at=scene.clock.now())
    assert scene.alert().sent == 1
    (mail,) = scene.inbox.taken
    assert "Halden pump 3 broke" in mail.subject


def test_without_a_restore_nothing_is_held(scene: Scene) -> None:
    bound(scene)
    scene.clock.advance(hours=1)
    assert scene.alert().sent == 1


def test_a_maildir_says_who_was_told_of_what(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    mail = "From: a@example.org\r\nTo: Mara <Mara@example.org>\r\nX-Earshot-Mentions: aa bb\r\n\r\nHello"
    (tmp_path / "new" / "1.x").write_bytes(mail.encode())
    (tmp_path / "new" / "2.x").write_bytes(b"From: a@example.org\r\nTo: b@example.org\r\n\r\nX-Earshot-Mentions: cc")
    ledger = MaildirLedger(tmp_path)
    past = datetime.fromtimestamp((tmp_path / "new" / "1.x").stat().st_mtime - 60).astimezone()
    assert ledger.told(past) == {MARA: frozenset({"aa", "bb"})}
    assert ledger.told(past + timedelta(hours=1)) == {}
