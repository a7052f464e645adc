"""A PostgreSQL server on the loopback, in a temporary folder. It ends with the process that started it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from earshot.demo.ports import free_port
from scripts.engines import keeper

NOBODY = 65534
"""Whom it runs as where the tests are root's: it refuses to be root's."""


def find_programs() -> Path | None:
    """Return the folder of the newest `initdb`, which Debian keeps out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    return found[-1].parent if found else None


class Server:
    """It runs; `postgres` may do everything, with `password`."""

    def __init__(self, password: str) -> None:
        programs = find_programs()
        assert programs
        self.programs, self.port, self.password = programs, free_port(), password
        self.folder = Path(tempfile.mkdtemp(prefix="earshot-postgresql-", dir="/dev/shm"))
        self.folder.chmod(0o755)
        secret = self.folder / "password"
        secret.write_text(password)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                os.chown(path, NOBODY, NOBODY)
        made = [str(programs / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-E", "UTF8", "-N"]
        made += ["-A", "scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8"]
        subprocess.run(_as_nobody(made), check=True, capture_output=True, cwd=self.folder, timeout=120)
        command = [str(programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += ["-h", "127.0.0.1", "-k", str(self.folder), "-c", "fsync=off", "-c", "max_connections=100"]
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(keeper.__file__), str(self.folder), *_as_nobody(command)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self._wait()

    @property
    def environment(self) -> dict[str, str]:
        """What `psql` needs to reach it as `postgres`."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGPASSWORD": self.password}

    def stop(self) -> None:
        """End it and remove what it wrote."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        asked = [str(self.programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        while subprocess.run(asked, check=False).returncode:
            assert self._process.poll() is None and time.monotonic() < end, (self.folder / "out.log").read_text()
            time.sleep(0.1)


def _as_nobody(command: list[str]) -> list[str]:
    if os.getuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
