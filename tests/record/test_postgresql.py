"""What only a server can do to a record: refuse, fall, take its time, have ideas of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme
from sqlalchemy import URL, create_engine, text

from earshot.errors import ConfigError, StorageError
from earshot.record import SqlRecord, engine
from tests.builders import NOW, FakeClock, make_source
from tests.ports.record import put
from tests.postgresql.server import PASSWORD, Server

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(postgresql: Server) -> Iterator[URL]:
    with postgresql.database() as url:
        yield url


def opened(url: URL) -> closing[SqlRecord]:
    return closing(SqlRecord(url.render_as_string(hide_password=False), FakeClock()))


def refused(url: URL) -> ConfigError:
    with opened(url) as record, pytest.raises(ConfigError) as found:
        record.migrate()
    assert PASSWORD not in str(found.value)
    return found.value


def test_a_wrong_login_or_database_is_something_to_mend(database: URL) -> None:
    wrong = refused(database.set(password="wrong"))
    assert "password authentication failed" in wrong.what
    assert "EARSHOT_RECORD_PASSWORD_FILE" in wrong.advice
    assert "does not exist" in refused(database.set(database="none-such")).what
    assert "invalid connection option" in refused(database.update_query_dict({"colour": "red"})).what


def over_tls(server: Server, **parameters: str) -> URL:
    return server.url.update_query_dict({"sslmode": "verify-full", **parameters})


def test_the_record_is_kept_over_tls_with_a_server_of_an_own_authority(secured_postgresql: Server) -> None:
    with secured_postgresql.database() as url:
        trusting = url.update_query_dict({"sslmode": "verify-full", "sslrootcert": str(secured_postgresql.ca)})
        with opened(trusting) as record:
            record.migrate()
            with record.write() as writer:
                put(writer, 1, brands=("halden",))
            with record.read() as reader:
                assert reader.counts().mentions == 1
            with engine.transaction(record._engine, writes=False) as connection:
                asked = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                assert connection.execute(asked).scalar_one() is True


def test_a_server_that_is_not_trusted_is_something_to_mend_and_says_whose_fault_it_is(
    secured_postgresql: Server, tmp_path: Path
) -> None:
    for name, written in (("other.pem", trustme.CA().cert_pem.bytes()), ("empty.pem", b"no certificate")):
        (tmp_path / name).write_bytes(written)
    for name, said in (
        ("other.pem", "SSL error: certificate verify failed"),
        ("none.pem", f'root certificate file "{tmp_path / "none.pem"}" does not exist'),
        ("empty.pem", f'could not read root certificate file "{tmp_path / "empty.pem"}"'),
    ):
        found = refused(over_tls(secured_postgresql, sslrootcert=str(tmp_path / name)))
        assert said in found.what
        assert (found.where, "\n" in found.what) == ("record.url", False)
        assert "sslrootcert after the `?`" in found.advice


def test_a_certificate_of_another_name_is_something_to_mend(secured_postgresql: Server) -> None:
    elsewhere = over_tls(secured_postgresql, sslrootcert=str(secured_postgresql.ca), hostaddr="127.0.0.1")
    found = refused(elsewhere.set(host="db.example.org"))
    assert 'does not match host name "db.example.org"' in found.what
    assert found.advice == "write the host as its certificate names it"


def test_tls_on_one_side_only_is_something_to_mend(secured_postgresql: Server, database: URL) -> None:
    plain = refused(secured_postgresql.url.update_query_dict({"sslmode": "disable"}))
    assert "no encryption" in plain.what
    wanted = refused(database.update_query_dict({"sslmode": "require"}))
    assert "server does not support SSL, but SSL was required" in wanted.what
    unknown = refused(database.update_query_dict({"sslmode": "always"}))
    assert 'invalid sslmode value: "always"' in unknown.what
    assert all("look at sslmode" in each.advice for each in (plain, wanted, unknown))


def test_a_server_that_is_not_there_is_a_storage_error(database: URL) -> None:
    with opened(database.set(port=1)) as record, pytest.raises(StorageError, match="refused"):
        record.migrate()


def test_a_record_that_was_not_made_yet_is_a_storage_error(database: URL) -> None:
    with opened(database) as record, pytest.raises(StorageError, match="does not exist"), record.read():
        pass


def test_a_user_who_may_not_make_tables_is_something_to_mend(postgresql: Server, database: URL) -> None:
    """From PostgreSQL 15 on nobody but a database's owner may make tables in it; before, that has to be taken away."""
    with user(postgresql, database) as login:
        assert "permission denied for schema" in refused(login).what


def test_owning_the_database_is_all_that_its_user_needs(postgresql: Server, database: URL) -> None:
    with user(postgresql, database) as login:
        with postgresql.admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {database.database} OWNER TO {login.username}"))
        with opened(login) as record:
            record.migrate()
            with record.write() as writer:
                put(writer, 1, brands=("halden",))
            with record.read() as reader:
                assert reader.counts().mentions == 1
        with postgresql.admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {database.database} OWNER TO CURRENT_USER"))


