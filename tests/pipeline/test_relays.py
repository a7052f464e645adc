"""A relay for each brand: whoever runs, in whatever number and order, every notice is told once, and the server is
left alone when it refuses us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from earshot.alerts.gate import PATIENCE, why_closed
from earshot.errors import MailError, MailUncertain
from earshot.model import Message, TextIs
from earshot.pipeline.relay import relay_of
from earshot.ports import BeforeDot, never
from tests.alerts.scene import Books, Scene, temporary
from tests.builders import make_brand, make_recipient, make_rule

Make = Callable[..., Scene]
TWO = ("halden", "brewlane")
ELSEWHERE = "another-machine/7/1.00"


def brands(*ids: str) -> tuple[object, ...]:
    """Brands, each of whose rules tells somebody of its own."""
    people = {each: make_recipient(address=f"{each}@example.org") for each in ids}
    return tuple(make_brand(id=each, name=each, rules=(make_rule(recipients=(people[each],)),)) for each in ids)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    scenes: list[Scene] = []

    def make_scene(*ids: str, **options: object) -> Scene:
        scenes.append(Scene(tmp_path, brands=brands(*(ids or TWO)), **options).begin())
        return scenes[-1]

    yield make_scene
    for scene in scenes:
        scene.record.close()


def told(scene: Scene) -> list[str]:
    return [message.recipient.partition("@")[0] for message in scene.inbox.taken]


def take(scene: Scene, brand: str) -> None:
    with scene.record.write() as writer:
        now = scene.clock.now()
        assert writer.lease([relay_of(brand)], ELSEWHERE, now, now + timedelta(hours=1))


def test_a_run_for_one_brand_tells_that_brands_notices_and_no_others(make: Make) -> None:
    scene = make()
    for brand in TWO:
        scene.flag(2, start=len(brand) * 10, brand=brand)
    assert scene.alert(brand_id="brewlane").sent == 2
    assert told(scene) == ["brewlane"] * 2
    assert scene.alert(brand_id="brewlane").sent == 0
    assert scene.alert().sent == 2
    assert sorted(told(scene)) == ["brewlane"] * 2 + ["halden"] * 2
    assert scene.alert().sent == scene.alert(brand_id="halden").sent == 0


def test_a_brand_whose_relay_is_at_work_elsewhere_keeps_no_other_waiting(make: Make) -> None:
    scene = make()
    for number, brand in enumerate(TWO):
        scene.flag(1, start=number, brand=brand)
    take(scene, "halden")
    report = scene.alert()
    assert (report.sent, report.is_busy, told(scene)) == (1, True, ["brewlane"])
    assert scene.alert(brand_id="halden").is_busy
    scene.clock.advance(hours=1)
    assert scene.alert(brand_id="halden").sent == 1


def test_what_a_killed_relay_left_is_settled_by_that_brands_next_run_and_by_no_other_brands(make: Make) -> None:
    scene = make()
    books = Books()
    scene.flag(1, brand="halden")
    scene.inbox.lost = [MailUncertain("no answer")]
    assert scene.alert(ledger=books, brand_id="halden").waiting == 1
    with scene.record.read() as reader:
        books.ids.add(reader.deliveries()[0].message_id)
    assert scene.alert(ledger=books, brand_id="brewlane").recovered == 0
    assert scene.states() == {"dot": 1}
    assert scene.alert(ledger=books, brand_id="halden").recovered == 1
    assert scene.states() == {"sent": 1}
    assert scene.inbox.taken == []


def test_notices_of_a_brand_that_left_the_workspace_end_visibly(make: Make) -> None:
    scene = make()
    scene.flag(1, brand="brewlane")
    scene.use(*brands("halden"))
    assert scene.waiting() == ["brewlane"]
    assert scene.alert().dropped == 1
    assert scene.reasons() == ["the rule is gone"]


def test_while_the_server_refuses_us_a_scheduler_is_told_of_one_brand_a_minute(make: Make) -> None:
    names = [f"brand{n}" for n in range(5)]
    scene = make(*names)
    for n, name in enumerate(names):
        scene.flag(1, start=n, brand=name)
    assert scene.waiting() == names
    refusal = MailError("login refused: 535", is_ours=True)
    scene.inbox.fail["*"] = [refusal, refusal]
    assert "535" in scene.alert().problem
    assert scene.waiting() == []
    scene.clock.advance(minutes=1)
    assert scene.waiting() == names[:1]
    scene.alert(brand_id=names[0])
    assert scene.waiting() == []
    scene.clock.advance(minutes=1)
    assert scene.waiting() == names[:1]
    assert scene.alert(brand_id=names[0]).sent == 1
    assert scene.waiting() == names[1:]


def test_without_a_mail_server_a_scheduler_has_nobody_to_start(make: Make) -> None:
    scene = make("halden")
    scene.flag(1)
    assert scene.waiting() == ["halden"]
    scene.settings = scene.settings.model_copy(update={"mail": scene.settings.mail.model_copy(update={"host": ""})})
    assert scene.waiting() == []


def test_a_scheduler_is_told_for_which_brands_there_is_work(make: Make) -> None:
    scene = make("halden", "brewlane", "quiet")
    assert scene.waiting() == []
    scene.flag(1, start=1, brand="brewlane")
    scene.find(2, text_is=TextIs.TEASER, is_teaser_until=scene.clock.now() + timedelta(minutes=5))
    assert scene.waiting() == ["brewlane"]
    scene.end_round()
    scene.clock.advance(minutes=5)
    assert scene.waiting() == ["brewlane", "halden"]
    scene.inbox.fail["*"] = [temporary()]
    scene.alert(brand_id="halden")
    assert scene.waiting() == ["brewlane"]
    scene.alert(brand_id="brewlane")
    assert scene.waiting() == []
    scene.clock.advance(minutes=30)
    assert scene.waiting() == ["halden"]


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclass
class Door:
    """A mailer that lets nobody in. knocks: when it was asked. dies: so many callers end before they hear it."""

    scene: Scene
    knocks: list[float] = field(default_factory=list)
    dies: int = 0
    is_open: bool = False

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        self.knocks.append(self.scene.clock.monotonic())
        if self.dies:
            self.dies -= 1
            raise Killed
        if not self.is_open:
            raise MailError("login refused: 535", is_ours=True)
        self.scene.inbox.send(message, before_dot)


@pytest.mark.fault(
    case="The mail server refuses the login",
    promise="It is tried once a minute, so that the account is not locked; mails wait",
)
def test_a_wrong_password_is_tried_once_a_minute_by_all_brands_together(make: Make) -> None:
    ids = [f"brand{number:02}" for number in range(11)]  # no divisor of a minute: others meet the closed door
    scene = make(*ids)
    for number, brand in enumerate(ids):
        scene.flag(2, start=number * 10, brand=brand)
    door = Door(scene)
    for second in range(300):
        report = scene.alert(door, owner=f"host/{second}/0.00", brand_id=ids[second % 11])
        assert "535" in report.problem
        scene.clock.advance(seconds=1)
    assert len(door.knocks) == 5
    assert min(b - a for a, b in pairwise(door.knocks)) >= PATIENCE.total_seconds()
    door.is_open = True
    scene.clock.advance(seconds=60)
    assert [scene.alert(door, brand_id=brand).sent for brand in ids] == [2] * 11


def test_relays_that_end_while_they_try_do_not_let_others_try_more_often(make: Make) -> None:
    scene = make()
    for number, brand in enumerate(TWO):
        scene.flag(1, start=number, brand=brand)
    door = Door(scene)
    scene.alert(door, brand_id="halden")
    scene.clock.advance(seconds=60)
    door.dies = 1
    with pytest.raises(Killed):
        scene.alert(door, brand_id="halden")
    for _ in range(59):
        assert scene.alert(door, brand_id="brewlane").problem
        assert scene.alert(door, brand_id="halden").problem
        scene.clock.advance(seconds=1)
    assert len(door.knocks) == 2


def test_of_relays_that_look_at_the_same_moment_one_may_try(make: Make) -> None:
    scene = make()
    scene.flag(1)
    assert why_closed(scene.record, scene.clock) == ""
    scene.alert(Door(scene))
    scene.clock.advance(seconds=59)
    assert "535" in why_closed(scene.record, scene.clock)
    scene.clock.advance(seconds=1)
    looks = [why_closed(scene.record, scene.clock) for _ in range(5)]
    assert [bool(look) for look in looks] == [False, True, True, True, True]


def test_at_most_n_an_hour_holds_whoever_runs(make: Make) -> None:
    scene = make()
    scene.use(*(make_brand(id=each, name=each, max_per_hour=3) for each in TWO))
    for number, brand in enumerate(TWO):
        scene.flag(10, start=number * 10, brand=brand)
    sent = 0
    for minute in range(50):
        sent += scene.alert(brand_id=("", *TWO)[minute % 3], owner=f"host/{minute}/0.00").sent
        scene.clock.advance(minutes=1)
    assert sent == 4  # two of three each: all that is due at once takes half of what is left, rounded up
    assert scene.notices() == {"told": 20}
