"""The demonstration itself: invented web, mail server, the real pipeline, the dashboards, until somebody ends it.

Knows the pipeline only as a person does: by its commands, run as child processes on the workspace in `directory`.
"""

from __future__ import annotations

import fcntl
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from earshot.clock import SystemClock
from earshot.demo.children import Children
from earshot.demo.mailserver import DemoMailServer
from earshot.demo.newsstand import Published
from earshot.demo.ports import free_port
from earshot.demo.web import DemoWeb
from earshot.demo.workspace import Beginning, Ports, load_beginning, maildir, posts_file, write_workspace
from earshot.errors import ConfigError, StorageError
from earshot.ports import Clock

_POLL_S = 0.2
_OLD_DAYS = 2
_LOG_LINES = 15


@dataclass(slots=True)
class _Show:
    """What is running."""

    directory: Path
    console: Console
    clock: Clock
    web: DemoWeb
    pages: str
    ended: threading.Event
    is_live: bool = False

    def log(self, name: str) -> Path:
        return self.directory / "var" / "demo" / f"{name}.log"


def show(directory: Path, port: int, console: Console) -> int:
    """Run the demonstration until Ctrl-C or SIGTERM, and leave nothing running.

    Args:
        directory: its workspace; made if need be, gone on with if it is there.
        port: of the dashboards; if it is taken, the next free one is used and named.
        console: where progress and addresses are shown.

    Returns:
        Exit code: 0 ended by a person, 1 a part of it failed.

    Raises:
        ConfigError: the folder holds another workspace, or a running demonstration.
        StorageError: no port is free.
    """
    directory = directory.resolve()
    clock = SystemClock()
    with ExitStack() as stack:
        before = load_beginning(directory)
        stack.enter_context(_alone(directory))
        ended = stack.enter_context(_ended_by_signals())
        pages_port = _pages_port(port, console)
        web = _open_web(clock, directory, before)
        stack.callback(web.stop)
        mail = DemoMailServer(maildir(directory), clock, port=free_port(before.ports.mail if before else 0))
        scene = _Show(directory, console, clock, web, f"http://127.0.0.1:{pages_port}", ended)
        mail.on_mail = lambda to, subject: _say_mail(scene, to, subject)
        web.on_post = lambda one: _say_post(scene, one)
        web.start()
        mail.start()
        stack.callback(mail.stop)
        write_workspace(directory, web.newsstand.born_at, Ports(web.port, mail.port, pages_port))
        _say_beginning(scene, is_second=before is not None)
        return _perform(scene, stack.enter_context(Children()))


def _perform(scene: _Show, children: Children) -> int:
    """First round and pages side by side, then the pipeline for good."""
    workspace = ("--workspace", str(scene.directory))
    pages = children.start([*workspace, "serve"], scene.log("serve"))
    first = children.start([*workspace, "run", "--once"])
    is_answering = False
    while first.poll() is None or not is_answering:
        if scene.ended.wait(_POLL_S):
            return _say_end(scene)
        if pages.poll() is not None:
            return _say_failed(scene, "serve", pages)
        if first.poll() not in (None, 0):
            scene.console.print("[red]The first round failed[/]; what it said stands above.")
            return 1
        if not is_answering and _answers(f"{scene.pages}/healthz"):
            is_answering = True
            _line(scene, Text.assemble("The dashboard answers: ", (f"{scene.pages}/", "bold underline")))
    going = children.start([*workspace, "run"], scene.log("run"))
    _say_what_to_see(scene)
    scene.is_live = True
    scene.web.play()
    while not scene.ended.wait(_POLL_S):
        for name, child in (("serve", pages), ("run", going)):
            if child.poll() is not None:
                return _say_failed(scene, name, child)
    return _say_end(scene)


