"""Puts ordinary posts together from paragraphs written by hand. Knows no dates and no web.

A chorus file has the parts `== sites`, `== authors`, `== titles`, `== openings`, `== middles`, `== endings`. Any two
posts share at most one of their three paragraphs, so that none is a near duplicate of another. There are as many posts
as that allows: the titles come round again with a number, for a demonstration that is left running for a day.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from earshot.demo.draws import draw
from earshot.demo.posts import Post, slug_of, split_paragraphs

TRICKLE, LATE = 1000, 2000
"""From which places in the script on posts appear slowly, and more slowly."""

_PART = re.compile(r"^== (\w+)\n(.*?)(?=^== |\Z)", re.MULTILINE | re.DOTALL)


@cache
def load_choruses() -> tuple[Post, ...]:
    """Return every composed post: half as many ordinary ones as titles, the others in the script after what is written.

    Raises:
        ValueError: a chorus that lacks a part, or has too few paragraphs for its titles.
    """
    folder = files("earshot.demo") / "texts" / "chorus"
    names = sorted(item.name for item in folder.iterdir())
    choruses = [compose(name, (folder / name).read_text(encoding="utf-8")) for name in names]
    rounds = max(map(len, choruses))
    return tuple(chorus[at] for at in range(rounds) for chorus in choruses if at < len(chorus))


def compose(name: str, text: str) -> list[Post]:
    """Return all posts of a chorus. The second half of the titles is `later`, from TRICKLE; numbered ones from LATE.

    Raises:
        ValueError: a part is missing, or openings, middles and endings are not equally many and odd in number.
    """
    parts: dict[str, str] = dict(_PART.findall(text))
    titles, sites, authors = (_lines(parts, head) for head in ("titles", "sites", "authors"))
    openings, middles, endings = (split_paragraphs(parts.get(head, "")) for head in ("openings", "middles", "endings"))
    size = len(openings)
    if not size % 2 or len(middles) != size or len(endings) != size or size * size < len(titles):
        raise ValueError(f"{name}: openings, middles and endings must be equally many, odd, and enough for the titles")
    posts = []
    for at in range(size * size):
        time, place = divmod(at, len(titles))
        title, slug = titles[place], slug_of(titles[place])
        if time:
            title, slug = f"{title} ({time + 1})", f"{slug}-{time + 1}"
        row, turn = at % size, at // size
        paragraphs = (openings[row], middles[(row + turn) % size], endings[(row + 2 * turn + 1) % size])
        posts.append(
            Post(
                site=sites[int(draw("site", name, at) * len(sites))],
                slug=slug,
                title=title,
                author=authors[int(draw("author", name, at) * len(authors))],
                paragraphs=paragraphs,
                later=None if at < (len(titles) + 1) // 2 else at + (LATE if time else TRICKLE),
            )
        )
    return posts


def _lines(parts: dict[str, str], head: str) -> list[str]:
    lines = [line.strip() for line in parts.get(head, "").splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"a chorus needs a part `== {head}`")
    return lines
