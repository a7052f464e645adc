"""Reading captures again: what the readers have learned since comes in, and nothing else moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from earshot import identity
from earshot.config.settings import AlertSettings, Settings
from earshot.errors import DocumentError, SourceError
from earshot.model import Capture, Document, Entry, Hint, Reading
from earshot.pipeline.replay import Replayed, of_time, quarantined, replay
from earshot.ports import MAX_CHANGES, Extractor
from tests.builders import NOW, make_capture, make_source
from tests.pipeline.world import World, item, page, rss, teaser

FEED, ONE = "http://blog.example/feed", "http://blog.example/one"
OLD = "Mon, 02 Nov 2026 10:00:00 GMT"
DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)
LONG = (
    "The Halden pump broke again last night and nobody at the shop could tell me why. I have carried it through "
    "three winters, I know every screw of it, and I am tired of sending it back. They promised a new valve, then "
    "a new hose, then silence. My neighbour has the same one and the same trouble, so it can hardly be me alone."
)

MakeWorld = Callable[..., World]
Answer = Reading | SourceError | DocumentError


class LearningReader:
    """The Extractor port over the real one: what it makes of each entry is what a test says, until it has learned."""

    def __init__(self, real: Extractor) -> None:
        self._real = real
        self.takes: Callable[[Entry], Entry | None] = lambda entry: entry

    def read(self, capture: Capture, body: bytes) -> Reading:
        return self._taken(self._real.read(capture, body))

    def read_many(
        self, captures: Iterable[tuple[Capture, bytes]], hint_of: Callable[[Capture], Hint]
    ) -> Iterator[Answer]:
        for answer in self._real.read_many(captures, hint_of):
            yield self._taken(answer) if isinstance(answer, Reading) else answer

    def _taken(self, reading: Reading) -> Reading:
        entries = (self.takes(entry) for entry in reading.entries)
        return replace(reading, entries=tuple(entry for entry in entries if entry is not None))

    def close(self) -> None:
        self._real.close()


@pytest.fixture
def busy(make_world: MakeWorld) -> World:
    """A world of two feeds and a sitemap, listened to for two days: teasers, pages, two tellings, a change of text."""
    planet = make_source(id="planet", url="http://planet.example/feed", collection="planets")
    news = make_source(id="news", kind="sitemap", url="http://news.example/sitemap.xml")
    world = make_world(sources=[make_source(), planet, news])
    world.web.says("http://news.example/sitemap.xml", sitemap("http://news.example/child.xml", "2026-11-20"))
    world.web.says("http://news.example/child.xml", urls("http://news.example/a", "http://news.example/b"))
    world.web.says("http://news.example/a", page("Halden tents", f"About tents. {LONG.replace('pump', 'tent')}"))
    world.web.says("http://blog.example/two", page("Halden two", LONG.replace("three", "seven")))
    for number, text in enumerate([LONG, LONG, f"{LONG} It got worse since.", f"{LONG} It got better."]):
        told = teaser("http://blog.example/two", "Halden two", "My Halden pump and I, a story ...")
        world.web.says(FEED, rss(item(ONE, "Pump", text), told, filler(number)))
        other = item(f"{ONE}?utm_source=planet", "Pump", f"{text[:300]}", guid="urn:planet:0000000000000001")
        world.web.says(planet.url, rss(other, filler(number + 10)))
        world.round()
        world.clock.advance(hours=11)
    return world


def filler(number: int) -> str:
    return item(f"http://blog.example/filler{number}", f"Nothing {number}", f"Nothing of note on day {number}.")


def sitemap(child: str, changed: str) -> bytes:
    entry = f"<sitemap><loc>{child}</loc><lastmod>{changed}</lastmod></sitemap>"
    return f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entry}</sitemapindex>".encode()


def urls(*pages: str) -> bytes:
    entries = "".join(f"<url><loc>{each}</loc></url>" for each in pages)
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</urlset>".encode()


def replay_of(world: World, since: datetime, until: datetime, sources: Iterable[str] = ()) -> Replayed:
    names = list(sources) or [source.id for source in world.workspace.sources]
    waiting = of_time(world.record, since, until, names)
    return replay(world.record, world.lake, world.ingest, world.clock, waiting, share=1.0)


def all_rows(world: World) -> dict[str, list[Any]]:
    """Return everything the record holds, row by row."""
    with closing(sqlite3.connect(world.workspace.var / "record.db")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}


def document(world: World, url: str = ONE) -> Document | None:
    with world.record.read() as reader:
        return reader.document(identity.document_id(url))


# --- nothing moves


def test_replaying_days_again_and_again_leaves_the_record_as_it_is_row_by_row(busy: World) -> None:
    before = all_rows(busy)
    assert len(before["capture"]) == 15
    for since, until in [(MIDNIGHT, MIDNIGHT + DAY), (MIDNIGHT, MIDNIGHT + 3 * DAY), (MIDNIGHT, MIDNIGHT + DAY)]:
        report = replay_of(busy, since, until)
        assert report.tried > 3
        assert (report.lost, report.ingested.new_documents, report.ingested.quarantined) == (0, 0, 0)
        assert all_rows(busy) == before


def test_only_captures_of_the_day_and_the_sources_are_read(busy: World) -> None:
    all_of_them = of_time(busy.record, MIDNIGHT, MIDNIGHT + 3 * DAY, ["blog", "planet", "news"])
    first = of_time(busy.record, MIDNIGHT, MIDNIGHT + DAY, ["blog", "planet", "news"])
    later = of_time(busy.record, MIDNIGHT + DAY, MIDNIGHT + 3 * DAY, ["blog", "planet", "news"])
    assert first
    assert later
    assert first + later == all_of_them
    one = of_time(busy.record, MIDNIGHT, MIDNIGHT + 3 * DAY, ["planet"])
    assert len(one) == 4
    assert set(one) < set(all_of_them)


def test_what_readers_have_learned_comes_in_and_no_source_moves(make_world: MakeWorld, extractor: Extractor) -> None:
    world, reader = learning(make_world, extractor)
    reader.takes = lambda entry: None if entry.url == ONE else entry
    world.web.says(FEED, rss(item(ONE, "Pump", LONG), item("http://blog.example/two", "Halden", "Halden two.")))
    world.round()
    assert document(world) is None
    reader.takes = lambda entry: entry
    fixed = ("source", "source_run", "heard_span", "frontier", "robots_copy", "lease", "lake_file", "capture")
    before = all_rows(world)
    world.clock.advance(hours=5)
    assert replay_of(world, MIDNIGHT, MIDNIGHT + DAY).ingested.new_documents == 1
    assert {name: all_rows(world)[name] for name in fixed} == {name: before[name] for name in fixed}
    found = document(world)
    assert found is not None
    assert (found.text, found.found_at) == (LONG, NOW)
    after = all_rows(world)
    for _ in range(2):
        replay_of(world, MIDNIGHT, MIDNIGHT + DAY)
    assert all_rows(world) == after


def learning(make_world: MakeWorld, extractor: Extractor, **changes: Any) -> tuple[World, LearningReader]:
    world = make_world(**changes)
    world.extractor = reader = LearningReader(extractor)
    world.use(world.workspace)
    return world, reader


def test_a_better_reading_of_the_capture_that_a_text_came_from_replaces_it(
    make_world: MakeWorld, extractor: Extractor
) -> None:
    world, reader = learning(make_world, extractor)
    reader.takes = lambda entry: replace(entry, text=f"Cookies! {entry.text}")
    for number in range(3):  # it is shown for three rounds, and never changes
        world.web.says(FEED, rss(item(ONE, "Pump", LONG), filler(number)))
        world.round()
    reader.takes = lambda entry: entry
    replay_of(world, NOW, NOW + timedelta(minutes=1))
    found = document(world)
    assert found is not None
    assert found.text == LONG


def test_an_older_capture_does_not_bring_an_older_text_back(busy: World) -> None:
    newest = document(busy)
    assert newest is not None
    assert newest.text.endswith("It got better.")
    replay_of(busy, MIDNIGHT, MIDNIGHT + DAY)
    assert document(busy) == newest


def test_two_entries_of_one_capture_that_lead_to_one_document_do_not_take_turns(make_world: MakeWorld) -> None:
    world, guids = make_world(), [f"urn:blog:000000000000000{n}" for n in (1, 2)]
    world.web.says(FEED, rss(item(ONE, "Pump", LONG, guid=guids[0])))
    world.round()
    moved = item("http://blog.example/moved", "Pump", f"{LONG} So much for that.", guid=guids[0])
    world.web.says(FEED, rss(item(ONE, "Pump", f"{LONG} To be continued.", guid=guids[1]), moved))
    world.round()
    before = all_rows(world)
    assert len(before["document"]) == 1
    replay_of(world, MIDNIGHT, MIDNIGHT + DAY)
    assert all_rows(world) == before


def test_a_file_that_is_read_late_does_not_bring_an_older_text_back(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item(ONE, "Pump", LONG)))
    left = world.lake.open_writer()
    left.add(make_capture(fetched_at=NOW - timedelta(hours=1)), rss(item(ONE, "Pump", "An older word of Halden.")))
    world.round()
    left.publish()
    world.round()
    found = document(world)
    assert found is not None
    assert found.text == LONG


def test_a_text_that_is_frozen_keeps_its_verdict_too(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item(ONE, "Pump", "My Halden pump broke.")))
    world.round()
    with closing(sqlite3.connect(world.workspace.var / "record.db")) as db:
        db.execute("UPDATE document SET revisions = ?", (MAX_CHANGES,))
        db.commit()
    world.web.says(FEED, rss(item(ONE, "Pump", "My Halden pump works after all.")))
    assert world.round().ingested.mentions == 0
    with world.record.read() as reader:
        (mention,) = reader.mentions_of(identity.document_id(ONE))
    assert (mention.text, str(mention.sentiment)) == ("My Halden pump broke.", "negative")


# --- who is told


@pytest.mark.parametrize(("max_age", "incidents"), [(timedelta(hours=48), 0), (None, 1)])
def test_what_is_old_when_it_comes_in_alerts_nobody(
    make_world: MakeWorld, extractor: Extractor, max_age: timedelta | None, incidents: int
) -> None:
    settings = Settings(alerts=AlertSettings(max_age=max_age))
    world, reader = learning(make_world, extractor, settings=settings)
    reader.takes = lambda entry: None
    world.web.says(FEED, rss(item(ONE, "Pump", LONG, date=OLD)))
    world.round()
    reader.takes = lambda entry: entry
    assert replay_of(world, MIDNIGHT, MIDNIGHT + DAY).ingested.incidents == incidents
    assert replay_of(world, MIDNIGHT, MIDNIGHT + DAY).ingested.incidents == 0


# --- frontier, quarantine, what is not there any more


def test_a_child_sitemap_that_was_read_is_not_opened_again_and_one_that_is_new_is_added(
    make_world: MakeWorld,
) -> None:
    url = "http://news.example/sitemap.xml"
    world = make_world(sources=[make_source(id="news", kind="sitemap", url=url)])
    undated = sitemap("http://news.example/child.xml", "").replace(b"<lastmod></lastmod>", b"")
    world.web.says(url, undated)  # without a date a child is opened again by every look
    world.web.says("http://news.example/child.xml", urls())
    world.round()
    before = all_rows(world)["frontier"]
    assert [row for row in before if "waiting" in row] == []
    replay_of(world, MIDNIGHT, MIDNIGHT + DAY)
    assert all_rows(world)["frontier"] == before


def test_a_quarantined_capture_of_the_day_leaves_the_quarantine_once_it_can_be_read(make_world: MakeWorld) -> None:
    world = make_world()
    world.judge.breaks_on = "poison"
    world.web.says(FEED, rss(item(ONE, "Halden", LONG), item("http://blog.example/two", "Halden", "Halden poison.")))
    world.round()
    replay_of(world, MIDNIGHT, MIDNIGHT + DAY)
    (waiting,) = quarantined(world.record)
    assert [one.quarantine_id for one in of_time(world.record, MIDNIGHT, MIDNIGHT + DAY, ["blog"])] == [
        waiting.quarantine_id
    ]
    world.judge.breaks_on = ""
    before = all_rows(world)
    assert replay_of(world, MIDNIGHT, MIDNIGHT + DAY).ingested.new_documents == 1
    assert quarantined(world.record) == []
    assert all_rows(world)["source"] == before["source"]


def test_only_what_is_quarantined_may_be_asked_for(busy: World) -> None:
    assert of_time(busy.record, MIDNIGHT, MIDNIGHT + 3 * DAY, ["blog"], is_quarantined=True) == []
    assert quarantined(busy.record, ["blog"]) == []


def test_captures_that_the_lake_has_lost_are_counted_and_the_others_are_read(busy: World) -> None:
    waiting = of_time(busy.record, MIDNIGHT, MIDNIGHT + 3 * DAY, ["blog", "planet", "news"])
    gone = waiting[0].ref.file
    (busy.workspace.var / "lake" / gone).unlink()
    lost = sum(one.ref.file == gone for one in waiting)
    report = replay_of(busy, MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert (report.total, report.tried, report.lost) == (len(waiting), len(waiting), lost)
    assert report.ingested.captures == len(waiting) - lost


def test_what_was_erased_stays_away_and_is_cut_out_of_the_lake(busy: World) -> None:
    with busy.record.write() as writer:
        writer.erase(url=ONE, now=busy.clock.now())
    replay_of(busy, MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert document(busy) is None
    bodies = b"".join(body for file in busy.lake.iter_files() for _, body in busy.lake.iter_captures(file))
    assert b"It got better" not in bodies


def test_it_tells_how_far_it_is_and_works_no_more_than_its_share(make_world: MakeWorld, extractor: Extractor) -> None:
    world, reader = learning(make_world, extractor)
    for number in range(3):
        world.web.says(FEED, rss(item(ONE, "Pump", LONG), filler(number)))
        world.round()

    def slowly(entry: Entry) -> Entry:
        world.clock.advance(seconds=1)
        return entry

    reader.takes = slowly
    waiting, seen = of_time(world.record, MIDNIGHT, MIDNIGHT + DAY, ["blog"]), []
    began = world.clock.monotonic()

    def on_capture(report: Replayed) -> None:
        seen.append((report.tried, report.total))

    replay(world.record, world.lake, world.ingest, world.clock, waiting, share=0.25, on_capture=on_capture)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert world.clock.monotonic() - began == 6 * 4  # two entries each
