"""What JSON Feeds, sitemaps and pages say."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime

import pytest

from earshot.errors import SourceError
from earshot.extract.json_feed import read_json_feed
from earshot.extract.pages import read_page
from earshot.extract.reader import read_capture
from earshot.extract.sitemaps import read_sitemap
from earshot.model import DateFrom, Outcome, Role, TextIs
from tests.builders import make_capture
from tests.extract.feeds import LONG, article, item, page, page_capture, rss, sitemap_capture

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def json_feed(*items, **feed):
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items, **feed}).encode()


def read_json(body):
    return read_json_feed(make_capture(), body)


class TestJsonFeed:
    def test_an_item_with_all_its_fields(self):
        item = {
            "id": 7, "url": "/a", "title": "Pump",
            "content_html": "<p>The pump stopped today.</p><p><img src='/i.png'>Why?</p>",
            "date_published": "2026-11-19T10:00:00+01:00", "authors": [{"name": "Ada"}, {"name": "Bo"}],
            "image": "/cover.jpg", "language": "de-DE",
        }  # fmt: skip
        (entry,) = read_json(b"\xef\xbb\xbf" + json_feed(item)).entries
        assert (entry.url, entry.own_id, entry.title) == ("http://blog.example/a", "7", "Pump")
        assert (entry.text, entry.author, entry.language) == ("The pump stopped today.\nWhy?", "Ada, Bo", "de")
        assert entry.published_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
        assert entry.published_as == "2026-11-19T10:00:00+01:00"
        assert entry.images == ("http://blog.example/cover.jpg", "http://blog.example/i.png")
        assert entry.text_is is TextIs.FULL

    def test_version_one_has_one_author(self):
        body = json_feed({"id": "1", "author": {"name": "Ada"}}, version="https://jsonfeed.org/version/1")
        assert read_json(body).form == "json feed 1"
        assert read_json(body).entries[0].author == "Ada"

    def test_a_summary_alone_is_a_teaser(self):
        (entry,) = read_json(json_feed({"id": "1", "url": "/a", "title": "t", "summary": "short"})).entries
        assert entry.text_is is TextIs.TEASER

    @pytest.mark.parametrize(
        "body",
        [
            b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "a\nb",},],}',
            b'/* cached */\n{"version": "https://jsonfeed.org/version/1.1", // one\n "items": [{"id": "1"}]}',
            '\ufeff{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}]}'.encode(),
            '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}]}'.encode("utf-16"),
        ],
    )
    def test_what_is_nearly_json_is_read(self, body):
        reading = read_capture(make_capture(headers={}), body)
        assert [entry.own_id for entry in reading.entries] == ["1"]

    def test_dates_of_one_feed_show_their_order_to_one_another(self):
        items = [{"id": n, "date_published": said} for n, said in enumerate(["05/11/2026", "23/10/2026", 1795082400])]
        assert [entry.published_as for entry in read_json(json_feed(*items)).entries] == [
            "2026-11-05", "2026-10-23", "2026-11-19T10:00:00+00:00",
        ]  # fmt: skip

    def test_an_episode_without_a_page_is_its_file(self):
        episode = {"id": "1", "title": "t", "attachments": [{"url": "/e.mp3", "mime_type": "audio/mpeg"}]}
        (entry,) = read_json(json_feed({**episode, "content_text": "We talk."})).entries
        assert (entry.url, entry.text_is) == ("http://blog.example/e.mp3", TextIs.FULL)

    def test_wrong_types_empty_a_field_and_nothing_else(self):
        body = json_feed({"id": None, "url": 5, "title": ["x"], "authors": "Ada", "attachments": {}}, "no item")
        reading = read_json(body)
        assert len(reading.entries) == 1
        assert reading.warnings == ("some items are no objects",)

    @pytest.mark.parametrize("body", [b'{"a": 1}', b'{"version": "x"}', b"{", b"[" * 100_000, b'{"items": 5}'])
    def test_other_json_is_no_feed(self, body):
        with pytest.raises(SourceError) as caught:
            read_json(body)
        assert caught.value.outcome == Outcome.NOT_A_FEED

    def test_an_empty_feed_is_a_reading_without_entries(self):
        assert read_json(json_feed()).entries == ()


class TestSitemap:
    def test_addresses_with_their_dates_in_order(self):
        body = f"<urlset {NS}><url><loc> http://b.example/a?x=1&amp;y=2 </loc><lastmod>2026-11-19T10:00:00Z</lastmod></url><url><loc>/b</loc></url></urlset>"  # noqa: E501
        reading = read_sitemap(sitemap_capture(), body.encode())
        assert [link.url for link in reading.links] == ["http://b.example/a?x=1&y=2", "http://blog.example/b"]
        assert reading.oldest_at == datetime(2026, 11, 19, 10, tzinfo=UTC)
        assert (reading.form, reading.is_complete) == ("sitemap", True)

    def test_an_index_names_further_sitemaps(self):
        body = f"<sitemapindex {NS}><sitemap><loc>http://b.example/1.xml.gz</loc></sitemap></sitemapindex>".encode()
        reading = read_sitemap(sitemap_capture(), body)
        assert [(link.url, link.role) for link in reading.links] == [("http://b.example/1.xml.gz", Role.SITEMAP)]

    def test_a_news_sitemap_has_titles_and_holds_only_the_newest(self):
        body = (
            f'<urlset {NS} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
            'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>http://n.example/a</loc>'
            "<image:image><image:loc>http://n.example/i.jpg</image:loc><image:title>Picture</image:title></image:image>"
            "<news:news><news:publication><news:name>N</news:name><news:language>fr</news:language></news:publication>"
            "<news:publication_date>2026-11-19</news:publication_date><news:title>Pompe</news:title></news:news>"
            "</url></urlset>"
        )
        reading = read_sitemap(sitemap_capture(), body.encode())
        (link,) = reading.links
        assert (link.url, link.title, link.language) == ("http://n.example/a", "Pompe", "fr")
        assert (reading.form, reading.is_complete) == ("news sitemap", False)

    def test_only_the_pages_own_address_counts(self):
        body = (
            f'<urlset {NS} xmlns:v="http://www.google.com/schemas/sitemap-video/1.1"><url>'
            '<image xmlns="http://www.google.com/schemas/sitemap-image/1.1"><loc>/i.jpg</loc></image>'
            "<v:video><v:player_loc>/v.swf</v:player_loc><v:title>Film</v:title></v:video><v:loc>/v.mp4</v:loc>"
            "<loc>/a</loc></url><url><lastmod>2026-11-01</lastmod></url></urlset>"
        )
        (link,) = read_sitemap(sitemap_capture(), body.encode()).links
        assert (link.url, link.title) == ("http://blog.example/a", "")

    @pytest.mark.parametrize(
        ("loc", "url"),
        [
            ("<![CDATA[\n/a?x=1&y=2\n]]>", "http://blog.example/a?x=1&y=2"),
            ("/a?x=1&y=2", "http://blog.example/a?x=1&y=2"),
            ("/a?x=1&amp;y=2&#38;z=3", "http://blog.example/a?x=1&y=2&z=3"),
            ("/a<!-- old -->/b", "http://blog.example/a/b"),
            ("/größe", "http://blog.example/größe"),
            ("/gr&ouml;&szlig;e?a=1&copy=2", "http://blog.example/größe?a=1&copy=2"),
        ],
    )
    @pytest.mark.parametrize("charset", ["utf-8", "utf-16", "cp1252"])
    def test_addresses_however_they_are_written(self, loc, url, charset):
        body = f'\n<?xml version="1.0" encoding="{charset}"?><s:urlset xmlns:s="{NS[7:-1]}"><s:url><s:loc>{loc}</s:loc></s:url></s:urlset>'  # noqa: E501
        assert [link.url for link in read_sitemap(sitemap_capture(), body.encode(charset)).links] == [url]

    def test_days_of_change_are_read_as_people_write_them(self):
        said = ["2026-11-18T07:00-01:00", "18.11.2026", "Wed Nov 18 10:00:00 CET 2026", "05/11/2026", "18/11/2026", "?"]
        urls = "".join(f"<url><loc>/{n}</loc><lastmod>{when}</lastmod></url>" for n, when in enumerate(said))
        links = read_sitemap(sitemap_capture(), f"<urlset {NS}>{urls}</urlset>".encode()).links
        assert [link.published_at and link.published_at.strftime("%d %H") for link in links] == [
            "18 08", "18 12", "18 09", "05 12", "18 12", None,
        ]  # fmt: skip

    def test_gzip_is_unpacked_and_a_torn_one_read_as_far_as_it_goes(self):
        urls = "".join(f"<url><loc>http://b.example/{n}/{hash(n) % 9973}</loc></url>" for n in range(5_000))
        packed = gzip.compress(f"<urlset {NS}>{urls}</urlset>".encode())
        assert len(read_sitemap(sitemap_capture(), packed).links) == 5_000
        torn = read_sitemap(sitemap_capture(), packed[: len(packed) // 2])
        assert 0 < len(torn.links) < 5_000

    def test_a_gzip_bomb_is_too_large(self):
        with pytest.raises(SourceError) as caught:
            read_sitemap(sitemap_capture(), gzip.compress(bytes(60 * 2**20)))
        assert caught.value.outcome == Outcome.TOO_LARGE

    def test_entities_are_not_resolved(self, tmp_path):
        (tmp_path / "secret").write_text("http://secret.example/x")
        declared = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file://{tmp_path}/secret"><!ENTITY y "http://y.example/">]>'
        urls = "".join(f"<url><loc>{loc}</loc></url>" for loc in ("&x;", "&y;", "/ok"))
        body = f"{declared}<urlset {NS}>{urls}</urlset>"
        assert "secret" not in str(read_sitemap(sitemap_capture(), body.encode()))

    def test_a_list_of_addresses_is_a_sitemap(self):
        reading = read_sitemap(sitemap_capture(), b"http://b.example/1\r\nhttp://b.example/2\nhttp://b.example/1\n")
        assert [link.url for link in reading.links] == ["http://b.example/1", "http://b.example/2"]

    def test_an_empty_one_is_a_reading_without_links(self):
        assert read_sitemap(sitemap_capture(), f"<urlset {NS}></urlset>".encode()).links == ()

    @pytest.mark.parametrize("body", [b"", b"words", b"<html><body>404</body></html>", b"\x1f\x8bnot gzip", b"<x/>"])
    def test_anything_else_is_named(self, body):
        with pytest.raises(SourceError) as caught:
            read_sitemap(sitemap_capture(), body)
        assert caught.value.outcome == Outcome.NOT_A_FEED

    def test_a_feed_may_serve_as_a_sitemap(self):
        assert len(read_capture(sitemap_capture(), rss(item())).entries) == 1


@pytest.mark.parametrize(
    ("role", "body"),
    [
        (Role.FEED, rss(item())),
        (Role.FEED, json_feed({"id": "1"})),
        (Role.SITEMAP, rss(item())),
        (Role.PAGE, page(article())),
    ],
)
def test_a_packed_body_is_unpacked_though_no_header_says_so(role, body):
    capture = make_capture(role=role, headers={"content-type": "application/x-gzip"})
    assert read_capture(capture, gzip.compress(body)) == read_capture(capture, body)
    several = gzip.compress(body[:90]) + gzip.compress(body[90:]) + bytes(512)
    assert read_capture(capture, several) == read_capture(capture, body)


@pytest.mark.fault(
    case="A packed feed of many thousand empty gzip members", promise="It is refused after 1,000 of them, at once"
)
def test_a_packed_file_of_many_members_is_refused_at_once():
    began = time.thread_time()
    with pytest.raises(SourceError, match=r"more than 1,000 members"):
        read_capture(make_capture(), gzip.compress(b"") * 200_000)
    assert time.thread_time() - began < 1.0


def test_a_packed_feed_that_swells_is_too_large():
    with pytest.raises(SourceError, match="larger than 15 MB") as caught:
        read_capture(make_capture(), gzip.compress(bytes(20 * 2**20)))
    assert caught.value.outcome == Outcome.TOO_LARGE


def read(body, **changes):
    (entry,) = read_page(page_capture(**changes), body).entries
    return entry


class TestPage:
    def test_the_date_for_machines_goes_before_the_one_in_the_address(self):
        head = '<script type="application/ld+json">[{"datePublished": "2026-11-19T10:00:00+01:00"}]</script>'
        entry = read(page(article(), head), url="http://blog.example/2020/01/02/x")
        assert entry.published_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
        assert entry.published_from is DateFrom.PAGE

    def test_a_date_in_the_address_says_so(self):
        entry = read(page(article()), url="http://blog.example/2025/03/09/x")
        assert (entry.published_at, entry.published_from) == (datetime(2025, 3, 9, 12, tzinfo=UTC), DateFrom.URL)

    def test_a_page_without_a_date_has_none(self):
        entry = read(page(article()))
        assert (entry.published_at, entry.published_from) == (None, DateFrom.FOUND)

    @pytest.mark.parametrize(
        ("named", "believed"),
        [
            ("/posts/real", "http://blog.example/posts/real"),
            ("https://www.blog.example/posts/real", "https://www.blog.example/posts/real"),
            ("http://elsewhere.test/posts/real", ""),
            ("/", ""),
            ("javascript:x", ""),
        ],
    )
    def test_canonical_is_believed_on_the_same_site_only(self, named, believed):
        assert read(page(article(), f'<link rel="canonical" href="{named}">')).canonical == believed

    def test_two_blogs_of_one_host_of_many_are_two_sites(self):
        head = '<link rel="canonical" href="http://two.github.io/x">'
        assert read(page(article(), head), url="http://one.github.io/x").canonical == ""

    def test_language_images_and_links(self):
        head = '<meta property="og:image" content="/cover.jpg">'
        body = article().replace("<h1>", '<img src="/in.png"><a href="/away">x</a><h1>')
        entry = read(page(body, head, 'lang="pt-BR"'))
        assert entry.language == "pt"
        assert entry.images == ("http://blog.example/cover.jpg", "http://blog.example/in.png")
        assert entry.links == ("http://blog.example/away",)

    def test_a_page_without_an_article_is_still_a_page(self):
        reading = read_page(page_capture(), page("<input type=password>", "<title>Log in</title>"))
        assert reading.entries[0].title == "Log in"
        assert reading.form == "page"

    @pytest.mark.parametrize("body", [b"", b"   ", b"<html></html>"])
    def test_an_empty_page_is_an_entry_without_text(self, body):
        reading = read_page(page_capture(), body)
        assert reading.entries[0].text == ""
        assert reading.warnings

    def test_a_pdf_is_no_page(self):
        with pytest.raises(SourceError, match="not a web page but application/pdf"):
            read_page(page_capture(headers={"content-type": "application/pdf"}), b"%PDF-1.7")

    @pytest.mark.parametrize(
        ("encoding", "header"), [("utf-8", "iso-8859-1"), ("cp1252", "windows-1252"), ("euc-jp", "euc-jp")]
    )
    def test_charsets(self, encoding, header):
        words = "日本語の文章" if encoding == "euc-jp" else "Über Größe"
        body = page(f"<article><h1>x</h1><p>{words}. {LONG}</p><p>{LONG}</p></article>").decode().encode(encoding)
        assert words in read(body, headers={"content-type": f"text/html; charset={header}"}).text


def test_a_sitemap_behind_a_code_fence_is_still_a_sitemap() -> None:
    body = (
        b"```xml\n<?xml version='1.0'?>\n<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\n"
        b"<url><loc>http://news.example/one</loc></url></urlset>\n<url><loc>http://news.example/after</loc></url>"
    )
    reading = read_sitemap(make_capture(role=Role.SITEMAP, final_url="http://news.example/sitemap.xml"), body)
    assert [link.url for link in reading.links][:1] == ["http://news.example/one"]
