"""A connection to a mail server that comes to an end: how long a step may take, and how much a reply may hold.

Knows what a reply looks like, and neither commands nor mails. Whoever waits here looks up every quarter of a second:
whether the time is over, and whether the run was asked to end.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from smtplib import SMTPException
from typing import TypeVar

T = TypeVar("T")
IsStopping = Callable[[], bool]

_TICK_S = 0.25
_LONGEST_LINE = 12_288
"""Bytes of a line. Source: RFC 4954 section 4 (12288 in a login; RFC 5321 section 4.5.3.1.5 has 512)."""

_MOST_LINES, _MOST_BYTES = 128, 65_536
_REPLY_LINE = re.compile(rb"([1-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
"""Source: RFC 5321 section 4.2; 1 and 6 to 9 as a first digit are no reply of SMTP, 1 is read to be told apart."""


class StoppedError(Exception):
    """The run was asked to end while this waited."""


class NotAReplyError(SMTPException):
    """What the server said is no reply: no code, no end, or more than a reply may hold."""


class Wire:
    """One connection. `until` sets the end of all that follows, `stop_grace_s` how long it waits on when asked to end.

    Every wait raises TimeoutError at the end, StoppedError where the run is to end, ConnectionError where the server
    has closed.
    """

    def __init__(self, sock: socket.socket, is_stopping: IsStopping) -> None:
        """Take a connected socket; from here on it is closed by `close`."""
        self._sock = sock
        self._sock.settimeout(_TICK_S)
        self._waits = Waits(is_stopping)
        self._unread = b""
        self.has_heard = False

    @property
    def sock(self) -> socket.socket:
        """The socket: of TLS, once that has begun."""
        return self._sock

    def limit(self, ends_at: float, stop_grace_s: float = 0.0) -> None:
        """Let all that follows end at a moment of the monotonic clock."""
        self._waits = Waits(self._waits.is_stopping, ends_at, stop_grace_s)

    def begin_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS.

        Raises:
            ssl.SSLError: there is no trusted TLS.
        """
        self._sock = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        self._wait(self._tls().do_handshake)

    def _tls(self) -> ssl.SSLSocket:
        assert isinstance(self._sock, ssl.SSLSocket)
        return self._sock

    def send(self, data: bytes) -> None:
        """Send all of it."""
        left = memoryview(data)
        while left:
            part = left[:65_536]  # the same bytes again where TLS could not take them
            sent: int = self._wait(lambda part=part: self._sock.send(part))  # type: ignore[misc]
            left = left[sent:]

    def reply(self) -> tuple[int, bytes]:
        """Return a whole reply: its code (100 to 599), and its lines without it.

        Raises:
            NotAReplyError: there is no code, not one code, or the lines have no end.
        """
        code, lines, size = b"", list[bytes](), 0
        while True:
            line = self._line()
            size += len(line)
            found = _REPLY_LINE.fullmatch(line)
            if found is None or (code and found[1] != code):
                raise NotAReplyError(f"the server's answer is no SMTP reply: {line[:80]!r}")
            code = found[1]
            lines.append(found[3] or b"")
            if found[2] != b"-":
                return int(code), b"\n".join(lines)
            if len(lines) >= _MOST_LINES or size > _MOST_BYTES:
                raise NotAReplyError(f"the server's answer does not end: it was left after {len(lines)} lines")

    def is_out_of_turn(self) -> bool:
        """Tell whether the server has said something that nobody asked, or has closed."""
        self._sock.settimeout(0)
        try:
            heard = self._sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return bool(self._unread)
        finally:
            self._sock.settimeout(_TICK_S)
        self._unread += heard
        return True

    def close(self) -> None:
        """Close the connection. Twice is once."""
        with suppress(OSError):
            self._sock.close()

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > _LONGEST_LINE:
                raise NotAReplyError(f"the server's answer does not end: {len(self._unread)} bytes in one line")
            heard: bytes = self._wait(lambda: self._sock.recv(4096))
            if not heard:
                cut = f" after {self._unread[:80]!r}" if self._unread else ""
                raise ConnectionError(f"the server closed the connection{cut}")
            self.has_heard = True
            self._unread += heard
        line, _, self._unread = self._unread.partition(b"\n")
        return line.removesuffix(b"\r")

    def _wait(self, call: Callable[[], T]) -> T:
        while True:
            self._waits.check()
            with suppress(TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return call()


class Waits:
    """Until when something is waited for."""

    def __init__(self, is_stopping: IsStopping, ends_at: float = float("inf"), stop_grace_s: float = 0.0) -> None:
        """Take the end on the monotonic clock, and how long to wait on when the run is asked to end."""
        self.is_stopping, self._ends_at, self._grace_s = is_stopping, ends_at, stop_grace_s
        self._began = time.monotonic()
        self._stopped_at: float | None = None

    def check(self) -> None:
        """Raise TimeoutError or StoppedError where waiting is over."""
        now = time.monotonic()
        if now >= self._ends_at:
            raise TimeoutError(f"no answer for {now - self._began:.0f} s")
        if self._stopped_at is None and self.is_stopping():
            self._stopped_at = now
        if self._stopped_at is not None and now >= self._stopped_at + self._grace_s:
            raise StoppedError("the run was asked to end")


def in_time(call: Callable[[], T], waits: Waits, undo: Callable[[T], object] = lambda _: None) -> T:
    """Return what a call returns that knows no end of its own, as a look-up of a name.

    Raises:
        TimeoutError, StoppedError: it goes on in a thread of its own; what it still returns is handed to `undo`.
    """
    results: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
    lock, is_given_up = threading.Lock(), False

    def work() -> None:
        try:
            value = call()
        except Exception as error:  # noqa: BLE001 (raised by whoever waits)
            results.put((None, error))
            return
        with lock:
            if is_given_up:
                undo(value)
            else:
                results.put((value, None))

    threading.Thread(target=work, name="mail look-up", daemon=True).start()
    while True:
        try:
            value, error = results.get(timeout=_TICK_S)
        except Empty:
            try:
                waits.check()
            except (TimeoutError, StoppedError):
                with lock:
                    is_given_up = results.empty()
                    if is_given_up:
                        raise
            continue
        if error is not None:
            raise error
        return value  # type: ignore[return-value]
