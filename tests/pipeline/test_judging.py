"""No expression from a file runs while the record is locked for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import local

import pytest

from earshot.model import Entry, Recognised, Verdict
from earshot.ports import RecordWriter
from tests.builders import make_source
from tests.pipeline.world import WordJudge, World, page, rss, teaser

FEED = "http://blog.example/feed"
MAP = "http://blog.example/sitemap.xml"
URL = "http://blog.example/pump"
MakeWorld = Callable[..., World]
LONG = "The Halden pump broke again last night, and the street stood under water until the morning came. " * 3


class Watchful(WordJudge):
    """Notes whether its thread has the record open for writing whenever it is asked."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._here = local()
        self._write = world.record.write
        world.record.write = self.write  # type: ignore[method-assign]
        self.asked: list[bool] = []

    @contextmanager
    def write(self, *, beside: bool = False) -> Iterator[RecordWriter]:
        with self._write(beside=beside) as writer:
            self._here.is_writing = True
            try:
                yield writer
            finally:
                self._here.is_writing = False

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        self.asked.append(getattr(self._here, "is_writing", False))
        return super().classify(entry, language, heard)


@pytest.mark.fault(
    case="Rules and brands that are slow to judge by",
    promise="Nothing is judged while the record is locked: other processes go on writing",
)
def test_what_the_record_knows_better_is_judged_outside_the_transaction(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(), make_source(id="map", kind="sitemap", url=MAP)])
    world.judge = watch = Watchful(world)
    world.use(world.workspace)
    world.web.says(FEED, rss())
    world.web.says(MAP, f"<urlset><url><loc>{URL}</loc></url></urlset>".encode())
    world.web.says(URL, page("Halden pump", LONG))
    world.round()
    before = len(watch.asked)
    world.web.says(FEED, rss(teaser(URL, "Halden pump", "The Halden pump broke again ...")))
    assert world.round().ingested.mentions == 1, "the date of the feed changes what is stored"
    assert len(watch.asked) >= before + 2, "once as read, once as the record knows it"
    assert not any(watch.asked)


@pytest.mark.fault(
    case="A url_pattern with nested repeats, and a sitemap of addresses made for it",
    promise="Ingest takes no longer, and the record is not locked meanwhile",
)
def test_a_sitemap_is_filtered_by_an_expression_with_nested_repeats_at_once(make_world: MakeWorld) -> None:
    source = make_source(id="map", kind="sitemap", url=MAP, url_pattern="/(p+)+$")
    world = make_world(sources=[replace(source, pages_per_round=1)])
    long = "p" * 1_500
    locs = [f"http://blog.example/{long}{n}!" for n in range(100)] + [f"http://blog.example/{long}"]
    world.web.says(MAP, f"<urlset>{''.join(f'<url><loc>{loc}</loc></url>' for loc in locs)}</urlset>".encode())
    assert world.round().ingested.pages == 1
