"""Finds ports on the loopback that nobody uses. Knows nothing of who will."""

from __future__ import annotations

import socket

_NEXT_PORTS = 50


def is_free(port: int) -> bool:
    """Tell whether a server could be bound to this port of the loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(wanted: int = 0) -> int:
    """Return `wanted` if it is free, else the next one that is; with 0 any that is.

    Raises:
        OSError: none of the next 50 is free.
    """
    if wanted:
        for port in range(wanted, min(wanted + _NEXT_PORTS, 65536)):
            if is_free(port):
                return port
        raise OSError(f"no free port from {wanted} on")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
