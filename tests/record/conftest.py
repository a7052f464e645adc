"""A migrated, empty record on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.record import SqlRecord
from tests.builders import FakeClock


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'record.db'}"


@pytest.fixture
def record(url: str, clock: FakeClock) -> Iterator[SqlRecord]:
    made = SqlRecord(url, clock)
    made.migrate()
    yield made
    made.close()
