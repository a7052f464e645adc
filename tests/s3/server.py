"""An S3 server in a process of its own: moto's, on the loopback. It ends with the process that started it.

It knows buckets, keys, checksums, versions and logins; it keeps everything in memory.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
import uuid

REGION = "us-east-1"
_SERVE = """
import logging, sys, threading
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class S3Server:
    """A running server; takes any login until `ask_for_logins`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        while line and not line.strip().isdigit():
            line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr
            raise RuntimeError(f"moto's server did not start:\n{self._process.stderr.read().decode()[-2000:]}")
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """Make a bucket and return its name."""
        name = f"test-{uuid.uuid4().hex[:16]}"
        self.ask("PUT", f"/{name}")
        return name

    def ask_for_logins(self, after: int = 0) -> None:
        """Refuse unknown logins from now on; `after` 10**9 takes all again."""
        self.ask("POST", "/moto-api/reset-auth", str(after).encode())

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.url}{path}", data=body, method=method)
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential=k/20260101/{REGION}/s3/aws4_request")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

    def stop(self) -> None:
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._process.stderr.close()
