"""Runs a command, and ends it with all its children when this process's input closes: when its parent is gone.

    python keeper.py FOLDER COMMAND...

FOLDER, what the command wrote, goes with it; the id of the command's process group stands in FOLDER/pid.
Elasticsearch's launcher starts the server as another process, which would outlive a killed test run. Signals to the
whole group (Ctrl-C, a closed terminal, `timeout`) reach this process too, and must not end it before the command: the
parent's end, or its word, decides.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path


def main() -> int:
    """Run it."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _go_on)  # not SIG_IGN, which the command would inherit
    folder, *command = sys.argv[1:]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    Path(folder, "pid").write_text(str(process.pid))
    ending = threading.Event()
    threading.Thread(target=_report, args=(process, ending), daemon=True).start()
    while sys.stdin.buffer.read(1024):
        pass
    ending.set()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _go_on(_number: int, _frame: object) -> None:
    """Do nothing; reading is taken up again where a signal broke it off."""


def _report(process: subprocess.Popen[bytes], ending: threading.Event) -> None:
    """End without clearing away when the command was ended by anybody else: its last words are read first.

    The exit code is that of a shell: 128 and the signal where it was one.
    """
    status = process.wait()
    if not ending.is_set():
        os._exit(128 - status if status < 0 else status or 1)


if __name__ == "__main__":
    sys.exit(main())
