"""The Extractor port over bounded child processes. Knows no format: what is read is the child's affair.

One zygote process (`earshot.extract.zygote`) imports the parsers once and forks children with limits of processor
time, memory, open files and files written. The parent adds the wall clock and the size of the answer. A child reads
several captures in turn; each has limits of its own, and one that kills its child costs no other capture anything.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from earshot.errors import DocumentError, StorageError
from earshot.extract import wire
from earshot.model import NO_HINT, Capture, Hint, Reading
from earshot.ports import Clock

_CHUNK = 1 << 18
_TRIES = 2
_START_S = 120.0  # it takes half a second; on a machine under full load many times that


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading one capture may cost.

    cpu_s: processor seconds for a small body; cpu_s_per_mb is added for each MB of it. wall_s: seconds in all.
    memory_mb: above what the imported parsers need themselves. max_answer: bytes of the answer. captures_per_child:
    1 gives each capture a process of its own, at about 15 ms (measured: fork and copied pages on a virtual machine).
    """

    cpu_s: int = 3
    cpu_s_per_mb: float = 1.0
    wall_s: float = 60.0
    memory_mb: int = 512
    max_answer: int = 20 * 1024 * 1024
    captures_per_child: int = 32

    def cpu_for(self, body: bytes) -> int:
        """Return whole seconds for this body."""
        return self.cpu_s + int(self.cpu_s_per_mb * len(body) / 2**20)