def _open_web(clock: Clock, directory: Path, before: Beginning | None) -> DemoWeb:
    """Bind the port of last time where that is free: the addresses of documents hold it."""
    born_at, port = (before.born_at, before.ports.web) if before else (None, 0)
    try:
        return DemoWeb(clock, born_at=born_at, port=free_port(port), state=posts_file(directory))
    except OSError as error:
        raise StorageError(f"the invented web found no free port: {error}") from error


def _pages_port(port: int, console: Console) -> int:
    try:
        found = free_port(port)
    except OSError as error:
        raise StorageError(str(error)) from error
    if found != port:
        console.print(
            f"Port {port} is taken by another program; the dashboard uses {found} instead (--port N chooses)."
        )
    return found


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


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


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
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


def _say_beginning(scene: _Show, *, is_second: bool) -> None:
    listened = [site for site in scene.web.newsstand.sites.values() if not site.trouble]
    posts = len(scene.web.newsstand.posts())
    scene.console.print(
        f"An invented web: {len(listened)} sites with {posts} posts, on http://127.0.0.1:{scene.web.port}/"
    )
    scene.console.print(Text(f"The workspace: {scene.directory}"), soft_wrap=True)
    age = (scene.clock.now() - scene.web.newsstand.born_at).days
    if is_second and age >= _OLD_DAYS:
        scene.console.print(f"It began {age} days ago; for a fresh month delete the folder or name another with --dir.")
    scene.console.print("Now the real pipeline: collect, read, judge, index, tell.")


def _say_what_to_see(scene: _Show) -> None:
    pages = scene.pages
    web = scene.web.base("harbour-gazette")
    lines = [
        ("Overview", f"{pages}/", "the wave of the last two days is Harbor's; the month before is quiet"),
        ("Search", f"{pages}/mentions?q=melted+OR+smoking", "or anything else; each hit shows the words it rests on"),
        ("Sources", f"{pages}/sources", "five of them need attention, each for a reason of its own"),
        ("Sent mails", f"{pages}/mails", f"{_kept_mails(scene)} so far, with links to the mentions that caused them"),
        ("A site", f"{web}/", "one of the invented ones, for your browser"),
    ]
    for name, address, what in lines:
        scene.console.print(Text.assemble((f"  {name:<11}", "bold"), f"{address}  ", (what, "dim")), soft_wrap=True)
    last = "New posts keep appearing; the pages follow within half a minute. Ctrl-C ends everything."
    scene.console.print(last, soft_wrap=True)


def _kept_mails(scene: _Show) -> int:
    folder = maildir(scene.directory)
    return sum(1 for name in ("new", "cur") for _ in (folder / name).iterdir())


def _say_post(scene: _Show, one: Published) -> None:
    title = one.post.title.splitlines()[0]
    when = scene.clock.now().astimezone().strftime("%H:%M:%S")
    _line(scene, Text.assemble((f"{when} post  ", "dim"), f"{one.site.name}: {title}"))


def _say_mail(scene: _Show, to: str, subject: str) -> None:
    if scene.is_live:
        when = scene.clock.now().astimezone().strftime("%H:%M:%S")
        _line(scene, Text.assemble((f"{when} mail  ", "dim"), f"{to}: {subject}"))


def _say_end(scene: _Show) -> int:
    _line(scene, Text("Ending; the next call goes on from here."))
    return 0


def _say_failed(scene: _Show, name: str, child: subprocess.Popen[bytes]) -> int:
    log = scene.log(name)
    said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
    _line(scene, Text(f"`earshot {name}` ended with exit code {child.returncode}. Its last words ({log}):", "red"))
    for line in said:
        scene.console.print(Text(f"  {line}"), soft_wrap=True)
    return 1


def _line(scene: _Show, text: Text) -> None:
    """Print a line of our own; on a terminal over the line that the first round keeps redrawing."""
    if scene.console.is_terminal and not scene.is_live:
        scene.console.file.write("\r\x1b[2K")
    scene.console.print(text, soft_wrap=True)
