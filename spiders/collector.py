"""The Collector port: a spider process, its events read as they are written. Knows no HTTP and no lake."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from earshot.batches import read_event, visit_line
from earshot.errors import StorageError
from earshot.model import CollectEvent, Visit
from earshot.ports import Clock
from spiders.results import results_path

LOOK_S = 0.05
ENVIRONMENT = {"SCRAPY_SETTINGS_MODULE": "spiders.settings", "MALLOC_ARENA_MAX": "2"}
"""The second: threads that each reserve 64 MB of addresses would use up the memory limit with nothing in it."""
PROXY = "EARSHOT_COLLECT_PROXY"
"""In the child's environment: the proxy with its login, which stands in no batch file."""
RESOLVING = "timeout:2 attempts:2"
"""Of the C library's resolver, unless the environment says otherwise: a name server that does not answer holds a thread
for four seconds and not for twenty. Source: resolv.conf(5), RES_OPTIONS."""
GRACE_S = 60.0
"""What a process may take beyond the batch's own time: its last requests, the last file, starting and ending."""


class ScrapyCollector:
    """Fetches with Scrapy.

    seconds: how long one batch may take before the rest of it is left for later. proxy: URL with its login, or empty.
    """

    def __init__(self, clock: Clock, seconds: float = 60.0, proxy: str = "") -> None:
        self._clock, self._seconds, self._proxy = clock, seconds, proxy

    def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
        """Run one child process over a batch file and yield events as they happen.

        Every item ends in exactly one Fetched, HandedBack or NotReached. The thread that iterates must live until the
        end: the child dies with it.

        Raises:
            StorageError: the child died, wrote nonsense, took too long or could not be started; also where the batch's
                folder was removed meanwhile.
        """
        log = batch_file.with_name(f"{batch_file.stem}.log")
        child, lines = self._begin(batch_file, log)
        process = _Process(child, lines, log)
        ends_at = self._clock.monotonic() + self._seconds + GRACE_S
        try:
            while not process.is_over:
                found = process.events()
                yield from found
                if self._clock.monotonic() > ends_at:
                    raise StorageError(f"the spider process did not end within {self._seconds + GRACE_S:.0f} s")
                if not found:
                    self._clock.sleep(LOOK_S)
        finally:
            process.kill()

    def open(self, batch_file: Path) -> _Process:
        """Start a child process that takes visits as they come; errors as `collect`."""
        log = batch_file.with_name(f"{batch_file.stem}.log")
        return _Process(*self._begin(batch_file, log, "more"), log)

    def _begin(self, batch_file: Path, log: Path, *more: str) -> tuple[subprocess.Popen[bytes], BinaryIO]:
        """Start the child; return it and the open file of what it will say."""
        try:
            lines = results_path(batch_file).open("w+b")
            return self._start(batch_file, log, *more), lines
        except OSError as error:
            raise StorageError(f"the spider process cannot be started: {error}") from error

    def _start(self, batch_file: Path, log: Path, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "spiders", str(batch_file), f"{self._seconds:g}", str(os.getpid())]
        outer = os.environ  # noqa: TID251 (handed on, not read)
        environment = {"RES_OPTIONS": RESOLVING, **outer, **ENVIRONMENT, PROXY: self._proxy}
        stdin = subprocess.PIPE if more else subprocess.DEVNULL
        with log.open("wb") as errors:
            child = subprocess.Popen(  # noqa: S603 (our own program)
                [*command, *more], stdin=stdin, stdout=errors, stderr=errors, env=environment, process_group=0
            )
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
        return child


class _Process:
    """A spider process: the CollectSession port where it takes visits."""

    def __init__(self, child: subprocess.Popen[bytes], lines: BinaryIO, log: Path) -> None:
        self._child, self._lines, self._log = child, lines, log
        self._unfinished = b""
        self._unsent: deque[bytes] = deque()
        self._is_closing = False
        self.is_over = False

    def send(self, visit: Visit) -> None:
        """Give it more to do. Never waits: what it does not take at once is sent with the next look."""
        self._unsent.append(visit_line(visit).encode("utf-8"))
        self._push()

    def close(self) -> None:
        """Give it nothing more: it ends when it has done what it was given."""
        self._is_closing = True
        self._push()

    def events(self) -> list[CollectEvent]:
        """Return what has happened since the last look, without waiting."""
        self._push()
        has_ended = self._child.poll() is not None
        self._unfinished += self._lines.read()
        found: list[CollectEvent] = []
        while b"\n" in self._unfinished:
            whole, _, rest = self._unfinished.partition(b"\n")
            try:
                found.append(_event(whole))
            except StorageError:
                if found:  # they stay true; what cannot be read is met again
                    return found
                raise
            self._unfinished = rest
        if has_ended and not found:
            self.is_over = True
            if self._child.returncode or self._unfinished:
                raise StorageError(f"the spider process died ({self._child.returncode}): {_last_words(self._log)}")
        return found

    def kill(self) -> None:
        """End it now, and let go of it. Twice is once."""
        self.is_over = True
        self._child.kill()
        self._child.wait()
        self._lines.close()
        if self._child.stdin is not None:
            self._unsent.clear()
            try:
                self._child.stdin.close()
            except OSError:
                return

    def _push(self) -> None:
        pipe = self._child.stdin
        if pipe is None or pipe.closed:
            return
        try:
            while self._unsent:
                line = self._unsent.popleft()
                sent = os.write(pipe.fileno(), line)
                if sent < len(line):
                    self._unsent.appendleft(line[sent:])
                    return
            if self._is_closing:
                pipe.close()
        except BlockingIOError:
            self._unsent.appendleft(line)
        except OSError:  # it has died, which its next events tell
            return


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
