"""A seeded world behind a real server, once for all tests that only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.dashboards.seed import Ledger, World, make_mail, make_world, operate
from tests.dashboards.serving import app_of, serving


@dataclass
class Served:
    world: World
    url: str
    client: httpx.Client


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = make_world(tmp_path_factory.mktemp("dashboards"))
    operate(world)
    flagged = next(mention for mention in world.mentions if mention.flags)
    ledger = Ledger(make_mail(flagged, "http://localhost"))
    with serving(app_of(world, ledger=ledger)) as url, httpx.Client(base_url=url) as client:
        yield Served(world, url, client)
    world.record.close()
