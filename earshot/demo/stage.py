"""What every demonstration stands on: the invented web, the mail server and the workspace, until it is over.

Knows neither the pipeline nor who drives it: `earshot run` in `show`, a scheduler elsewhere.
"""

from __future__ import annotations

import fcntl
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from earshot.clock import SystemClock
from earshot.demo.mailserver import DemoMailServer
from earshot.demo.ports import free_port
from earshot.demo.web import DemoWeb
from earshot.demo.workspace import Ports, load_beginning, maildir, posts_file, write_workspace
from earshot.errors import ConfigError, StorageError
from earshot.ports import Clock


@dataclass(slots=True)
class Stage:
    """What is running. pages_port: where the dashboards are to be served. is_second: the folder was there before."""

    directory: Path
    console: Console
    clock: Clock
    web: DemoWeb
    mail: DemoMailServer
    pages_port: int
    ended: threading.Event
    is_second: bool = False

    @property
    def pages(self) -> str:
        """Address of the dashboards."""
        return f"http://127.0.0.1:{self.pages_port}"

    def log(self, name: str) -> Path:
        """Return the file that a child of this name writes to."""
        return self.directory / "var" / "demo" / f"{name}.log"


@contextmanager
def open_stage(directory: Path, port: int, console: Console) -> Iterator[Stage]:
    """Serve the invented web and take mails while the block runs; the workspace in `directory` points at both.

    Args:
        directory: made if need be, gone on with if it is there.
        port: for the dashboards; if it is taken, the next free one is used and named.
        console: where that is said.

    Raises:
        ConfigError: the folder holds another workspace, or a running demonstration.
        StorageError: no port is free.
    """
    directory = directory.resolve()
    clock = SystemClock()
    with ExitStack() as stack:
        before = load_beginning(directory)
        stack.enter_context(_alone(directory))
        ended = stack.enter_context(ended_by_signals())
        pages_port = named_port(port, console)
        born_at, web_port = (before.born_at, before.ports.web) if before else (None, 0)
        try:  # the port of last time, where it is free: the addresses of documents hold it
            web = DemoWeb(clock, born_at=born_at, port=free_port(web_port), state=posts_file(directory))
        except OSError as error:
            raise StorageError(f"the invented web found no free port: {error}") from error
        stack.callback(web.stop)
        mail = DemoMailServer(maildir(directory), clock, port=free_port(before.ports.mail if before else 0))
        stage = Stage(directory, console, clock, web, mail, pages_port, ended, before is not None)
        web.start()
        mail.start()
        stack.callback(mail.stop)
        write_workspace(directory, web.newsstand.born_at, Ports(web.port, mail.port, pages_port))
        yield stage


def named_port(port: int, console: Console) -> int:
    """Return `port`, or the next free one, which is then said.

    Raises:
        StorageError: none is free.
    """
    try:
        found = free_port(port)
    except OSError as error:
        raise StorageError(str(error)) from error
    if found != port:
        console.print(f"Port {port} is taken by another program; {found} is used instead.")
    return found


def answers(url: str) -> bool:
    """Tell whether a server of this machine answers with 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def ended_by_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C, TERM and HUP set."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the folder, so that a second demonstration on it is refused. Ends with the process, however it ends."""
    path = directory / "var" / "demo" / "running"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                "a demonstration is running in this folder",
                where=str(directory),
                advice="end it, or name another --dir",
            ) from error
        yield
