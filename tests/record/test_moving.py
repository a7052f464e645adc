"""A record moves into another database: everything, unchanged, once; or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, text

from earshot.errors import ConfigError, StorageError
from earshot.record import SqlRecord, moving
from earshot.record.engine import make_engine, transaction
from tests.builders import NOW, FakeClock, make_source
from tests.ports.record import put
from tests.postgresql.server import PASSWORD, Server
from tests.record import filling
from tests.record.test_processes import start

pytestmark = pytest.mark.postgresql

MakeUrl = Callable[[str], str]


@pytest.fixture
def make_empty(postgresql: Server, tmp_path: Path) -> Iterator[MakeUrl]:
    """Return the URL of an empty database of an engine."""
    with ExitStack() as stack:

        def make(engine: str) -> str:
            if engine == "sqlite":
                return f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
            return stack.enter_context(postgresql.database()).render_as_string(hide_password=False)

        yield make


@contextmanager
def opened(url: str, *, is_new: bool = True) -> Iterator[SqlRecord]:
    record = SqlRecord(url, FakeClock())
    try:
        if is_new:
            record.migrate()
        yield record
    finally:
        record.close()


def fill(url: str, rows: int = 12) -> dict[str, list[tuple]]:
    with opened(url) as record, transaction(record._engine, writes=True) as connection:
        filling.fill(connection, rows)
        return filling.read(connection)


def held(url: str) -> dict[str, list[tuple]]:
    with opened(url) as record, transaction(record._engine, writes=False) as connection:
        return filling.read(connection)


def move(old: str, new: str) -> moving.Moved:
    with opened(old) as record, opened(new, is_new=False) as other:
        return record.move_to(other)


WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "sqlite")]


@pytest.mark.parametrize(("old_engine", "new_engine"), WAYS)
def test_every_row_of_every_table_arrives_as_it_was(
    make_empty: MakeUrl, monkeypatch: pytest.MonkeyPatch, old_engine: str, new_engine: str
) -> None:
    monkeypatch.setattr(moving, "BATCH", 5)
    old, new = make_empty(old_engine), make_empty(new_engine)
    expected = fill(old)
    assert all(len(rows) == 12 for rows in expected.values())
    steps: list[tuple[int, int]] = []
    with opened(old) as record, opened(new, is_new=False) as other:
        moved = record.move_to(other, lambda done, total: steps.append((done, total)))
    assert held(new) == expected
    assert moved.rows == dict.fromkeys(expected, 12)
    assert steps == sorted(steps)
    assert steps[-1] == (2 * sum(moved.rows.values()),) * 2


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_new_rows_are_numbered_after_the_old(make_empty: MakeUrl, engine: str) -> None:
    old, new = make_empty("sqlite"), make_empty(engine)
    fill(old)
    move(old, new)
    with opened(new) as record, transaction(record._engine, writes=True) as connection:
        filling.fill_numbered(connection)
        assert connection.execute(text("SELECT max(id) FROM source_run")).scalar() == 13
        assert connection.execute(text("SELECT max(id) FROM mention_event")).scalar() == 13


def test_the_old_record_refuses_everything_and_says_where_it_is_now(make_empty: MakeUrl) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    with opened(old) as long_open:
        with long_open.write() as writer:
            put(writer, 1, brands=("halden",))
        moved = move(old, new)
        assert PASSWORD not in moved.url
        for use in (long_open.read, long_open.write):
            with pytest.raises(ConfigError, match="is at postgresql://") as found, use():
                pass
            assert PASSWORD not in str(found.value)
        for call in (long_open.migrate, lambda: long_open.move_captures({}, [])):
            with pytest.raises(ConfigError, match="was moved"):
                call()
    with opened(new) as record, record.read() as reader:
        assert reader.counts().mentions == 1


def test_a_database_that_holds_another_record_is_refused(make_empty: MakeUrl) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    expected = fill(old)
    with opened(new) as other, other.write() as writer:
        writer.put_sources([make_source()], NOW)
    before = held(new)
    with pytest.raises(ConfigError, match="holds another record"):
        move(old, new)
    assert (held(old), held(new)) == (expected, before)


def test_the_same_number_of_other_rows_is_another_record(make_empty: MakeUrl) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    fill(old)
    fill(new)
    with opened(new) as other, transaction(other._engine, writes=True) as connection:
        connection.execute(text("UPDATE document SET title = 'another'"))
    with pytest.raises(ConfigError, match="holds another record"):
        move(old, new)


def test_where_the_record_is_already_is_no_place_to_move_it_to(make_empty: MakeUrl) -> None:
    for engine in ("sqlite", "postgresql"):
        url = make_empty(engine)
        with pytest.raises(ConfigError, match="that is where the record is"):
            move(url, url)


@pytest.mark.parametrize("fails_at", [3, 40])
def test_a_move_that_fails_leaves_both_as_they_were(make_empty: MakeUrl, fails_at: int) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    expected, calls = fill(old), 0

    def fail(_done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise StorageError("enough")

    with opened(old) as record, opened(new, is_new=False) as other, pytest.raises(StorageError, match="enough"):
        record.move_to(other, fail)
    assert held(old) == expected
    assert not any(held(new).values())
    move(old, new)
    assert held(new) == expected


def test_a_move_cut_off_before_it_could_say_so_is_finished_by_the_next(
    make_empty: MakeUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    expected = fill(old)

    def die(*_: object) -> None:
        raise StorageError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(moving.schema, "mark_moved", die)
        with pytest.raises(StorageError):
            move(old, new)
    assert held(old) == held(new) == expected
    assert move(old, new).was_there
    with pytest.raises(ConfigError), opened(old):
        pass


def test_what_comes_out_otherwise_is_noticed_and_taken_back(
    make_empty: MakeUrl, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make_empty("sqlite"), make_empty("postgresql")
    expected, real = fill(old), moving._set_sequence

    def spoil(target, table) -> None:
        real(target, table)
        if table.name == "document":
            target.execute(text("UPDATE document SET engagement = '{}' WHERE id LIKE '7%'"))

    monkeypatch.setattr(moving, "_set_sequence", spoil)
    with pytest.raises(StorageError, match="document came out otherwise"):
        move(old, new)
    assert held(old) == expected
    assert not any(held(new).values())


def test_writers_wait_while_a_record_moves_and_are_refused_afterwards(make_empty: MakeUrl) -> None:
    """Nothing that somebody wrote beside the move is lost: it is in the new record, or was never said to be written."""
    old, new = make_empty("sqlite"), make_empty("postgresql")
    with opened(old) as record:
        worker = start("feed", old)
        assert worker.stdout is not None
        told = [worker.stdout.readline() for _ in range(4)]
        with opened(new, is_new=False) as other:
            record.move_to(other)
        told += worker.stdout.readlines()
        worker.stdout.close()
        assert worker.wait(60) != 0
    with opened(new) as record, record.read() as reader:
        counts = reader.counts()
    assert counts.captures == len(told) - 1  # the first line says that it began
    assert counts.documents == 5 * counts.captures


def test_a_password_of_its_own_is_used_and_never_told(postgresql: Server, make_empty: MakeUrl) -> None:
    url: URL = make_url(make_empty("postgresql"))
    bare = moving._address(url)
    assert PASSWORD not in bare
    for said in (bare, moving._address(url.update_query_dict({"password": PASSWORD, "sslmode": "disable"}))):
        assert PASSWORD not in said
        engine = make_engine(said, PASSWORD)
        with transaction(engine, writes=False) as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()
