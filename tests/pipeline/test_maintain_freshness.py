"""Freshness over a real record: alarms are raised once, end when their cause is over, and levels are noted."""

from __future__ import annotations

from collections.abc import Callable

from earshot.config.settings import MailSettings, Settings
from earshot.model import Notice, NoticeState, Outcome, Source
from earshot.operating import Alarm
from earshot.pipeline.maintain.backlog import GB, Space
from earshot.pipeline.maintain.freshness import Raised, look, not_watched
from tests.builders import NOW, make_brand, make_source
from tests.pipeline.world import World, item, rss

MakeWorld = Callable[..., World]
ROOMY = [Space("workspace", 50 * GB, 100 * GB)]
FEEDS = [make_source(id=f"blog{n}", url=f"http://blog{n}.example/feed") for n in range(6)]
TEXT = "Halden makes tents, and this one is about the pump that {} sells."


def seen(world: World, spaces: list[Space] = ROOMY) -> Raised:
    return look(world.record, world.workspace, world.clock, lambda _: spaces)


def new_keys(world: World) -> list[str]:
    return [each.key for each in seen(world).new]


def open_keys(world: World) -> list[str]:
    with world.record.read() as reader:
        return [each.key for each in reader.alarms()]


def heard(world: World, *sources: Source) -> None:
    """A round, five minutes after two hours in which nobody listened; these sources answer and all others are gone."""
    world.clock.advance(hours=2)
    for source in world.workspace.sources:
        one = item(source.url.replace("feed", "one"), f"Halden at {source.id}", TEXT.format(source.id))
        world.web.says(source.url, rss(one) if source in sources else Outcome.GONE)
    world.runner().once()
    world.clock.advance(minutes=5)


def test_an_alarm_is_raised_once_and_ends_when_the_source_is_heard_again(make_world: MakeWorld) -> None:
    world = make_world(sources=FEEDS)
    heard(world, *FEEDS)
    assert seen(world) == Raised(0, (), 0)
    heard(world, *FEEDS[1:])
    (alarm,) = seen(world).new
    assert (alarm.key, alarm.since) == ("source not heard: blog0", world.clock.now())
    assert "its last run ended as gone" in alarm.what
    world.clock.advance(minutes=5)
    assert seen(world) == Raised(1, (), 0)
    world.clock.advance(days=1)
    heard(world, *FEEDS)
    assert seen(world) == Raised(0, (), 1)


def test_a_stopped_machine_is_one_alarm_and_ends_when_it_listens_again(make_world: MakeWorld) -> None:
    world = make_world(sources=FEEDS)
    heard(world, *FEEDS)
    world.clock.advance(hours=8)
    assert new_keys(world) == ["pipeline stopped"]
    heard(world, *FEEDS)
    assert (new_keys(world), open_keys(world)) == ([], [])


def test_a_brand_whose_only_voice_is_silent_is_named(make_world: MakeWorld) -> None:
    brands = [make_brand(), make_brand(id="blogzero", name="Blogzero"), make_brand(id="paused", name="blog0")]
    world = make_world(sources=FEEDS, brands=brands)
    for source in FEEDS:
        more = " Blogzero and blog0 sell it." if source.id == "blog0" else ""
        one = item(source.url.replace("feed", "one"), f"Halden at {source.id}", f"Halden tents.{more}")
        world.web.says(source.url, rss(one))
    world.runner().once()
    with world.record.write() as writer:
        writer.pause_brand("paused", "mara", NOW)
    world.web.says(FEEDS[0].url, Outcome.BLOCKED)
    world.clock.advance(hours=2)
    world.runner().once()
    assert new_keys(world) == ["source not heard: blog0", "brand not heard: blogzero"]


def test_notices_that_nobody_sends_alarm_but_not_those_of_a_paused_brand(make_world: MakeWorld) -> None:
    world = make_world(settings=Settings(mail=MailSettings(host="mail.example", sender="a@b.example")))
    heard(world, *world.workspace.sources)
    notice = Notice("n1", "i", "halden", "r", "mail", "mara@example.org", NoticeState.PENDING, NOW)
    with world.record.write() as writer:
        writer.add_notice(notice)
        writer.pause_brand("halden", "mara", NOW)
    assert new_keys(world) == []
    with world.record.write() as writer:
        writer.resume_brand("halden")
    assert new_keys(world) == ["mail waiting"]


def test_a_full_disk_alarms(make_world: MakeWorld) -> None:
    world = make_world()
    heard(world, *world.workspace.sources)
    (alarm,) = seen(world, [Space("lake", GB, 100 * GB)]).new
    assert (alarm.key, alarm.what) == ("disk nearly full: lake", "The disk of the lake has 1.0 GB free, 1 % of it.")


def test_alarms_of_other_parts_stay_as_they_are(make_world: MakeWorld) -> None:
    world = make_world()
    heard(world, *world.workspace.sources)
    other = Alarm("index differs", "index differs", "", "It differs.", "Build it anew.", NOW, NOW)
    with world.record.write() as writer:
        writer.set_alarms([other], NOW)
    assert seen(world) == Raised(1, (), 0)
    with world.record.read() as reader:
        assert reader.alarms() == [other]


def test_every_look_notes_the_levels(make_world: MakeWorld) -> None:
    world = make_world(sources=FEEDS)
    heard(world, *FEEDS)
    heard(world, *FEEDS[1:])
    seen(world)
    wanted = {
        "documents": 6, "mentions": 6, "index behind": 0, "notices pending": 0, "deliveries pending": 0,
        "frontier waiting": 0, "quarantined": 0, "dead letters": 0, "unread files": 0, "sources not fetched": 1,
    }  # fmt: skip
    with world.record.read() as reader:
        found = {name: [each.value for each in reader.levels(name, NOW)] for name in wanted}
    assert found == {name: [value] for name, value in wanted.items()}


def test_where_nobody_looks_for_alarms_that_is_one(make_world: MakeWorld) -> None:
    world = make_world()

    def is_watched() -> bool:
        with world.record.read() as reader:
            return not_watched(reader, world.workspace, world.clock.now()) is None

    assert not is_watched()
    seen(world)
    world.clock.advance(minutes=59)
    assert is_watched()
    world.clock.advance(minutes=2)
    assert not is_watched()


def test_a_source_that_left_takes_its_alarm_along(make_world: MakeWorld) -> None:
    world = make_world(sources=FEEDS)
    heard(world, *FEEDS)
    heard(world, *FEEDS[1:])
    assert new_keys(world) == ["source not heard: blog0"]
    world.change(sources=tuple(FEEDS[1:]))
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, world.clock.now())
    assert seen(world).ended == 1
