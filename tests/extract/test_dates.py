"""Dates as machines and people write them: read exactly, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.extract.dates import Order, from_text, order_of, read

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def stated(text: str, language: str = "", order: Order | None = None) -> str:
    found = read(text, NOW, language, order)
    return found.as_stated if found else ""


DATE_LIKE = st.from_regex(r"\d{1,4}[./ -]\w{1,9}[./ -]\d{1,4} \d{1,2}:\d\d \w{0,4}", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=60) | DATE_LIKE)
def test_any_text_is_a_moment_in_utc_or_none(text):
    found = read(text, NOW)
    assert found is None or (found.moment.tzinfo is UTC and datetime.fromisoformat(found.as_stated))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-19", datetime(2026, 11, 19, 12, tzinfo=UTC)),
        ("2026-11-19T10:00:00", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("2026-11-19T10:00:00.123+02:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026-11-19 10:00:00 -0500", datetime(2026, 11, 19, 15, tzinfo=UTC)),
        ("20261119T100000Z", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("2026-11-19T10:00:00+01:00[Europe/Oslo]", datetime(2026, 11, 19, 9, tzinfo=UTC)),
        ("Thu, 19 Nov 2026 10:00:00 GMT", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("19 Nov 26 10:00 EST", datetime(2026, 11, 19, 15, tzinfo=UTC)),
        ("Thu, 19 Nov 2026 24:00:00 GMT", datetime(2026, 11, 20, tzinfo=UTC)),
        ("1795082400", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("1795082400123", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("20261119100000", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("Thu, 19 Nov 2026 10:00:00 +9999", None),
        ("2026-11-19T10:00:00+99:99", None),
        ("Thu, 19 Nov 2026 25:00:00 GMT", None),
        ("31 Jun 2026 10:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("2999-01-01", None),
        ("2026-13-45", None),
        ("2026", None),
        ("November 2026", None),
        ("12345", None),
    ],
)
def test_dates_for_machines(text, moment):
    assert from_text(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "as_stated"),
    [
        ("Thu, Nov 19 2026 07:15:09 PM", "2026-11-19T19:15:09"),
        ("Thu, 19 Nov 2026 07:15 PM", "2026-11-19T19:15:00"),
        ("19 Nov 2026 12:05 a.m.", "2026-11-19T00:05:00"),
        ("11/19/2026 12:05 pm", "2026-11-19T12:05:00"),
        ("November 19th, 2026 at 7pm", "2026-11-19T19:00:00"),
        ("19 de noviembre de 2026, 7:15 p. m.", "2026-11-19T19:15:00"),
        ("2026년 11월 19일 오후 7:15", "2026-11-19T19:15:00"),
        ("2026年11月19日（木） 午後7時15分", "2026-11-19T19:15:00"),
        ("2026年11月19日 中午12:24", "2026-11-19T12:24:00"),
        ("2026年11月19日 中午1:05", "2026-11-19T13:05:00"),
        ("2026年11月19日 晚上7:15", ""),  # some evening hours belong to the next day: not understood, not guessed
        ("19 Nov 2026 14:15 AM", ""),
    ],
)
def test_twelve_hours_are_read_with_their_half_of_the_day_or_not_at_all(text, as_stated):
    assert stated(text) == as_stated


@pytest.mark.parametrize(
    ("text", "language", "as_stated"),
    [
        ("Do., 19. November 2026 11:00 MEZ", "de", "2026-11-19T11:00:00+01:00"),
        ("Donnerstag, den 19. November 2026 um 18:30 Uhr", "de", "2026-11-19T18:30:00"),
        ("19 ноября 2026 г. в 18:30", "ru", "2026-11-19T18:30:00"),
        ("jeudi 19 novembre 2026 à 18h30", "fr", "2026-11-19T18:30:00"),
        ("1er juill. 2026", "fr", "2026-07-01"),
        ("19 listopada 2026, godz. 10:00", "pl", "2026-11-19T10:00:00"),
        ("19. marraskuuta 2026 klo 10.30", "fi", "2026-11-19T10:30:00"),
        ("2026. november 19., csütörtök", "hu", "2026-11-19"),
        ("Thứ Năm, 19 tháng 11, 2026", "vi", "2026-11-19"),
        ("19. november 2026 kl. 10:30", "no", "2026-11-19T10:30:00"),
        ("١٩ نوفمبر ٢٠٢٦", "ar", "2026-11-19"),
        ("19 พฤศจิกายน 2026", "th", "2026-11-19"),
    ],
)
def test_words_of_many_languages_are_read_with_and_without_the_language_named(text, language, as_stated):
    assert stated(text, language) == as_stated
    assert stated(text, "en") in (as_stated, "")
    assert stated(text) in (as_stated, "")


@pytest.mark.parametrize(
    ("text", "as_stated"),
    [
        ("19.11.2026 10:00", "2026-11-19T10:00:00"),
        ("19/11/2026 10:00:00", "2026-11-19T10:00:00"),
        ("2026/11/19 10:00:00", "2026-11-19T10:00:00"),
        ("11-19-2026", "2026-11-19"),
        ("10:00, 19.11.2026", "2026-11-19T10:00:00"),
        ("2026. 11. 19. 10:00", "2026-11-19T10:00:00"),
        ("19-Nov-26", "2026-11-19"),
        ("7/7/2026", "2026-07-07"),
        ("05/11/2026", ""),
        ("05-11-2026 10:00 PM", ""),
        ("Thu, 05/11/2026", "2026-11-05"),  # the weekday decides: 11 May was a Monday
        ("Mon, 05/11/2026", "2026-05-11"),
        ("05.11.2026", "2026-11-05"),  # no language writes the month first and dots behind it
        ("01/02/03", ""),
        ("31/31/2026", ""),
    ],
)
def test_between_day_and_month_nothing_is_guessed(text, as_stated):
    assert stated(text) == as_stated


def test_a_language_alone_does_not_decide_between_day_and_month():
    assert [stated("05/11/2026", language) for language in ("en", "de", "fr")] == ["", "", ""]
    assert stated("05.11.2026", "en") == ""
    assert stated("05/11/2026", order=Order.MONTH_FIRST) == "2026-05-11"


def test_other_dates_show_the_order_unless_they_contradict_one_another():
    assert order_of(["05/11/2026", "on 23/10/2026 10:00"]) is Order.DAY_FIRST
    assert order_of(["10/23/2026"]) is Order.MONTH_FIRST
    assert order_of(["10/23/2026", "23/10/2026"]) is None
    assert order_of(["2026-10-23", "05/11/2026"]) is None


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("CEST", "+02:00"),
        ("BST", "+01:00"),
        ("MESZ", "+02:00"),
        ("HNEC", "+01:00"),
        ("МСК", "+03:00"),
        ("GMT+2", "+02:00"),
        ("GMT+0530 (India Standard Time)", "+05:30"),
        ("UTC −3", "-03:00"),
        ("PST-0800", "-08:00"),
        ("+01:00 (CET)", "+01:00"),
        ("CST", "-06:00"),
        ("IST", "+05:30"),
        ("ET", "-05:00"),
        ("Asia/Tokyo", "+09:00"),
    ],
)
def test_zones_by_name_and_number(zone, offset):
    assert stated(f"Thu, 19 Nov 2026 10:00:00 {zone}") == f"2026-11-19T10:00:00{offset}"
    assert stated(f"2026-11-19 10:00:00 {zone}") == f"2026-11-19T10:00:00{offset}"


def test_the_language_tells_zones_of_one_name_apart():
    assert stated("19 Nov 2026 10:00 CST", "zh") == "2026-11-19T10:00:00+08:00"
    assert stated("19 Nov 2026 10:00 IST", "he") == "2026-11-19T10:00:00+02:00"


def test_a_zone_in_the_middle_is_a_zone():
    assert stated("Thu Nov 19 10:00:00 CET 2026") == "2026-11-19T10:00:00+01:00"


def test_a_clock_in_an_unknown_zone_counts_as_its_day():
    found = read("Thu, 19 Nov 2026 23:00:00 QQT", NOW)
    assert (found.moment, found.as_stated) == (datetime(2026, 11, 19, 12, tzinfo=UTC), "2026-11-19")


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2 hours ago", "gestern 10:00", "Posted by Ada on 3 May 2026", "19 Nov 2026 and 20 Nov 2026", "soon",
     "version 2.11.2026.4", "+49 30 1234 2026", "19 Nov 2026 10:00 to 11:00", "19 tomorrow 2026"],
)  # fmt: skip
def test_what_is_not_wholly_a_date_is_none(text):
    assert stated(text) == ""
