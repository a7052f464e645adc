"""How often a page is rightly taken for the article that a feed announced: real entries and pages, and walls.

Run as `EARSHOT_SHARED=... python -m benchmarks.same_article`; the walls are those of the tests, and invented.
"""

from __future__ import annotations

import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.feeds import capture, captured_feeds
from benchmarks.report import report
from earshot.errors import SourceError
from earshot.extract.reader import read_capture
from earshot.model import Document, Entry, Role
from earshot.pipeline.same_article import Answer, why_not
from tests.builders import make_document
from tests.pipeline.test_same_article import WALL_LANGUAGES, WALLS

Pair = tuple[Entry, Entry]
WORDS = 30
"""A teaser is an entry's first words; most of the captured feeds hold whole texts."""


def main() -> None:
    pages = {(urlsplit(page.url).hostname, urlsplit(page.url).path): page for page in _pages(_shared())}
    pairs = list(_pairs(_shared(), pages))
    dice = random.Random(2)
    sites: dict[str, list[Entry]] = {}
    for (host, _), page in pages.items():
        sites.setdefault(str(host), []).append(page)
    wrong = [(entry, dice.choice(_others(sites, page))) for entry, page in pairs]
    walls = [
        (entry, Entry(entry.url, title=title, text=text, language=WALL_LANGUAGES.get(name, "en")))
        for entry, _ in pairs
        for name, (title, text) in WALLS.items()
    ]
    rows = [
        _row("its own page", pairs, is_losing=False),
        _row("another page of the site", wrong, is_losing=False),
        _row("a wall that lacks the teaser's brand", walls, is_losing=True),
        _row("a wall, the teaser has no brand", walls, is_losing=False),
    ]
    report("same_article", rows, [f"of each entry the first {WORDS} words are the teaser"])


def _shared() -> Path:
    return Path(os.environ["EARSHOT_SHARED"])


def _pages(shared: Path) -> Iterator[Entry]:
    for site in json.loads((shared / "web/dev/manifest.json").read_text()):
        with zipfile.ZipFile(shared / "web/dev" / f"{site['host']}.zip") as archive:
            for path in sorted(set(site["post_paths"]) & {f"/{name}" for name in archive.namelist()}):
                asked = capture(f"http://{site['host']}{path}", Role.PAGE, "text/html")
                try:
                    yield read_capture(asked, archive.read(path[1:])).entries[0]
                except (SourceError, IndexError):
                    continue


def _pairs(shared: Path, pages: dict[tuple[str | None, str], Entry]) -> Iterator[Pair]:
    """Yield each page with the entry that leads to it."""
    done = set()
    for asked, body in captured_feeds(shared):
        try:
            entries = read_capture(asked, body).entries
        except SourceError:
            continue
        for entry in entries:
            parts = urlsplit(entry.url)
            forms = (parts.path, f"{parts.path.rstrip('/')}/index.html", f"{parts.path}.html")
            page = next((pages[parts.hostname, form] for form in forms if (parts.hostname, form) in pages), None)
            if page is not None and page.url not in done and not parts.fragment:
                done.add(page.url)
                yield entry, page


def _others(sites: dict[str, list[Entry]], page: Entry) -> list[Entry]:
    return [other for other in sites[str(urlsplit(page.url).hostname)] if other.url != page.url]


def _row(name: str, pairs: Sequence[Pair], *, is_losing: bool) -> dict[str, object]:
    found = Counter(
        why_not(
            _document(replace(entry, text=" ".join(entry.text.split()[:WORDS]))),
            _document(page),
            Answer(entry.url, entry.url, title=page.title, canonical=page.canonical, doubt=page.doubt),
            is_losing=is_losing,
        )
        for entry, page in pairs
    )
    return {"behind the teaser": name, "n": len(pairs), "taken for the article": found[""] / len(pairs)}


def _document(entry: Entry) -> Document:
    return make_document(url=entry.url, title=entry.title, text=entry.text, language=entry.language)


if __name__ == "__main__":
    main()
