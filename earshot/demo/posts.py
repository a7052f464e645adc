"""Reads the invented posts out of their text files. Knows no dates but how long ago, and no web.

A file is named after its site. A post is a line `== Title`, a line `by Author | ...`, an empty line, and paragraphs
that are separated by empty lines. After the author may come, in any order: `26h` or `9d 14:20` (how long before the
beginning; without it the timetable finds a place in the month), `later 3` (its place in the script of what appears
while the demonstration runs), `also SITE` (a further site whose feed links to it), `slug WORD` (its address, if not
made from the title).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files

_AGE_HOURS = re.compile(r"^(\d+(?:\.\d+)?)h$")
_AGE_DAYS = re.compile(r"^(\d+)d (\d\d):(\d\d)$")


@dataclass(frozen=True, slots=True)
class Post:
    """One invented post. paragraphs: plain text.

    days_ago and minutes: so many calendar days (UTC) before the beginning, at that minute of the day. age: exactly so
    long before the beginning. Neither: an ordinary post, which the timetable places. later: place in the script of
    posts that appear while the demonstration runs, from 1.
    """

    site: str
    slug: str
    title: str
    author: str
    paragraphs: tuple[str, ...]
    age: timedelta | None = None
    days_ago: int | None = None
    minutes: int = 0
    later: int | None = None
    also: tuple[str, ...] = field(default=())

    @property
    def key(self) -> str:
        """Name of the post, unique in the invented web."""
        return f"{self.site}/{self.slug}"

    @property
    def is_ordinary(self) -> bool:
        """True where the timetable decides when it appeared."""
        return self.age is None and self.days_ago is None and self.later is None


@cache
def load_posts() -> tuple[Post, ...]:
    """Return every post written by hand, by site, in the order of its file.

    Raises:
        ValueError: a file that does not keep to the format; names the post.
    """
    folder = files("earshot.demo") / "texts" / "posts"
    texts = {item.name.removesuffix(".txt"): item.read_text(encoding="utf-8") for item in folder.iterdir()}
    return tuple(post for site in sorted(texts) for post in read_posts(site, texts[site]))


def read_posts(site: str, text: str) -> list[Post]:
    """Return the posts of one file.

    Raises:
        ValueError: a post without author line or text.
    """
    blocks = re.split(r"^== ", text, flags=re.MULTILINE)[1:]
    return [_read_post(site, block) for block in blocks]


def slug_of(title: str) -> str:
    """Return the last part of an address made from a title: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower())[:9])


def split_paragraphs(text: str) -> tuple[str, ...]:
    """Return paragraphs, line breaks inside them taken out."""
    return tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()) if part.strip())


def _read_post(site: str, block: str) -> Post:
    title, _, rest = block.partition("\n")
    by, _, body = rest.partition("\n")
    author, *marks = (part.strip() for part in by.removeprefix("by ").split("|"))
    paragraphs = split_paragraphs(body)
    if not by.startswith("by ") or not paragraphs:
        raise ValueError(f"{site}: post {title!r} needs a line `by Author` and text")
    post: dict[str, object] = {"slug": slug_of(title), "also": ()}
    for mark in marks:
        post |= _read_mark(site, title, mark)
    return Post(site=site, title=_unescape(title.strip()), author=author, paragraphs=paragraphs, **post)  # type: ignore[arg-type]


def _read_mark(site: str, title: str, mark: str) -> dict[str, object]:
    if hours := _AGE_HOURS.match(mark):
        return {"age": timedelta(hours=float(hours[1]))}
    if days := _AGE_DAYS.match(mark):
        return {"days_ago": int(days[1]), "minutes": int(days[2]) * 60 + int(days[3])}
    word, _, value = mark.partition(" ")
    if word == "later" and value.isdigit():
        return {"later": int(value)}
    if word == "also" and value:
        return {"also": tuple(value.split())}
    if word == "slug" and value:
        return {"slug": value}
    raise ValueError(f"{site}: post {title!r}: cannot read {mark!r} (26h, 9d 14:20, later 3, also SITE, slug WORD)")


def _unescape(title: str) -> str:
    r"""Turn `\r`, `\n` and `\u202e` into the characters: some titles are hostile on purpose."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), title.replace(r"\r", "\r").replace(r"\n", "\n"))
