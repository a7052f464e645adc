"""How things are said to people: numbers, times, labels, advice. Knows no page, no index, no record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dashboards.periods import CUSTOM, Period
from earshot.model import Mention, Sentiment
from earshot.stated import in_words, is_day

SENTIMENTS = {"negative": ("Negative", "▼"), "neutral": ("Neutral", "■"), "positive": ("Positive", "▲")}
"""Label and sign; the signs differ in shape, so that nothing rests on colour."""
SEVERITIES = {"critical": ("Critical", "‼"), "warning": ("Warning", "!"), "info": ("Info", "i")}
CATEGORIES = {
    "complaint": "Complaint",
    "praise": "Praise",
    "question": "Question",
    "purchase_intent": "Purchase intent",
    "safety": "Safety",
    "legal": "Legal",
    "outage": "Outage",
    "employment": "Employment",
    "comparison": "Comparison",
    "spam": "Spam",
}
LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
OUTCOMES = {
    "ok": ("Fetched", "●", "It answered and there was something new."),
    "unchanged": ("Nothing new", "●", "It answered: nothing new since last time."),
    "empty": ("Empty", "○", "It answered properly, but held no entries."),
    "throttled": ("Throttled", "◐", "It asks us to come less often. Earshot waits as long as it asked."),
    "blocked": (
        "Blocked",
        "✕",
        "It does not let us in (robots.txt, or a refusal). Ask the site, or remove the source.",
    ),
    "gone": ("Gone", "✕", "The address exists no longer. Look for the new one and change the source."),
    "not a feed": (
        "Not a feed",
        "✕",
        "We got a web page instead of a feed, often a sign-in or consent page. Give the address of the feed itself.",
    ),
    "too large": ("Too large", "✕", "The answer was larger than Earshot reads. Choose a smaller feed."),
    "failed": ("Failed", "✕", "It could not be reached or read. Earshot tries again, ever more rarely."),
    "not the article": ("Not the article", "✕", "Another page came in its place: a consent wall, a sign-in form."),
    "never": ("Not yet tried", "…", "Its first run is still to come."),
}
WHY = {"brand": "the brand", "negative": "negative words", "positive": "positive words", "search": "your search"}


def number(value: float) -> str:
    """Return a number with thousands set apart by a thin space, which no language reads as a decimal mark."""
    return f"{value:,}".replace(",", "\u202f")


def plural(count: int, word: str) -> str:
    """Return a count with its word: "1 source", "1 200 sources"."""
    return f"{number(count)}\u00a0{word if count == 1 else word + 's'}"


def some(names: Sequence[str], most: int) -> str:
    """Return names in a row, and of more than `most` how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {number(len(names) - most)} more" if len(names) > most else shown


def percent(part: float, whole: float) -> str:
    """Return a share in whole percent; "under 1%" rather than a false 0."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return "under 1%" if 0 < share < 1 else f"{share:.0f}%"


def change(now: float, before: float) -> tuple[str, str]:
    """Return sign and words of a change: ("▲", "+20%"), ("▲", "3×"); empty where there is nothing to compare with."""
    if now == before:
        return "＝", "the same"
    if not before:
        return "", ""
    share = 100 * (now - before) / before
    size = f"{now / before:.{0 if now >= 10 * before else 1}f}×" if share >= 200 else f"{_signed(share)}%"
    return ("▲" if share > 0 else "▼"), size


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−")


def points(now: float, before: float) -> tuple[str, str]:
    """Return sign and words of the difference of two shares (0..1): ("▼", "−3 percentage points")."""
    gap = round(100 * now) - round(100 * before)
    if not gap:
        return "＝", "the same"
    return ("▲" if gap > 0 else "▼"), f"{_signed(gap)} percentage {'point' if abs(gap) == 1 else 'points'}"


def ago(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a time as people say it: "2 h ago", "yesterday 14:03", "12 Nov"; the future "in 5 min"."""
    gap, wall, today = now - at, at.astimezone(zone), now.astimezone(zone).date()
    if gap < timedelta(0):
        return _ahead(-gap, wall)
    if gap < timedelta(minutes=1):
        return "just now"
    if gap < timedelta(hours=1):
        return f"{int(gap.total_seconds() // 60)} min ago"
    if gap < timedelta(hours=12):
        return f"{int(gap.total_seconds() // 3600)} h ago"
    if wall.date() == today:
        return f"today {wall:%H:%M}"
    if wall.date() == today - timedelta(days=1):
        return f"yesterday {wall:%H:%M}"
    if gap < timedelta(days=6):
        return f"{wall:%a %H:%M}"
    return day(wall) if wall.year == today.year else f"{day(wall)} {wall.year}"


def stated_day(mention: Mention) -> str:
    """Return the day on which a mention says it was published, "" where it names a moment or nothing."""
    return in_words(mention.published_as) if is_day(mention.published_as) else ""


def stated_moment(mention: Mention) -> str:
    """Return the moment at which a mention says it was published, on its own clock; "" where it names none."""
    return "" if is_day(mention.published_as) else in_words(mention.published_as)


