"""Who holds a lease: a process of a machine, named so that its end can be noticed."""

from __future__ import annotations

import os
import socket
from functools import cache

import psutil


@cache
def me() -> str:
    """Return this process's name as a lease holder: host, process id and its start."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_gone(owner: str) -> bool:
    """Tell whether `owner` was a process of this machine that has ended. False where it cannot be known."""
    host, _, rest = owner.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
