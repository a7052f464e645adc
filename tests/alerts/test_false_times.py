"""A clock that ran two hours ahead and was put right: mails wait no longer for it, and nobody gets more than asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest

from earshot.errors import MailError, MailUncertain
from earshot.model import QuietHours
from tests.alerts.scene import Books, Scene, temporary
from tests.builders import make_brand, make_recipient, make_rule

pytestmark = pytest.mark.fault(
    case="A clock that runs two hours ahead and is put right",
    promise="Retries, holds, the hour's budget and the mail server's refusal count from the true time on.",
)
Ahead = Callable[..., Scene]


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    """A scene whose clock is two hours ahead."""
    scenes: list[Scene] = []

    def make(**options: object) -> Scene:
        scenes.append(Scene(tmp_path, **options).begin())
        scenes[-1].clock.advance(hours=2)
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.record.close()


def put_right(scene: Scene) -> None:
    scene.clock.advance(hours=-2)


def test_a_mail_that_is_to_be_tried_again_is_after_half_an_hour(ahead: Ahead) -> None:
    scene = ahead()
    scene.flag(1)
    scene.inbox.fail["*"] = [temporary()]
    assert scene.alert().postponed == 1
    put_right(scene)
    assert scene.alert().sent == 0
    scene.clock.advance(minutes=30)
    assert scene.alert().sent == 1


def test_what_is_over_the_hours_budget_waits_an_hour_and_no_hour_has_more(ahead: Ahead) -> None:
    scene = ahead(brands=(make_brand(rules=(make_rule(recipients=(make_recipient(),)),), max_per_hour=2),))
    for number in range(4):
        scene.flag(1, start=number)
        scene.alert()
    assert len(scene.inbox.taken) == 2
    put_right(scene)
    for _ in range(6):
        scene.alert()
        scene.clock.advance(minutes=9)
    assert len(scene.inbox.taken) == 2, "two of this hour, although the false one has written them"
    scene.clock.advance(minutes=7)
    scene.alert()
    assert len(scene.inbox.taken) > 2
    assert scene.notices() == {"told": 4}


def test_a_server_that_refused_us_is_asked_again_after_a_minute(ahead: Ahead) -> None:
    scene = ahead()
    scene.flag(2)
    scene.inbox.fail["*"] = [MailError("535 no", is_ours=True)]
    assert scene.alert().problem
    put_right(scene)
    assert scene.alert().problem
    scene.clock.advance(minutes=1)
    assert scene.alert().sent == 2


def test_a_mail_at_the_dot_is_looked_up_for_ledger_wait_from_now(ahead: Ahead) -> None:
    scene = ahead()
    scene.flag(1)
    scene.inbox.lost = [MailUncertain("no answer")]
    assert scene.alert(ledger=Books()).waiting == 1
    put_right(scene)
    assert scene.alert(ledger=Books()).waiting == 1
    scene.clock.advance(minutes=9)
    assert scene.alert(ledger=Books()).sent == 0, "it might still show up"
    scene.clock.advance(minutes=1)
    assert scene.alert(ledger=Books()).sent == 1


def test_quiet_hours_of_the_false_time_are_judged_anew(ahead: Ahead) -> None:
    quiet = QuietHours(time(13, 30), time(18), "UTC")  # it is noon
    rule = make_rule(recipients=(make_recipient(),), quiet_hours=quiet)
    scene = ahead(brands=(make_brand(rules=(rule,)),))
    scene.flag(1)
    assert scene.alert().sent == 0
    put_right(scene)
    assert scene.alert().sent == 1


def test_a_clock_that_is_right_changes_nothing(ahead: Ahead) -> None:
    scene = ahead()
    scene.flag(8)
    scene.alert()
    with scene.record.write() as writer:
        assert not writer.has_times_to_come(scene.clock.now(), timedelta(hours=25))
        assert writer.end_times_to_come(scene.clock.now(), timedelta(hours=25)) == 0
