"""Pages that come in the place of an article: the teaser stays, is judged at once, and the page is asked for again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from earshot import identity
from earshot.alerts.routing import judge_document
from earshot.model import Document, Outcome, Role, SearchRequest, TextIs
from earshot.pipeline.due import next_try_of_article
from tests.builders import NOW, make_source
from tests.pipeline.test_same_article import ARTICLE, TEASER, TITLE, WALLS
from tests.pipeline.world import World, page, rss, teaser

FEED = "http://blog.example/feed"
URL = "http://blog.example/kettles"
MakeWorld = Callable[..., World]


def stored(world: World, url: str = URL) -> Document | None:
    with world.record.read() as reader:
        return reader.document(identity.document_id(url))


def teased(make_world: MakeWorld, title: str = TITLE, text: str = TEASER) -> World:
    world = make_world()
    world.web.says(FEED, rss(teaser(URL, title, text)))
    return world


@pytest.mark.parametrize("name", ["consent", "German", "Japanese"])
def test_a_wall_leaves_the_teaser_and_its_mention(make_world: MakeWorld, name: str) -> None:
    world = teased(make_world)
    world.web.says(URL, page(*WALLS[name]))
    report = world.round()
    assert report.ingested.new_documents == 1
    mention = world.index.search(SearchRequest()).hits[0].mention
    assert (mention.title, mention.text, mention.text_is) == (TITLE, TEASER, TextIs.TEASER)
    with world.record.read() as reader:
        assert sum(count for _, count in reader.pages_read("blog", NOW - timedelta(days=30)).not_articles) == 1


def test_the_teaser_of_a_wall_is_judged_at_once(make_world: MakeWorld) -> None:
    world = teased(make_world, text=f"{TEASER} It broke.")
    world.web.says(URL, page(*WALLS["sign-in"]))
    world.round()
    with world.record.write() as writer:
        late = writer.documents_to_judge(world.clock.now())
        assert late == [identity.document_id(URL)]
        settings = world.workspace.settings.alerts
        assert judge_document(writer, late[0], world.clock.now(), settings, world.book).incidents == 1


def test_the_article_that_comes_later_takes_its_place(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, page(*WALLS["bot check"]))
    world.round()
    world.web.says(URL, page(TITLE, ARTICLE))
    world.clock.advance(hours=1)
    world.round()
    document = stored(world)
    assert document is not None
    assert (document.text, document.text_is) == (ARTICLE, TextIs.FULL)
    with world.record.read() as reader:
        assert reader.pages_read("blog", NOW - timedelta(days=30)).not_articles == ()


def test_a_page_that_never_is_the_article_is_asked_for_five_times(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, page(*WALLS["consent"]))
    for _ in range(8):
        world.round()
        world.clock.advance(hours=80)
    assert world.web.asked.count(URL) == 5


def test_the_gaps_between_two_tries_grow() -> None:
    due = [next_try_of_article(NOW, attempts) for attempts in (1, 3, 5, 7, 9)]
    assert [at - NOW if at else None for at in due] == [*(timedelta(hours=n) for n in (1, 6, 24, 72)), None]


def test_a_page_without_any_text_is_not_the_article_either(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, b"<html><head><title>Kettles</title></head><body></body></html>")
    world.round()
    with world.record.read() as reader:
        ((_, count),) = reader.pages_read("blog", NOW - timedelta(days=30)).not_articles
    assert count == 1


def test_a_redirect_to_the_front_page_leaves_the_teaser(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says("http://blog.example/", page("A blog", f"{TITLE}. {TEASER} {ARTICLE}"))
    world.web.says(URL, "http://blog.example/")
    world.round()
    document = stored(world)
    assert document is not None
    assert document.text == TEASER
    assert stored(world, "http://blog.example/") is None


def test_an_article_that_moved_to_another_host_replaces_its_teaser_there(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, "http://new.example/kettles")
    world.web.says("http://new.example/kettles", page(TITLE, ARTICLE))
    world.round()
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 1
    document = stored(world)
    assert document is not None
    assert document.text == ARTICLE


def test_a_wall_on_another_host_leaves_the_teaser_and_is_no_document(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, "http://consent.example/ask?back=kettles")
    world.web.says("http://consent.example/ask?back=kettles", page(*WALLS["consent"]))
    world.round()
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 1
        assert reader.pages_read("blog", NOW - timedelta(days=30)).read == 1
    document = stored(world)
    assert document is not None
    assert document.text == TEASER


def test_a_brand_that_only_the_teaser_names_is_kept_with_the_article(make_world: MakeWorld) -> None:
    world = teased(make_world, text="Owners of the kettle are angry, and Halden does not answer.")
    rest = ARTICLE.replace("Halden ", "")
    world.web.says(URL, page(TITLE, rest))
    world.round()
    mention = world.index.search(SearchRequest()).hits[0].mention
    assert mention.text_is is TextIs.FULL
    assert mention.text == f"Owners of the kettle are angry, and Halden does not answer.\n{rest}"


def test_a_wall_of_a_sitemap_is_no_document_and_is_asked_for_again(make_world: MakeWorld) -> None:
    url = "http://news.example/map.xml"
    world = make_world(sources=[make_source(id="news", kind="sitemap", url=url)])
    news = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    date = "<news:publication_date>2026-11-20T08:00:00Z</news:publication_date>"
    told = f"<news:news>{date}<news:title>{TITLE}</news:title>"
    world.web.says(
        url,
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {news}><url><loc>http://news.example/kettles</loc>'
        f"{told}</news:news></url></urlset>".encode(),
    )
    world.web.says("http://news.example/kettles", page(*WALLS["soft 404"]))
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 0
        assert reader.pages_read("news", NOW - timedelta(days=30)).not_articles == (("another text", 1),)
        waiting = reader.page(identity.digest("page", Role.PAGE, "http://news.example/kettles"))
    assert waiting is not None
    assert waiting.not_before == NOW + timedelta(hours=1)


def test_a_wall_does_not_take_the_place_of_a_feeds_whole_text(make_world: MakeWorld) -> None:
    url = "http://blog.example/map.xml"
    world = make_world(sources=[make_source(), make_source(id="map", kind="sitemap", url=url)])
    whole = f"<item><title>{TITLE}</title><link>{URL}</link><description>{ARTICLE * 4}</description></item>"
    world.web.says(FEED, rss(whole))
    world.web.says(url, f"<urlset><url><loc>{URL}</loc></url></urlset>".encode())
    title, text = WALLS["consent"]
    world.web.says(URL, page(title, text * 20))
    world.round()
    document = stored(world)
    assert document is not None
    assert document.text.startswith(ARTICLE)
    assert Outcome.NOT_THE_ARTICLE.is_heard is False


def test_a_page_that_fails_after_it_was_another_is_tried_like_one_that_fails_the_first_time(
    make_world: MakeWorld,
) -> None:
    world = teased(make_world)
    world.web.says(URL, page(*WALLS["consent"]))
    for _ in range(3):  # three readings of what is not the article
        world.round()
        world.clock.advance(hours=30)
    world.web.says(URL, Outcome.FAILED)
    for _ in range(2):
        world.round()
        world.clock.advance(minutes=20)
    world.web.says(URL, page(TITLE, ARTICLE))
    world.round()
    document = stored(world)
    assert document is not None
    assert document.text == ARTICLE


@pytest.mark.fault(
    case="A page that answers 503 for good", promise="It is given up after three tries; its teaser stays"
)
def test_a_page_that_only_fails_is_given_up_after_three_tries(make_world: MakeWorld) -> None:
    world = teased(make_world)
    world.web.says(URL, Outcome.FAILED)
    for _ in range(6):
        world.round()
        world.clock.advance(hours=2)
    assert world.web.asked.count(URL) == 3
    document = stored(world)
    assert document is not None
    assert document.text == TEASER


def test_the_date_of_a_sitemap_is_kept_as_it_was_stated(make_world: MakeWorld) -> None:
    sitemap = "http://news.example/map.xml"
    world = make_world(sources=[make_source(id="news", kind="sitemap", url=sitemap)])
    url = "http://news.example/kettles"
    dated = f"<url><loc>{url}</loc><lastmod>2026-11-19T23:30:00-05:00</lastmod></url>"
    world.web.says(sitemap, f"<urlset>{dated}</urlset>".encode())
    world.web.says(url, page(TITLE, ARTICLE))
    world.round()
    document = stored(world, url)
    assert document is not None
    assert document.published_as == "2026-11-19T23:30:00-05:00"
