"""The invented web over real HTTP: to browsers by host name, to crawlers as a proxy."""

from __future__ import annotations

import json
import time
from typing import Any

import feedparser
import httpx
import pytest
from lxml import etree, html

from earshot.demo.newsstand import Published
from earshot.demo.web import DemoWeb
from tests.builders import NOW, FakeClock

FEEDS = ["harbour-gazette", "kettle-and-cup", "spoke-and-chain", "linkbasket", "hafenbote", "dealbarn"]
VERSIONS = {"rss20": "rss20", "atom": "atom10", "rdf": "rss10"}


def moment(entry: Any) -> Any:
    """RSS 1.0 has one date, which feedparser takes for that of the last change."""
    return entry.get("published_parsed") or entry.updated_parsed


def by_proxy(web: DemoWeb, url: str, **headers: str) -> httpx.Response:
    with httpx.Client(proxy=web.proxy_url, verify=False) as client:
        return client.get(url, headers=headers)


def by_browser(web: DemoWeb, site: str, path: str, **headers: str) -> httpx.Response:
    host = f"{site}.localhost:{web.port}"
    with httpx.Client(trust_env=False, verify=False) as client:
        return client.get(f"http://127.0.0.1:{web.port}{path}", headers={"Host": host, **headers})


def test_browser_and_proxy_get_the_same(web: DemoWeb) -> None:
    site = web.newsstand.sites["harbour-gazette"]
    direct = by_browser(web, site.id, site.feed)
    assert by_proxy(web, web.feed_url(site.id)).content == direct.content


@pytest.mark.parametrize("site_id", FEEDS)
def test_feedparser_finds_every_post(web: DemoWeb, site_id: str) -> None:
    site, posts = web.newsstand.sites[site_id], web.newsstand.posts(site_id)
    feed = feedparser.parse(by_proxy(web, web.feed_url(site_id)).content)
    assert feed.version == VERSIONS[site.form]
    assert not feed.bozo
    assert [entry.link for entry in feed.entries] == [web.base(one.site) + one.path for one in posts]
    assert [moment(entry)[:6] for entry in feed.entries] == [one.published_at.timetuple()[:6] for one in posts]


def test_a_json_feed_names_every_post(web: DemoWeb) -> None:
    feed = by_proxy(web, web.feed_url("penny-ledger")).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in feed["items"]] == [one.post.title for one in web.newsstand.posts("penny-ledger")]


@pytest.mark.parametrize("site_id", ["plain-reviews", "morning-wire"])
def test_every_address_of_a_sitemap_is_a_page(web: DemoWeb, site_id: str) -> None:
    tree = etree.fromstring(by_proxy(web, web.feed_url(site_id)).content)
    addresses = tree.xpath("//*[local-name()='loc']/text()")
    assert len(addresses) == len(web.newsstand.posts(site_id))
    for address in addresses:
        page = html.fromstring(by_proxy(web, address).text)
        assert page.xpath("//link[@rel='canonical']/@href") == [address]
        assert page.xpath("//article//h1")
        assert page.xpath("//time/@datetime")


def test_a_teaser_holds_less_than_its_page(web: DemoWeb) -> None:
    feed = feedparser.parse(by_proxy(web, web.feed_url("kettle-and-cup")).content)
    for entry in feed.entries:
        assert "content" not in entry
        assert entry.summary.endswith("[…]")
        assert len(html.fromstring(by_proxy(web, entry.link).text).xpath("string(//article)")) > 1.5 * len(
            entry.summary
        )


def test_an_aggregator_links_to_the_originals_with_their_text(web: DemoWeb) -> None:
    theirs = {e.link: e for e in feedparser.parse(by_proxy(web, web.feed_url("linkbasket")).content).entries}
    ours = {e.link: e for e in feedparser.parse(by_proxy(web, web.feed_url("harbour-gazette")).content).entries}
    both = theirs.keys() & ours.keys()
    assert both
    for link in both:
        assert theirs[link].title == ours[link].title
        assert theirs[link].content[0].value == ours[link].content[0].value
        assert moment(theirs[link]) == moment(ours[link])


def test_what_is_known_is_not_sent_again(web: DemoWeb) -> None:
    url = web.feed_url("harbour-gazette")
    first = by_proxy(web, url)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for condition in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": modified}):
        again = by_proxy(web, url, **condition)
        assert again.status_code == 304
        assert again.content == b""
    assert by_proxy(web, url, **{"If-None-Match": '"other"', "If-Modified-Since": modified}).status_code == 200


