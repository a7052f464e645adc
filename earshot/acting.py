"""What pages start and do not do themselves: commands of Earshot in child processes, one after the other.

Knows no page and no stage. A child ends with the thread that made it (`earshot.children`), so one thread that lasts as
long as the process makes them all. What a child leaves is done by the next.
"""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from earshot.children import earshot_command, ending_with_parent
from earshot.errors import StorageError

_MOST_WAITING = 100
_TOLD_CHARACTERS = 300


class ChildActions:
    """Runs `python -m earshot` for pages. Safe to call from several threads."""

    def __init__(self, workspace: Path, environ: Mapping[str, str]) -> None:
        """Keep what the children are given; the thread begins with the first of them."""
        self._workspace, self._environ = workspace, dict(environ)
        self._waiting: queue.Queue[tuple[list[str], Callable[[str], None]]] = queue.Queue(_MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def replay(self, quarantine_id: str, on_end: Callable[[str], None]) -> None:
        """Have a quarantined capture read again, "" for all of them; return at once.

        on_end: called once, from another thread, with why it failed, or "".
        """
        self._start(["replay", *(["--capture", quarantine_id] if quarantine_id else [])], on_end)

    def _start(self, arguments: list[str], on_end: Callable[[str], None]) -> None:
        try:
            self._waiting.put_nowait((arguments, on_end))
        except queue.Full:
            on_end(f"{_MOST_WAITING} others wait already; try all of them at once")
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="actions", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            arguments, on_end = self._waiting.get()
            with suppress(StorageError):  # its end cannot be noted now: the request reads as lost once we are gone
                on_end(self._run(arguments))

    def _run(self, arguments: list[str]) -> str:
        """Run one command to its end and return why it failed, or an empty text."""
        try:
            done = subprocess.run(  # noqa: S603 (our own program)
                ending_with_parent(earshot_command(["--workspace", str(self._workspace), *arguments])),
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
        except OSError as error:
            return f"no process can be started: {error}"
        if not done.returncode:
            return ""
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip(" │╭╰╮╯─")]
        said = lines[-1].strip(" │")[:_TOLD_CHARACTERS] if lines else "it said nothing"
        return f"`earshot {arguments[0]}` ended with code {done.returncode}: {said}"
