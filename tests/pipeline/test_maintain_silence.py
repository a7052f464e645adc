"""Who is not heard: one cause is one alarm, and nothing flaps. Pure, so many cases are cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.config.settings import FreshnessSettings
from earshot.model import Outcome
from earshot.pipeline.maintain.kinds import Kind
from earshot.pipeline.maintain.silence import Known, silence, silent_sources
from earshot.upkeep import Listening
from tests.builders import NOW, make_brand, make_source

HOUR = timedelta(hours=1)
LONG = 5 * HOUR
"""Longer than four times the pace of 15 minutes, and than the floor."""


def make_listening(name: str, silent_for: timedelta = timedelta(0), **changes: Any) -> Listening:
    heard = NOW - silent_for
    one = Listening(name, f"Name of {name}", "news", NOW - 90 * 24 * HOUR, NOW + HOUR, heard, heard, Outcome.OK)
    return replace(one, **changes)


def known(*listening: Listening, **changes: Any) -> Known:
    sources = {each.source_id: make_source(id=each.source_id, collection=each.collection) for each in listening}
    made = replace(Known(listening, (), sources, (), {}, (), FreshnessSettings(), NOW), **changes)
    return replace(made, silent=silent_sources(listening, made.sources, made.settings, made.now))


def keys(*listening: Listening, **changes: Any) -> list[str]:
    return [each.key for each in silence(known(*listening, **changes))]


def crowd(silent: int, total: int, collection: str = "news") -> list[Listening]:
    return [
        make_listening(f"{collection}{n}", LONG if n < silent else HOUR / 2, collection=collection)
        for n in range(total)
    ]


def test_a_source_alarms_after_four_times_its_pace_and_not_before_an_hour() -> None:
    slow = {"blog": make_source(pace_s=7200)}
    assert keys(make_listening("blog", HOUR)) == []
    assert keys(make_listening("blog", HOUR * 1.01)) == ["source not heard: blog"]
    assert keys(make_listening("blog", 8 * HOUR), sources=slow) == []
    assert keys(make_listening("blog", 8.1 * HOUR), sources=slow) == ["source not heard: blog"]
    assert keys(make_listening("blog", 3 * HOUR), settings=FreshnessSettings(floor=4 * HOUR)) == []


def test_an_alarm_says_what_is_wrong_in_one_sentence_and_what_to_do() -> None:
    blog = make_listening("blog", LONG, last_outcome=Outcome.BLOCKED, last_reason="robots.txt forbids it")
    (alarm,) = silence(known(blog))
    assert alarm.what == (
        "Name of blog, looked at every 15 min, has not been heard for 5 h; its last run ended as blocked: "
        "robots.txt forbids it."
    )
    assert alarm.advice.endswith('Runbook: docs/operations/alarms.md, "Source not heard".')


def test_a_source_that_was_never_heard_counts_from_when_it_was_added() -> None:
    new = make_listening("blog", last_heard_at=None, last_run_at=None, last_outcome=None, added_at=NOW - HOUR)
    assert keys(new) == []
    old = replace(new, added_at=NOW - LONG)
    (alarm,) = silence(known(old))
    assert "was not heard since it was added 5 h ago; it was never looked at" in alarm.what


def test_a_schedule_counts_its_own_times() -> None:
    nightly = {"blog": make_source(schedule="0 4 * * mon-fri")}
    friday = datetime(2026, 11, 20, 4, 1, tzinfo=UTC)
    blog = make_listening("blog", last_heard_at=friday, next_due_at=friday + timedelta(days=30))
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for days in range(3):  # Monday, Tuesday and Wednesday were missed
        assert keys(blog, sources=nightly, now=monday + timedelta(days=days)) == []
    assert keys(blog, sources=nightly, now=monday + timedelta(days=3)) == ["source not heard: blog"]


def test_what_is_not_in_the_workspace_does_not_alarm() -> None:
    assert keys(make_listening("blog", LONG), sources={}) == []


def test_two_of_many_are_named_one_by_one() -> None:
    assert keys(*crowd(2, 20)) == ["source not heard: news0", "source not heard: news1"]


def test_half_of_a_collection_is_one_alarm() -> None:
    others = crowd(0, 20, "blogs")
    assert keys(*crowd(3, 6), *others) == ["collection not heard: news"]
    assert keys(*crowd(2, 2), *others) == ["collection not heard: news"]
    assert keys(*crowd(1, 2), *others) == ["source not heard: news0"]
    assert keys(*crowd(1, 1), *others) == ["source not heard: news0"]


def test_ten_silent_sources_of_a_large_collection_are_one_alarm() -> None:
    assert keys(*crowd(10, 500)) == ["collection not heard: news"]
    assert len(keys(*crowd(9, 500))) == 9


def test_half_of_all_is_one_alarm_about_the_pipeline() -> None:
    two_thousand = [source for n in range(20) for source in crowd(50, 100, f"c{n}")]
    assert keys(*two_thousand) == ["pipeline not heard"]
    (alarm,) = silence(known(*two_thousand))
    assert alarm.what == (
        "1000 of 2000 sources have not been heard for too long, the last one that was answered 30 min ago."
    )


def test_what_has_its_alarm_keeps_it_while_a_wider_one_is_open() -> None:
    assert keys(*crowd(6, 6), open_keys={"source not heard: news0"}) == [
        "pipeline not heard",
        "source not heard: news0",
    ]


def test_an_open_group_stays_until_fewer_than_a_quarter_are_silent() -> None:
    is_open = {"pipeline not heard"}
    assert keys(*crowd(25, 100)) != ["pipeline not heard"]
    assert keys(*crowd(25, 100), open_keys=is_open) == ["pipeline not heard"]
    assert keys(*crowd(24, 100), open_keys=is_open) == ["collection not heard: news"]
    assert keys(*crowd(0, 100), open_keys=is_open) == []


@given(st.lists(st.integers(0, 40), min_size=2, max_size=12))
def test_while_some_are_silent_no_alarm_comes_back_at_a_border(counts: Sequence[int]) -> None:
    """However the number of silent sources goes up and down above a quarter, the pipeline alarms once."""
    open_keys: set[str] = set()
    raised = 0
    for count in [40, *(max(count, 10) for count in counts)]:
        found = set(keys(*crowd(count, 40), open_keys=open_keys))
        raised += len(found - open_keys)
        open_keys = found
    assert raised == 1


def test_a_stopped_pipeline_is_said_once() -> None:
    late = [replace(each, next_due_at=NOW - 4 * HOUR, last_run_at=NOW - LONG) for each in crowd(40, 40)]
    assert keys(*late) == ["pipeline stopped"]
    (alarm,) = silence(known(*late))
    assert alarm.what == "40 sources are due, and none was looked at for 4 h."


def test_a_pipeline_is_not_stopped_where_nothing_is_due_or_something_is_looked_at() -> None:
    idle = [replace(each, last_run_at=NOW - LONG) for each in crowd(0, 5)]
    assert keys(*idle) == []
    due = [replace(each, next_due_at=NOW - LONG, last_run_at=NOW - LONG) for each in crowd(0, 5)]
    assert keys(*due) == ["pipeline stopped"]
    assert keys(*due[1:], replace(due[0], last_run_at=NOW - HOUR / 4)) == []
    assert keys(*(replace(each, next_due_at=NOW - HOUR / 4) for each in due)) == []


def test_a_new_workspace_is_stopped_only_after_its_sources_were_due_for_a_while() -> None:
    new = make_listening(
        "blog", last_run_at=None, last_heard_at=None, added_at=NOW - HOUR / 4, next_due_at=NOW - HOUR / 4
    )
    assert keys(new) == []
    assert keys(replace(new, added_at=NOW - HOUR, next_due_at=NOW - HOUR)) == ["pipeline stopped"]


BRANDS = (make_brand(), make_brand(id="brewlane", name="Brewlane"), make_brand(id="quiet", name="Quiet"))


def test_a_brand_is_not_heard_when_all_that_spoke_of_it_lately_is_silent() -> None:
    spoke = {"halden": {"news0"}, "brewlane": {"news0", "news5"}}
    found = keys(*crowd(1, 20), brands=BRANDS, spoke=spoke)
    assert found == ["source not heard: news0", "brand not heard: halden"]


def test_a_paused_brand_does_not_alarm() -> None:
    paused = (make_brand(is_paused=True),)
    assert keys(*crowd(1, 20), brands=paused, spoke={"halden": {"news0"}}) == ["source not heard: news0"]


@pytest.mark.parametrize("total", [1, 8])
def test_when_nothing_at_all_is_heard_brands_do_not_say_it_again(total: int) -> None:
    spoke = {brand.id: {"news0"} for brand in BRANDS}
    assert len(keys(*crowd(total, total), brands=BRANDS, spoke=spoke)) == 1
    is_open = {"brand not heard: halden"}
    assert "brand not heard: halden" in keys(*crowd(total, total), brands=BRANDS, spoke=spoke, open_keys=is_open)


def test_a_source_that_left_does_not_keep_a_brand_heard() -> None:
    found = keys(*crowd(1, 20), brands=BRANDS, spoke={"halden": {"news0", "left"}})
    assert str(Kind.BRAND_NOT_HEARD) + ": halden" in found
