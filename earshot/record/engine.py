"""Engines and transactions: SQLite and PostgreSQL behave alike from here on. Knows no table.

On SQLite one writer at a time, by BEGIN IMMEDIATE. On PostgreSQL a writer is alone, or beside others: an advisory lock
taken first, exclusively by the one and shared by the others. Who writes beside others holds by name what it reads and
changes (`hold`), so that it cannot change before it writes. Everything slow happens before a transaction opens.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Engine, bindparam, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DisconnectionError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from earshot.errors import Collided, ConfigError, EarshotError, StorageError
from earshot.record import files

WAIT_S = 30
"""How long a writing transaction waits for another one."""

IDLE_S = 120
"""How long PostgreSQL lets a writer say nothing in its transaction: one that was cut off must not keep others out."""

_CONNECTING = {
    "application_name": "earshot",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
"""How PostgreSQL's client connects where the URL says nothing else: a vanished server is noticed within a minute.

Source: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS, read 2026-11-24.
"""

_AT_THE_DOOR = (
    (("does not match host name",), "write the host as its certificate names it"),
    (
        ("certificate", "private key file"),
        "sslrootcert after the `?` names the certificate of the server's authority, by its full path",
    ),
    (
        ("SSL was required", "sslmode", "no encryption"),
        "look at sslmode after the `?`, and at who is let in how by the server's pg_hba.conf",
    ),
    (
        (
            "authentication failed",
            "no password supplied",
            "does not exist",
            "no pg_hba.conf entry",
            "invalid connection option",
        ),
        "look at user, database and EARSHOT_RECORD_PASSWORD_FILE",
    ),
)
"""What PostgreSQL and its client say at the door when a person has to mend it, and where to look; the first that fits
counts, for a file of certificates "does not exist" either. The client passes on the text only, no code.

Source: PostgreSQL 15, src/backend/libpq/auth.c, src/backend/utils/init/postinit.c and
src/interfaces/libpq/fe-secure-openssl.c, read as answers of a server and of libpq 18.
"""
_NO_TABLE, _NO_RIGHT = "42P01", "42501"
_SERIALIZATION, _DEADLOCK, _NO_LOCKS_LEFT, _UNIQUE = "40001", "40P01", "53200", "23505"
"""Source: https://www.postgresql.org/docs/15/errcodes-appendix.html, read 2026-11-30."""

_WRITER_LOCK = 0x4561_7273_686F_74
"""Key of PostgreSQL's advisory lock: "Earshot" in ASCII; any constant would do."""

_HOLD = text("SELECT count(pg_advisory_xact_lock(number)) FROM unnest(:numbers) AS number").bindparams(
    bindparam("numbers", type_=ARRAY(BigInteger))
)

_OUT_OF_REACH = (OperationalError, InterfaceError, InternalError, DisconnectionError, PoolTimeout)


