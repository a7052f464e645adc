"""What pages say beside their articles: is the day right, which pages are doubted, whose comments are found?

`EARSHOT_SHARED=... python -m benchmarks.pages`. Days: against the day that people noted, and htmldate alone. Doubts:
over real pages, nearly all of them articles, so that a doubt is nearly always a false alarm. Comments: beside the
numbered ids of WordPress in the captured web, its pingbacks left out.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from htmldate import find_date

from benchmarks.feeds import Item, capture, marked_pages
from benchmarks.report import report
from earshot.extract.reader import read_capture, warm_up
from earshot.model import Reading, Role

_NUMBERED = re.compile(
    rb'<(?:li|div|article|dt|dd)\b(?![^>]*pingback|[^>]*trackback)[^>]*\bid="?(?:div-)?comment-(\d+)\b'
)


def main() -> None:
    """Measure and report."""
    shared = Path(os.environ["EARSHOT_SHARED"])
    warm_up()
    days = list(dated_pages(shared))
    report("days", [day_row(days)], ["as stated: in the zone of the publisher; htmldate: extensive search, alone"])
    kinds = {"evaluation pages": (item for item, _ in marked_pages(shared, 990)), "captured posts": posts(shared)}
    rows = [sign_row(name, items) for name, items in kinds.items()]
    report("page_signs", rows, ["doubted: why the page may not be the article; comments: read, of those with a number"])


def dated_pages(shared: Path) -> Iterator[tuple[Item, str]]:
    """Yield pages with their day of publishing."""
    folder = shared / "data/htmldate_eval"
    places = json.loads((folder / "file_locations.json").read_text())
    for url, marks in json.loads((folder / "dev/eval_default.json").read_text()).items():
        path = folder / places.get(marks["file"], "absent")
        if path.exists():
            yield (capture(url, Role.PAGE, "text/html"), gzip.decompress(path.read_bytes())), marks["date"]


def posts(shared: Path) -> Iterator[Item]:
    """Yield the posts of the captured web."""
    for site in json.loads((shared / "web/dev/manifest.json").read_text()):
        with zipfile.ZipFile(shared / "web/dev" / f"{site['host']}.zip") as archive:
            names = set(archive.namelist())
            for path in site["post_paths"]:
                inside = path.strip("/")
                forms = (inside, f"{inside}/index.html", f"{inside}.html")
                for name in [name for name in forms if name in names][:1]:
                    yield capture(f"http://{site['host']}{path}", Role.PAGE, "text/html"), archive.read(name)


def day_row(days: list[tuple[Item, str]]) -> dict[str, Any]:
    """Return how often the day is right."""
    entries = [read_capture(*item).entries[0] for item, _ in days]
    noted = [day for _, day in days]
    alone = [_alone(item) for item, _ in days]
    pairs = list(zip(entries, noted, strict=True))
    return {
        "pages": len(days),
        "right as stated": sum(entry.published_as[:10] == day for entry, day in pairs) / len(days),
        "right in UTC": sum(str(entry.published_at)[:10] == day for entry, day in pairs) / len(days),
        "htmldate": sum(found == day for found, day in zip(alone, noted, strict=True)) / len(days),
        "without": sum(not entry.published_as for entry in entries),
    }


def _alone(item: Item) -> str:
    latest = item[0].fetched_at.strftime("%Y-%m-%d")
    found = find_date(item[1], url=item[0].url, original_date=True, extensive_search=True, max_date=latest)
    return found or ""


def sign_row(name: str, items: Iterable[Item]) -> dict[str, Any]:
    """Return what is doubted, and how many comments are found."""
    doubts: Counter[str] = Counter()
    pages = found = numbered = 0
    started = time.process_time()
    for about, body in items:
        reading: Reading = read_capture(about, body)
        pages += 1
        doubts[reading.entries[0].doubt] += 1
        found += len(reading.entries) - 1
        numbered += len(set(_NUMBERED.findall(body)))
    return {
        "pages": name,
        "n": pages,
        "doubted": pages - doubts.pop("", 0),
        "why": ", ".join(f"{why} {count}" for why, count in doubts.most_common()),
        "comments": found,
        "numbered": numbered,
        "pages/s and core": pages / (time.process_time() - started),
    }


if __name__ == "__main__":
    main()
