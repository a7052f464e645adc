"""A mail server of bare sockets, which answers as no library would: cut, dripping, endless, mute."""

from __future__ import annotations

import mailbox
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.alerts.servers import Handler, Running

GOOD = {
    "greeting": b"220 raw.example ready\r\n",
    "EHLO": b"250-raw.example\r\n250 8BITMIME\r\n",
    "MAIL": b"250 OK\r\n",
    "RCPT": b"250 OK\r\n",
    "DATA": b"354 go on\r\n",
    "dot": b"250 OK\r\n",
    "QUIT": b"221 bye\r\n",
}
MUTE, ENDLESS, RESET = b"<mute>", b"<endless>", b"<reset>"
"""Say nothing; go on for ever with one reply; reset the connection. Bytes that do not end in a line are cut there."""


@dataclass
class RawServer:
    """says: replies by step, over GOOD. drip_s: between two bytes of a step's reply, by step. What it took: `taken`."""

    says: Mapping[str, bytes] = field(default_factory=dict)
    drip_s: Mapping[str, float] = field(default_factory=dict)
    maildir: Path | None = None
    taken: list[bytes] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def serve(self, connection: socket.socket) -> None:
        """Hold one dialogue."""
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            if not self._say(connection, "greeting"):
                return
            while line := lines.readline():
                step = line.split()[0].decode().upper()
                if not self._say(connection, step) or step == "QUIT":
                    return
                if step == "DATA":
                    self._take(lines)
                    if not self._say(connection, "dot"):
                        return

    def _take(self, lines: Iterator[bytes]) -> None:
        self.taken.append(b"".join(iter(lambda: next(lines, b".\r\n"), b".\r\n")))
        if self.maildir is not None:
            mailbox.Maildir(self.maildir).add(self.taken[-1])

    def _say(self, connection: socket.socket, step: str) -> bool:
        """Say a step's reply; False where that was the end."""
        self.steps.append(step)
        reply = self.says.get(step, GOOD.get(step, b"500 what\r\n"))
        if reply == MUTE:
            self.is_over.wait(60)
            return False
        if reply == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return False
        while reply == ENDLESS and not self.is_over.is_set():
            connection.sendall(b"250-and on\r\n" * 100)
        pause_s = self.drip_s.get(step, 0.0)
        for part in [reply[n : n + 1] for n in range(len(reply))] if pause_s else [reply]:
            connection.sendall(part)
            self.is_over.wait(pause_s)
        return reply.endswith(b"\n")


@contextmanager
def raw_server(server: RawServer) -> Iterator[Running]:
    """Run it on a free port of the loopback until the block ends."""
    threads: list[threading.Thread] = []

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=server.serve, args=(connection,), daemon=True))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield Running("127.0.0.1", listener.getsockname()[1], Handler())
        finally:
            server.is_over.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for thread in threads:
                thread.join(5)
