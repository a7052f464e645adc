"""What is erased is gone from every file, at once or by the next maintenance, and the command says which."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.index.generations import Generations
from earshot.jobs.upkeep import run_maintain
from earshot.model import SearchRequest
from earshot.pipeline.erase import ErasureReport, erase
from earshot.pipeline.publish import LEASE_NAME, Published, publish, reindex
from earshot.pipeline.wiping import Wiped, wipe
from earshot.record import engine
from earshot.wiring import Parts
from tests.builders import FakeClock, make_source
from tests.pipeline.world import OWNER, World, item, page, rss, teaser

MakeWorld = Callable[..., World]
FEED, ONE = "http://blog.example/feed", "http://blog.example/xylquorb"
WORDS = ("xylquorb", "brindelflax", "quexhollow", "zanthrop")
"""In address, title, text and author of what is erased, and nowhere else."""


def wrote(number: int = 1) -> str:
    text = f"Halden quexhollow version {number}: " + "the pump was talked about for three winters. " * 8
    return item(ONE, "Halden brindelflax", text).replace("<pubDate>", "<author>Zanthrop Zebediah</author><pubDate>")


def others(count: int = 30) -> Iterable[str]:
    return (item(f"http://blog.example/{n}", f"Halden {n}", f"Halden said {n} things on a day.") for n in range(count))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Something in two revisions, among others that were written with it, before it and after it; and indexed twice."""
    made = make_world()
    for number in (1, 2):
        made.web.says(FEED, rss(*others(), wrote(number)).replace(b"said 3 things", b"said %d things" % (30 + number)))
        made.round()
        made.clock.advance(hours=2)
    reindex(made.record, made.index, made.clock, OWNER)
    made.web.says(FEED, rss(*others(34), wrote(3)))
    made.round()
    return made


def published(world: World) -> Published:
    return publish(world.record, world.index, world.clock, OWNER)


def wiped(world: World, seconds: float | None = None) -> Wiped:
    return wipe(world.record, world.index, world.clock, OWNER, seconds)


def erased(world: World, seconds: float | None = None) -> ErasureReport:
    return erase(
        world.record, world.lake, lambda: published(world), lambda: wiped(world, seconds), world.clock, url=ONE
    )


def holding(root: Path, words: Iterable[str] = WORDS) -> set[str]:
    """The files below a folder in which one of the words stands, as `grep -a -i` finds it, unpacked where packed."""
    wanted = [word.encode() for word in words]
    files = (file for file in root.rglob("*") if file.is_file())
    return {file.relative_to(root).as_posix() for file in files if any(w in unpacked(file) for w in wanted)}


def unpacked(file: Path) -> bytes:
    """What a file says, in small letters; of a packed one as much as can be unpacked, wherever it is broken."""
    raw = file.read_bytes()
    if file.suffix != ".gz":
        return raw.lower()
    said = b""
    for found in re.finditer(rb"\x1f\x8b\x08", raw):
        machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        for start in range(found.start(), len(raw), 64):
            try:
                said += machine.decompress(raw[start : start + 64])
            except zlib.error:
                break
            if machine.eof:
                break
    return said.lower()


def indexed(root: Path) -> set[str]:
    """The words that a generation's files know: their number of documents counts deleted ones, and is not packed."""
    generations = Generations(root / "var" / "index", FakeClock(), 1.0)
    found: set[str] = set()
    for folder in (root / "var" / "index").glob("gen-*"):
        searcher = generations.open(folder).searcher()
        for field in ("title_words", "text_words", "title_cased", "text_cased", "author_words", "author", "site"):
            found |= {word for word in WORDS if searcher.doc_freq(field, word)}
    return found


def test_before_an_erasure_its_text_lies_in_many_files(world: World) -> None:
    """Otherwise the other tests could not fail."""
    root = world.workspace.root
    assert {name.partition("/")[2].partition("/")[0].partition(".")[0] for name in holding(root)} >= {"record", "lake"}
    assert len(indexed(root)) >= 3


