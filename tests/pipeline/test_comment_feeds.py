"""The comments of an article that names a brand are fetched from their own feed, politely and for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from earshot.model import Document, Outcome, SearchRequest
from tests.pipeline.world import World, rss

FEED, URL, COMMENTS = "http://blog.example/feed", "http://blog.example/one", "http://blog.example/one/feed/"
TODAY = "Fri, 20 Nov 2026 10:00:00 GMT"
MakeWorld = Callable[..., World]
LONG = "The Halden kettle was tried for a week in our kitchen, and it boils water faster than any other we know. " * 12


def article(comments: str = COMMENTS, *, text: str = LONG, date: str = TODAY, more: str = "") -> str:
    named = f"<wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>{comments}</wfw:commentRss>"
    whole = f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>{text}</p>]]>"
    return (
        f"<item><title>Kettles tried</title><link>{URL}</link><pubDate>{date}</pubDate>{whole}</content:encoded>"
        f"{named}{more}</item>"
    )


def comment(number: int, text: str, link: str = "") -> str:
    link = link or f"{URL}#comment-{number}"
    said = f"<pubDate>{TODAY}</pubDate><description>{text}</description>"
    return f"<item><title>By: Bo</title><link>{link}</link>{said}</item>"


def heard(world: World) -> list[tuple[str, str]]:
    """Return text and parent of the mentions that are comments."""
    mentions = [hit.mention for hit in world.index.search(SearchRequest()).hits]
    return sorted((mention.text, mention.parent) for mention in mentions if mention.parent)


def listen(make_world: MakeWorld, *items: str) -> World:
    world = make_world()
    world.web.says(FEED, rss(*items))
    world.web.says(
        COMMENTS,
        rss(
            comment(1, "My Halden broke, see <a href='http://bo.example/kettle'>here</a>."),
            comment(2, "Nothing of note."),
            comment(3, "Halden never answered me.", link=f"{URL}/reply/3"),
        ),
    )
    world.round()
    return world


def test_comments_of_an_article_that_names_a_brand_become_documents_that_answer_it(make_world: MakeWorld) -> None:
    world = listen(make_world, article())
    assert heard(world) == [("Halden never answered me.", URL), ("My Halden broke, see here.", URL)]
    with world.record.read() as reader:
        assert reader.counts().documents == 4
        said = next(hit.mention for hit in world.index.search(SearchRequest()).hits if "here" in hit.mention.text)
        document: Document | None = reader.document(said.document_id)
    assert document is not None
    assert document.links == ("http://bo.example/kettle",)


@pytest.mark.parametrize(
    "item",
    [
        article(text=LONG.replace("Halden", "Brede")),
        article("http://other.example/one/feed/"),
        article(date="Mon, 02 Nov 2026 10:00:00 GMT"),
    ],
)
def test_comments_of_other_articles_of_other_hosts_and_of_old_ones_are_not_fetched(
    make_world: MakeWorld, item: str
) -> None:
    world = listen(make_world, item)
    assert {url for url in world.web.asked if url != FEED} == set()


def test_an_article_without_a_comment_yet_is_looked_at_an_hour_later(make_world: MakeWorld) -> None:
    none = "<slash:comments xmlns:slash='http://purl.org/rss/1.0/modules/slash/'>0</slash:comments>"
    world = listen(make_world, article(more=none))
    assert COMMENTS not in world.web.asked
    world.round()  # an hour later
    assert len(heard(world)) == 2


def test_comments_are_looked_at_five_times_and_those_that_come_later_are_found(make_world: MakeWorld) -> None:
    world = listen(make_world, article())
    world.web.says(COMMENTS, rss(comment(4, "Mine broke too, dear Halden.")))
    for _ in range(8):
        world.clock.advance(hours=73)
        world.round()
    assert "Mine broke too, dear Halden." in [text for text, _ in heard(world)]
    assert 3 <= world.web.asked.count(COMMENTS) <= 5  # fewer where the article grows old before


@pytest.mark.fault(
    case="A feed of comments that fails for good",
    promise="It is given up after three tries; its article stays as it is",
)
def test_a_feed_of_comments_that_fails_costs_only_itself(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(article()))
    world.web.says(COMMENTS, Outcome.FAILED)
    for _ in range(6):
        world.round()
        world.clock.advance(hours=2)
    assert world.web.asked.count(COMMENTS) == 3
    assert len(world.index.search(SearchRequest()).hits) == 1
