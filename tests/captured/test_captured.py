"""The whole way over the captured web: two rounds by the command itself, with a real mail server."""

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
from earshot.urls import canonical_url
from tests.captured.playback import distinct_entries, feed_urls, playback, sitemap_urls, write_workspace
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
        write_workspace(root, folder, proxy, settings=settings)
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
    assert set(sources) <= {"ok", "empty", "blocked"}


def test_what_is_blocked_is_blocked_by_robots_txt_alone(rounds: Rounds) -> None:
    reasons = rounds.rows("SELECT DISTINCT last_reason FROM source WHERE last_outcome = 'blocked'")
    assert reasons
    assert all("robots.txt does not allow it" in reason for (reason,) in reasons)


def test_nearly_every_entry_that_feedparser_finds_leads_to_a_document(rounds: Rounds) -> None:
    folder = shared()
    assert folder is not None
    blocked = {
        host
        for (url,) in rounds.rows("SELECT url FROM source WHERE last_outcome = 'blocked'")
        for host in [url.split("/")[2]]
    }
    known = {value for (value,) in rounds.rows("SELECT value FROM document_key WHERE kind = 'url'")}
    known |= {value.split(" ", 1)[1] for (value,) in rounds.rows("SELECT value FROM document_key WHERE kind = 'guid'")}
    entries = {entry for entry in distinct_entries(folder) if entry[0] not in blocked}
    missing = [entry for entry in entries if not _leads_to(entry, known)]
    assert len(entries) > 1500
    assert len(missing) <= len(entries) * 0.01, missing


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
