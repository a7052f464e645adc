"""The migrations and the tables are one schema, and the record is opened as it has to be."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.schema import CreateTable

from earshot.errors import ConfigError, StorageError
from earshot.record import SqlRecord, SqlWriter, tables
from earshot.record.engine import make_engine, transaction
from earshot.record.session import Session, WriteSession
from tests.builders import FakeClock
from tests.ports.record import put


def test_migrated_schema_is_that_of_the_tables(record: SqlRecord, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_migrated_tables_are_written_as_the_tables_are(record: SqlRecord, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        migrated = {row.name: _words(row.sql) for row in rows}
    for name, table in tables.metadata.tables.items():
        assert migrated[name] == _words(str(CreateTable(table).compile(engine)))
    engine.dispose()


def test_documents_of_an_older_schema_know_where_their_text_came_from(tmp_path: Path, clock: FakeClock) -> None:
    url = f"sqlite:///{tmp_path / 'record.db'}"
    record = SqlRecord(url, clock)
    record.migrate()
    with record.write() as writer:
        ids = [put(writer, number, brands=("halden",)) for number in (1, 2)]
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(text("UPDATE found_in SET last_fetched_at = '2026-11-21 00:00:00.000000' WHERE rowid = 1"))
        migrate_to(connection, "0002")
    record.migrate()
    with transaction(engine, writes=False) as connection:
        rows = connection.execute(text("SELECT text_at, text_source FROM document ORDER BY text_at DESC")).all()
    assert [str(row.text_at)[:13] + row.text_source for row in rows] == ["2026-11-21 00blog", "2026-11-20 12blog"]
    with record.read() as reader:
        assert [len(reader.mentions_of(each)) for each in ids] == [1, 1]
    engine.dispose()
    record.close()


def migrate_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def _words(sql: str) -> list[str]:
    return sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").replace('"', "").split()


def test_sqlite_is_opened_to_last(record: SqlRecord, url: str) -> None:
    engine = make_engine(url)
    with transaction(engine, writes=False) as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
    engine.dispose()


def test_a_record_of_a_later_version_is_named(record: SqlRecord, url: str) -> None:
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match="another version"):
        record.migrate()


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "what://ever"])
def test_a_database_that_cannot_hold_the_record_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"record\.url"):
        SqlRecord(url, FakeClock())


def test_a_record_without_schema_is_a_storage_error(tmp_path: Path, clock: FakeClock) -> None:
    record = SqlRecord(f"sqlite:///{tmp_path / 'new.db'}", clock)
    with pytest.raises(StorageError), record.read():
        pass
    record.close()


def test_a_record_in_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path, clock: FakeClock) -> None:
    record = SqlRecord(f"sqlite:///{tmp_path / 'none' / 'new.db'}", clock)
    with pytest.raises(StorageError), record.write():
        pass
    record.close()


def test_no_part_of_the_writer_hides_a_method_of_another_part() -> None:
    owners: dict[str, type] = {}
    for part in SqlWriter.__mro__:
        if part in (SqlWriter, Session, WriteSession, object):
            continue
        for name, _ in inspect.getmembers(part, inspect.isfunction):
            if name in vars(part) and not name.startswith("__"):
                assert owners.setdefault(name, part) is part, f"{name} is in {part} and {owners[name]}"
