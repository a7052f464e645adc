"""What the embedded engine promises beyond the port: processes, locks, damage, generations."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tantivy

from earshot.errors import QueryError, StorageError
from earshot.index import embedded, place
from earshot.index.embedded import EmbeddedIndex
from earshot.index.generations import Generations
from earshot.index.writing import fill
from earshot.model import SearchRequest
from earshot.ports import IndexWrite
from tests.builders import NOW, FakeClock, make_mention
from tests.ports.mention_index import ids, mention, put

SPAWN = multiprocessing.get_context("spawn")


def in_child(target: Callable[..., None], *args: Any) -> Any:
    child = SPAWN.Process(target=target, args=args, daemon=True)
    child.start()
    return child


def write_forever(directory: Path, wrote: Any) -> None:
    index = EmbeddedIndex(directory)
    for n in range(10_000):
        put(index, *(make_mention(url=f"http://blog.example/{n}-{k}") for k in range(20)))
        wrote.put((n + 1) * 20)


def rebuild_and_hang(directory: Path, started: Any) -> None:
    def batches() -> Any:
        yield [make_mention(url="http://blog.example/new")]
        started.set()
        time.sleep(60)

    EmbeddedIndex(directory).rebuild(batches())


def count_for_ever(directory: Path, counts: Any, stop: Any) -> None:
    index = EmbeddedIndex(directory)
    while not stop.is_set():
        counts.put((index.mentions(), len(index.search(SearchRequest(size=100)).hits)))


def generations(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("gen-*")}


def test_absent_folder_is_made_on_first_use_and_not_before(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "var" / "index")
    assert not (tmp_path / "var").exists()
    assert index.mentions() == 0
    assert len(generations(tmp_path / "var" / "index")) == 1


@pytest.mark.races
def test_first_use_by_many_threads_makes_one_generation(tmp_path: Path) -> None:
    index, counts = EmbeddedIndex(tmp_path), []
    threads = [threading.Thread(target=lambda: counts.append(index.mentions())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [0] * 8
    assert len(generations(tmp_path)) == 1


def test_first_generation_left_by_a_crash_does_not_stop_anybody(tmp_path: Path) -> None:
    Generations(tmp_path, FakeClock(), 1.0).make()
    (tmp_path / "gen-0000").mkdir()
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1))
    assert index.mentions() == 1
    assert len(generations(tmp_path)) == 1


def test_readers_of_another_process_follow_writes_and_rebuilds(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, *(mention(n) for n in range(5)))
    counts, stop = SPAWN.Queue(), SPAWN.Event()
    reader = in_child(count_for_ever, tmp_path, counts, stop)
    try:
        wanted = 5
        while counts.get(timeout=20) != (wanted, wanted):
            pass
        for step in range(6):
            wanted = 6 + step
            if step % 2:
                put(index, mention(100 + step))
            else:
                index.rebuild([[mention(n) for n in range(wanted)]])
            seen = set()
            while (one := counts.get(timeout=20)) != (wanted, wanted):
                seen.add(one)
            assert seen <= {(wanted - 1, wanted - 1), (wanted - 1, wanted)}
    finally:
        stop.set()
        counts.cancel_join_thread()
        reader.terminate()
        reader.join()


def test_killed_writer_loses_nothing_it_answered_and_blocks_nobody(tmp_path: Path) -> None:
    wrote = SPAWN.Queue()
    writer = in_child(write_forever, tmp_path, wrote)
    answered = 0
    while answered < 100:
        answered = wrote.get(timeout=20)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    while not wrote.empty():
        answered = wrote.get()
    index = EmbeddedIndex(tmp_path)
    before = index.mentions()
    assert before >= answered
    assert before % 20 == 0
    put(index, mention(1))
    assert index.mentions() == before + 1


def test_killed_rebuild_leaves_the_old_in_force_and_its_rest_is_removed(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, lock_wait_s=0.2)
    put(index, mention(1))
    started = SPAWN.Event()
    rebuild = in_child(rebuild_and_hang, tmp_path, started)
    assert started.wait(20)
    with pytest.raises(StorageError, match="written by another process"):
        put(index, mention(2))
    assert ids(index) == {mention(1).id}
    os.kill(rebuild.pid, signal.SIGKILL)
    rebuild.join()
    assert ids(index) == {mention(1).id}
    put(index, mention(2))
    assert index.mentions() == 2
    assert len(generations(tmp_path)) == 1


@pytest.mark.races
def test_write_refused_during_a_rebuild_lands_in_the_new_generation_when_repeated(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, lock_wait_s=0.1)
    put(index, mention(1))

    def batches() -> Any:
        yield [mention(1)]
        with pytest.raises(StorageError):
            put(EmbeddedIndex(tmp_path, lock_wait_s=0.1), mention(2))

    index.rebuild(batches())
    put(index, mention(2))
    assert ids(index) == {mention(1).id, mention(2).id}


def test_write_waits_for_the_lock(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, lock_wait_s=20)
    put(index, mention(1))
    with (tmp_path / "write.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(target=put, args=(index, mention(2)))
        thread.start()
        time.sleep(0.15)
        assert thread.is_alive()
    thread.join(20)
    assert index.mentions() == 2


def test_lock_that_stays_held_is_a_storage_error_after_the_wait(tmp_path: Path) -> None:
    clock = FakeClock()
    index = EmbeddedIndex(tmp_path, clock=clock, lock_wait_s=7)
    put(index, mention(1))
    with (tmp_path / "write.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another process"):
            put(index, mention(2))
    assert clock.monotonic() == pytest.approx(7, abs=0.1)


def test_the_replaced_generation_stays_until_the_next_rebuild_and_no_other_does(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1))
    (first,) = generations(tmp_path)
    index.rebuild([[mention(1)]])
    (tmp_path / "gen-of-a-crash").mkdir()
    put(index, mention(2))
    assert first in generations(tmp_path)
    assert len(generations(tmp_path)) == 2
    index.rebuild([[mention(1)]])
    assert first not in generations(tmp_path)
    assert len(generations(tmp_path)) == 2


def test_a_generation_of_another_version_is_not_gone_back_to(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1))
    (first,) = generations(tmp_path)
    index.rebuild([[mention(2)]])
    (tmp_path / first / "earshot.json").write_text('{"schema": "older"}')
    with pytest.raises(StorageError, match="made by another version"):
        index.go_back()
    assert ids(index) == {mention(2).id}


def test_an_index_that_lacks_what_was_put_in_does_not_take_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1))
    monkeypatch.setattr(embedded, "fill", lambda new, batches, gone: fill(new, (batch[1:] for batch in batches), gone))
    with pytest.raises(StorageError, match=f"of 4 mentions .* 2 are not there as they were, as {mention(2).id}"):
        index.rebuild([[mention(2), mention(3)], [mention(4), mention(5)]])
    assert ids(index) == {mention(1).id}
    assert len(generations(tmp_path)) == 1


def damage_pointer(directory: Path) -> None:
    (directory / "CURRENT").write_bytes(b"\xff\xfe")


def lose_pointer(directory: Path) -> None:
    (directory / "CURRENT").unlink()


def lose_generation(directory: Path) -> None:
    (directory / "CURRENT").write_text("gen-nowhere\n")


def damage_meta(directory: Path) -> None:
    next(directory.glob("gen-*/meta.json")).write_text("{")


def lose_segments(directory: Path) -> None:
    for path in directory.glob("gen-*/*"):
        if path.name not in ("meta.json", "earshot.json"):
            path.unlink()


def cut_segments(directory: Path) -> None:
    for path in directory.glob("gen-*/*"):
        if path.suffix in (".store", ".fast", ".term", ".idx"):
            path.write_bytes(path.read_bytes()[:10])


def change_version(directory: Path) -> None:
    next(directory.glob("gen-*/earshot.json")).write_text('{"schema": "older"}')


@pytest.mark.parametrize(
    "damage",
    [damage_pointer, lose_pointer, lose_generation, damage_meta, lose_segments, cut_segments, change_version],
)
def test_damage_is_a_storage_error_that_says_reindex_and_a_rebuild_heals_it(
    tmp_path: Path, damage: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    put(EmbeddedIndex(tmp_path), mention(1))
    damage(tmp_path)
    index = EmbeddedIndex(tmp_path)
    for ask in (index.mentions, lambda: index.search(SearchRequest()), lambda: put(index, mention(2))):
        with pytest.raises(StorageError, match="earshot reindex"):
            ask()
    assert index.rebuild([[mention(1), mention(2)]]) == 2
    assert ids(index) == {mention(1).id, mention(2).id}


def test_reader_that_was_open_notices_that_the_folder_is_gone(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1))
    lose_generation(tmp_path)
    with pytest.raises(StorageError, match="earshot reindex"):
        index.mentions()


class Beside(Generations):
    """Generations beside which another process does something just before one is opened, once."""

    before_open: Callable[[], object] | None = None

    def open(self, generation: Path) -> tantivy.Index:
        come_along, self.before_open = self.before_open, None
        if come_along:
            come_along()
        return super().open(generation)


def test_a_reader_follows_when_its_generation_goes_between_the_look_and_the_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(other := EmbeddedIndex(tmp_path), mention(1))
    monkeypatch.setattr(embedded, "Generations", Beside)
    reader = EmbeddedIndex(tmp_path)

    def rebuild_and_forget() -> None:
        other.rebuild([[mention(1), mention(2)]])
        other.forget_replaced()

    reader._generations.before_open = rebuild_and_forget  # type: ignore[attr-defined]
    assert ids(reader) == {mention(1).id, mention(2).id}


def test_a_walk_goes_on_when_its_generation_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that began before a rebuild ends whole, as the index was when it began."""
    monkeypatch.setattr(place, "WALKED", 3)
    index, other = EmbeddedIndex(tmp_path), EmbeddedIndex(tmp_path)
    put(index, *(mention(n, published_at=NOW + timedelta(days=n)) for n in range(10)))
    walk = index.walk(SearchRequest())
    first = next(walk)
    other.rebuild([[mention(11)]])
    other.forget_replaced()
    assert len({first.mention.id, *(hit.mention.id for hit in walk)}) == 10


