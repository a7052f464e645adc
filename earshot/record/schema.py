"""The version of the schema: brought up by Alembic, without a file of settings. Knows no table."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from earshot.errors import ConfigError

_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps its context in module globals


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the open transaction.

    Raises:
        ConfigError: a later version of Earshot wrote this record.
    """
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
    """Read one row, which begins the snapshot of a reading transaction."""
    connection.execute(text("SELECT version_num FROM alembic_version")).first()
