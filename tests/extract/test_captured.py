"""Over real feeds that other people wrote: nothing is lost beside feedparser, and nothing ends the parent."""

from __future__ import annotations

import gzip
import io
import json
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from earshot.clock import SystemClock
from earshot.errors import DocumentError, SourceError
from earshot.extract import BoundedExtractor
from earshot.model import Capture, Reading
from tests.builders import make_capture

pytestmark = pytest.mark.captured


@pytest.fixture(scope="module")
def shared() -> Path:
    named = os.environ.get("EARSHOT_SHARED")
    if not named:
        pytest.skip("the captured web is not here; set EARSHOT_SHARED to the folder that holds it")
    return Path(named)


@pytest.fixture(scope="module")
def extractor() -> Iterator[BoundedExtractor]:
    extractor = BoundedExtractor(SystemClock())
    yield extractor
    extractor.close()


def of(url: str) -> Capture:
    return make_capture(url=url, final_url=url, headers={})


def captured_feeds(shared: Path) -> Iterator[tuple[Capture, bytes]]:
    for site in json.loads((shared / "web/dev/manifest.json").read_text()):
        with zipfile.ZipFile(shared / "web/dev" / f"{site['host']}.zip") as archive:
            names = set(archive.namelist())
            for path in site["feeds"]:
                inside = path.strip("/")
                for name in (inside, f"{inside}/index.xml", f"{inside}/index.html"):
                    if name in names:
                        yield of(f"http://{site['host']}{path}"), archive.read(name)
                        break


def real_feeds(shared: Path) -> Iterator[tuple[Capture, bytes]]:
    for path in sorted((shared / "data/feeds_real_kagi/dev").glob("*.gz")):
        yield of(f"http://feeds.example/{path.stem}"), gzip.decompress(path.read_bytes())


def found_by_feedparser(body: bytes) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return len(parsed.entries)


@pytest.mark.parametrize("feeds", [captured_feeds, real_feeds])
def test_every_entry_that_feedparser_finds_is_an_entry(shared, extractor, feeds):
    items = list(feeds(shared))
    assert len(items) > 50
    lost = {}
    for (capture, body), answer in zip(items, extractor.read_many(items), strict=True):
        entries = len(answer.entries) if isinstance(answer, Reading) else -1
        if entries < found_by_feedparser(body):
            lost[capture.url] = answer
    assert lost == {}


def test_feedparsers_own_suite_ends_in_readings_or_errors_of_ours(shared, extractor):
    paths = sorted(path for path in (shared / "data/feedparser_suite/dev").rglob("*") if path.is_file())
    items = [(of(f"http://suite.example/{path.name}"), path.read_bytes()) for path in paths]
    answers = list(extractor.read_many(items))
    assert len(answers) == len(items) > 1_000
    crashed = [
        (path.name, answer.reason)
        for path, answer in zip(paths, answers, strict=True)
        if isinstance(answer, DocumentError) or (isinstance(answer, SourceError) and "Error" in answer.reason)
    ]
    assert crashed == []
