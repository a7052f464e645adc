"""One S3 server for a test session: starts when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.s3.server import S3Server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()
