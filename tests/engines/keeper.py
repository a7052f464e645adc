"""Runs a command, and ends it with all its children when this process's input closes: when its parent is gone.

    python keeper.py FOLDER COMMAND...

FOLDER, what the command wrote, goes with it. Elasticsearch's launcher starts the server as another process, which would
outlive a killed test run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    folder, *command = sys.argv[1:]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_report, args=(process,), daemon=True).start()
    while sys.stdin.buffer.read(1024):
        pass
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _report(process: subprocess.Popen[bytes]) -> None:
    """End without clearing away when the command ended by itself: its last words are read first."""
    status = process.wait()
    if status != -signal.SIGKILL:
        os._exit(status or 1)


if __name__ == "__main__":
    sys.exit(main())
