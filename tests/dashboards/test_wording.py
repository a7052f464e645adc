"""How things are said."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from dashboards import wording
from dashboards.view import read_view
from earshot.model import Category, Outcome, Sentiment, Severity
from tests.builders import NOW, make_mention

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=2, minutes=50), "2 h ago"),
        (timedelta(hours=12, minutes=30), "today 00:30"),
        (timedelta(hours=14), "yesterday 23:00"),
        (timedelta(days=3), "Tue 13:00"),
        (timedelta(days=17), "3 Nov"),
        (timedelta(days=400), "16 Oct 2025"),
        (-timedelta(minutes=5), "in 5 min"),
        (-timedelta(hours=3), "in 3 h"),
        (-timedelta(days=2), "22 Nov 13:00"),
    ],
)
def test_times_are_said_as_people_say_them(gap: timedelta, said: str) -> None:
    assert wording.ago(NOW - gap, NOW, BERLIN) == said


def test_an_exact_time_names_its_zone_and_utc() -> None:
    assert wording.exact(NOW, BERLIN) == "Friday, 20 Nov 2026, 13:00:00 CET (12:00 UTC)"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (12, 10, ("▲", "+20%")),
        (5, 10, ("▼", "−50%")),
        (10, 10, ("＝", "the same")),
        (47, 1, ("▲", "47×")),
        (62, 20, ("▲", "3.1×")),
        (3, 0, ("", "")),
    ],
)
def test_changes_are_said_in_words(now: int, before: int, said: tuple[str, str]) -> None:
    assert wording.change(now, before) == said


def test_a_small_share_is_not_called_zero() -> None:
    assert wording.percent(1, 1000) == "under 1%"
    assert wording.percent(0, 1000) == "0%"
    assert wording.percent(0, 0) == "–"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "in the last 7 days"),
        ("range=all", "of all time"),
        ("from=2026-11-08&to=2026-11-08", "on Sun 8 Nov"),
        ("from=2026-11-08T12:00&to=2026-11-08T18:00", "on Sun 8 Nov, 12:00–18:00"),
        ("from=2026-11-03&to=2026-11-09", "from 3 Nov to 9 Nov"),
        ("to=2026-11-09", "until 9 Nov"),
    ],
)
def test_a_time_is_named_and_never_only_called_chosen(url: str, said: str) -> None:
    view = read_view(parse_qsl(url), now=NOW, default_zone="Europe/Berlin", known={})
    assert wording.time_words(view.period, view.zone) == said


def test_every_value_of_the_model_has_its_words() -> None:
    assert {*wording.SENTIMENTS} == {*Sentiment}
    assert {*wording.SEVERITIES} == {*Severity}
    assert {*wording.CATEGORIES} == {*Category}
    assert {*wording.OUTCOMES} == {*Outcome, "never"}


def test_the_signs_of_a_kind_differ() -> None:
    for table in (wording.SENTIMENTS, wording.SEVERITIES):
        signs = [sign for _, sign in table.values()]
        assert len(set(signs)) == len(signs)


def test_a_verdict_is_said_by_its_strength() -> None:
    mention = make_mention(sentiment_score=-0.35, relevance=0.6)
    assert wording.sentiment_words(mention, "Halden") == "Rather critical of Halden"
    assert wording.relevance_words(mention, "Halden") == "Probably about Halden"
