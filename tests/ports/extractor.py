"""The contract of the Extractor port, for every adapter: subclass `ExtractorContract` and give it `extractor`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earshot.errors import SourceError
from earshot.model import Hint, Outcome, Reading, Role, TextIs
from earshot.ports import Extractor
from tests.builders import make_capture
from tests.extract.feeds import article, item, page, page_capture, rss, sitemap_capture


class ExtractorContract:
    def test_a_feed_becomes_its_entries_in_order(self, extractor: Extractor) -> None:
        body = rss(item("One", "/one"), item("Two", "/two"))
        reading = extractor.read(make_capture(), body)
        assert [(e.title, e.url) for e in reading.entries] == [
            ("One", "http://blog.example/one"),
            ("Two", "http://blog.example/two"),
        ]

    def test_a_json_feed_becomes_its_entries(self, extractor: Extractor) -> None:
        body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "x"}]}'
        reading = extractor.read(make_capture(), body)
        assert (reading.form, len(reading.entries)) == ("json feed 1.1", 1)

    def test_a_sitemap_becomes_links(self, extractor: Extractor) -> None:
        body = b"<urlset><url><loc>http://blog.example/a</loc><lastmod>2026-11-19</lastmod></url></urlset>"
        reading = extractor.read(sitemap_capture(), body)
        (link,) = reading.links
        assert (link.url, link.role, link.published_at) == (
            "http://blog.example/a",
            Role.PAGE,
            datetime(2026, 11, 19, 12, tzinfo=UTC),
        )
        assert reading.is_complete
        assert reading.entries == ()

    def test_a_page_becomes_one_entry_with_its_text_and_without_its_menu(self, extractor: Extractor) -> None:
        reading = extractor.read(page_capture(), page(article(), "<title>Halden answers</title>"))
        (entry,) = reading.entries
        assert entry.url == "http://blog.example/posts/halden"
        assert entry.title == "Halden answers"
        assert "Paragraph 3" in entry.text
        assert "Menu word" not in entry.text
        assert entry.text_is is TextIs.FULL

    def test_language_and_zone_of_a_source_explain_its_dates(self, extractor: Extractor) -> None:
        body = rss(item("One", "/one", more="<pubDate>05.11.26 10:00</pubDate>"))
        (blind,) = extractor.read(make_capture(), body).entries
        (told,) = extractor.read(make_capture(), body, Hint("de", "Europe/Berlin")).entries
        assert blind.published_at is None
        assert (told.published_at, told.published_as) == (datetime(2026, 11, 5, 9, tzinfo=UTC), "2026-11-05T10:00:00")
        items = [(make_capture(source_id=name), body) for name in ("blog", "other")]
        answers = extractor.read_many(items, lambda capture: Hint("de") if capture.source_id == "blog" else Hint())
        assert [bool(answer.entries[0].published_at) for answer in answers if isinstance(answer, Reading)] == [
            True,
            False,
        ]

    def test_a_login_page_instead_of_a_feed_is_a_source_error(self, extractor: Extractor) -> None:
        with pytest.raises(SourceError) as caught:
            extractor.read(make_capture(), page("<input type=password>", "<title>Log in</title>"))
        assert caught.value.outcome == Outcome.NOT_A_FEED
        assert "Log in" in caught.value.reason

    def test_the_same_capture_twice_gives_the_same_reading(self, extractor: Extractor) -> None:
        body = rss(item("One", ""), item("Two", "/two"))
        assert extractor.read(make_capture(), body) == extractor.read(make_capture(), body)

    def test_one_bad_capture_costs_the_next_one_nothing(self, extractor: Extractor) -> None:
        with pytest.raises(SourceError):
            extractor.read(make_capture(), b"nothing")
        assert len(extractor.read(make_capture(), rss(item())).entries) == 1

    def test_closing_twice_is_closing_once(self, extractor: Extractor) -> None:
        extractor.read(make_capture(), rss(item()))
        extractor.close()
        extractor.close()
