"""A migrated, empty record on each database; `sqlite_url` and `sqlite_record` where SQLite alone is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.record import SqlRecord
from tests.builders import FakeClock
from tests.record.engines import ENGINES, fresh_url


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_url(request, tmp_path) as made:
        yield made


@pytest.fixture
def record(url: str, clock: FakeClock) -> Iterator[SqlRecord]:
    made = SqlRecord(url, clock)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'record.db'}"


@pytest.fixture
def sqlite_record(sqlite_url: str, clock: FakeClock) -> Iterator[SqlRecord]:
    made = SqlRecord(sqlite_url, clock)
    made.migrate()
    yield made
    made.close()
