"""The Collector contract on every adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from earshot.clock import SystemClock
from earshot.ports import Collector
from spiders.collector import ScrapyCollector
from tests.ports.collector import CollectorContract
from tests.spiders.server import MisbehavingServer, serving


class TestCollector(CollectorContract):
    @pytest.fixture(params=["scrapy"])
    def collector(self, request: pytest.FixtureRequest) -> Collector:
        return {"scrapy": ScrapyCollector(SystemClock(), seconds=30)}[request.param]

    @pytest.fixture
    def site(self) -> Iterator[MisbehavingServer]:
        with serving() as server:
            yield server
