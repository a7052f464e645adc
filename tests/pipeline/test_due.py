"""When a source is looked at again: pace, schedule, back-off, and what a server asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from earshot.model import HostRests, Outcome, Role
from earshot.pipeline.collect import page_id, settle
from earshot.pipeline.due import latest_look, next_look
from earshot.ports import DueSource, FrontierPage
from tests.builders import NOW, make_source
from tests.pipeline.world import World, item, rss, teaser

AT_FOUR = make_source(schedule="0 4 * * *", time_zone="Europe/Berlin")
TOMORROW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_a_source_without_a_schedule_keeps_its_pace() -> None:
    assert next_look(NOW, make_source(pace_s=600), Outcome.OK, 0, None) == NOW + timedelta(minutes=10)
    assert next_look(NOW, make_source(pace_s=600), Outcome.FAILED, 1, None) == NOW + timedelta(minutes=40)
    assert next_look(NOW, make_source(pace_s=600), Outcome.GONE, 30, None) == NOW + timedelta(hours=24)


def test_a_source_with_a_schedule_is_looked_at_when_it_says() -> None:
    for outcome in (Outcome.OK, Outcome.UNCHANGED, Outcome.EMPTY):
        assert next_look(NOW, AT_FOUR, outcome, 0, None) == TOMORROW


def test_back_off_can_only_delay_and_costs_no_second_day() -> None:
    every_minute = make_source(schedule="* * * * *", pace_s=600)
    assert next_look(NOW, every_minute, Outcome.FAILED, 0, None) == NOW + timedelta(minutes=21)
    assert next_look(TOMORROW + timedelta(seconds=40), AT_FOUR, Outcome.FAILED, 30, None) == TOMORROW + timedelta(
        days=1
    )


def test_a_server_that_asks_to_wait_is_kept_to_also_against_the_schedule() -> None:
    late = next_look(TOMORROW, AT_FOUR, Outcome.THROTTLED, 0, 24 * 3600)
    assert late == TOMORROW + timedelta(days=2)
    assert next_look(NOW, AT_FOUR, Outcome.OK, 0, 60) == TOMORROW


def test_nothing_is_due_later_than_a_day_or_its_next_time() -> None:
    for outcome in Outcome:
        for failures in (0, 1, 30):
            for asked in (None, 60.0, 86400.0, 1e9):
                for source in (make_source(), make_source(pace_s=10 * 86400), AT_FOUR):
                    state = DueSource("blog", NOW, failures=failures + 1, last_outcome=outcome)
                    if asked is None or outcome is Outcome.THROTTLED:
                        assert next_look(NOW, source, outcome, failures, asked) <= latest_look(NOW, source, state)


def test_a_schedule_that_was_mended_does_not_keep_its_sources_waiting_for_a_year(
    make_world: Callable[..., World],
) -> None:
    yearly = make_source(schedule="0 4 1 1 *", time_zone="Europe/Berlin")
    world = make_world(sources=[yearly])
    world.web.says(yearly.url, rss(item("http://blog.example/one", "Halden", "Halden makes tents.")))
    world.round()
    world.change(sources=(AT_FOUR,))
    world.round()
    with world.record.read() as reader:
        assert reader.sources()[0].next_due_at == TOMORROW
    world.clock.advance(days=2)
    world.round()
    assert len(world.web.asked) == 2


def test_a_round_leaves_a_scheduled_source_until_its_time(make_world: Callable[..., World]) -> None:
    world = make_world(sources=[AT_FOUR])
    world.web.says(AT_FOUR.url, rss(item("http://blog.example/one", "Halden", "Halden makes tents.")))
    world.round()
    with world.record.read() as reader:
        (state,) = reader.sources()
    assert state.next_due_at == TOMORROW
    world.round()
    assert world.web.asked == [AT_FOUR.url]
    world.clock.advance(days=1)
    world.round()
    assert world.web.asked == [AT_FOUR.url] * 2


def _asked_after_the_clock_ran_ahead(world: World, hours: float) -> list[str]:
    """Let everything happen hours ahead, set the clock back, and return what is asked then."""
    world.clock.jump(hours=hours)
    world.round()
    world.clock.jump(hours=-hours - 1)
    world.clock.advance(minutes=5)
    del world.web.asked[:]
    world.round()
    return world.web.asked


@pytest.mark.fault(
    case="The clock runs ahead for a while and is set right again",
    promise="No due time, lease or rest of the false time is believed; everything is asked at once",
)
@pytest.mark.parametrize("hours", [0.2, 2, 30 * 24])
@pytest.mark.parametrize("answer", [rss(item("http://blog.example/one", "Halden", "Halden.")), Outcome.FAILED])
def test_no_due_time_of_a_clock_that_ran_ahead_is_believed(
    make_world: Callable[..., World], hours: float, answer: bytes | Outcome
) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", answer)
    assert _asked_after_the_clock_ran_ahead(world, hours) == ["http://blog.example/feed"]


def test_a_page_that_waits_by_a_clock_that_ran_ahead_is_asked(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", rss(teaser("http://blog.example/one", "Halden", "My Halden ...")))
    world.web.says("http://blog.example/one", Outcome.FAILED)
    assert "http://blog.example/one" in _asked_after_the_clock_ran_ahead(world, 2)


def test_a_lease_by_a_clock_that_ran_ahead_keeps_nobody_out(make_world: Callable[..., World]) -> None:
    world, now = make_world(), NOW
    with world.record.write() as writer:
        writer.lease(["host:blog.example"], "elsewhere/1/2", now + timedelta(hours=2), now + timedelta(hours=2.1))
    world.web.says("http://blog.example/feed", Outcome.UNCHANGED)
    world.round()
    assert world.web.asked == ["http://blog.example/feed"]


def test_a_host_that_asked_to_be_left_alone_is_by_every_source_of_it(make_world: Callable[..., World]) -> None:
    """Also by a process that is new, by pages, and by sources that are redirected there."""
    first, second = make_source(), make_source(id="second", url="http://blog.example/other")
    led = make_source(id="led", url="http://moved.example/feed")
    world = make_world(sources=[first, second, led])
    with world.record.write() as writer:
        writer.put_sources([first, second, led], NOW)
        writer.add_host("led", "blog.example")
        name = page_id("http://blog.example/page", Role.PAGE)
        writer.add_pages([FrontierPage(name, "http://blog.example/page", Role.PAGE, "led", NOW)])
        settle(writer, HostRests("blog.example", "blog", "wait", 7200.0, NOW), {"blog": first}, NOW)
    world.round()  # an hour long
    assert world.web.asked == []
    with world.record.read() as reader:
        assert {state.next_due_at for state in reader.sources()} == {NOW + timedelta(hours=2)}
    world.clock.advance(hours=1)
    world.round()
    assert sorted(world.web.asked) == sorted([first.url, second.url, led.url, "http://blog.example/page"])


@pytest.mark.parametrize(
    ("asked_s", "rests_s"), [(30.0, 30), (0.0, 900), (None, 900), (86400.0, 86400), (88 * 3600.0, 86400)]
)
def test_how_long_a_host_rests(make_world: Callable[..., World], asked_s: float | None, rests_s: int) -> None:
    world = make_world()
    with world.record.write() as writer:
        settle(writer, HostRests("blog.example", "blog", "wait", asked_s, NOW), {"blog": make_source()}, NOW)
        assert writer.host_rests(["blog.example", "other.example"], NOW) == {
            "blog.example": NOW + timedelta(seconds=rests_s)
        }
        assert writer.host_rests(["blog.example"], NOW + timedelta(seconds=rests_s)) == {}
        assert writer.host_rests(["blog.example"], NOW - timedelta(hours=30)) == {}


@pytest.mark.fault(
    case="A server that answers 304 for ever",
    promise="It is asked for the whole body at least every 24 hours, and a 304 to that is a failure",
)
@pytest.mark.parametrize("pace_s", [900, 86400])
def test_a_source_is_asked_for_its_body_at_least_once_a_day(make_world: Callable[..., World], pace_s: int) -> None:
    source = make_source(pace_s=pace_s)
    world = make_world(sources=[source])
    world.web.says(source.url, rss(item("http://blog.example/one", "Halden", "Halden makes tents.")))
    world.web.lies = True
    for _ in range(27):
        world.round()
    ends = [at for at, etag in world.web.conditions if not etag]
    assert len(ends) > 1
    assert max(later - earlier for earlier, later in pairwise(ends)) < timedelta(hours=24, minutes=1)
