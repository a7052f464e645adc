"""A workspace whose record is on PostgreSQL and whose lake is on S3, by the commands that people call."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.pipeline.world import item, rss
from tests.postgresql.server import PASSWORD, Server
from tests.s3.server import REGION, S3Server
from tests.test_cli import TEXT, Site

pytestmark = pytest.mark.postgresql
SECRET = "secret-key-7f3a"


class Paper(Site):
    """A site of its own body."""


@dataclass
class Elsewhere:
    """A workspace, the environment its commands are called in, and the bucket of its lake."""

    root: Path
    environ: dict[str, str]
    s3: S3Server
    bucket: str

    def __call__(self, *args: str, code: int = 0, **changes: str) -> str:
        command = [sys.executable, "-m", "earshot", "--workspace", str(self.root), *args]
        environ = {**os.environ, **self.environ, **changes}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert PASSWORD not in said
        assert SECRET not in said
        return said

    def objects(self) -> dict[str, bytes]:
        listed = self.s3.ask("GET", f"/{self.bucket}?list-type=2").decode()
        return {key: self.s3.ask("GET", f"/{self.bucket}/{key}") for key in re.findall("<Key>(.*?)</Key>", listed)}


@pytest.fixture
def elsewhere(tmp_path: Path, postgresql: Server, s3_server: S3Server) -> Iterator[Elsewhere]:
    site = ThreadingHTTPServer(("127.0.0.1", 0), Paper)
    base = f"http://127.0.0.1:{site.server_port}"
    day = format_datetime(datetime.now(UTC) - timedelta(hours=3), usegmt=True)
    Paper.body = rss(*(item(f"{base}/{n}", f"Halden {n}", f"{TEXT} Canary {n}.", date=day) for n in range(3)))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    root, bucket = tmp_path / "workspace", s3_server.bucket()
    for folder in ("brands", "sources"):
        (root / folder).mkdir(parents=True)
    (root / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (root / "sources" / "blog.yaml").write_text(f"sources: [{{id: blog, kind: feed, url: '{base}/feed', delay: 0s}}]\n")
    for name, secret in (("password", PASSWORD), ("secret_key", SECRET)):
        (tmp_path / name).write_text(f"{secret}\n")
    with postgresql.database() as url:
        (root / "earshot.yaml").write_text(
            "collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\n"
            f"record: {{url: '{url.render_as_string().replace(':***@', '@')}'}}\n"
            f"lake: {{url: 's3://{bucket}/captures', endpoint: '{s3_server.url}', region: {REGION}}}\n"
        )
        environ = {
            "EARSHOT_RECORD_PASSWORD_FILE": str(tmp_path / "password"),
            "EARSHOT_LAKE_ACCESS_KEY": "a key",
            "EARSHOT_LAKE_SECRET_KEY_FILE": str(tmp_path / "secret_key"),
        }
        yield Elsewhere(root, environ, s3_server, bucket)
    site.shutdown()
    site.server_close()


def test_check_says_what_answers_and_what_does_not(elsewhere: Elsewhere, postgresql: Server) -> None:
    said = json.loads(elsewhere("check", "--json"))
    assert said["record"] == f"PostgreSQL {postgresql.version}"
    assert said["lake"] == f"s3://{elsewhere.bucket}/captures at {elsewhere.s3.url}"
    assert "password authentication failed" in elsewhere(
        "check", code=3, EARSHOT_RECORD_PASSWORD_FILE=str(elsewhere.root / "earshot.yaml")
    )
    silent = json.loads(elsewhere("check", "--json", EARSHOT_LAKE_ENDPOINT="http://127.0.0.1:1"))
    assert [each["field"] for each in silent["warnings"] if each["field"].startswith("lake")] == ["lake.url"]


def test_what_is_heard_lies_there_and_what_is_erased_is_gone(elsewhere: Elsewhere) -> None:
    elsewhere("run", "--once")
    status = json.loads(elsewhere("status", "--json"))
    assert (status["documents"], status["captures"], status["index"]["mentions"]) == (3, 1, 3)
    (capture,) = elsewhere.objects().values()
    assert b"Canary 2" in gzip.decompress(capture)
    elsewhere("erase", "--url", json.loads(elsewhere("search", '"Canary 2"', "--json"))["url"])
    assert b"Canary 2" not in b"".join(map(gzip.decompress, elsewhere.objects().values()))
    assert json.loads(elsewhere("status", "--json"))["index"]["mentions"] == 2
    assert not (elsewhere.root / "var" / "record.db").exists()
    assert not (elsewhere.root / "var" / "lake").exists()
    written = b"".join(path.read_bytes() for path in elsewhere.root.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in written
    assert SECRET.encode() not in written
