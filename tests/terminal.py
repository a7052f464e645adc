"""A program as a person runs it at a terminal: in a process group of its own, which Ctrl-C reaches as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def at_a_terminal(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command while the block runs; what it says is added to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """Tell the whole group, as a terminal does, not only who leads it."""
    os.killpg(process.pid, signal.SIGINT)
