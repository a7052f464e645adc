"""The Lake contract on every adapter."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from earshot.lake import WarcLake
from earshot.ports import Lake
from tests.builders import FakeClock
from tests.ports.lake import LakeContract


class TestLake(LakeContract):
    @pytest.fixture(params=["folder", "object storage"])
    def lake(self, request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Lake:
        places = {"folder": str(tmp_path / "lake"), "object storage": f"memory://lake-{uuid4().hex}"}
        return WarcLake(places[request.param], clock)
