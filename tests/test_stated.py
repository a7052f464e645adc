"""Dates as their sources stated them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earshot.stated import has_come, in_words, is_day


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("2026-11-29", "29 Nov 2026"),
        ("2026-11-29T23:30:00-05:00", "29 Nov 2026, 23:30 (UTC-05:00)"),
        ("2026-11-29T23:30:00+00:00", "29 Nov 2026, 23:30 (UTC)"),
        ("2026-11-29T23:30:00", "29 Nov 2026, 23:30"),
        ("2026-13-45", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_a_stated_date_is_shown_with_what_it_says_and_nothing_more(stated: str, words: str) -> None:
    assert in_words(stated) == words


def test_only_a_date_without_a_time_is_a_day() -> None:
    assert is_day("2026-11-29")
    assert not is_day("2026-11-29T00:00:00")
    assert not is_day("")


def test_a_day_has_come_when_it_has_begun_anywhere_on_earth() -> None:
    at_ten = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
    assert has_come("2026-11-29", at_ten)
    assert has_come("2026-11-30", at_ten)
    assert not has_come("2026-11-30", at_ten.replace(hour=9))
    assert not has_come("2026-12-01", at_ten)
    assert not has_come("2026-11-29T09:00:00", at_ten)
