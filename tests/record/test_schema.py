"""The migrations and the tables are one schema, and the record is opened as it has to be."""

from __future__ import annotations

from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.schema import CreateTable

from earshot.errors import ConfigError, StorageError
from earshot.record import SqlRecord, SqlWriter, tables
from earshot.record.engine import make_engine, transaction
from earshot.record.session import Session, WriteSession
from tests.builders import NOW, FakeClock
from tests.ports.record import put
from tests.ports.record_operating import make_alarm
from tests.record import filling


def test_migrated_schema_is_that_of_the_tables(record: SqlRecord, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_migrated_tables_are_written_as_the_tables_are(sqlite_record: SqlRecord, sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        migrated = {row.name: _words(row.sql) for row in rows}
    for name, table in tables.metadata.tables.items():
        assert migrated[name] == _words(str(CreateTable(table).compile(engine)))
    engine.dispose()


REVISIONS = ["base", *(f"{number:04}" for number in range(1, 13))]


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_way_down_and_up_again_ends_in_the_same_schema_with_what_was_there(
    record: SqlRecord, revision: str
) -> None:
    with transaction(record._engine, writes=True) as connection:
        filling.fill(connection)
        schema_before = _schema(connection)
        migrate_to(connection, revision)
        older = {} if revision == "base" else _older_counts(connection)
        if revision == "base":
            assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    record.migrate()
    with transaction(record._engine, writes=True) as connection:
        assert _schema(connection) == schema_before
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        now = filling.counted(connection)
        assert {name: count for name, count in now.items() if count} == older
        filling.fill_numbered(connection)


def test_every_revision_is_tried() -> None:
    files = Path(tables.__file__).parent.glob("migrations/versions/r*.py")
    names = sorted(file.name[1:5] for file in files)
    assert [*REVISIONS, names[-1]] == ["base", *names]


def _older_counts(connection: Connection) -> dict[str, int]:
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    assert names <= set(tables.metadata.tables)
    return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def _schema(connection: Connection) -> dict[str, Any]:
    """Return what the database itself says of its tables: columns with types and order, keys, indices."""
    found = inspect(connection)
    return {
        name: (
            [(c["name"], str(c["type"]), getattr(c["type"], "collation", ""), c["nullable"], str(c["default"])[:7])
             for c in found.get_columns(name)],
            found.get_pk_constraint(name),
            sorted((i["name"], i["column_names"], bool(i["unique"])) for i in found.get_indexes(name)),
        )
        for name in found.get_table_names()
    }  # fmt: skip


def test_documents_of_an_older_schema_know_where_their_text_came_from(
    record: SqlRecord, url: str, clock: FakeClock
) -> None:
    with record.write() as writer:
        ids = [put(writer, number, brands=("halden",)) for number in (1, 2)]
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        first = text("UPDATE found_in SET last_fetched_at = :at WHERE document_id = :id")
        at = "2026-11-21 00:00:00.000000" + ("" if connection.dialect.name == "sqlite" else "+00")
        connection.execute(first, {"at": at, "id": ids[0]})
        migrate_to(connection, "0002")
    record.migrate()
    with transaction(engine, writes=False) as connection:
        columns = tables.document.c
        query = select(columns.text_at, columns.text_source).order_by(columns.text_at.desc())
        rows = connection.execute(query).all()
    assert [str(row.text_at)[:13] + row.text_source for row in rows] == ["2026-11-21 00blog", "2026-11-20 12blog"]
    with record.read() as reader:
        assert [len(reader.mentions_of(each)) for each in ids] == [1, 1]
    engine.dispose()


def test_alarms_of_an_older_schema_count_as_told(record: SqlRecord, url: str) -> None:
    with record.write() as writer:
        writer.set_alarms([make_alarm()], NOW)
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        migrate_to(connection, "0005")
    engine.dispose()
    record.migrate()
    with record.read() as reader:
        assert [(each.told_at, each.is_told) for each in reader.alarms()] == [(NOW, True)]


def migrate_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def _words(sql: str) -> list[str]:
    return sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").replace('"', "").split()


def test_sqlite_is_opened_to_last(sqlite_record: SqlRecord, sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
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
        for name, _ in getmembers(part, isfunction):
            if name in vars(part) and not name.startswith("__"):
                assert owners.setdefault(name, part) is part, f"{name} is in {part} and {owners[name]}"
