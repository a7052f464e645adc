"""The alert stage over a real record: every notice is told once, whatever the mail server does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from earshot.errors import MailError, MailUncertain, StorageError
from earshot.model import DeliveryState, Message, QuietHours, TextIs
from earshot.pipeline.relay import relay_of
from earshot.ports import BeforeDot, never
from tests.alerts.scene import Books, Inbox, Scene, temporary
from tests.builders import make_brand, make_recipient, make_rule

Make = Callable[..., Scene]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    scenes: list[Scene] = []

    def make_scene(**options: object) -> Scene:
        scenes.append(Scene(tmp_path, **options).begin())
        return scenes[-1]

    yield make_scene
    for scene in scenes:
        scene.record.close()


def subjects(scene: Scene) -> list[str]:
    return [message.subject for message in scene.inbox.taken]


def test_a_flagged_mention_becomes_one_mail_and_a_second_run_sends_nothing(make: Make) -> None:
    scene = make()
    scene.flag(1)
    report = scene.alert()
    assert (report.bound, report.sent, report.problem) == (1, 1, "")
    assert subjects(scene) == ["[Halden] Warning: Halden pump 0 broke"]
    again = scene.alert()
    assert (again.bound, again.sent) == (0, 0)
    assert scene.states() == {"sent": 1}
    assert scene.notices() == {"told": 1}


def test_each_recipient_gets_a_mail_of_their_own_with_its_own_stable_id(make: Make) -> None:
    people = tuple(make_recipient(address=f"p{n}@example.org") for n in range(3))
    scene = make(brands=(make_brand(rules=(make_rule(recipients=people),)),))
    scene.flag(1)
    scene.alert()
    assert sorted(message.recipient for message in scene.inbox.taken) == [p.address for p in people]
    with scene.record.read() as reader:
        ids = {delivery.message_id: delivery.key for delivery in reader.deliveries()}
    assert {message.message_id for message in scene.inbox.taken} == set(ids)
    assert all(message_id == f"<{key}@example.org>" for message_id, key in ids.items())


def test_a_storm_is_told_in_as_many_mails_as_the_brand_allows_and_nothing_is_lost(make: Make) -> None:
    scene = make(brands=(make_brand(max_per_hour=4),))
    scene.flag(30)
    report = scene.alert()
    # A fourth is kept for what is critical, and half of the others for what comes later.
    assert (report.bound, report.sent, report.held) == (2, 2, 0)
    assert sum("and 28 more" in subject for subject in subjects(scene)) == 1
    assert scene.notices() == {"told": 30}
    text = "".join(message.text for message in scene.inbox.taken)
    assert all(f"Halden pump {n} broke" in text for n in range(30))


@pytest.mark.fault(
    case="Hundreds of flagged mentions at once", promise="No more mails than the brand allows; none is left out"
)
def test_a_storm_beyond_one_message_is_told_over_the_next_hours(make: Make) -> None:
    scene = make(brands=(make_brand(max_per_hour=1),))
    scene.flag(110)
    report = scene.alert()
    assert (report.sent, report.held) == (1, 10)
    scene.clock.advance(minutes=61)
    assert scene.alert().sent == 1
    assert scene.notices() == {"told": 110}
    assert [subject.rpartition(" and ")[2] for subject in subjects(scene)] == ["99 more", "9 more"]


def test_beyond_the_hours_budget_notices_wait_until_the_window_frees(make: Make) -> None:
    scene = make(brands=(make_brand(max_per_hour=2),))
    scene.flag(1)
    scene.alert()
    scene.clock.advance(minutes=20)
    scene.flag(1, start=1)
    scene.alert()
    scene.flag(3, start=2)
    held = scene.alert()
    assert (held.bound, held.sent, held.held) == (0, 0, 3)
    scene.clock.advance(minutes=39)
    assert scene.alert().sent == 0
    scene.clock.advance(minutes=2)
    assert scene.alert().sent == 1
    assert "and 2 more" in subjects(scene)[-1]
    assert scene.notices() == {"told": 5}


def test_the_most_severe_and_then_the_oldest_stand_alone(make: Make) -> None:
    scene = make(brands=(make_brand(max_per_hour=3),))
    for number in range(5):
        scene.flag(1, start=number)
        scene.clock.advance(minutes=1)
    scene.alert()
    assert subjects(scene)[0] == "[Halden] Warning: Halden pump 0 broke"
    assert subjects(scene)[1].endswith("Halden pump 1 broke and 3 more")


def test_quiet_hours_hold_until_their_end(make: Make) -> None:
    quiet = QuietHours(time(11), time(14, 30), "Europe/Berlin")  # 12:00 UTC is 13:00 there
    scene = make(brands=(make_brand(rules=(make_rule(quiet_hours=quiet),)),))
    scene.flag(1)
    assert scene.alert().sent == 0
    scene.clock.advance(minutes=89)
    assert scene.alert().sent == 0
    scene.clock.advance(minutes=1)
    assert scene.alert().sent == 1


def test_a_retry_keeps_quiet_hours_too(make: Make) -> None:
    quiet = QuietHours(time(12, 10), time(18), "UTC")
    scene = make(brands=(make_brand(rules=(make_rule(quiet_hours=quiet),)),))
    scene.flag(1)
    scene.inbox.fail["*"] = [temporary()]
    assert scene.alert().postponed == 1
    scene.clock.advance(minutes=31)
    assert (scene.alert().sent, scene.alert().sent) == (0, 0)
    scene.clock.advance(hours=6)
    assert scene.alert().sent == 1


@pytest.mark.fault(
    case="A mail server that is busy for hours", promise="It is asked at growing distances; each mail arrives once"
)
def test_a_server_that_is_busy_for_hours_is_tried_at_growing_distance_and_gets_it_once(make: Make) -> None:
    scene = make()
    scene.flag(1)
    scene.inbox.fail["*"] = [temporary() for _ in range(200)]
    tries = []
    for minute in range(4 * 60):
        if scene.alert().postponed:
            tries.append(minute)
        scene.clock.advance(minutes=1)
    assert [minute for minute in tries if minute < 60] == [0, 30]
    gaps = [b - a for a, b in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert 30 <= min(gaps) <= max(gaps) <= 180
    scene.inbox.fail.clear()
    scene.clock.advance(hours=3)
    assert scene.alert().sent == 1
    assert scene.alert().sent == 0


def test_after_four_days_it_is_given_up_and_seen(make: Make) -> None:
    scene = make()
    scene.flag(1)
    scene.inbox.fail["*"] = [temporary() for _ in range(200)]
    for _ in range(4 * 24 + 4):
        scene.alert()
        scene.clock.advance(hours=1)
    assert scene.states() == {"dead": 1}
    with scene.record.read() as reader:
        assert "450 greylisted" in reader.deliveries()[0].reason


@pytest.mark.fault(
    case="A recipient who does not exist", promise="Only that address is struck off; the others are told"
)
def test_a_recipient_who_does_not_exist_is_struck_off_and_the_others_are_told(make: Make) -> None:
    people = (make_recipient(address="gone@example.org"), make_recipient(address="mara@example.org"))
    scene = make(brands=(make_brand(rules=(make_rule(recipients=people),)),))
    scene.flag(1)
    scene.inbox.fail["gone@example.org"] = [MailError("550 no such user", is_permanent=True)]
    report = scene.alert()
    assert (report.sent, report.dead) == (1, 1)
    scene.flag(1, start=1)
    scene.alert()
    assert [message.recipient for message in scene.inbox.taken] == ["mara@example.org"] * 2
    assert scene.notices()["suppressed"] == 1


def test_a_refused_login_keeps_the_queue_says_so_and_is_not_hammered(make: Make) -> None:
    scene = make()
    scene.flag(3)
    scene.inbox.fail["*"] = [MailError("login refused: 535", is_ours=True) for _ in range(10_000)]
    for _ in range(30):
        assert "535" in scene.alert().problem
        scene.clock.advance(seconds=10)
    assert len(scene.inbox.fail["*"]) == 10_000 - 5
    assert scene.states() == {"pending": 3}
    scene.clock.advance(days=6)
    scene.inbox.fail["*"] = [temporary()]
    assert (scene.alert().sent, scene.states()) == (2, {"pending": 1, "sent": 2})


def test_a_missing_sender_is_ours_and_a_recipient_that_is_no_address_is_not(make: Make) -> None:
    people = (make_recipient(), make_recipient(address="nobody at all"))
    scene = make(brands=(make_brand(rules=(make_rule(recipients=people),)),))
    scene.flag(1)
    right = scene.settings
    scene.settings = right.model_copy(update={"mail": right.mail.model_copy(update={"sender": ""})})
    assert "is not a mail address" in scene.alert().problem
    assert scene.states() == {"pending": 2}
    scene.settings = right
    scene.clock.advance(minutes=2)
    scene.alert()
    assert scene.states() == {"sent": 1, "dead": 1}


@pytest.mark.fault(case="An unforeseen error with one mail", promise="The others go out; no password is in the reason")
def test_an_unforeseen_error_of_one_mail_ends_that_mail_and_says_no_secret(make: Make) -> None:
    people = tuple(make_recipient(address=f"p{n}@example.org") for n in range(3))
    scene = make(brands=(make_brand(rules=(make_rule(recipients=people),)),))
    scene.flag(1)
    scene.inbox.fail["p1@example.org"] = [UnicodeEncodeError("ascii", "hunter2-é", 8, 9, "not in range")]
    assert scene.alert().sent == 2
    assert scene.states() == {"sent": 2, "pending": 1}
    with scene.record.read() as reader:
        (left,) = reader.deliveries([DeliveryState.PENDING])
    assert "UnicodeEncodeError" in left.reason
    assert "hunter2" not in left.reason
    scene.clock.advance(hours=1)
    assert scene.alert().sent == 1


def test_an_unforeseen_error_at_the_final_dot_is_never_sent_again_blindly(make: Make) -> None:
    scene = make()
    scene.flag(1)
    scene.inbox.lost = [ValueError("after the dot")]
    assert scene.alert().unknown == 1
    assert scene.states() == {"unknown": 1}


def test_a_brand_whose_relay_breaks_does_not_keep_the_others_from_their_mails(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earshot.pipeline import relay

    brands = (make_brand(id="birch", name="Birch"), make_brand(id="halden"))
    scene = make(brands=brands)
    scene.flag(1, brand="birch")
    scene.flag(1)
    bind = relay.bind_due

    def breaks(writer: object, brand_id: str, *rest: object) -> object:
        if brand_id == "birch":
            raise ZeroDivisionError("a mistake of ours")
        return bind(writer, brand_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(relay, "bind_due", breaks)
    report = scene.alert()
    assert report.sent == 1
    assert "ZeroDivisionError" in report.problem


def test_without_a_mail_server_notices_wait_and_the_report_says_so(make: Make) -> None:
    from earshot.alerts.renderer import Renderer
    from earshot.pipeline.alert import alert

    scene = make()
    scene.flag(2)
    report = alert(
        scene.record, None, None, Renderer(scene.settings), scene.book, scene.settings, scene.clock, "here/1/0.00"
    )
    assert "2 notices wait" in report.problem
    assert scene.notices() == {"pending": 2}


@pytest.mark.fault(case="No answer to a whole mail, and no ledger", promise="It is shown as unknown, never sent again")
def test_no_answer_to_the_dot_and_no_ledger_is_unknown_and_never_sent_again(make: Make) -> None:
    scene = make()
    scene.flag(1)
    scene.inbox.lost = [MailUncertain("no answer")]
    assert scene.alert().unknown == 1
    scene.clock.advance(days=2)
    assert scene.alert().sent == 0
    assert scene.states() == {"unknown": 1}


@pytest.mark.fault(
    case="No answer to a whole mail, with a ledger", promise="It is looked up, and sent again only if it never arrived"
)
def test_with_a_ledger_what_arrived_is_sent_and_what_did_not_is_sent_again_after_the_wait(make: Make) -> None:
    scene = make(ledger_wait=timedelta(minutes=10))
    books = Books()
    scene.flag(2)
    scene.inbox.lost = [MailUncertain("no answer"), MailUncertain("no answer")]
    assert scene.alert(ledger=books).waiting == 2
    with scene.record.read() as reader:
        arrived, lost = reader.deliveries([DeliveryState.DOT])
    books.ids.add(arrived.message_id)
    scene.clock.advance(minutes=9)
    report = scene.alert(ledger=books)
    assert (report.recovered, report.waiting, report.sent) == (1, 1, 0)
    scene.clock.advance(minutes=1)
    report = scene.alert(ledger=books)
    assert (report.recovered, report.sent) == (1, 1)
    assert [message.message_id for message in scene.inbox.taken] == [lost.message_id]
    assert scene.states() == {"sent": 2}


@pytest.mark.fault(case="The record is busy when a mail was taken", promise="It is written down all the same")
def test_that_a_mail_was_taken_is_written_down_even_if_the_record_is_busy(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make()
    scene.flag(1)
    write, busy = type(scene.record).write, [True, True]

    def sometimes(record: object) -> object:
        if scene.inbox.taken and busy:
            busy.pop()
            raise StorageError("busy")
        return write(record)

    monkeypatch.setattr(type(scene.record), "write", sometimes)
    assert scene.alert().sent == 1
    assert scene.states() == {"sent": 1}


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclasses.dataclass
class DiesAt:
    """A mailer in whose hands the process ends, before or after the dot was written down."""

    after_dot: bool

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        if self.after_dot:
            before_dot()
        raise Killed


@pytest.mark.parametrize(("after_dot", "state"), [(False, "sent"), (True, "unknown")])
def test_what_a_dead_process_left_is_settled_by_the_next(make: Make, after_dot: bool, state: str) -> None:
    scene = make()
    scene.flag(1)
    with pytest.raises(Killed):
        scene.alert(DiesAt(after_dot))
    report = scene.alert()
    assert report.recovered == 1
    assert scene.states() == {state: 1}
    assert len(scene.inbox.taken) == (0 if after_dot else 1)


def test_two_relays_never_compete(make: Make) -> None:
    scene = make()
    scene.flag(1)
    with scene.record.write() as writer:
        now = scene.clock.now()
        writer.lease([relay_of("halden")], "another-machine/7/1.00", now, now + timedelta(hours=1))
    assert scene.alert().is_busy
    scene.clock.advance(hours=1)
    assert scene.alert().sent == 1


@dataclasses.dataclass
class Usurped:
    """A mailer so slow that another relay takes over before the dot."""

    scene: Scene
    inbox: Inbox

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        self.scene.clock.advance(days=1)
        with self.scene.record.write() as writer:
            now = self.scene.clock.now()
            writer.lease([relay_of("halden")], "another-machine/7/1.00", now, now + timedelta(hours=1))
        self.inbox.send(message, before_dot)


@pytest.mark.fault(
    case="A second sender takes over while a mail server is slow", promise="The first does not send its mail"
)
def test_a_relay_that_lost_its_lease_does_not_say_the_dot(make: Make) -> None:
    scene = make()
    scene.flag(1)
    with pytest.raises(StorageError, match="lease"):
        scene.alert(Usurped(scene, scene.inbox))
    assert scene.inbox.taken == []
    scene.clock.advance(hours=2)
    assert scene.alert().sent == 1


def test_a_person_taken_off_the_rule_is_not_told_what_was_held(make: Make) -> None:
    scene = make()
    scene.flag(1)
    others = make_brand(rules=(make_rule(recipients=(make_recipient(address="new@example.org"),)),))
    scene.book = type(scene.book)((others,))
    report = scene.alert()
    assert (report.sent, report.dropped) == (0, 1)
    assert scene.states() == {"dead": 1}


def test_what_was_withdrawn_before_it_was_told_is_not_told(make: Make) -> None:
    scene = make()
    mention = scene.find(1)
    scene.judge(mention)
    with scene.record.write() as writer:
        writer.put_mentions(mention.document_id, [], scene.clock.now())
    assert scene.alert().dead == 1
    assert scene.inbox.taken == []


@pytest.mark.fault(case="A mail that cannot be written", promise="The others go out")
def test_a_letter_that_cannot_be_written_hides_no_other(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make()
    scene.flag(2)
    from earshot.alerts.render import AlertRenderer

    render = AlertRenderer.render

    def broken(self: AlertRenderer, letter: object) -> Message:
        if "pump 0" in letter.tellings[0].mention.title:
            raise ValueError("a defect")
        return render(self, letter)

    monkeypatch.setattr(AlertRenderer, "render", broken)
    report = scene.alert()
    assert (report.sent, report.postponed) == (1, 1)


def test_a_late_teaser_is_judged_once_and_told(make: Make) -> None:
    scene = make()
    scene.end_round()
    scene.clock.advance(hours=1)
    scene.end_round()
    mention = scene.find(1, text_is=TextIs.TEASER, is_teaser_until=scene.clock.now() + timedelta(minutes=10))
    assert scene.alert().judged == 0
    scene.clock.advance(minutes=11)
    report = scene.alert()
    assert (report.judged, report.incidents, report.notices, report.sent) == (1, 1, 1, 1)
    assert mention.id in scene.inbox.taken[0].text
    assert scene.alert().judged == 0
