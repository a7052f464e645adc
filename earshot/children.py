"""Programs as child processes that never outlive who started them. Knows none of them.

Source: prctl(2), PR_SET_PDEATHSIG: kept over execve, sent when the *thread* that made the child ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
# Done in the new process, not by preexec_fn: other threads may hold locks at the moment of the fork.
_LAUNCHER = (
    "import ctypes, os, sys\n"
    f"if sys.platform == 'linux': ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {int(signal.SIGTERM)})\n"
    "if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def ending_with_parent(command: Sequence[str]) -> list[str]:
    """Return what to run for a program, named by its path, that is ended by SIGTERM should this thread end."""
    return [sys.executable, "-c", _LAUNCHER, str(os.getpid()), *command]


def earshot_command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of `python -m earshot` with these arguments."""
    return [sys.executable, "-m", "earshot", *arguments]
