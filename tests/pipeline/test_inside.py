"""What is said inside: authors are pseudonymous from the first row, and what was fetched is not kept."""

from __future__ import annotations

from collections.abc import Callable

from earshot.model import SearchRequest
from earshot.pseudonyms import Pseudonyms
from tests.builders import make_source
from tests.pipeline.world import World, item, rss

FEED = "http://blog.example/feed"
NAMED = item("http://blog.example/one", "Halden", "Halden makes tents.").replace(
    "</item>", "<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>Ada Lovelace</dc:creator></item>"
)


def test_an_author_inside_stands_under_a_pseudonym_everywhere(make_world: Callable[..., World]) -> None:
    world = make_world(sources=[make_source(scope="internal")])
    world.web.says(FEED, rss(NAMED))
    world.round()
    mention = world.index.search(SearchRequest()).hits[0].mention
    assert mention.author == Pseudonyms("key").of("Ada Lovelace")
    stored = b"".join(file.read_bytes() for file in (world.workspace.root / "var").rglob("*") if file.is_file())
    assert b"Lovelace" not in stored
    assert list(world.lake.iter_files()) == []


def test_an_author_outside_keeps_the_name(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.web.says(FEED, rss(NAMED))
    world.round()
    assert world.index.search(SearchRequest()).hits[0].mention.author == "Ada Lovelace"
    assert len(list(world.lake.iter_files())) == 1


def test_the_same_person_has_one_pseudonym_and_another_key_another() -> None:
    assert Pseudonyms("key").of("Ada  Lovelace") == Pseudonyms("key").of("ada lovelace")
    assert Pseudonyms("key").of("Ada") != Pseudonyms("other").of("Ada")
    assert Pseudonyms("key").of("  ") == ""
