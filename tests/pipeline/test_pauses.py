"""A paused brand is heard, judged and shown as ever, and nobody is told; afterwards only what is still news is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from earshot.alerts.age import BECAME_OLD
from earshot.errors import MailError
from earshot.model import Message, QuietHours
from earshot.ports import BeforeDot, never
from tests.alerts.scene import Books, Inbox, Scene, temporary
from tests.builders import make_brand, make_rule

Make = Callable[..., Scene]
NOISY = make_brand()
PAUSED = replace(NOISY, is_paused=True)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    scenes: list[Scene] = []

    def make_scene(**options: object) -> Scene:
        scenes.append(Scene(tmp_path, **options).begin())
        return scenes[-1]

    yield make_scene
    for scene in scenes:
        scene.record.close()


def by_file(scene: Scene) -> Callable[[], None]:
    """Pause in YAML; return what ends it. Between the two somebody runs the stage, as a schedule does."""
    scene.use(PAUSED)
    return lambda: scene.use(NOISY)


def by_record(scene: Scene) -> Callable[[], None]:
    scene.pause()
    return scene.resume


BOTH = pytest.mark.parametrize("pause", [by_file, by_record])


@BOTH
def test_nobody_is_told_of_a_paused_brand_and_its_incidents_are_there(make: Make, pause: Callable) -> None:
    scene = make()
    pause(scene)
    scene.flag(2)
    report = scene.alert()
    assert (report.sent, report.paused, scene.inbox.taken) == (0, 1, [])
    assert "the brand is paused" in report.why_paused
    assert scene.alert(brand_id="halden").paused == 1
    assert scene.waiting() == []
    assert scene.notices() == {"pending": 2}
    with scene.record.read() as reader:
        assert len(reader.incidents()) == 2


@BOTH
def test_after_a_pause_news_is_told_and_what_became_old_ends_visibly(make: Make, pause: Callable) -> None:
    scene = make()
    resume = pause(scene)
    scene.flag(1, start=1)  # an hour old now, 51 h old when the pause ends
    scene.waiting()
    scene.clock.advance(hours=40)
    scene.flag(1, start=2)
    scene.waiting()
    scene.clock.advance(hours=10)
    scene.waiting()
    resume()
    report = scene.alert()
    assert (report.sent, report.dropped) == (1, 1)
    assert [message.subject for message in scene.inbox.taken] == ["[Halden] Warning: Halden pump 2 broke"]
    assert scene.reasons() == [BECAME_OLD]
    assert scene.alert().sent == 0


@BOTH
def test_the_newest_mention_of_an_incident_decides_its_age(make: Make, pause: Callable) -> None:
    scene = make()
    resume = pause(scene)
    first = scene.find(1)
    scene.judge(first)
    scene.clock.advance(hours=49)
    scene.judge(scene.find(2, story_of=first.story_id))
    scene.waiting()
    resume()
    assert scene.alert().sent == 1


@BOTH
@pytest.mark.parametrize(("hours", "sent"), [(10, 1), (50, 0)])
def test_a_mail_that_was_already_bound_waits_and_is_asked_again(
    make: Make, pause: Callable, hours: int, sent: int
) -> None:
    scene = make()
    scene.flag(1)
    scene.inbox.fail["*"] = [temporary()]
    assert scene.alert().postponed == 1
    resume = pause(scene)
    scene.clock.advance(hours=hours)
    assert scene.alert().sent == 0
    assert scene.states() == {"pending": 1}
    resume()
    assert (scene.alert().sent, scene.reasons()) == (sent, [] if sent else [BECAME_OLD])


def test_a_claim_that_a_pause_overtook_is_not_younger_for_having_been_cut_off(make: Make) -> None:
    scene = make()
    scene.flag(1)

    class Dies:
        def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.alert(Dies())
    scene.pause()
    scene.clock.advance(hours=50)  # nothing runs meanwhile
    scene.resume()
    assert (scene.alert().sent, scene.reasons()) == (0, [BECAME_OLD])


def test_without_a_limit_nothing_becomes_old(make: Make) -> None:
    scene = make()
    alerts = scene.settings.alerts.model_copy(update={"max_age": None})
    scene.settings = scene.settings.model_copy(update={"alerts": alerts})
    scene.pause()
    scene.flag(1)
    scene.clock.advance(days=30)
    scene.resume()
    assert scene.alert().sent == 1


def test_what_quiet_hours_or_a_broken_server_held_is_told_however_old(make: Make) -> None:
    """Only a pause makes old: the promise of quiet hours and of the queue stands."""
    quiet = QuietHours(time(11), time(13, 30), "UTC")
    scene = make(brands=(make_brand(rules=(make_rule(quiet_hours=quiet),)),))
    scene.flag(1, published_at=scene.clock.now() - timedelta(hours=47, minutes=30))
    scene.pause()
    scene.clock.advance(hours=1)
    scene.alert()
    scene.resume()  # before the quiet hours end: they held it, not the pause
    scene.clock.advance(hours=1)
    scene.inbox.fail["*"] = [MailError("535", is_ours=True)]
    assert scene.alert().problem
    scene.clock.advance(days=3)
    assert scene.alert().sent == 1


def test_a_pause_in_the_middle_of_a_storm_ends_it(make: Make) -> None:
    scene = make()
    scene.flag(5)

    class Pausing(Inbox):
        def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
            super().send(message, before_dot)
            if len(self.taken) == 2:
                scene.pause()

    inbox = Pausing()
    report = scene.alert(inbox)
    assert (report.sent, report.paused, len(inbox.taken)) == (2, 1, 2)
    assert scene.states() == {"sent": 2, "pending": 3}
    scene.resume()
    assert scene.alert(inbox).sent == 3


def test_what_became_of_a_mail_is_written_down_in_a_pause_too(make: Make) -> None:
    scene = make()
    scene.flag(1)
    books = Books()

    class Cut:
        def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
            before_dot()
            books.ids.add(message.message_id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.alert(Cut(), books)
    scene.pause()
    assert scene.waiting() == ["halden"]
    report = scene.alert(ledger=books, brand_id="halden")
    assert (report.recovered, report.paused, scene.states()) == (1, 1, {"sent": 1})
    assert scene.waiting() == []


def test_a_pause_of_one_brand_is_no_other_brands(make: Make) -> None:
    scene = make(brands=(NOISY, make_brand(id="brewlane", name="Brewlane")))
    scene.flag(1, start=1)
    scene.flag(1, start=2, brand="brewlane")
    scene.pause("brewlane")
    report = scene.alert()
    assert (report.sent, report.paused) == (1, 1)
    assert scene.inbox.taken[0].subject.startswith("[Halden]")
