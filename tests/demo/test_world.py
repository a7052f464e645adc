"""The invented month: enough of it, lifelike in time, the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest

from earshot.config.workspace import load_workspace
from earshot.demo.chorus import compose
from earshot.demo.newsstand import Newsstand, Published
from earshot.demo.posts import read_posts
from earshot.demo.workspace import Ports, write_workspace
from earshot.model import Entry
from earshot.query.recognise import BrandRecogniser
from earshot.stories import LIKE, content_hash, likeness, signature
from tests.builders import NOW, FakeClock


def text_of(one: Published) -> str:
    return "\n\n".join(one.post.paragraphs)


@pytest.fixture(scope="module")
def stand() -> Newsstand:
    return Newsstand(NOW, FakeClock())


def test_there_are_fifteen_sites_and_two_hundred_posts(stand: Newsstand) -> None:
    posts = stand.posts()
    assert len({one.site.id for one in posts}) >= 15
    assert len(posts) >= 200
    assert {one.site.language for one in posts} == {"en", "de", "es", "fr"}
    assert len({one.post.key for one in posts}) == len(posts)


def test_the_same_beginning_gives_the_same_month(stand: Newsstand) -> None:
    again = Newsstand(NOW, FakeClock(NOW + timedelta(days=3)))
    assert [(one.post, one.published_at) for one in again.posts()] == [
        (one.post, one.published_at) for one in stand.posts()
    ]


def test_a_month_has_working_days_and_weekends(stand: Newsstand) -> None:
    ordinary = Counter(one.published_at.weekday() for one in stand.posts() if one.post.is_ordinary)
    weekend = (ordinary[5] + ordinary[6]) / 2
    assert weekend < 0.6 * sum(ordinary[day] for day in range(5)) / 5


def test_nothing_lies_in_the_future_or_at_the_edge_of_old_news(stand: Newsstand) -> None:
    ages = [(NOW - one.published_at) / timedelta(hours=1) for one in stand.posts()]
    assert min(ages) > 0.5
    assert not [age for age in ages if 44 < age < 50]


def test_every_site_reaches_back_over_the_whole_month(stand: Newsstand) -> None:
    for site in stand.sites.values():
        if not site.trouble:
            assert stand.posts(site.id)[-1].published_at < NOW - timedelta(days=35), site.id


def test_posts_are_no_near_duplicates_but_for_the_press_release_and_a_later_copy(stand: Newsstand) -> None:
    everything = Newsstand(NOW, FakeClock())
    everything.reveal(everything.waiting)
    signed = {one.post.key: signature(one.post.title, text_of(one)) for one in everything.posts()}
    alike = {
        frozenset(pair) for pair in combinations(signed, 2) if likeness(signed[pair[0]], signed[pair[1]]) >= LIKE - 0.1
    }
    release = [key for pair in alike for key in pair if "repair" in key]
    later = {one.post.key for one in everything.posts()} - {one.post.key for one in stand.posts()}
    assert len(set(release)) == 4
    assert [pair for pair in alike if not any("repair" in key for key in pair)] == [
        pair for pair in alike if pair & later
    ]
    assert len([pair for pair in alike if pair & later]) == 1


def test_no_two_posts_have_the_same_content(stand: Newsstand) -> None:
    hashes = [digest for one in stand.posts() if (digest := content_hash(one.post.title, text_of(one)))]
    assert len(set(hashes)) == len(hashes)


def test_the_script_begins_with_a_question_and_a_second_failure(stand: Newsstand) -> None:
    fresh = Newsstand(NOW, FakeClock())
    assert [one.post.site for one in fresh.reveal(2)] == ["spoke-and-chain", "penny-ledger"]
    assert fresh.waiting >= 30


def test_brands_are_heard_and_their_namesakes_are_not(stand: Newsstand, tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, Ports(41001, 41002, 41003))
    recogniser = BrandRecogniser(load_workspace(tmp_path, {}).brands)
    heard: Counter[str] = Counter()
    for one in stand.posts():
        entry = Entry(url="", title=one.post.title, text=text_of(one))
        url = f"http://{one.site.host}{one.path}"
        brands = {found.brand_id: found.is_own_voice for found in recogniser.recognise(entry, url)}
        heard.update(brands.keys())
        if one.site.id == "tidewatch":
            assert "harbor" not in brands, one.post.title
        if one.site.id == "status-harbor":
            assert brands.get("harbor", True), one.post.title
    assert heard["harbor"] >= 50
    assert heard["kestrava"] >= 40
    assert heard["tannwick"] >= 30


def test_the_last_two_days_are_harbors(stand: Newsstand) -> None:
    wave = [one for one in stand.posts() if "Harbor" in text_of(one) + one.post.title]
    recent = [one for one in wave if NOW - one.published_at < timedelta(hours=48)]
    before = [one for one in wave if timedelta(hours=48) <= NOW - one.published_at < timedelta(days=30)]
    assert len(recent) / 2 > 5 * len(before) / 28


def test_a_post_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"blog: post 'A title' needs a line `by Author`"):
        read_posts("blog", "== A title\nno author\n\nText.")
    with pytest.raises(ValueError, match="cannot read 'yesterday'"):
        read_posts("blog", "== A title\nby Ada | yesterday\n\nText.")


def test_a_chorus_with_too_little_to_say_is_named() -> None:
    parts = "== sites\nblog\n== authors\nAda\n== titles\nOne\nTwo\n== openings\na\n== middles\nb\n== endings\nc\n"
    with pytest.raises(ValueError, match="odd, and enough for the titles"):
        compose("small", parts)
