"""One extractor for all tests of the stages: starting its reader process takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earshot.clock import SystemClock
from earshot.extract import BoundedExtractor
from tests.builders import FakeClock
from tests.pipeline.world import World


@pytest.fixture(scope="session")
def extractor() -> Iterator[BoundedExtractor]:
    made = BoundedExtractor(SystemClock())
    yield made
    made.close()


@pytest.fixture
def make_world(tmp_path: Path, clock: FakeClock, extractor: BoundedExtractor) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(**changes: Any) -> World:
        worlds.append(World(tmp_path, clock, extractor, **changes))
        return worlds[-1]

    yield make
    for world in worlds:
        world.record.close()
