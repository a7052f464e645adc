"""Integrity over real record, lake and index: what is broken on purpose is named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from earshot.lake import WarcLake
from earshot.model import Outcome, SearchRequest
from earshot.pipeline.maintain.integrity import Integrity, examine
from earshot.pipeline.maintain.kinds import INTEGRITY
from earshot.pipeline.publish import publish, reindex
from earshot.ports import IndexWrite, OutboxRow
from tests.builders import NOW, make_capture, make_mention
from tests.pipeline.world import OWNER, World, item, rss

MakeWorld = Callable[..., World]


def filled(make_world: MakeWorld, *names: str) -> World:
    world = make_world()
    for name in names or ("one", "two"):
        world.web.says("http://blog.example/feed", rss(item(f"http://blog.example/{name}", name, f"Halden {name}.")))
        world.round()
    return world


def examined(world: World) -> Integrity:
    return examine(world.record, world.lake, world.index, world.clock, OWNER)


def found(world: World) -> dict[str, tuple[int, str]]:
    return {str(each.kind): (each.count, each.example) for each in examined(world).findings}


def damage(world: World, statement: str) -> None:
    with world.record.write() as writer:
        writer.db.exec_driver_sql(statement)


def lake_path(world: World, name: str) -> Path:
    return world.workspace.var / "lake" / name


def test_nothing_is_found_where_nothing_is_wrong(make_world: MakeWorld) -> None:
    world = filled(make_world)
    done = examined(world)
    assert (done.findings, done.unjudged, done.raised.open) == ((), (), 0)


def test_a_finding_is_an_alarm_until_it_is_over(make_world: MakeWorld) -> None:
    world = filled(make_world)
    (file, _) = world.lake.iter_files()
    kept = lake_path(world, file).read_bytes()
    lake_path(world, file).unlink()
    (alarm,) = examined(world).raised.new
    assert alarm.what == f"1 files of the lake are missing, for example {file}."
    assert examined(world).raised.new == ()
    lake_path(world, file).write_bytes(kept)
    assert (examined(world).raised.ended, found(world)) == (1, {})


def test_a_damaged_record_is_named_and_nothing_else_is_judged(make_world: MakeWorld) -> None:
    world = filled(make_world)
    index = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_story_merged_into'"
    with world.record.read() as reader:
        root = reader.db.exec_driver_sql(index).scalar()
        size = reader.db.exec_driver_sql("PRAGMA page_size").scalar()
    assert isinstance(root, int)
    assert isinstance(size, int)
    world.record.close()  # and with it the write-ahead log is gone
    with (world.workspace.var / "record.db").open("r+b") as file:
        file.seek((root - 1) * size + 8)
        file.write(b"\xff" * 64)
    done = examined(world)
    (finding,) = done.findings
    assert finding.what.startswith("The record's file is damaged: ")
    assert len(done.unjudged) == len(INTEGRITY) - 1
    assert [each.kind for each in done.raised.new] == ["record damaged"]


def test_rows_that_do_not_fit_together_are_named_with_an_example(make_world: MakeWorld) -> None:
    world = filled(make_world)
    mention = world.index.search(SearchRequest()).hits[0].mention
    damage(world, f"DELETE FROM document WHERE id = '{mention.document_id}'")
    assert found(world)["mentions without document"] == (1, mention.id)


def test_an_outbox_row_of_nobodys_mention_is_named_and_publish_ends_it(make_world: MakeWorld) -> None:
    world = filled(make_world)
    damage(
        world, "INSERT INTO outbox (target, mention_id, revision, at) VALUES ('index', 'x', 1, '2026-11-20 12:00:00')"
    )
    assert found(world) == {"outbox of unknown mentions": (1, "x")}
    publish(world.record, world.index, world.clock, OWNER)
    assert found(world) == {}


def test_a_file_that_the_record_does_not_know_is_named_when_it_is_old(make_world: MakeWorld) -> None:
    world = filled(make_world)
    writer = WarcLake(world.workspace.lake_url, world.clock).open_writer()
    writer.add(make_capture(), b"x")
    file = writer.publish()
    assert found(world) == {}
    world.clock.advance(hours=2)
    assert found(world) == {"files unknown": (1, file)}
    for name in world.ingest.open_files():
        world.ingest.file(name)
    assert found(world) == {}


def test_a_file_that_waits_to_be_read_and_is_gone_is_named_and_stops_no_other(make_world: MakeWorld) -> None:
    world = filled(make_world)
    with world.record.write() as writer:
        writer.add_file("20261120T120000.000000Z-lost.warc.gz", NOW)
    assert found(world) == {"captures without file": (1, "20261120T120000.000000Z-lost.warc.gz")}
    assert world.ingest.open_files() == []


def test_an_index_that_lost_a_mention_is_put_right_and_that_is_said_once(make_world: MakeWorld) -> None:
    world = filled(make_world)
    kept = [hit.mention for hit in world.index.search(SearchRequest()).hits][1:]
    world.index.rebuild([kept])
    done = examined(world)
    assert [each.what for each in done.raised.new] == ["Of 2 mentions, in the index 1 missing; all were put right."]
    assert (done.repaired, world.index.mentions()) == (1, 2)
    assert (examined(world).raised.ended, found(world)) == (1, {})


def test_an_index_that_holds_too_much_is_put_right(make_world: MakeWorld) -> None:
    world = filled(make_world)
    extra = make_mention(url="http://blog.example/nobody")
    world.index.write([IndexWrite(extra.id, 1, extra)])
    assert found(world) == {"index differs": (1, "")}
    assert (found(world), world.index.mentions()) == ({}, 2)


def test_while_another_process_publishes_the_index_is_not_judged_and_its_alarm_stays(make_world: MakeWorld) -> None:
    world = filled(make_world)
    for _ in range(2):
        extra = make_mention(url="http://blog.example/nobody")
        world.index.write([IndexWrite(extra.id, 1, extra)])
        done = examined(world)
        assert done.raised.open == 1
        with world.record.write() as writer:
            writer.lease(["relay:index"], "somebody else", world.clock.now(), world.clock.now() + timedelta(minutes=5))
        world.index.write([IndexWrite(extra.id, 2, extra)])
    assert (done.unjudged, done.raised.open, done.raised.ended) == (("index differs",), 1, 0)


def test_mentions_that_the_index_refuses_are_not_missed(make_world: MakeWorld) -> None:
    world = filled(make_world)
    gone = world.index.search(SearchRequest()).hits[0].mention
    world.index.write([IndexWrite(gone.id, gone.revision + 1, None)])
    row = OutboxRow("index", gone.id, gone.revision)
    damage(world, f"INSERT INTO outbox VALUES ('index', '{gone.id}', {gone.revision}, '2026-11-20 12:00:00')")
    with world.record.write() as writer:
        writer.add_dead_letter(row, "refused", NOW)
    assert found(world) == {}
    world.clock.advance(hours=1)
    reindex(world.record, world.index, world.clock, OWNER)
    with world.record.read() as reader:
        assert reader.counts().dead_letters == 0


def test_an_index_that_is_broken_is_named(make_world: MakeWorld) -> None:
    world = filled(make_world)
    (pointer,) = (path for path in (world.workspace.var / "index").iterdir() if path.name == "CURRENT")
    pointer.write_text("nowhere")
    (finding,) = examined(world).findings
    assert (str(finding.kind), finding.count) == ("index differs", 2)


def test_a_cut_that_was_broken_off_is_ended_first(make_world: MakeWorld) -> None:
    world = filled(make_world)
    with world.record.write() as writer:
        (file, _) = world.lake.iter_files()
        ((capture, _body),) = world.lake.iter_captures(file)
        writer.condemn(capture.ref)
    world.lake.rewrite_without(file, [capture.ref])  # and here the process died
    done = examined(world)
    assert (done.findings, done.cut) == ((), 1)
    assert len(list(world.lake.iter_files())) == 1


def test_a_round_that_heard_nothing_leaves_nothing_to_find(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", Outcome.GONE)
    world.round()
    assert found(world) == {}
