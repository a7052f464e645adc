"""Retry-After in every shape that was seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.waiting import LONGEST_S, retry_after_s

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROWS = {
    "30": 30.0,
    " 30 ": 30.0,
    "0": 0.0,
    "1.5": 1.5,
    "86400": LONGEST_S,
    "86401": LONGEST_S,
    "317100": LONGEST_S,
    "999999999999": LONGEST_S,
    "9999999999999999": None,
    "-5": None,
    "+5": None,
    "5s": None,
    "": None,
    "soon": None,
    "1e3": None,
    "٣٠": None,
    "Fri, 20 Nov 2026 12:01:00 GMT": 60.0,
    "Fri, 20 Nov 2026 12:01:00": 60.0,
    "Fri, 20 Nov 2026 12:01:00 -0000": 60.0,
    "Fri, 20 Nov 2026 13:01:00 +0100": 60.0,
    "Friday, 20-Nov-26 12:01:00 GMT": 60.0,
    "Fri Nov 20 12:01:00 2026": 60.0,
    "Mon, 20 Nov 2026 12:01:00 GMT": 60.0,
    "Fri, 20 Nov 2026 11:00:00 GMT": 0.0,
    "Sat, 01 Jan 2000 00:00:00 GMT": 0.0,
    "Fri, 20 Nov 2099 12:00:00 GMT": LONGEST_S,
    "Fri, 32 Nov 2026 12:00:00 GMT": None,
    "20 Nov": None,
    "2026-11-20T12:01:00Z": None,
    "x" * 5000 + "1": None,
}


@pytest.mark.parametrize(("value", "expected"), ROWS.items(), ids=[repr(row)[:30] for row in ROWS])
def test_every_shape_is_read_or_ignored(value: str, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


@given(st.text(max_size=60))
def test_nothing_raises_and_nothing_waits_longer_than_a_day(value: str) -> None:
    seconds = retry_after_s(value, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_S
