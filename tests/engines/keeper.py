"""Runs a command and ends it, with all its children, when this process's input closes: when its parent is gone.

    python keeper.py COMMAND...

Elasticsearch's launcher starts the server as another process, which would outlive a killed test run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

    def watch() -> None:
        while sys.stdin.buffer.read(1024):
            pass
        os.killpg(process.pid, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
