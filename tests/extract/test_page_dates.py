"""A page's date is the one that it states, in its own zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earshot.extract.pages import read_page
from earshot.model import DateFrom, Entry
from tests.extract.feeds import article, page, page_capture

OLD_TALK = "<p>Accepted on 12 March 2025. First sold in May 2021.</p>"


def read(head: str = "", body: str = "", url: str = "http://blog.example/posts/halden") -> Entry:
    (entry,) = read_page(page_capture(url), page(article() + body, head)).entries
    return entry


def linked(said: str) -> str:
    return f'<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{said}"}}</script>'


@pytest.mark.parametrize("stated", ["2026-11-18T23:30:00-05:00", "2026-11-19T00:30:00+01:00", "2026-11-18T20:00:00"])
def test_the_offset_that_a_page_states_is_kept(stated: str) -> None:
    entry = read(linked(stated))
    assert entry.published_as == stated
    assert entry.published_at == datetime.fromisoformat(stated).replace(
        tzinfo=datetime.fromisoformat(stated).tzinfo or UTC
    )


def test_a_day_without_a_time_is_noon_of_that_day() -> None:
    entry = read('<meta name="dc.date" content="2026-11-18">')
    assert (entry.published_as, entry.published_at) == ("2026-11-18", datetime(2026, 11, 18, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("shown", "url", "as_stated"),
    [
        ('<time datetime="2026-11-17T22:28:35-05:00">x</time>', "/p", "2026-11-17T22:28:35-05:00"),
        ('<abbr class="published" title="2026-11-17 22:28:35">x</abbr>', "/p", "2026-11-17T22:28:35-05:00"),
        ('<time datetime="2026-11-17T20:00:00-05:00">another moment</time>', "/p", "2026-11-18T03:28:35+00:00"),
        ("", "/2026/11/17/pump-stops", "2026-11-17"),
        ("", "/2026/11/15/pump-stops", "2026-11-18T03:28:35+00:00"),
    ],
)
def test_utc_for_machines_is_of_the_day_that_the_page_shows(shown: str, url: str, as_stated: str) -> None:
    entry = read(linked("2026-11-18T03:28:35Z"), shown, f"http://blog.example{url}")
    assert entry.published_as == as_stated
    assert entry.published_at == datetime(2026, 11, 18, 3, 28, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "description": "one\ntwo", "datePublished": "2026-11-18T09:00:00+01:00"}',
        '{"@type": "NewsArticle", "datePublished": "2026-11-18T09:00:00+01:00",}',
        '<!-- {"@graph": [{"@type": "WebSite"}, {"datePublished": "2026-11-18T09:00:00+01:00"}]} -->',
    ],
)
def test_the_hour_is_read_from_what_is_nearly_json(script: str) -> None:
    entry = read(f'<script type="application/ld+json">{script}</script>')
    assert entry.published_at == datetime(2026, 11, 18, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "path",
    [
        "/2026/10/07/pump", "/2026-10-7-pump", "/news/20261007/pump.html", "/c/2026/1007/c1.html", "/2026-10/07/c.htm",
        "/2026/oct/07/pump", "/2026/oktober/7/pumpe", "/07-oct-2026/pump", "/pump-2026-10-07.html",
    ],
)  # fmt: skip
def test_a_day_in_the_address_goes_before_days_that_the_text_speaks_of(path: str) -> None:
    entry = read(body=OLD_TALK, url=f"http://blog.example{path}")
    assert (entry.published_as, entry.published_from) == ("2026-10-07", DateFrom.URL)


@pytest.mark.parametrize(
    "path", ["/07-10-2026/pump", "/p/2026100712", "/p/120261007", "/2026/13/40/pump", "/2031/10/07/"]
)
def test_what_may_be_no_day_in_the_address_is_none(path: str) -> None:
    assert read(url=f"http://blog.example{path}").published_from is not DateFrom.URL


def test_a_day_found_in_the_text_gets_its_time_from_the_page() -> None:
    entry = read(body='<p>Published <time datetime="2026-11-18T21:15:00+01:00">18 November 2026</time></p>')
    assert entry.published_as == "2026-11-18T21:15:00+01:00"
