"""What a page links to reaches the index, and is known to brands and rules."""

from __future__ import annotations

from collections.abc import Callable

from earshot.model import SearchRequest
from earshot.query.language import Purpose, parse
from tests.builders import make_brand, make_rule
from tests.pipeline.world import World, item, rss

FEED = "http://blog.example/feed"


def found(world: World, query: str) -> list[str]:
    parse(query, Purpose.SEARCH)
    return [hit.mention.url for hit in world.index.search(SearchRequest(query)).hits]


def test_a_link_is_searched_heard_and_judged_and_a_corrected_text_brings_its_own(
    make_world: Callable[..., World],
) -> None:
    rule = make_rule(id="linked", query="link:bakery.example")
    world = make_world(brands=(make_brand(query="link:bakery.example OR link:mill.example", rules=(rule,)),))
    told = "We bought bread {} and it was good. We would go there again with all of our friends."
    world.web.says(
        FEED, rss(item("http://blog.example/one", "Bread", told.format(_link("https://www.bakery.example/a"))))
    )
    world.round()
    (mention,) = (hit.mention for hit in world.index.search(SearchRequest()).hits)
    assert [flag.rule_id for flag in mention.flags] == ["linked"]
    assert mention.links == ("https://www.bakery.example/a",)
    assert found(world, "link:bakery.example flag:linked") == [mention.url]
    world.web.says(
        FEED,
        rss(item("http://blog.example/one", "Bread", f"Corrected: {told.format(_link('https://mill.example/b'))}")),
    )
    world.round()
    assert found(world, "link:bakery.example") == []
    assert found(world, "link:https://mill.example/b") == [mention.url]


def _link(url: str) -> str:
    return f'<a href="{url}">here</a>'
