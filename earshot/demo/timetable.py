"""Finds each invented post its time: a month with working days and weekends. Knows no text and no web."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from earshot.demo.draws import draw
from earshot.demo.posts import Post

FIRST_DAY, LAST_DAY = 35, 3
"""Ordinary posts lie so many days before the beginning; what is younger is told post by post."""
_WEEKDAYS = (1.0, 1.1, 1.1, 1.0, 0.9, 0.4, 0.35)
_HOURS = (1, 0, 0, 0, 1, 2, 4, 8, 12, 14, 13, 11, 10, 11, 12, 12, 11, 10, 9, 8, 8, 6, 4, 2)


def timetable(posts: Sequence[Post], born_at: datetime) -> dict[str, datetime]:
    """Return when each post appeared, by its key; posts of the script are left out.

    Args:
        posts: whole initial world; the same posts and the same beginning give the same times.
        born_at: when the demonstration began, UTC.
    """
    times = {post.key: _told(post, born_at) for post in posts if not post.is_ordinary and post.later is None}
    ordinary = sorted((post for post in posts if post.is_ordinary), key=lambda post: draw("order", post.key))
    days = range(FIRST_DAY, LAST_DAY - 1, -1)
    weights = list(accumulate(_WEEKDAYS[(born_at - timedelta(days=day)).weekday()] for day in days))
    for place, post in enumerate(ordinary):
        day = days[bisect(weights, (place + 0.5) / len(ordinary) * weights[-1])]
        times[post.key] = _midnight(born_at, day) + timedelta(minutes=_minute(post.key))
    return times


def _told(post: Post, born_at: datetime) -> datetime:
    if post.age is not None:
        return (born_at - post.age).replace(microsecond=0)
    return _midnight(born_at, post.days_ago or 0) + timedelta(minutes=post.minutes)


def _midnight(born_at: datetime, days_ago: int) -> datetime:
    return born_at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)


def _minute(key: str) -> int:
    """Return a minute of the day, mostly of working hours."""
    weights = list(accumulate(_HOURS))
    hour = bisect(weights, draw("hour", key) * weights[-1])
    return hour * 60 + int(draw("minute", key) * 60)