@pytest.mark.races
def test_threads_search_while_another_writes(tmp_path: Path) -> None:
    index, seen, stop = EmbeddedIndex(tmp_path), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            page = index.search(SearchRequest("pump", size=100))
            seen.append((page.total, len(page.hits)))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(12):
        put(index, mention(n))
    stop.set()
    for thread in threads:
        thread.join()
    assert all(total == hits for total, hits in seen)
    assert index.mentions() == 12


def test_write_of_a_mention_takes_the_revision_of_the_write(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    index.write([IndexWrite(mention(1).id, 4, mention(1))])
    assert index.search(SearchRequest()).hits[0].mention.revision == 4


def test_write_under_another_id_or_no_id_is_refused(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    answers = index.write([IndexWrite(mention(2).id, 1, mention(1)), IndexWrite("a b", 1, None)])
    assert [(a.is_done, a.is_refused) for a in answers] == [(False, True)] * 2
    assert index.mentions() == 0


def test_a_prefix_of_too_many_words_beside_near_is_refused_with_what_to_do(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, mention(1, text=" ".join(f"abc{n}" for n in range(16_400)) + " pump"))
    assert ids(index, "abc1639* NEAR/5 pump") == {mention(1).id}
    with pytest.raises(QueryError, match="more than 16,000 words begin") as caught:
        index.search(SearchRequest("abc* NEAR/5 pump"))
    assert "more letters" in caught.value.advice
