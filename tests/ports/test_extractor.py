"""The Extractor contract on every adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from earshot.clock import SystemClock
from earshot.extract import BoundedExtractor, ReadingLimits
from earshot.ports import Extractor
from tests.ports.extractor import ExtractorContract


@pytest.fixture(scope="module", params=["bounded", "bounded, a child per capture"])
def extractor(request: pytest.FixtureRequest) -> Iterator[Extractor]:
    per_child = 32 if request.param == "bounded" else 1
    extractor = BoundedExtractor(SystemClock(), limits=ReadingLimits(captures_per_child=per_child))
    yield extractor
    extractor.close()


class TestExtractor(ExtractorContract):
    pass