def user(server: Server, database: URL) -> _User:
    return _User(server, database)


class _User:
    """A role that may log in and no more, for as long as the `with` block lasts."""

    def __init__(self, server: Server, database: URL) -> None:
        self._server, self._url = server, database.set(username=f"{database.database}_user", password="secret")

    def __enter__(self) -> URL:
        own = create_engine(self._server.url.set(database=self._url.database), isolation_level="AUTOCOMMIT")
        with own.connect() as connection:
            connection.execute(text(f"CREATE ROLE {self._url.username} LOGIN PASSWORD '{self._url.password}'"))
            connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        own.dispose()
        return self._url

    def __exit__(self, *_: object) -> None:
        own = create_engine(self._server.url.set(database=self._url.database), isolation_level="AUTOCOMMIT")
        with own.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {self._url.username} CASCADE"))
            connection.execute(text(f"DROP ROLE {self._url.username}"))
        own.dispose()


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
def test_what_the_server_takes_for_the_usual_isolation_does_not_matter(
    postgresql: Server, database: URL, level: str
) -> None:
    """A writer that waited for another must see what that one wrote, also where snapshots are taken early."""
    with postgresql.admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {database.database} SET default_transaction_isolation = '{level}'"))
        connection.execute(text(f"ALTER DATABASE {database.database} SET default_transaction_read_only = on"))
    with opened(database) as one, opened(database) as other:
        one.migrate()
        with one.write() as writer:
            writer.put_sources([make_source()], NOW)
        with Background(other) as waiting:
            with one.write() as writer:
                waiting.begin()
                writer.add_host("blog", "first")
            waiting.end()
        with one.read() as reader:
            state = reader.source("blog")
        assert state is not None and set(state.hosts) >= {"first", "second"}


class Background:
    """Adds a host in a thread of its own, which waits for whoever is writing."""

    def __init__(self, record: SqlRecord) -> None:
        self._record = record

    def __enter__(self) -> Background:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(1)
        return self

    def begin(self) -> None:
        self._future = self._pool.submit(self._add)
        with engine.transaction(self._record._engine, writes=False) as connection:
            waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            end = time.monotonic() + 20
            while not connection.execute(waits).scalar_one():
                assert time.monotonic() < end, "nobody waits"
                time.sleep(0.01)

    def end(self) -> None:
        self._future.result(30)

    def _add(self) -> None:
        with self._record.write() as writer:
            writer.add_host("blog", "second")

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def test_a_writer_that_says_nothing_any_more_does_not_keep_the_others_out(
    database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database) as patient:
        patient.migrate()
    monkeypatch.setattr(engine, "IDLE_S", 1)
    with opened(database) as silent, opened(database) as other:
        with pytest.raises(StorageError, match="idle-in-transaction"), silent.write() as cut_off:
            cut_off.put_sources([make_source()], NOW)
            with other.write() as writer:
                assert writer.sources() == []
                writer.put_sources([make_source(id="other")], NOW)
            cut_off.sources()
        with silent.read() as reader:
            assert [each.source_id for each in reader.sources()] == ["other"]


def test_a_server_that_falls_in_the_middle_is_a_storage_error_and_nothing_is_half(own_postgresql: Server) -> None:
    with own_postgresql.database() as url, opened(url) as record:
        record.migrate()
        with record.write() as writer:
            put(writer, 1, brands=("halden",))
        with pytest.raises(StorageError), record.write() as writer:
            put(writer, 2, brands=("halden",))
            own_postgresql.crash()
            put(writer, 3, brands=("halden",))
        with pytest.raises(StorageError), record.read() as reader:
            reader.counts()
        own_postgresql.start()
        with record.write() as writer:
            assert writer.counts().documents == 1
            put(writer, 2, brands=("halden",))
        with pytest.raises(StorageError), record.read() as reader:
            own_postgresql.crash()
            reader.counts()
        own_postgresql.start()
        with record.read() as reader:
            assert reader.counts().documents == 2


def test_a_deadlock_and_a_cancelled_statement_are_storage_errors(database: URL) -> None:
    with opened(database) as record:
        record.migrate()
        for code, name in (
            ("40P01", "deadlock"),
            ("40001", "serialization"),
            ("57014", "cancelled"),
            ("53100", "full"),
        ):
            raised = f"DO $$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = '{code}'; END $$"
            with pytest.raises(StorageError, match=name), record.write() as writer:
                writer.db.execute(text(raised))


def test_nothing_that_was_written_is_in_an_error(database: URL) -> None:
    with opened(database) as record:
        record.migrate()
        with pytest.raises(Exception) as found, record.write() as writer:
            writer.db.execute(text("INSERT INTO nowhere VALUES (:said)"), {"said": "canary-7f3a"})
        assert "canary" not in str(found.value)
        assert "canary" not in str(found.value.__cause__)
        with suppress(StorageError), record.read() as reader:
            reader.counts()
