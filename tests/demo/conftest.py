"""The invented web on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from earshot.demo.web import DemoWeb
from tests.builders import NOW, FakeClock


@pytest.fixture
def web(clock: FakeClock) -> Iterator[DemoWeb]:
    with DemoWeb(clock, born_at=NOW) as served:
        yield served
