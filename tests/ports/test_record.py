"""The Record contract on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.record import SqlRecord
from tests.builders import FakeClock
from tests.ports import record as contract
from tests.ports import record_alerts, record_content, record_operating, record_upkeep
from tests.record.engines import ENGINES, fresh_url


@pytest.fixture(params=ENGINES)
def record(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[SqlRecord]:
    with fresh_url(request, tmp_path) as url:
        made = SqlRecord(url, clock)
        made.migrate()
        yield made
        made.close()


class TestSources(contract.SourceContract):
    pass


class TestHeard(contract.HeardContract):
    pass


class TestPlan(contract.PlanContract):
    pass


class TestCaptures(contract.CaptureContract):
    pass


class TestDocuments(record_content.DocumentContract):
    pass


class TestStories(record_content.StoryContract):
    pass


class TestMentions(record_content.MentionContract):
    pass


class TestAgain(record_content.AgainContract):
    pass


class TestAlerts(record_alerts.AlertContract):
    pass


class TestErasure(record_alerts.ErasureContract):
    pass


class TestTransactions(contract.TransactionContract):
    pass


class TestOperating(record_operating.OperatingContract):
    pass


class TestUpkeep(record_upkeep.UpkeepContract):
    pass
