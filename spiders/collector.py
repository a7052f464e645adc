"""The Collector port: one spider process per batch, its events read as they are written. Knows no HTTP and no lake."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from earshot.batches import read_event
from earshot.errors import StorageError
from earshot.model import CollectEvent
from earshot.ports import Clock
from spiders.results import results_path

LOOK_S = 0.05
ENVIRONMENT = {"SCRAPY_SETTINGS_MODULE": "spiders.settings", "MALLOC_ARENA_MAX": "2"}
"""The second: threads that each reserve 64 MB of addresses would use up the memory limit with nothing in it."""
PROXY = "EARSHOT_COLLECT_PROXY"
"""In the child's environment: the proxy with its login, which stands in no batch file."""
GRACE_S = 60.0
"""What a process may take beyond the batch's own time: its last requests, the last file, starting and ending."""


class ScrapyCollector:
    """Fetches batches with Scrapy.

    seconds: how long one batch may take before the rest of it is left for later. proxy: URL with its login, or empty.
    """

    def __init__(self, clock: Clock, seconds: float = 900.0, proxy: str = "") -> None:
        self._clock, self._seconds, self._proxy = clock, seconds, proxy

    def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
        """Run one child process over a batch file and yield events as they happen.

        Every item ends in exactly one Fetched or HandedBack. The thread that iterates must live until the end: the
        child dies with it.

        Raises:
            StorageError: the child died, wrote nonsense, took too long or could not be started; also where the batch's
                folder was removed meanwhile.
        """
        log = batch_file.with_name(f"{batch_file.stem}.log")
        child, lines = self._begin(batch_file, log)
        try:
            with lines:
                yield from self._tail(child, lines, log)
        finally:
            child.kill()
            child.wait()

    def _begin(self, batch_file: Path, log: Path) -> tuple[subprocess.Popen[bytes], BinaryIO]:
        """Start the child; return it and the open file of what it will say."""
        try:
            lines = results_path(batch_file).open("w+b")
            return self._start(batch_file, log), lines
        except OSError as error:
            raise StorageError(f"the spider process cannot be started: {error}") from error

    def _start(self, batch_file: Path, log: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "spiders", str(batch_file), f"{self._seconds:g}", str(os.getpid())]
        environment = {**os.environ, **ENVIRONMENT, PROXY: self._proxy}  # noqa: TID251 (handed on, not read)
        with log.open("wb") as errors:
            return subprocess.Popen(  # noqa: S603 (our own program)
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment, process_group=0
            )

    def _tail(self, child: subprocess.Popen[bytes], lines: BinaryIO, log: Path) -> Iterator[CollectEvent]:
        ends_at = self._clock.monotonic() + self._seconds + GRACE_S
        unfinished = b""
        while True:
            is_over = child.poll() is not None
            unfinished += lines.read()
            *whole, unfinished = unfinished.split(b"\n")
            for line in whole:
                yield _event(line)
            if is_over:
                break
            if self._clock.monotonic() > ends_at:
                raise StorageError(f"the spider process did not end within {self._seconds + GRACE_S:.0f} s")
            if not whole:
                self._clock.sleep(LOOK_S)
        if child.returncode or unfinished:
            raise StorageError(f"the spider process died ({child.returncode}): {_last_words(log)}")


def _event(line: bytes) -> CollectEvent:
    try:
        return read_event(line.decode("utf-8"))
    except ValueError as error:
        raise StorageError(f"the spider process wrote nonsense: {error}") from error


def _last_words(log: Path) -> str:
    try:
        said = log.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"what it said cannot be read: {error}"
    lines = [line.strip() for line in said.splitlines()[-3:]]
    return " / ".join(line for line in lines if line)[:500] or "it left no word"
