"""The whole way over the captured web: two rounds by the command itself, with a real mail server.

Two of its sites forbid feeds by robots.txt. The playback is ours, so in these rounds its sites permit them; that we
obey where nobody permits anything is shown by a round of its own over those sites.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from earshot.alerts.ledger import MaildirLedger
from earshot.clock import SystemClock
from earshot.demo.mailserver import DemoMailServer
from earshot.errors import SourceError
from earshot.urls import canonical_url, host_of
from tests.captured.playback import (
    distinct_entries,
    feed_urls,
    forbidden_feeds,
    playback,
    sitemap_urls,
    write_workspace,
)
from tests.leftout import shared

pytestmark = pytest.mark.captured


@dataclass
class Rounds:
    """Two rounds over the capture: their reports, the status after each, and where they were."""

    root: Path
    first: dict[str, Any]
    second: dict[str, Any]
    after_first: dict[str, Any]
    after_second: dict[str, Any]
    mails_after_first: int
    mails_after_second: int

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.root / "var" / "record.db") as database:
            return database.execute(query).fetchall()


def earshot(root: Path, *args: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "earshot", "--workspace", str(root), *args, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    folder = shared()
    assert folder is not None
    root = tmp_path_factory.mktemp("captured")
    mails = root / "mails"
    with playback(folder) as proxy, DemoMailServer(mails, SystemClock()) as server:
        mail = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "e@example.org"}
        settings = {"alerts": {"max_age": "none"}, "mail": mail | {"ledger": str(mails), "ledger_wait": "2s"}}
        permitted = {host_of(url) for url in forbidden_feeds(folder).values()}
        write_workspace(root, folder, proxy, settings=settings, permitted=permitted)
        first = earshot(root, "run", "--once")
        after_first, sent_first = earshot(root, "status"), len(MaildirLedger(mails).messages(100_000))
        with sqlite3.connect(root / "var" / "record.db") as database:  # everything is due again at once
            database.execute("UPDATE source SET next_due_at = added_at")
        second = earshot(root, "run", "--once")
        after_second, sent_second = earshot(root, "status"), len(MaildirLedger(mails).messages(100_000))
    yield Rounds(root, first, second, after_first, after_second, sent_first, sent_second)


def test_every_source_ends_in_an_outcome(rounds: Rounds) -> None:
    folder = shared()
    assert folder is not None
    sources = rounds.after_first["sources"]
    assert "never" not in sources
    assert sum(sources.values()) == len(feed_urls(folder)) + len(sitemap_urls(folder))
    assert set(sources) <= {"ok", "empty"}


def test_nearly_every_entry_that_feedparser_finds_leads_to_a_document(rounds: Rounds) -> None:
    folder = shared()
    assert folder is not None
    known = {value for (value,) in rounds.rows("SELECT value FROM document_key WHERE kind = 'url'")}
    known |= {value.split(" ", 1)[1] for (value,) in rounds.rows("SELECT value FROM document_key WHERE kind = 'guid'")}
    entries = distinct_entries(folder)
    missing = [entry for entry in entries if not _leads_to(entry, known)]
    assert len(entries) > 1500
    assert len(missing) <= len(entries) * 0.01, missing


def test_without_permission_what_robots_txt_forbids_is_blocked_and_nothing_else(tmp_path: Path) -> None:
    folder = shared()
    assert folder is not None
    forbidden = forbidden_feeds(folder)
    hosts = {host_of(url) for url in forbidden.values()}
    sources = {name: url for name, url in feed_urls(folder).items() if host_of(url) in hosts}
    with playback(folder) as proxy:
        earshot(write_workspace(tmp_path, folder, proxy, sources=sources), "run", "--once")
    with sqlite3.connect(tmp_path / "var" / "record.db") as database:
        ended = database.execute("SELECT id, last_outcome, last_reason FROM source").fetchall()
    assert {name for name, outcome, _ in ended if outcome == "blocked"} == set(forbidden)
    assert {outcome for name, outcome, _ in ended if name not in forbidden} == {"ok"}
    assert all("robots.txt does not allow it" in reason for name, _, reason in ended if name in forbidden)


def test_the_first_round_tells_and_the_second_makes_nothing_new(rounds: Rounds) -> None:
    assert rounds.first["sent"] == rounds.mails_after_first >= 10
    assert rounds.second["ingested"]["new_documents"] == 0
    assert rounds.after_second["documents"] == rounds.after_first["documents"]
    assert rounds.mails_after_second == rounds.mails_after_first


def test_nothing_is_quarantined_or_left_behind(rounds: Rounds) -> None:
    for status in (rounds.after_first, rounds.after_second):
        assert (status["quarantined"], status["index"]["behind"], status["dead_letters"]) == (0, 0, 0)
        assert status["index"]["mentions"] == status["mentions"] > 300


def _leads_to(entry: tuple[str, str], known: set[str]) -> bool:
    """The playback serves https links of its hosts as http."""
    url = urljoin(f"http://{entry[0]}/", entry[1])
    for form in (url, url.replace("https://", "http://")):
        try:
            if canonical_url(form, keep_fragment=True) in known:
                return True
        except SourceError:
            continue
    return entry[1] in known
