"""Killed at each write, sync, rename and send of a cycle, Earshot ends as if nothing had happened. For `make soak`.

A feed has a post more before each cycle. The first cycle is counted; the next one is killed at its first call of a
kind, the one after it at its second, and so on. strace counts by thread and strikes the process whose thread is the
first to come so far: mostly Earshot itself, at times its spider or its reader.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from earshot.clock import SystemClock
from earshot.demo.children import bare_environment
from earshot.demo.mailserver import DemoMailServer
from tests.kill.account import differences, facts, is_sound, misindexed, mistold, rows, sizes, undone
from tests.kill.place import CHECKOUT, Place
from tests.pipeline.world import item, rss
from tests.soaking import TIMES

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here (Debian: apt-get install strace)"),
]

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "unlink", "unlinkat", "sendto", "sendmsg")
MOST_KILLS = 3 * TIMES
"""Of one kind of call; where there are more calls, the kills are spread evenly over them."""
ENDS_WITHIN = 20
"""Undisturbed cycles after which nothing may be left to be done."""


class Feed(ThreadingHTTPServer):
    """A feed that holds all posts there were so far."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.posts = 0
        self.born_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def body(self) -> bytes:
        made = range(self.posts)
        return rss(*(item(f"{self.url}/{n}", f"Halden pump {n}", _text(n), date=self._day(n)) for n in made))

    def _day(self, number: int) -> str:
        return format_datetime(self.born_at + timedelta(seconds=number), usegmt=True)


class _Answer(BaseHTTPRequestHandler):
    server: Feed

    def do_GET(self) -> None:
        is_feed = self.path == "/feed"
        body = self.server.body() if is_feed else b"nothing"
        self.send_response(200 if is_feed else 404)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _text(number: int) -> str:
    """Return the words of a post: enough of its own for none to tell the story of another."""
    own = " ".join(f"word{number}x{n}" for n in range(40))
    return f"The pump of Halden broke in house {number}, and nobody came. {own}"


@dataclass
class Sweep:
    """One workspace that is killed again and again. killed: how often Earshot itself died, by call."""

    place: Place
    feed: Feed
    killed: Counter[str] = field(default_factory=Counter)

    def count(self) -> dict[str, int]:
        """Run two undisturbed cycles, as the first one makes the record too; return the second's calls of each kind.

        Of each kind those of the thread that makes most of them.
        """
        self.feed.posts += 1
        assert self._cycle([]) == 0, self.place.said()
        self.feed.posts += 1
        output = self.place.root.with_suffix(".calls")
        assert self._cycle([*_strace(output), "-e", f"trace={','.join(CALLS)}"]) == 0, self.place.said()
        made = Counter(re.findall(r"^(\d+) +(\w+)\(", output.read_text(errors="replace"), re.MULTILINE))
        return {name: max((made[key] for key in made if key[1] == name), default=0) for name in CALLS}

    def kill_at(self, name: str, number: int) -> None:
        """Run a cycle that is struck at the call of this number."""
        self.feed.posts += 1
        what = ["-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}"]
        self.killed[name] += self._cycle([*_strace(Path(os.devnull)), *what]) in (-9, 137)

    def run_to_its_end(self) -> None:
        """Run undisturbed cycles until nothing is left to be done and each post is a mention."""
        for _ in range(ENDS_WITHIN):
            assert self._cycle([]) == 0, self.place.said()[-4000:]
            ((heard,),) = rows(self.place, "SELECT count(*) FROM mention")
            if not undone(self.place) and heard == self.feed.posts:
                return
            time.sleep(2)
        raise AssertionError(f"{heard} of {self.feed.posts} posts; {undone(self.place)}\n{self.place.said()[-4000:]}")

    def _cycle(self, before: list[str]) -> int:
        time.sleep(1.5)  # else the source, which has a pace of a second, is not due yet
        command = [*before, sys.executable, "-m", "earshot", "--workspace", str(self.place.root), "run", "--once"]
        with self.place.log.open("ab") as log:
            environ = bare_environment(os.environ)
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ, cwd=CHECKOUT, check=False
            ).returncode


def _strace(output: Path) -> list[str]:
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(output)]


def spread(calls: int) -> list[int]:
    """Return the numbers of the calls at which is killed."""
    kills = min(calls, MOST_KILLS)
    return [1 + kill * calls // kills for kill in range(kills)]


@contextmanager
def sweep(folder: Path, feed: Feed) -> Iterator[Sweep]:
    """Yield a workspace of one brand that listens to the feed, with a mail server of its own."""
    maildir, root = folder / "mail", folder / "workspace"
    with DemoMailServer(maildir, SystemClock()) as mail:
        for name in ("brands", "sources"):
            (root / name).mkdir(parents=True)
        (root / "earshot.yaml").write_text(
            "collect: {contact: me@example.org, allow_hosts: [127.0.0.1]}\nalerts: {max_age: none}\n"
            f"mail: {{host: 127.0.0.1, port: {mail.port}, security: none, sender: a@example.org, "
            f"ledger: {maildir}, ledger_wait: 1s}}\n"
        )
        (root / "brands" / "halden.yaml").write_text(
            "id: halden\nname: Halden\nmax_per_hour: 1000\n"
            "recipients: [{address: mara@example.org}]\n"
            "rules: [{id: pumps, name: Pumps, query: pump, severity: critical}]\n"
        )
        (root / "sources" / "blog.yaml").write_text(
            f"sources: [{{id: blog, kind: feed, url: '{feed.url}/feed', delay: 0s, pace: 1s}}]\n"
        )
        yield Sweep(Place(root, maildir), feed)


def test_killed_at_each_call_of_a_cycle_it_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    with Feed() as feed:
        threading.Thread(target=feed.serve_forever, daemon=True).start()
        with sweep(tmp_path / "killed", feed) as killed, sweep(tmp_path / "undisturbed", feed) as undisturbed:
            calls = killed.count()
            for name, made in calls.items():
                for number in spread(made):
                    killed.kill_at(name, number)
            killed.run_to_its_end()
            undisturbed.run_to_its_end()
            expected, found = facts(undisturbed.place), facts(killed.place)
            print(f"\ncalls {calls}, killed {dict(killed.killed)}; {sizes(found)}")
            assert differences(expected, found) == {}
            assert mistold(killed.place) == []
            assert misindexed(killed.place) == []
            assert is_sound(killed.place)
            assert killed.killed.total() > 0.3 * sum(len(spread(made)) for made in calls.values())
        feed.shutdown()