def _ahead(gap: timedelta, wall: datetime) -> str:
    if gap < timedelta(minutes=1):
        return "now"
    if gap < timedelta(hours=1):
        return f"in {int(gap.total_seconds() // 60)} min"
    if gap < timedelta(hours=24):
        return f"in {int(gap.total_seconds() // 3600)} h"
    return f"{day(wall)} {wall:%H:%M}"


def length(seconds: float) -> str:
    """Return how long something took or takes: "under 1 s", "42 s", "3 min 20 s", "5 h 10 min", "3 days"."""
    seconds = int(seconds)
    if seconds < 1:
        return "under 1\u00a0s"
    if seconds < 60:
        return f"{seconds}\u00a0s"
    if seconds < 3600:
        return _two(divmod(seconds, 60), "min", "s")
    if seconds < 2 * 86400:
        return _two(divmod(seconds // 60, 60), "h", "min")
    return f"{seconds // 86400}\u00a0days"


def _two(parts: tuple[int, int], large: str, small: str) -> str:
    whole, rest = parts
    return f"{whole}\u00a0{large}" + (f" {rest}\u00a0{small}" if rest else "")


def day(wall: datetime) -> str:
    """Return day and month: "3 Nov"."""
    return f"{wall.day} {wall:%b}"


def exact(at: datetime, zone: ZoneInfo) -> str:
    """Return a time in full, in the reader's zone and in UTC."""
    wall = at.astimezone(zone)
    told = f"{wall:%A}, {day(wall)} {wall.year}, {wall:%H:%M:%S} {wall.tzname()}"
    return told if zone.key == "UTC" else f"{told} ({at.astimezone(UTC):%H:%M} UTC)"


def span_of(at: datetime, to: datetime) -> str:
    """Return a stretch of time on the reader's clock: "Fri 20 Nov, 12:00–18:00", "Fri 20 Nov", "3–9 Nov"."""
    is_whole_days = at.hour == to.hour == 0 and at.minute == to.minute == 0
    if is_whole_days:
        last = to - timedelta(days=1)
        if last.date() == at.date():
            return f"{at:%a} {day(at)}"
        return f"{day(at)} to {day(last)}"
    if at.date() == (to - timedelta(seconds=1)).date():
        return f"{at:%a} {day(at)}, {at:%H:%M}–{to:%H:%M}"
    return f"{at:%a} {day(at)} {at:%H:%M} to {to:%a} {day(to)} {to:%H:%M}"


def time_words(period: Period, zone: ZoneInfo) -> str:
    """Return the time a page is about: "in the last 7 days", "on Sun 29 Nov, 12:00–18:00", "from 3 Nov to 9 Nov"."""
    if period.name != CUSTOM:
        return "of all time" if period.since is None else f"in {period.label}"
    until = period.until.astimezone(zone).replace(tzinfo=None) if period.until else None
    if period.since is None:
        return f"until {day(until - timedelta(seconds=1))}" if until else "of all time"
    since = period.since.astimezone(zone).replace(tzinfo=None)
    if until is None:
        return f"since {since:%a} {day(since)}"
    span = span_of(since, until)
    return f"from {span}" if " to " in span else f"on {span}"


def part_of(length: timedelta, whole: timedelta) -> str:
    """Return how much of a stretch is meant: "2 of 6 h", "14 of 24 h", "3 of 7 days"."""
    if whole <= timedelta(hours=49):
        return f"{length / timedelta(hours=1):.0f} of {whole / timedelta(hours=1):.0f} h"
    return f"{math.ceil(length / timedelta(days=1))} of {whole / timedelta(days=1):.0f} days"


def relevance_words(mention: Mention, brand: str) -> str:
    """Say how sure it is that a mention is about the brand."""
    if mention.relevance >= 0.8:
        return f"Most likely about {brand}"
    if mention.relevance >= 0.5:
        return f"Probably about {brand}"
    if mention.relevance >= 0.2:
        return f"Probably not about {brand}: it is not counted"
    return f"Hardly about {brand}: it is not counted"


def sentiment_words(mention: Mention, brand: str) -> str:
    """Say what a mention says of the brand."""
    if mention.sentiment is Sentiment.NEUTRAL:
        return f"Neither for nor against {brand}"
    strength = (
        "Clearly"
        if abs(mention.sentiment_score) >= 0.6
        else "Rather"
        if abs(mention.sentiment_score) >= 0.3
        else "Slightly"
    )
    side = "critical of" if mention.sentiment is Sentiment.NEGATIVE else "favourable to"
    return f"{strength} {side} {brand}"


def confidence_words(confidence: float) -> str:
    """Say how sure the classifier is of itself."""
    sure = (
        "sure"
        if confidence >= 0.8
        else "fairly sure"
        if confidence >= 0.6
        else "unsure"
        if confidence >= 0.4
        else "guessing"
    )
    return f"{sure} ({confidence:.0%})"


def web_url(url: str) -> str:
    """Return the URL if it may stand in a link (http, https, with a host), else an empty text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def host_of(url: str) -> str:
    """Return the host of a URL for showing, or the URL itself."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
