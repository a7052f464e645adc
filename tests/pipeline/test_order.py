"""What came first by chance decides nothing: the same captures give the same record in whatever order they came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from earshot.config.settings import AlertSettings, Settings
from earshot.extract import BoundedExtractor
from earshot.ports import DocumentKey
from tests.builders import FakeClock, make_source
from tests.pipeline.world import World, item, rss

LONG = (
    "The Halden pump broke again last night and nobody at the shop could tell me why. I have carried it through "
    "three winters, I know every screw of it, and I am tired of sending it back. They promised a new valve, then "
    "a new hose, then silence. My neighbour has the same one and the same trouble, so it can hardly be me alone."
)
NAMES = ("alder", "birch", "cedar")
MakeWorld = Callable[..., World]


@pytest.mark.races
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_whoever_answers_first_the_same_people_are_told_of_the_same_incident(
    order: tuple[int, ...], tmp_path: Path, clock: FakeClock, extractor: BoundedExtractor
) -> None:
    keys = []
    for turn, names in enumerate([NAMES, [NAMES[n] for n in order]]):
        root = tmp_path / str(turn)
        root.mkdir()
        world = _syndicated(root, clock, extractor, names)
        world.round()
        with world.record.read() as reader:
            keys.append([notice.key for notice in reader.all_notices()])
        world.record.close()
    assert len(keys[0]) == 1
    assert keys[0] == keys[1]


def _syndicated(root: Path, clock: FakeClock, extractor: BoundedExtractor, names: object) -> World:
    """A world whose three sites tell one story, and whose collector brings them in this order."""
    sources = [make_source(id=name, url=f"http://{name}.example/feed") for name in NAMES]
    settings = Settings(alerts=AlertSettings(max_age=None))
    world = World(root, clock, extractor, sources=sources, settings=settings)
    for number, name in enumerate(NAMES):
        text = LONG.replace("three winters", f"{number + 3} winters")
        world.web.says(f"http://{name}.example/feed", rss(item(f"http://{name}.example/one", "Pump", text)))
    collect = world.web.collect

    def in_order(batch_file: Path) -> object:
        from dataclasses import replace

        from earshot.batches import load_batch, save_batch

        batch = load_batch(batch_file)
        place = [f"source:{name}" for name in names]  # type: ignore[attr-defined]
        save_batch(replace(batch, items=tuple(sorted(batch.items, key=lambda one: place.index(one.id)))), batch_file)
        return collect(batch_file)

    world.web.collect = in_order  # type: ignore[method-assign,assignment]
    return world


def test_what_a_second_source_calls_a_document_leads_to_it_too(make_world: MakeWorld) -> None:
    planet = make_source(id="planet", url="http://planet.example/feed")
    world = make_world(sources=[make_source(), planet])
    guid = "urn:planet:0000000000000001"
    world.web.says("http://blog.example/feed", rss(item("http://blog.example/one", "Pump", LONG)))
    world.web.says(planet.url, rss(item("http://blog.example/one", "Pump", LONG, guid=guid)))
    world.round()
    with world.record.write() as writer:
        by_guid = writer.find_document([DocumentKey("guid", f"planet.example {guid}")])
        by_url = writer.find_document([DocumentKey("url", "http://blog.example/one")])
        assert by_guid is not None
        assert by_url is not None
        assert by_guid.id == by_url.id
        document = writer.document(by_url.id)
    assert document is not None
    assert document.source_id == "blog"
