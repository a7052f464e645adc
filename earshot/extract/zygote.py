"""The reader process: imports the parsers once, then forks bounded children. Knows no format.

Run as `python -m earshot.extract.zygote CONTROL_FD PARENT_PID`. It stays single-threaded, so that forking is
safe, and ends when its parent does: by the signal the kernel sends, and by the end of the control stream.
"""

from __future__ import annotations

import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

from earshot.extract import child, wire
from earshot.extract.reader import warm_up
from earshot.harmless import HarmlessStream

_PR_SET_PDEATHSIG = 1  # Source: <linux/prctl.h>


def main() -> None:
    """Serve orders until the control stream ends."""
    sys.stderr = HarmlessStream(sys.stderr)
    control = socket.socket(fileno=int(sys.argv[1]))
    if not _die_with(int(sys.argv[2])):
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    warm_up()
    gc.collect()
    gc.freeze()  # what was imported is never looked at again, so its pages stay shared
    with suppress(ConnectionError):  # the parent hung up while it was spoken to
        control.sendall(wire.READY)
        _Zygote(control).serve()


class _Zygote:
    """Forks, reaps, kills; one instance per process."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}  # pid -> number
        self._bell, self._clapper = socket.socketpair()
        self._clapper.setblocking(False)
        self._bell.setblocking(False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._clapper.fileno(), warn_on_full_buffer=False)
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(self._bell, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if self._bell in ready:
                self._reap()
            if self._control in ready and not self._obey():
                break
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _obey(self) -> bool:
        """Carry out one order; False where the parent is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, wire.ORDER.size, 1)
            while data and len(data) < wire.ORDER.size:
                more = self._control.recv(wire.ORDER.size - len(data))
                data = data + more if more else b""
        except ConnectionError:
            return False
        if not data:
            return False
        what, number, memory_mb = wire.ORDER.unpack(data)
        if what == wire.KILL:
            for pid in [pid for pid, its in self._children.items() if its == number]:
                os.kill(pid, signal.SIGKILL)
        elif descriptors:
            self._fork(number, descriptors[0], memory_mb)
        return True

    def _fork(self, number: int, descriptor: int, memory_mb: int) -> None:
        mine = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(mine, descriptor, memory_mb)
        self._children[pid] = number
        os.close(descriptor)

    def _become_child(self, zygote: int, descriptor: int, memory_mb: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for ours in (self._control, self._bell, self._clapper):
                ours.close()
            if _die_with(zygote):
                child.serve(socket.socket(fileno=descriptor), memory_mb)
        except OSError:  # the parent has hung up
            os._exit(0)
        except BaseException:  # noqa: BLE001 (nothing of the zygote may run on in its child)
            os._exit(1)
        os._exit(0)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._control.sendall(wire.ENDING.pack(self._children.pop(pid), status))


def _die_with(parent: int) -> bool:
    """Ask the kernel to kill this process when `parent` ends; False where it has already ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent


if __name__ == "__main__":
    main()