def test_after_an_erasure_no_file_holds_anything_of_it(world: World) -> None:
    root = world.workspace.root
    report = erased(world)
    assert (report.documents, report.mentions, report.is_clean) == (1, 1, True)
    assert holding(root) == set()
    assert indexed(root) == set()
    assert len({hit.mention.url for hit in world.index.search(SearchRequest(size=100)).hits}) == 34
    assert "no file" in report.in_words("Monday 03:30")[-1].lower()


def test_what_lies_in_a_broken_file_of_the_lake_is_gone_too_and_the_rest_of_it_stays(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(id=name, url=f"http://{name}.example/feed") for name in "abc"])
    for name in "abc":
        secret = wrote() if name == "c" else ""
        world.web.says(
            f"http://{name}.example/feed", rss(item(f"http://{name}.example/1", "Halden", "Halden."), secret)
        )
    world.round()
    (file,) = world.lake.iter_files()
    with world.record.read() as reader:
        first, second, third = sorted(reader.captures_in(file), key=lambda ref: ref.offset)
    path = Path(world.workspace.lake_url) / file
    raw = bytearray(path.read_bytes())
    raw[first.offset + first.length // 2] ^= 0xFF  # whoever reads it from the beginning gets no further
    path.write_bytes(raw)
    assert erased(world).is_clean
    assert holding(world.workspace.root) == set()
    with world.record.read() as reader:
        (kept,) = [ref for name in world.lake.iter_files() for ref in reader.captures_in(name)]
    assert world.lake.read(kept)[0].source_id in "abc"
    assert kept.digest in (second.digest, third.digest)


def test_a_page_and_its_teaser_are_gone_too(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(teaser(ONE, "Halden brindelflax", "Halden quexhollow in short.")))
    world.web.says(ONE, page("Halden brindelflax", "Halden quexhollow at length. " * 40))
    world.round()
    world.round()
    assert holding(world.workspace.root)
    assert erased(world).is_clean
    assert holding(world.workspace.root) == set()


def test_what_another_process_keeps_from_being_cleaned_is_said_and_cleaned_by_the_maintenance(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earshot.pipeline.erase._PATIENCE_S", 1.0)
    with world.record.write() as writer:
        writer.lease([LEASE_NAME], "somebody", world.clock.now(), world.clock.now() + timedelta(hours=1))
    report = erased(world)
    assert (report.captures_left, report.unwiped) == (0, 1)
    said = report.in_words("Tuesday 03:30")
    assert said == [
        "Erased 1 document and 1 mention.",
        "Still to be cleaned: the text of 1 mention in files of the index (another process is publishing).",
        "The maintenance cleans it by Tuesday 03:30. `earshot maintain` cleans it now.",
    ]
    assert indexed(world.workspace.root)
    with world.record.write() as writer:
        writer.free([LEASE_NAME], "somebody")
    published(world)
    assert (wiped(world).wiped, wiped(world).unwiped) == (1, 0)
    assert indexed(world.workspace.root) == set()


def test_an_erasure_that_takes_too_long_is_ended_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earshot.index.wiping.STEP", 5)
    assert (report := erased(world, seconds=0.0)).unwiped == 1
    assert "takes longer" in report.why
    assert world.index.mentions() == 34
    assert wiped(world).unwiped == 0
    assert indexed(world.workspace.root) == set()
    assert world.index.mentions() == 34


def test_a_reader_that_keeps_the_log_is_said_and_the_maintenance_empties_it(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 0.2)
    world = make_world()
    world.web.says(FEED, rss(*others(3), wrote()))
    world.round()
    with closing(sqlite3.connect(world.workspace.var / "record.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM document").fetchone()
        report = erased(world)
        assert report.is_log_left
        assert "another process is reading" in " ".join(report.in_words("Monday 03:30"))
    parts = Parts(world.workspace, {}, world.clock)
    try:
        run_maintain(parts, "index")
    finally:
        parts.close()
    assert holding(world.workspace.root) == set()


def test_no_row_of_the_record_holds_anything_of_it(world: World) -> None:
    erased(world)
    with closing(sqlite3.connect(world.workspace.var / "record.db")) as record:
        dump = "\n".join(record.iterdump()).lower()
    assert [word for word in WORDS if word in dump] == []
