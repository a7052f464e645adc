"""What the invented web has published by now, and what comes next. Knows no HTTP.

The beginning (`born_at`) fixes every date of the first month. Posts of the script appear one by one; when each did is
kept in a file, so that a second call shows the same web.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from earshot.demo.chorus import LATE, TRICKLE, load_choruses
from earshot.demo.draws import draw
from earshot.demo.posts import Post, load_posts
from earshot.demo.sites import Site, load_sites
from earshot.demo.timetable import timetable
from earshot.ports import Clock

SCRIPT_GAP_S, TRICKLE_GAP_S, LATE_GAP_S = (20.0, 40.0), (150.0, 330.0), (300.0, 780.0)
"""Least and most seconds between two posts: of the script, of the trickle that follows for two hours, and of the rest
of a day."""


@dataclass(frozen=True, slots=True)
class Published:
    """A post that is out."""

    post: Post
    site: Site
    published_at: datetime

    @property
    def path(self) -> str:
        """Path of its page on its site."""
        return self.site.post_path(self.post.slug)


class Newsstand:
    """All sites and what is out on each of them. May be asked by many threads."""

    def __init__(self, born_at: datetime, clock: Clock, state: Path | None = None) -> None:
        """Fill the first month.

        Args:
            born_at: beginning of the demonstration, UTC.
            clock: time of new posts.
            state: file that remembers when posts of the script appeared; None forgets at the end.
        """
        self.sites = load_sites()
        self.born_at = born_at
        self._clock, self._state, self._lock = clock, state, threading.RLock()
        posts = [*load_posts(), *load_choruses()]
        self._script = sorted((post for post in posts if post.later is not None), key=_place)
        times = timetable([post for post in posts if post.later is None], born_at)
        self._out = [self._published(post, times[post.key]) for post in posts if post.key in times]
        self._next_at: float | None = None
        self._revealed = 0
        self._remember()

    def posts(self, site: str = "") -> list[Published]:
        """Return what is out, newest first; of one site, with what it links to elsewhere."""
        with self._lock:
            found = [one for one in self._out if not site or one.site.id == site or site in one.post.also]
        return sorted(found, key=lambda one: (one.published_at, one.post.key), reverse=True)

    @property
    def waiting(self) -> int:
        """Number of posts that have not appeared yet."""
        return len(self._script) - self._revealed

    def reveal(self, count: int = 1) -> list[Published]:
        """Publish the next posts of the script now, and return them; fewer at its end."""
        with self._lock:
            now = self._clock.now().replace(microsecond=0)
            fresh = self._script[self._revealed : self._revealed + count]
            news = [
                self._published(post, now - timedelta(seconds=len(fresh) - 1 - at)) for at, post in enumerate(fresh)
            ]
            self._out += news
            self._revealed += len(news)
            self._save(news)
            return news

    def catch_up(self) -> list[Published]:
        """Publish what is due by now, each some time after the one before; the first call starts the waiting."""
        with self._lock:
            now, news = self._clock.monotonic(), []
            if self._next_at is None:
                self._next_at = now + self._gap()
            while self.waiting and now >= self._next_at:
                news += self.reveal()
                self._next_at = max(now, self._next_at) + self._gap()
            return news

    def _gap(self) -> float:
        place = _place(self._script[self._revealed])[0] if self.waiting else LATE
        least, most = SCRIPT_GAP_S if place < TRICKLE else TRICKLE_GAP_S if place < LATE else LATE_GAP_S
        return least + draw("gap", self._revealed) * (most - least)

    def _published(self, post: Post, at: datetime) -> Published:
        return Published(post, self.sites[post.site], at)

    def _remember(self) -> None:
        if not self._state or not self._state.exists():
            return
        times = json.loads(self._state.read_text(encoding="utf-8"))
        known = [post for post in self._script if post.key in times]
        self._out += [self._published(post, datetime.fromisoformat(times[post.key])) for post in known]
        self._script = known + [post for post in self._script if post.key not in times]
        self._revealed = len(known)

    def _save(self, news: list[Published]) -> None:
        if not self._state or not news:
            return
        times = json.loads(self._state.read_text(encoding="utf-8")) if self._state.exists() else {}
        times |= {one.post.key: one.published_at.isoformat() for one in news}
        self._state.parent.mkdir(parents=True, exist_ok=True)
        part = self._state.with_suffix(".part")
        part.write_text(json.dumps(times, indent=1), encoding="utf-8")
        part.replace(self._state)


def _place(post: Post) -> tuple[int, str]:
    return post.later or 0, post.key
