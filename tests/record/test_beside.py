"""Writers beside others: who waits for whom, what is refused, and what is begun anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from earshot.errors import Collided, StorageError
from earshot.pipeline.transactions import written
from earshot.ports import RecordWriter
from earshot.record import SqlRecord, engine
from earshot.record.beside import BESIDE, writing_methods
from earshot.record.session import MOST_HELD
from earshot.record.sql import SqlBesideWriter
from tests.builders import NOW, FakeClock, make_source
from tests.record.engines import fresh_url


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_url(request, tmp_path_factory.getbasetemp()) as made:
        yield made


@pytest.fixture
def two(server_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SqlRecord, SqlRecord]]:
    """Two who write to one record, and wait for half a second."""
    one, other = SqlRecord(server_url, clock), SqlRecord(server_url, clock)
    one.migrate()
    monkeypatch.setattr(engine, "WAIT_S", 0.5)
    yield one, other
    one.close()
    other.close()


@contextmanager
def waiting() -> Iterator[None]:
    with pytest.raises(StorageError, match="lock timeout"):
        yield


def test_two_beside_each_other_wait_only_for_what_both_hold(two: tuple[SqlRecord, SqlRecord]) -> None:
    one, other = two
    with one.write(beside=True) as writer:
        writer.hold(["source a", "source b"])
        with other.write(beside=True) as second:
            second.hold(["source c"])
        with waiting(), other.write(beside=True) as second:
            second.hold(["source c", "source b"])


def test_who_is_alone_waits_for_all_others_and_they_for_it(two: tuple[SqlRecord, SqlRecord]) -> None:
    one, other = two
    with one.write(beside=True), waiting(), other.write():
        pass
    with one.write(), waiting(), other.write(beside=True):
        pass


def test_of_two_who_wait_for_each_other_one_begins_anew(
    two: tuple[SqlRecord, SqlRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 30)
    begun: list[str] = []

    def act(first: str, second: str) -> Callable[[RecordWriter], str]:
        def write(writer: RecordWriter) -> str:
            begun.append(first)
            writer.hold([first])
            while len(begun) < 2:
                time.sleep(0.01)
            writer.hold([second])
            return first

        return write

    with ThreadPoolExecutor(2) as pool:
        pairs = (("a", "b"), ("b", "a"))
        calls = [pool.submit(written, record, act(*pair)) for record, pair in zip(two, pairs, strict=True)]
        assert [call.result(60) for call in calls] == ["a", "b"]
    assert len(begun) == 3


def test_what_holds_too_much_is_written_alone(two: tuple[SqlRecord, SqlRecord]) -> None:
    begun = []

    def write(writer: RecordWriter) -> None:
        begun.append(type(writer).__name__)
        writer.hold(f"key {number}" for number in range(MOST_HELD + 1))
        writer.put_off("blog", NOW, NOW)

    with pytest.raises(Collided, match="too much"), two[0].write(beside=True) as writer:
        write(writer)
    written(two[0], write)
    assert begun == ["SqlBesideWriter", "SqlBesideWriter", "SqlWriter"]


def test_what_needs_to_be_alone_is_refused_beside_others(record: SqlRecord) -> None:
    for name in ("erase", "put_sources", "condemn_captures"):
        with pytest.raises(RuntimeError, match=name), record.write(beside=True) as writer:
            getattr(writer, name)([make_source()], NOW)


def test_what_may_be_called_beside_others_is_a_method_of_the_writer() -> None:
    assert writing_methods(SqlBesideWriter) >= BESIDE
