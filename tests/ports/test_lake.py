"""The Lake contract on every adapter."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from earshot.lake import Login, WarcLake
from earshot.ports import Lake
from tests.builders import FakeClock
from tests.ports.lake import LakeContract
from tests.s3.server import REGION, S3Server

LOGIN = Login("a key", "a secret")


class TestLake(LakeContract):
    @pytest.fixture(params=["folder", "memory", "s3"])
    def lake(self, request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Lake:
        if request.param == "folder":
            return WarcLake(str(tmp_path / "lake"), clock)
        if request.param == "memory":
            return WarcLake(f"memory://lake-{uuid4().hex}", clock)
        server: S3Server = request.getfixturevalue("s3_server")
        return WarcLake(f"s3://{server.bucket()}/captures?endpoint={server.url}&region={REGION}", clock, LOGIN)
