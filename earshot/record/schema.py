"""The version of the schema: brought up by Alembic, without a file of settings. Knows no table."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from earshot.errors import ConfigError

MOVED = "moved"
"""Stands for the version of a record that was moved elsewhere, so that every Earshot refuses it, older ones too."""

_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps its context in module globals


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the open transaction.

    Raises:
        ConfigError: a later version of Earshot wrote this record, or it was moved elsewhere.
    """
    if inspect(connection).has_table("alembic_version"):
        look(connection)
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                "the record was written by another version of Earshot",
                where="record.url",
                advice=f"update Earshot, or name another database ({error})",
            ) from error


def look(connection: Connection) -> None:
    """Read one row, which begins the snapshot of a reading transaction.

    Raises:
        ConfigError: the record was moved elsewhere.
    """
    if connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == MOVED:
        url, at = connection.execute(text("SELECT url, at FROM moved_to")).one()
        raise ConfigError(f"this record was moved on {at}", where="record.url", advice=f"it is at {url} now")


def mark_moved(connection: Connection, url: str, now: datetime) -> None:
    """Note that this record is at `url` from now on, and let nobody use it any more."""
    connection.execute(text("CREATE TABLE moved_to (url TEXT NOT NULL, at TEXT NOT NULL)"))
    row = {"url": url, "at": f"{now:%Y-%m-%d at %H:%M} UTC"}
    connection.execute(text("INSERT INTO moved_to (url, at) VALUES (:url, :at)"), row)
    connection.execute(text("UPDATE alembic_version SET version_num = :moved"), {"moved": MOVED})
