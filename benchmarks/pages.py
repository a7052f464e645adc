"""What pages say: is the article whole and alone, is the day right, which pages are doubted, whose comments are found?

`EARSHOT_SHARED=... python -m benchmarks.pages`, some four minutes. Articles: against segments that people marked as
wanted and unwanted, and trafilatura alone. Days: against the day that people noted, and htmldate alone. Doubts: over
real pages, nearly all of them articles, so that a doubt is nearly always a false alarm. Comments: beside the numbered
ids of WordPress in the captured web, its pingbacks left out.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from htmldate import find_date

from benchmarks.feeds import Item, capture, child_cpu
from benchmarks.report import report
from earshot.clock import SystemClock
from earshot.extract import BoundedExtractor
from earshot.extract.reader import read_capture, warm_up
from earshot.model import Reading, Role

Marks = dict[str, Any]

_NUMBERED = re.compile(
    rb'<(?:li|div|article|dt|dd)\b(?![^>]*pingback|[^>]*trackback)[^>]*\bid="?(?:div-)?comment-(\d+)\b'
)


def main() -> None:
    """Measure and report."""
    shared = Path(os.environ["EARSHOT_SHARED"])
    days = list(dated_pages(shared))
    alone = [_alone(item) for item, _ in days]  # first: our readers keep htmldate from asking dateparser
    warm_up()
    report("pages", article_rows(shared), ["F over marked segments: wanted ones in the text, unwanted ones not in it"])
    report(
        "days", [day_row(days, alone)], ["as stated: in the zone of the publisher; htmldate: extensive search, alone"]
    )
    kinds = {"evaluation pages": (item for item, _ in marked_pages(shared)), "captured posts": posts(shared)}
    rows = [sign_row(name, items) for name, items in kinds.items()]
    report("page_signs", rows, ["doubted: why the page may not be the article; comments: read, of those with a number"])


def marked_pages(shared: Path) -> Iterator[tuple[Item, Marks]]:
    """Yield pages with the segments that belong to their article ("with"), and some that do not ("without")."""
    folder = shared / "data/trafilatura_eval"
    for url, marks in json.loads((folder / "evaldata.json").read_text()).items():
        path = folder / "html" / f"{marks['file']}.gz"
        if path.exists():
            yield (capture(url, Role.PAGE, "text/html"), gzip.decompress(path.read_bytes())), marks


def article_rows(shared: Path) -> list[dict[str, Any]]:
    """Return how much of the articles is found: in this process, in bounded children, by trafilatura alone."""
    from trafilatura import extract

    marked = list(marked_pages(shared))
    items = [item for item, _ in marked]

    def in_children() -> list[str]:
        extractor = BoundedExtractor(SystemClock())
        answers = list(extractor.read_many(items))
        extractor.close()  # only ended children tell their time
        return [answer.entries[0].text if isinstance(answer, Reading) else "" for answer in answers]

    readers: dict[str, Callable[[], list[str]]] = {
        "Earshot": lambda: [read_capture(*item).entries[0].text for item in items],
        "Earshot, in bounded children": in_children,
        "trafilatura alone": lambda: [
            extract(body, url=about.url, include_comments=False) or "" for about, body in items
        ],
    }
    return [article_row(name, read, [marks for _, marks in marked]) for name, read in readers.items()]


def article_row(name: str, read: Callable[[], list[str]], marked: list[Marks]) -> dict[str, Any]:
    """Return one row. pages/s and core: by processor time, that of ended children included."""
    started = time.process_time() + child_cpu()
    texts = read()
    cpu_s = time.process_time() + child_cpu() - started
    pairs = list(zip(texts, marked, strict=True))
    kept = sum(segment in text for text, marks in pairs for segment in marks["with"])
    wanted = sum(len(marks["with"]) for marks in marked)
    kept_wrongly = sum(segment in text for text, marks in pairs for segment in marks["without"])
    precision, recall = kept / max(1, kept + kept_wrongly), kept / max(1, wanted)
    return {
        "reader": name,
        "pages": len(texts),
        "without text": sum(not text for text in texts),
        "precision": precision,
        "recall": recall,
        "F": 2 * precision * recall / max(1e-9, precision + recall),
        "pages/s and core": len(texts) / cpu_s,
    }


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


def day_row(days: list[tuple[Item, str]], alone: list[str]) -> dict[str, Any]:
    """Return how often the day is right; alone: the days that htmldate finds."""
    entries = [read_capture(*item).entries[0] for item, _ in days]
    noted = [day for _, day in days]
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
