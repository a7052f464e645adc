"""Where a test keeps its record: a new SQLite file, or a new schema of the PostgreSQL that the environment names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

POSTGRESQL = os.environ.get("EARSHOT_TEST_POSTGRESQL", "")
ENGINES = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]


@contextmanager
def fresh_url(engine: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'record.db'}"
        return
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(POSTGRESQL).update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    admin.dispose()