def test_a_new_post_changes_its_feed_alone(web: DemoWeb, clock: FakeClock) -> None:
    tags = {site: by_proxy(web, web.feed_url(site)).headers["ETag"] for site in ("spoke-and-chain", "tidewatch")}
    clock.advance(minutes=1)
    (new,) = web.reveal()
    assert new.site.id == "spoke-and-chain"
    fresh = by_proxy(web, web.feed_url("spoke-and-chain"), **{"If-None-Match": tags["spoke-and-chain"]})
    assert new.path in fresh.text
    assert by_proxy(web, web.feed_url("tidewatch"), **{"If-None-Match": tags["tidewatch"]}).status_code == 304
    assert by_proxy(web, web.base(new.site) + new.path).status_code == 200


def test_answers_are_packed_for_those_who_can_unpack(web: DemoWeb) -> None:
    packed = by_proxy(web, web.feed_url("harbour-gazette"), **{"Accept-Encoding": "gzip"})
    plain = by_proxy(web, web.feed_url("harbour-gazette"), **{"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content


def test_each_trouble_is_its_own(web: DemoWeb) -> None:
    def ask(site: str) -> httpx.Response:
        return by_proxy(web, web.feed_url(site))

    assert ask("old-pedals").status_code == 410
    assert feedparser.parse(ask("quiet-corner").content).version == "atom10"
    assert feedparser.parse(ask("quiet-corner").content).entries == []
    assert ask("moved-house").headers["Content-Type"].startswith("text/html")
    assert (ask("busy-counter").status_code, ask("busy-counter").headers["Retry-After"]) == (429, "900")
    assert ask("leaky-roof").status_code == 503
    assert "Disallow: /\n" in by_proxy(web, web.base("closed-door") + "/robots.txt").text
    assert "Disallow: /\n" not in by_proxy(web, web.base("harbour-gazette") + "/robots.txt").text


def test_hostile_words_stay_words_on_the_page(web: DemoWeb) -> None:
    feed = by_proxy(web, web.feed_url("dealbarn"))
    assert b"&#13;&#10;Bcc: everyone@victim.example" in feed.content
    assert "\u202e" in feed.text
    for one in web.newsstand.posts("dealbarn"):
        page = by_proxy(web, web.base(one.site) + one.path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert page.count("<script") == 1
        linked = html.fromstring(page).xpath("//script/text()")[0]
        assert json.loads(linked)["headline"] == one.post.title


def test_strangers_are_told_so(web: DemoWeb) -> None:
    assert by_proxy(web, f"http://elsewhere.example:{web.port}/").status_code == 404
    assert by_browser(web, "harbour-gazette", "/no-such-page").status_code == 404
    with httpx.Client(trust_env=False, verify=False) as client:
        directory = client.get(f"http://127.0.0.1:{web.port}/")
    assert directory.text.count(".localhost:") == len(web.newsstand.sites)


def test_pages_lead_to_pages(web: DemoWeb) -> None:
    front = html.fromstring(by_browser(web, "linkbasket", "/").text)
    links = front.xpath("//h2/a/@href")
    assert any(link.startswith("http://penny-ledger.localhost") for link in links)
    for link in links:
        url = link if link.startswith("http") else web.base("linkbasket") + link
        assert by_proxy(web, url).status_code == 200
    assert by_browser(web, "linkbasket", "/style.css").headers["Content-Type"].startswith("text/css")


def test_a_head_has_no_body(web: DemoWeb) -> None:
    with httpx.Client(proxy=web.proxy_url, verify=False) as client:
        answer = client.head(web.feed_url("tidewatch"))
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.content == b""


def test_stopping_frees_the_port(clock: FakeClock) -> None:
    first = DemoWeb(clock, born_at=NOW)
    first.start()
    port = first.port
    first.stop()
    first.stop()
    with DemoWeb(clock, born_at=NOW, port=port) as second:
        assert by_browser(second, "tidewatch", "/").status_code == 200


def test_while_it_plays_posts_appear_and_are_told_of(web: DemoWeb, clock: FakeClock) -> None:
    told: list[str] = []

    def on_post(one: Published) -> None:
        told.append(one.post.key)
        if len(told) == 1:
            raise BrokenPipeError

    web.on_post = on_post
    web.play()
    end = time.monotonic() + 15
    while len(told) < 2 and time.monotonic() < end:
        time.sleep(0.05)
        clock.advance(seconds=2)
    assert len(set(told)) >= 2
    assert told[0] in {one.post.key for one in web.newsstand.posts()}