def make_engine(url: str, password: str = "") -> Engine:
    """Return an engine for a SQLAlchemy URL (sqlite:///FILE or postgresql://...). Connects lazily.

    password: of PostgreSQL's user, where the URL holds none.

    Raises:
        ConfigError: not such a URL, or a database that Earshot does not keep its record in.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    return _postgresql(parsed.set(password=password) if password and parsed.password is None else parsed)


def _parsed(url: str) -> URL:
    advice = "sqlite:////absolute/path/record.db or postgresql://user@host/database"
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError("not a database URL", where="record.url", advice=advice) from error
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(f"the record is not kept in {backend}", where="record.url", advice=advice)
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigError("the record needs a file that several processes can open", where="record.url", advice=advice)
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_S}, hide_parameters=True)
    event.listen(engine, "do_connect", _refuse_empty)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _refuse_empty(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
    files.refuse_closed(Path(arguments[0]))
    files.refuse_empty(Path(arguments[0]))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Take transactions into our own hands (the driver's BEGIN loses updates) and make commits durable.

    Source: https://www.sqlite.org/pragma.html, read 2026-11-23.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")  # an erased text does not stay behind in free pages
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Switch to WAL; SQLite locks the file for it and does not wait itself, so processes that start together do."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except Exception as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("earshot_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    try:
        chosen = {name: value for name, value in _CONNECTING.items() if name not in url.query}
        engine = create_engine(url, pool_pre_ping=True, connect_args=chosen, hide_parameters=True)
    except ImportError as error:
        raise ConfigError(
            "the driver of PostgreSQL is missing", where="record.url", advice='pip install "earshot[postgresql]"'
        ) from error
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """Begin alike whatever the server's defaults are; a writer's every statement sees what was committed before it."""
    if connection.get_execution_options().get("earshot_writes"):
        connection.exec_driver_sql(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;"
            f"SET LOCAL lock_timeout = '{WAIT_S}s'; SET LOCAL idle_in_transaction_session_timeout = '{IDLE_S}s'"
        )
        share = "_shared" if connection.get_execution_options().get("earshot_beside") else ""
        connection.execute(text(f"SELECT pg_advisory_xact_lock{share}(:key)"), {"key": _WRITER_LOCK})
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def hold(connection: Connection, numbers: Sequence[int]) -> None:
    """Wait until nobody else holds one of these numbers, and hold them until the transaction ends; PostgreSQL only.

    numbers: sorted, so that two who want the same ones do not wait for each other.
    """
    connection.execute(_HOLD, {"numbers": list(numbers)})


@contextmanager
def transaction(engine: Engine, *, writes: bool, beside: bool = False) -> Iterator[Connection]:
    """Yield a connection in a transaction: commits at the end, rolls back on any exception.

    beside: a writing one goes beside others that do, where the database can (PostgreSQL).

    Raises:
        Collided: another writer was at the same.
        StorageError: the database did not answer, or did not let us begin, write or commit in time.
        Damaged: the file of SQLite cannot be read.
        ConfigError: PostgreSQL does not let this user in, or not do this.
    """
    try:
        options = {"earshot_writes": writes, "earshot_beside": beside}
        with engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection
    except sqlite3.DatabaseError as error:  # while it was opened, before SQLAlchemy had it
        raise files.damage(error, engine.url.database or "") or StorageError(f"the record: {error}") from error
    except (*_OUT_OF_REACH, DatabaseError) as error:
        if broken := files.damage(getattr(error, "orig", None), engine.url.database or ""):
            raise broken from error
        if (known := _collided(error, beside=beside) or _translated(error)) is None:
            raise
        raise known from error


def _collided(error: Exception, *, beside: bool) -> Collided | None:
    """Return what the caller may begin anew; None where it is something else.

    Of two beside each other that add the same row, the second may find it there although it looked for it before.
    """
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    if code in (_SERIALIZATION, _DEADLOCK) or (beside and code == _UNIQUE):
        return Collided(f"the record: {_said(error)}")
    return Collided(f"the record: {_said(error)}", is_too_large=True) if code == _NO_LOCKS_LEFT else None


def _translated(error: Exception) -> EarshotError | None:
    """Return what the caller can do about it; None where the statement itself is wrong."""
    said = _said(error)
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    if code == _NO_RIGHT:
        return ConfigError(said, where="record.url", advice="let this user own the database")
    if code is None and (advice := _advice(said)):
        return ConfigError(said, where="record.url", advice=advice)
    if not isinstance(error, _OUT_OF_REACH) and not (isinstance(error, ProgrammingError) and code == _NO_TABLE):
        return None
    return StorageError(f"the record: {said}")


def _advice(said: str) -> str:
    """Return where to look after what was said at the door; nothing where it may pass by itself."""
    return next((advice for words, advice in _AT_THE_DOOR if any(each in said for each in words)), "")


def _said(error: Exception) -> str:
    """Return what the database itself said, without statement and values (they hold people's texts)."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def server(engine: Engine) -> str:
    """Return the product and version that answer; "" for a file."""
    if engine.dialect.name == "sqlite":
        return ""
    with transaction(engine, writes=False) as connection:
        version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    return f"PostgreSQL {version.split()[0]}"


def make_place(engine: Engine) -> None:
    """Make the folder and the file of a record on SQLite where they are missing; elsewhere nothing.

    Raises:
        Damaged: only the log of a record is there.
        StorageError: they cannot be made.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        files.make(Path(engine.url.database))


def holds_record(engine: Engine) -> bool:
    """Tell whether there is a record. On SQLite it is read through, as far as its structure goes, but not its rows.

    Raises:
        StorageError: the database does not answer. Damaged: it cannot be read.
    """
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return False
    with transaction(engine, writes=False) as connection:
        return inspect(connection).has_table("alembic_version")


def forget_deleted(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log, which still holds what was deleted; False where somebody goes on reading it.

    True on PostgreSQL, which cleans by itself (vacuum).

    Source: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint, read 2026-11-30: the first value is 1 if it was
    blocked.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        try:
            return not raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:  # locked
            return False