class BoundedExtractor:
    """Reads captures in bounded children; `parallel` of them at a time in `read_many` (None: one per core).

    The zygote starts with the first capture, and again whenever it died. Usable from several threads. `close` may be
    called twice; a closed extractor starts anew when it is used again.
    """

    def __init__(self, clock: Clock, *, limits: ReadingLimits | None = None, parallel: int | None = None) -> None:
        self._clock = clock
        self._limits = limits or ReadingLimits()
        self._parallel = parallel or os.cpu_count() or 1
        self._idle: list[_Zygote] = []
        self._owner = os.getpid()

    def read(self, capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
        """Return what the capture says, by its role. hint: what is known of its source.

        Raises:
            SourceError: the body is not what the role expects (outcome NOT_A_FEED), e.g. a login page.
            DocumentError: its reader crashed or cost too much.
            StorageError: no reader can be started.
        """
        for answer in self.read_many([(capture, body)], lambda _: hint):
            if isinstance(answer, Reading):
                return answer
            raise answer
        raise DocumentError("its reader gave no answer")  # pragma: no cover (one capture gives one answer)

    def read_many(
        self, items: Iterable[tuple[Capture, bytes]], hint_of: Callable[[Capture], Hint] = lambda _: NO_HINT
    ) -> Iterator[wire.Answer]:
        """Yield one answer per capture, in their order: a Reading, or the error that `read` would raise.

        hint_of: gives what is known of a capture's source.
        Lazy: at most four captures per child are taken ahead of what was yielded.
        """
        source, line = iter(items), deque[_Job]()
        is_over = False
        zygote = self._take()
        try:
            while not is_over or line:
                while not is_over and len(line) < 4 * self._parallel and zygote.busy < self._parallel:
                    item = next(source, None)
                    is_over = item is None
                    if item:
                        line.append(_Job(*item, hint=hint_of(item[0])))
                        zygote = self._start(zygote, line[-1])
                if line and line[0].answer:
                    yield line.popleft().answer  # type: ignore[misc] # mypy does not narrow attributes of items
                elif line:
                    zygote = self._pump(zygote)
        finally:
            self._give_back(zygote)

    def close(self) -> None:
        """End the children."""
        while self._idle:
            self._idle.pop().end()

    def _take(self) -> _Zygote:
        if self._owner != os.getpid():  # we are a fork: those are another process's children
            self._idle, self._owner = [], os.getpid()
        while self._idle:
            zygote = self._idle.pop()
            if zygote.is_alive:
                return zygote
            zygote.end()
        return _Zygote(self._clock, self._limits)

    def _give_back(self, zygote: _Zygote) -> None:
        if zygote.busy:  # the caller stopped early
            zygote.end()
        else:
            self._idle.append(zygote)

    def _start(self, zygote: _Zygote, job: _Job) -> _Zygote:
        try:
            zygote.start(job)
        except OSError:
            return self._replace(zygote, [job])
        return zygote

    def _pump(self, zygote: _Zygote) -> _Zygote:
        try:
            zygote.pump()
        except OSError:
            return self._replace(zygote, [])
        return zygote

    def _replace(self, zygote: _Zygote, more: list[_Job]) -> _Zygote:
        """Begin again with a new zygote; a capture that saw two of them die is given up."""
        jobs = {id(job): job for job in [*zygote.end(), *more]}.values()
        fresh = _Zygote(self._clock, self._limits)
        for job in jobs:
            if job.tries < _TRIES:
                fresh.start(job)
            else:
                job.answer = DocumentError("the process that reads captures died twice while reading it")
        return fresh


@dataclass(slots=True, eq=False)
class _Job:
    """One capture on its way."""

    capture: Capture
    body: bytes
    hint: Hint
    answer: wire.Answer | None = None
    tries: int = 0
    deadline: float = 0.0


@dataclass(slots=True, eq=False)
class _Child:
    """One child process as its parent sees it: what it reads, and what it has said of that so far."""

    number: int
    stream: socket.socket | None
    job: _Job | None = None
    served: int = 0
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    reply: bytearray = field(default_factory=bytearray)
    stopped_for: str = ""

    @property
    def is_free(self) -> bool:
        return self.job is None and self.stream is not None


class _Zygote:
    """One reader process and its children. OSError from any method: it is dead."""

    def __init__(self, clock: Clock, limits: ReadingLimits) -> None:
        self._clock, self._limits = clock, limits
        self._children: dict[int, _Child] = {}
        self._count = 0
        self._endings = bytearray()
        self._selector = selectors.DefaultSelector()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", "earshot.extract.zygote", str(theirs.fileno()), str(os.getpid())]
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C at a terminal is the parent's to answer
            )
        self._wait_until_ready()
        self._selector.register(self._control, selectors.EVENT_READ)

    def _wait_until_ready(self) -> None:
        self._control.settimeout(_START_S)
        try:
            said = self._control.recv(len(wire.READY), socket.MSG_WAITALL)
        except OSError:
            said = b""
        self._control.settimeout(None)
        if said != wire.READY:
            self.end()
            raise StorageError("the process that reads captures does not start; its words are on the standard error")

    @property
    def busy(self) -> int:
        """How many captures are being read."""
        return sum(child.job is not None for child in self._children.values())

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def start(self, job: _Job, *, anew: bool = False) -> None:
        """Give a capture to a child that is free, or to a new one; with `anew` always to a new one."""
        job.tries += 1
        job.deadline = self._clock.monotonic() + self._limits.wall_s
        free = (child for child in self._children.values() if child.is_free and not anew)
        child = next(free, None) or self._fork()
        child.job = job
        child.unsent = memoryview(wire.pack_request(job.capture, job.hint, job.body, self._limits.cpu_for(job.body)))
        self._watch(child, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def pump(self) -> None:
        """Wait for something to happen, and move it on."""
        busy = [child.job.deadline for child in self._children.values() if child.job]
        wait = min(busy, default=0.0) - self._clock.monotonic()
        for key, _ in self._selector.select(min(max(wait, 0.0), 1.0)):
            if key.fileobj is self._control:
                self._hear_endings()
            else:
                self._move(key.data)
        now = self._clock.monotonic()
        for child in list(self._children.values()):
            if child.job and now >= child.job.deadline and not child.stopped_for:
                self._stop(child, f"reading it took longer than {self._limits.wall_s:g} s")

    def end(self) -> list[_Job]:
        """Kill the process, and with it its children; return the captures that were under way."""
        jobs = [child.job for child in self._children.values() if child.job]
        for child in self._children.values():
            if child.stream:
                child.stream.close()
        self._children.clear()
        self._selector.close()
        self._control.close()
        self._process.kill()
        self._process.wait()
        return jobs

    def _fork(self) -> _Child:
        self._count += 1
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        child = self._children[self._count] = _Child(self._count, ours)
        self._selector.register(ours, selectors.EVENT_READ, child)
        with theirs:
            order = wire.ORDER.pack(wire.FORK, child.number, self._limits.memory_mb)
            socket.send_fds(self._control, [order], [theirs.fileno()])
        return child

    def _hear_endings(self) -> None:
        data = self._control.recv(4096)
        if not data:
            raise ConnectionResetError("the zygote is gone")
        self._endings += data
        while len(self._endings) >= wire.ENDING.size:
            number, status = wire.ENDING.unpack_from(self._endings)
            del self._endings[: wire.ENDING.size]
            child = self._children.pop(number)
            self._take_reply(child)
            self._hang_up(child)
            if child.job:
                self._bury(child, child.job, os.waitstatus_to_exitcode(status))

    def _move(self, child: _Child) -> None:
        if child.stream is None:
            return
        try:
            if child.unsent:
                child.unsent = child.unsent[child.stream.send(child.unsent[:_CHUNK]) :]
                if not child.unsent:
                    self._watch(child, selectors.EVENT_READ)
                return
            data = child.stream.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:  # the child died with our words unread; its ending says why
            data = b""
        if not data:
            self._hang_up(child)
            return
        child.reply += data
        self._take_reply(child)

    def _take_reply(self, child: _Child) -> None:
        """Give the child's capture its answer once it is whole."""
        if not child.job or len(child.reply) < wire.REPLY.size:
            return
        size, is_last = wire.REPLY.unpack_from(child.reply)
        if size > self._limits.max_answer:
            self._stop(child, f"what it says is larger than {self._limits.max_answer // 2**20} MB")
        elif len(child.reply) >= wire.REPLY.size + size:
            child.job.answer = wire.unpack_answer(bytes(child.reply[wire.REPLY.size :]))
            child.job.body = b""
            child.job, child.reply, child.served = None, bytearray(), child.served + 1
            if is_last or child.served >= self._limits.captures_per_child:
                self._hang_up(child)

    def _stop(self, child: _Child, why: str) -> None:
        if not child.stopped_for:
            child.stopped_for = why
            self._hang_up(child)
            self._control.sendall(wire.ORDER.pack(wire.KILL, child.number, 0))

    def _watch(self, child: _Child, events: int) -> None:
        if child.stream:
            self._selector.modify(child.stream, events, child)

    def _hang_up(self, child: _Child) -> None:
        if child.stream:
            self._selector.unregister(child.stream)
            child.stream.close()
            child.stream = None

    def _bury(self, child: _Child, job: _Job, code: int) -> None:
        """Say in words why a child ended with its capture unread. code: as of a subprocess, signals negative."""
        if child.stopped_for:
            job.answer = DocumentError(child.stopped_for)
        elif code == -signal.SIGXCPU:
            cpu_s = self._limits.cpu_for(job.body)
            job.answer = DocumentError(f"reading it took more than {cpu_s} s of processor time")
        elif child.served and job.tries < _TRIES:  # perhaps an earlier capture was to blame
            self.start(job, anew=True)
        elif code == -signal.SIGKILL:
            job.answer = DocumentError("its reader was killed, as the system does when memory runs out")
        else:
            how = signal.Signals(-code).name if code < 0 else f"exit {code}"
            job.answer = DocumentError(f"its reader crashed ({how})")


__all__ = ["BoundedExtractor", "ReadingLimits"]
