"""A workspace of the demonstration made quick, and `earshot run` on it as a process that may be killed any moment."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import URL

from earshot.demo.children import bare_environment
from earshot.demo.workspace import Ports, write_workspace
from earshot.index.embedded import EmbeddedIndex
from earshot.ports import MentionIndex
from tests.busy import by_load

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """A command that was started, in a session of its own. Leaving the `with` block kills it and all it started."""

    process: subprocess.Popen[bytes]

    def family(self) -> dict[psutil.Process, str]:
        """Return every living process of its session with its command line, itself included."""
        found = {}
        for each in psutil.process_iter():
            try:
                if os.getsid(each.pid) == self.process.pid and each.status() != psutil.STATUS_ZOMBIE:
                    found[each] = " ".join(each.cmdline())
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def kill(self) -> None:
        """SIGKILL the command itself, and nothing else."""
        self.process.kill()
        self.process.wait()

    def end(self, number: int, *, is_for_all: bool = False) -> float:
        """Ask it to end, or its whole group as a terminal's Ctrl-C does; return how many seconds that took."""
        began = time.monotonic()
        if is_for_all:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(120)
        return time.monotonic() - began

    def left(self, seconds: float | None = None) -> list[str]:
        """Wait until nothing of it is left, ten seconds where a core is free; return what still is."""
        end = time.monotonic() + (by_load(10) if seconds is None else seconds)
        while (family := self.family()) and time.monotonic() < end:
            time.sleep(0.02)
        return list(family.values())

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.family():
            each.kill()
        self.process.wait()


class NothingThereError(Exception):
    """There is no record yet, or no table in it."""


@dataclass(frozen=True)
class Place:
    """One workspace, and the folder of its own mail server beside it. database: of PostgreSQL, instead of SQLite."""

    root: Path
    maildir: Path
    database: URL | None = None
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Path:
        return self.root / "var" / "record.db"

    @property
    def log(self) -> Path:
        return self.root.with_suffix(".log")

    def start(self, *arguments: str) -> Run:
        """Start a command on the workspace."""
        command = [sys.executable, "-m", "earshot", "--workspace", str(self.root), *arguments]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=bare_environment(os.environ) | self.environ | self._login(),
                start_new_session=True,
            )
        return Run(process)

    def _login(self) -> dict[str, str]:
        if self.database is None:
            return {}
        url = self.database.render_as_string().replace(":***@", "@")
        return {"EARSHOT_RECORD_URL": url, "EARSHOT_RECORD_PASSWORD": str(self.database.password)}

    def rows(self, query: str) -> list[Any]:
        """Return what the record answers, from a connection of our own that cannot write."""
        try:
            if self.database is not None:
                return _postgresql_rows(self.database, query)
            with closing(sqlite3.connect(f"file:{self.record}?mode=ro", uri=True, timeout=30)) as db:
                return db.execute(query).fetchall()
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable) as error:
            raise NothingThereError(str(error)) from error

    def lake_files(self) -> set[str]:
        """Return the names of the files in the lake."""
        return {file.name for file in (self.root / "var" / "lake").glob("*.warc.gz")}

    def index(self) -> MentionIndex:
        """Return the index, to be read."""
        return EmbeddedIndex(self.root / "var" / "index")

    def said(self) -> str:
        """Return what all commands said, on both streams."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def _postgresql_rows(url: URL, query: str) -> list[Any]:
    login = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    with psycopg.connect(**login, password=url.password, connect_timeout=5) as connection:
        connection.read_only = True
        return connection.execute(query).fetchall()


@contextmanager
def world(folder: Path, *names: str) -> Iterator[dict[str, Place]]:
    """Yield a workspace per name, all listening to the same invented web, each with a mail server of its own."""
    born_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    places = {name: Place(folder / name, folder / f"{name}-mail") for name in names}
    folders = [str(place.maildir) for place in places.values()]
    command = [sys.executable, "-m", "tests.kill.outside", born_at.isoformat(), *folders]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT) as outside:
        assert outside.stdin
        assert outside.stdout
        ports = json.loads(outside.stdout.readline())
        for place, mail in zip(places.values(), ports["mail"], strict=True):
            write_workspace(place.root, born_at, Ports(ports["web"], mail, 8080))
            _quicken(place)
        try:
            yield places
        finally:
            outside.stdin.close()


def _quicken(place: Place) -> None:
    """Let everything be due every few seconds, and every rule tell all it has, at any hour and however old."""
    chosen = {"max_age": "none", "teaser_wait": "1h", "ledger": str(place.maildir), "ledger_wait": "3s"}
    _rewrite(place.root / "earshot.yaml", {rf"^(  {name}:).*$": rf"\1 {value}" for name, value in chosen.items()})
    for file in (place.root / "sources").glob("*.yaml"):
        _rewrite(file, {r"^(  pace:).*$": r"\1 3s", r"^(  delay:).*$": r"\1 0s"})
    for file in (place.root / "brands").glob("*.yaml"):
        _rewrite(file, {r"^max_per_hour:.*$": "max_per_hour: 1000"})
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"(?m)^    quiet_hours:.*\n", "", text), encoding="utf-8")


def _rewrite(file: Path, changes: dict[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for pattern, new in changes.items():
        text, count = re.subn(f"(?m){pattern}", new, text)
        assert count, f"{file.name} of the demonstration no longer holds {pattern}"
    file.write_text(text, encoding="utf-8")


TERM, INTERRUPT = signal.SIGTERM, signal.SIGINT
