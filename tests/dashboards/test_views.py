"""A view is its URL: what is read out of one, and what links make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.view import CHOICES, View, read_view
from tests.builders import NOW


def view_of(url: str, zone: str = "Europe/Berlin") -> View:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return read_view(pairs, now=NOW, default_zone=zone, known={"brand": ("halden", "mint")})


def test_a_plain_url_shows_seven_days_of_likely_mentions_without_own_voice() -> None:
    view = view_of("/")
    assert view.period.name == "7d"
    assert view.filters.min_relevance == 0.5
    assert view.filters.is_own_voice is False
    assert view.link() == "/mentions"


def test_days_begin_at_the_readers_midnight() -> None:
    assert view_of("/").filters.since == datetime(2026, 11, 13, 23, tzinfo=UTC)
    assert view_of("/", "America/New_York").filters.since == datetime(2026, 11, 14, 5, tzinfo=UTC)


def test_a_link_keeps_every_filter_and_loses_the_place_in_the_list() -> None:
    view = view_of("/mentions?q=a+OR+b&brand=halden&brand=mint&site=x.example&range=30d&tz=UTC&sort=oldest&cursor=c")
    again = view_of(view.link(sentiment="negative"))
    assert again.filters.brands == ("halden", "mint")
    assert again.filters.sites == ("x.example",)
    assert again.filters.sentiments == ("negative",)
    assert (again.query, again.period.name, again.zone.key, again.sort) == ("a OR b", "30d", "UTC", "oldest")
    assert again.cursor == ""


def test_a_link_to_a_bar_gives_up_the_range_for_its_own_times() -> None:
    start = datetime(2026, 11, 18, 5, tzinfo=UTC)
    view = view_of(view_of("/?range=30d").link(from_=start, to=start + timedelta(hours=6)))
    assert (view.filters.since, view.filters.until) == (start, start + timedelta(hours=6))
    assert "range" not in view.params


def test_a_link_with_a_range_gives_up_chosen_times() -> None:
    view = view_of(view_of("/?from=2026-11-01&to=2026-11-05").link("/", range="24h"))
    assert view.period.name == "24h"


def test_a_last_day_is_included_and_a_last_minute_is_not() -> None:
    assert view_of("/?from=2026-11-01&to=2026-11-05").filters.until == datetime(2026, 11, 5, 23, tzinfo=UTC)
    assert view_of("/?from=2026-11-01&to=2026-11-05T13:00").filters.until == datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "param"),
    [
        ("/?sentiment=angry", "sentiment"),
        ("/?brand=nobody", "brand"),
        ("/?from=yesterday", "from"),
        ("/?from=0001-01-01", "from"),
        ("/?to=9999-12-31", "to"),
        ("/?from=2026-11-05&to=2026-11-01", "to"),
        ("/?tz=Mars/Olympus", "tz"),
        ("/?tz=../../etc/passwd", "tz"),
        ("/?range=fortnight", "range"),
        ("/?sort=best", "sort"),
        ("/?colour=red", "colour"),
    ],
)
def test_what_means_nothing_is_left_out_and_named(url: str, param: str) -> None:
    view = view_of(url)
    assert [problem.param for problem in view.problems] == [param]
    assert param not in view.params


def test_a_value_can_be_added_and_taken_away() -> None:
    view = view_of("/mentions?site=a.example")
    both = view_of(view.with_value("site", "b.example"))
    assert both.picked("site") == ("a.example", "b.example")
    assert view_of(both.without("site", "a.example")).picked("site") == ("b.example",)


names = st.sampled_from(
    [c.param for c in CHOICES] + ["q", "from", "to", "range", "tz", "sort", "voice", "cursor", "trail"]
)
words = st.one_of(
    st.text(max_size=20), st.sampled_from(["halden", "negative", "7d", "all", "2026-11-03", "UTC", "oldest", "own"])
)


@given(st.lists(st.tuples(names, words), max_size=8))
def test_no_url_fails_and_a_link_to_itself_is_the_same_view(pairs: list[tuple[str, str]]) -> None:
    view = read_view(pairs, now=NOW, default_zone="UTC", known={"brand": ("halden",)})
    again = view_of(view.link(), "UTC")
    assert again.filters == view.filters
    assert again.query == view.query
    assert again.problems == ()
    assert again.link() == view.link()
    assert view.period.previous is None or view.period.previous.since is not None
