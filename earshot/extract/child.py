"""What runs in a bounded child: requests in, answers out, within limits. Knows no format and not its parent's affairs.

A child reads several captures, one after the other, since a fork costs more than most captures do. It ends itself
when one of them left it swollen, so that memory is never carried on for long.
"""

from __future__ import annotations

import math
import resource
import socket
import sys
from contextlib import suppress
from pathlib import Path

from earshot.errors import DocumentError, SourceError
from earshot.extract import wire
from earshot.extract.reader import read_capture

_OPEN_FILES = 64
_SWOLLEN = 64 * 2**20
_REFUSED = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.kill",
    }
)


def serve(stream: socket.socket, memory_mb: int) -> None:
    """Answer requests until the parent hangs up, or this process has grown too large to go on."""
    base = _address_space()
    _bound(base + memory_mb * 2**20)
    is_last = False
    while not is_last and (head := _receive(stream, wire.REQUEST.size)):
        cpu_s, head_size, body_size = wire.REQUEST.unpack(head)
        head = _receive(stream, head_size)
        body = _receive(stream, body_size)
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + cpu_s, most))
        reply = _answer(head, body, memory_mb)
        is_last = _address_space() - base > _SWOLLEN
        stream.sendall(wire.REPLY.pack(len(reply), is_last) + reply)


def _answer(head: bytes, body: bytes, memory_mb: int) -> bytes:
    """Return the packed answer; whatever goes wrong in a reader becomes a DocumentError, or a dead child."""
    try:
        capture, hint = wire.unpack_head(head)
        return wire.pack_answer(read_capture(capture, body, hint))
    except (SourceError, DocumentError) as error:
        return wire.pack_answer(error)
    except MemoryError:
        return wire.pack_answer(DocumentError(f"reading it needs more than {memory_mb} MB of memory"))
    except RecursionError:
        return wire.pack_answer(DocumentError("it is nested too deep to be read"))
    except Exception as error:  # noqa: BLE001 (one capture's failure is recorded and the next begins)
        return wire.pack_answer(DocumentError(f"its reader failed: {type(error).__name__}: {str(error)[:200]}"))


def _receive(stream: socket.socket, size: int) -> bytes:
    """Return exactly `size` bytes; b"" where the stream ends first."""
    data = bytearray()
    while len(data) < size:
        chunk = stream.recv(min(size - len(data), 1 << 20))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)


def _bound(address_space: int) -> None:
    """Limit this process; for what it is meant to do there is no way back."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"{event} is not for readers")


def _address_space() -> int:
    """Return this process's size in bytes, 0 where the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    return 0
