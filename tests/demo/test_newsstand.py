"""New posts: one by one, remembered, never twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from earshot.demo.newsstand import Newsstand
from tests.builders import NOW, FakeClock


def test_new_posts_appear_after_a_while_and_not_at_once() -> None:
    clock = FakeClock()
    stand = Newsstand(NOW, clock)
    assert stand.catch_up() == []
    clock.advance(seconds=19)
    assert stand.catch_up() == []
    clock.advance(seconds=22)
    (first,) = stand.catch_up()
    assert first.published_at == clock.now()


def test_the_script_is_followed_by_a_slow_trickle() -> None:
    clock = FakeClock()
    stand = Newsstand(NOW, clock)
    gaps, last = [], clock.monotonic()
    stand.catch_up()
    while stand.waiting:
        clock.advance(seconds=1)
        if stand.catch_up():
            gaps.append(clock.monotonic() - last)
            last = clock.monotonic()
    assert max(gaps[:15]) <= 42
    assert min(gaps[20:]) >= 149


def test_posts_keep_appearing_for_a_whole_day_and_none_tells_the_same_as_another() -> None:
    stand = Newsstand(NOW, FakeClock())
    waits = []
    while stand.waiting:
        waits.append(stand._gap())
        stand.reveal()
    assert timedelta(seconds=sum(waits)) > timedelta(hours=20)
    posts = [one.post for one in stand.posts()]
    assert len({post.key for post in posts}) == len(posts)
    paragraphs = Counter(pair for post in posts for pair in combinations(post.paragraphs, 2))
    assert max(paragraphs.values()) == 1


def test_after_a_long_pause_posts_do_not_come_all_at_once() -> None:
    clock = FakeClock()
    stand = Newsstand(NOW, clock)
    stand.catch_up()
    clock.advance(hours=8)
    assert len(stand.catch_up()) == 1
    assert stand.catch_up() == []


def test_a_second_call_shows_the_same_web(tmp_path: Path) -> None:
    state = tmp_path / "demo" / "posts.json"
    clock = FakeClock()
    before = Newsstand(NOW, clock, state)
    before.reveal(3)
    shown = [(one.post.key, one.published_at) for one in before.posts()]
    clock.advance(hours=5)
    after = Newsstand(NOW, clock, state)
    assert [(one.post.key, one.published_at) for one in after.posts()] == shown
    (fresh,) = after.reveal()
    assert fresh.post.key not in dict(shown)
    assert fresh.published_at - NOW == timedelta(hours=5)


def test_the_end_of_the_script_is_the_end() -> None:
    stand = Newsstand(NOW, FakeClock())
    assert len(stand.reveal(10_000)) > 30
    assert stand.waiting == 0
    assert stand.reveal() == []
    assert stand.catch_up() == []


def test_an_aggregator_holds_the_posts_of_others() -> None:
    stand = Newsstand(NOW, FakeClock())
    sites = {one.site.id for one in stand.posts("linkbasket")}
    assert {"linkbasket", "penny-ledger", "harbour-gazette"} <= sites
