"""The demonstration itself: invented web, mail server, the real pipeline, the dashboards, until somebody ends it.

Knows the pipeline only as a person does: by its commands, run as child processes on the workspace in `directory`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from earshot.demo.children import Children
from earshot.demo.newsstand import Published
from earshot.demo.stage import Stage, answers, open_stage
from earshot.demo.workspace import maildir

_POLL_S = 0.2
_OLD_DAYS = 2
_LOG_LINES = 15


@dataclass(slots=True)
class _Show:
    """A stage, what the children are told beside its files, and whether the first round is over."""

    stage: Stage
    settings: Mapping[str, str] = field(default_factory=dict)
    is_live: bool = False

    @property
    def console(self) -> Console:
        return self.stage.console


def show(directory: Path, port: int, console: Console, settings: Mapping[str, str] | None = None) -> int:
    """Run the demonstration until Ctrl-C or SIGTERM, and leave nothing running.

    Args:
        directory: its workspace; made if need be, gone on with if it is there.
        port: of the dashboards; if it is taken, the next free one is used and named.
        console: where progress and addresses are shown.
        settings: EARSHOT_* variables that the workspace's files do not hold, such as where a search engine answers.

    Returns:
        Exit code: 0 ended by a person, 1 a part of it failed.

    Raises:
        ConfigError: the folder holds another workspace, or a running demonstration.
        StorageError: no port is free.
    """
    with open_stage(directory, port, console) as stage, Children() as children:
        scene = _Show(stage, settings or {})
        stage.mail.on_mail = lambda to, subject: _say_mail(scene, to, subject)
        stage.web.on_post = lambda one: _say_post(scene, one)
        _say_beginning(stage)
        return _perform(scene, children)


def _perform(scene: _Show, children: Children) -> int:
    """First round and pages side by side, then the pipeline for good."""
    stage = scene.stage
    workspace = ("--workspace", str(stage.directory))
    pages = children.start([*workspace, "serve"], stage.log("serve"), scene.settings)
    first = children.start([*workspace, "run", "--once"], environ=scene.settings)
    is_answering = False
    while first.poll() is None or not is_answering:
        if stage.ended.wait(_POLL_S):
            return _say_end(scene)
        if pages.poll() is not None:
            return _say_failed(scene, "serve", pages)
        if first.poll() not in (None, 0):
            scene.console.print("[red]The first round failed[/]; what it said stands above.")
            return 1
        if not is_answering and answers(f"{stage.pages}/healthz"):
            is_answering = True
            _line(scene, Text.assemble("The dashboard answers: ", (f"{stage.pages}/", "bold underline")))
    going = children.start([*workspace, "run"], stage.log("run"), scene.settings)
    _say_what_to_see(stage)
    scene.is_live = True
    stage.web.play()
    while not stage.ended.wait(_POLL_S):
        for name, child in (("serve", pages), ("run", going)):
            if child.poll() is not None:
                return _say_failed(scene, name, child)
    return _say_end(scene)


def _say_beginning(scene: Stage) -> None:
    listened = [site for site in scene.web.newsstand.sites.values() if not site.trouble]
    posts = len(scene.web.newsstand.posts())
    scene.console.print(
        f"An invented web: {len(listened)} sites with {posts} posts, on http://127.0.0.1:{scene.web.port}/"
    )
    scene.console.print(Text(f"The workspace: {scene.directory}"), soft_wrap=True)
    age = (scene.clock.now() - scene.web.newsstand.born_at).days
    if scene.is_second and age >= _OLD_DAYS:
        scene.console.print(f"It began {age} days ago; for a fresh month delete the folder or name another with --dir.")
    scene.console.print("Now the real pipeline: collect, read, judge, index, tell.")


def _say_what_to_see(scene: Stage) -> None:
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


def _kept_mails(scene: Stage) -> int:
    folder = maildir(scene.directory)
    return sum(1 for name in ("new", "cur") for _ in (folder / name).iterdir())


def _say_post(scene: _Show, one: Published) -> None:
    title = one.post.title.splitlines()[0]
    when = scene.stage.clock.now().astimezone().strftime("%H:%M:%S")
    _line(scene, Text.assemble((f"{when} post  ", "dim"), f"{one.site.name}: {title}"))


def _say_mail(scene: _Show, to: str, subject: str) -> None:
    if scene.is_live:
        when = scene.stage.clock.now().astimezone().strftime("%H:%M:%S")
        _line(scene, Text.assemble((f"{when} mail  ", "dim"), f"{to}: {subject}"))


def _say_end(scene: _Show) -> int:
    _line(scene, Text("Ending; the next call goes on from here."))
    return 0


def _say_failed(scene: _Show, name: str, child: subprocess.Popen[bytes]) -> int:
    log = scene.stage.log(name)
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
