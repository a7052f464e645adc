"""When a source is looked at again: pace, schedule, back-off, and what a server asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from earshot.model import Outcome
from earshot.pipeline.due import latest_look, next_look
from tests.builders import NOW, make_source
from tests.pipeline.world import World, item, rss

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
                    assert next_look(NOW, source, outcome, failures, asked) <= latest_look(NOW, source)


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
        assert reader.sources()[0].next_due_at == TOMORROW + timedelta(days=1)
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
