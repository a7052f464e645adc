"""A PostgreSQL server on the loopback, in a temporary folder. It ends with the process that started it.

Texts are sorted as people sort them (ICU) where the server can, so that a test sees whether the record asks for its own
order.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from scripts.engines import keeper
from scripts.engines.security import make_certificates
from tests.postgresql.programs import find_programs

NOBODY = 65534
"""Whom the server runs as where the tests are root's: it refuses to be root's."""

USER, PASSWORD = "earshot", "only for tests"
_UNSAFE = ("fsync=off", "full_page_writes=off")
"""What makes it quick: a killed server keeps what it committed, a machine that loses power need not."""
_USUAL = (
    "max_connections=100",
    "shared_buffers=64MB",
    "autovacuum_naptime=10min",
    "dynamic_shared_memory_type=mmap",
)
_SECURED = ("ssl=on", "ssl_cert_file=node.pem", "ssl_key_file=node.key")


class Server:
    """A running server. given: URL of a database of one that somebody else has started.

    is_secured: it lets nobody in without TLS, and shows a certificate of an authority of its own, `ca`.
    """

    def __init__(self, given: str = "", user: str = USER, *, is_secured: bool = False) -> None:
        self._settings = [*_UNSAFE, *_USUAL, *(_SECURED if is_secured else ())]
        self._process: subprocess.Popen[bytes] | None = None
        if given:
            self.url = make_url(given)
            return
        programs = find_programs()
        assert programs
        self._programs = programs
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="earshot-postgresql-", dir=memory if memory.is_dir() else None))
        self.folder.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = URL.create("postgresql", user, PASSWORD, "127.0.0.1", port, "postgres")
        self._prepare()
        self.ca = self.folder / "data" / "ca.pem"
        if is_secured:
            self._secure()
        self.start()

    @cached_property
    def admin(self) -> Engine:
        """Whoever may do everything, each statement a transaction."""
        return create_engine(self.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)

    @property
    def version(self) -> str:
        with self.admin.connect() as connection:
            return str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]

    @contextmanager
    def database(self) -> Iterator[URL]:
        """Yield the URL of an empty database, which is dropped afterwards."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield self.url.set(database=name)
        finally:
            with self.admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it answers."""
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.url.port)]
        command += ["-h", "127.0.0.1", "-k", str(self.folder)]
        for setting in self._settings:
            command += ["-c", setting]
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(keeper.__file__), str(self.folder), *_as_somebody(command)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with self.admin.connect():
                    return
            except OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self._last_lines()}")

    def crash(self) -> None:
        """End it at once, as a fault would; `start` brings it up again, with what was committed."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it and remove what it wrote."""
        self.admin.dispose()
        if self._process is not None:
            self._end(signal.SIGINT)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                os.chown(path, NOBODY, NOBODY)
        command = [
            str(self._programs / "initdb"),
            "-D",
            str(self.folder / "data"),
            "-U",
            str(self.url.username),
            "-E",
            "UTF8",
            "-N",
        ]
        command += ["-A", "scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8"]
        if self._major() >= 15:
            command += ["--locale-provider=icu", "--icu-locale=en"]
        done = subprocess.run(
            _as_somebody(command), cwd=self.folder, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")

    def _secure(self) -> None:
        """Lay out certificates, and let in by TLS alone. The server takes no key that others may read."""
        data = self.folder / "data"
        make_certificates(data)
        (data / "node.key").chmod(0o600)
        rules = data / "pg_hba.conf"
        rules.write_text(re.sub(r"(?m)^host\b", "hostssl", rules.read_text()))
        if os.getuid() == 0:
            for name in ("ca.pem", "node.pem", "node.key"):
                os.chown(data / name, NOBODY, NOBODY)

    def _major(self) -> int:
        said = subprocess.run([self._programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"(\d+)", said.stdout)
        return int(found[1]) if found else 0

    def _end(self, number: int) -> None:
        """Let the server end, then its keeper, which has nothing left to clear away."""
        assert self._process
        assert self._process.stdin
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, number)
        self._process.wait(timeout=30)
        self._process.stdin.close()
        self._process = None

    def _last_lines(self) -> str:
        return "\n".join((self.folder / "out.log").read_text(errors="replace").splitlines()[-15:])


def _as_somebody(command: list[str]) -> list[str]:
    if os.getuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
