"""Child processes that never outlive the demonstration. Knows no workspace.

Each child asks the kernel for SIGTERM should its parent die, then becomes the command; it runs in a session of its
own, so that Ctrl-C reaches the demonstration alone, which ends its children in order.

Source: prctl(2), PR_SET_PDEATHSIG: kept over execve, sent when the thread that made the child ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from earshot.children import earshot_command, ending_with_parent
from earshot.config.environment import environment

_PATIENCE_S = 15.0


def bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which the demonstration's own files decide.

    Without EARSHOT_*: a real mail server named there would be sent invented mails. Without proxies and no_proxy: the
    invented web is its own proxy, and `localhost` in no_proxy would lead past it.
    """
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("EARSHOT_") and not name.lower().endswith("_proxy")
    }


class Children:
    """Processes of one demonstration; leaving the `with` block ends them all. To be used by the main thread only."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._logs: list[IO[bytes]] = []

    def start(
        self, arguments: Sequence[str], log: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `python -m earshot` with these arguments.

        Args:
            arguments: of the command line.
            log: where it speaks; None means on our terminal.
            environ: what it finds beside the bare environment.
        """
        return self.run(earshot_command(arguments), log, environ)

    def run(
        self, command: Sequence[str], log: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start any program, named by its path; the rest as `start`."""
        output: IO[bytes] | None = None
        if log:
            log.parent.mkdir(parents=True, exist_ok=True)
            output = log.open("ab")
            self._logs.append(output)
        process = subprocess.Popen(  # noqa: S603 (our own program)
            ending_with_parent(command),
            env=bare_environment(environment()) | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def stop(self) -> None:
        """Ask all to end, wait, and kill what is still there. Twice is once."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with suppress(ProcessLookupError):  # what a child left of its own session
                os.killpg(process.pid, signal.SIGKILL)
        for log in self._logs:
            log.close()
        self._processes.clear()
        self._logs.clear()

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
