"""A backup made beside a real `earshot run`, an erasure and mails after it, a kill, and a restore elsewhere."""

from __future__ import annotations

import email
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.kill.place import Place, world

pytestmark = pytest.mark.kill
PATIENCE_S = 120.0


def said(place: Place, *words: str) -> str:
    command = [sys.executable, "-m", "earshot", "--workspace", str(place.root), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def mails(place: Place) -> Counter[str]:
    new = (place.maildir / "new").iterdir()
    return Counter(str(email.message_from_bytes(mail.read_bytes())["Message-ID"]) for mail in new)


def wait_for_mails(place: Place, most: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while mails(place).total() < most and time.monotonic() < end:
        time.sleep(0.2)
    assert mails(place).total() >= most


@pytest.mark.fault(
    case="The machine is lost after a backup; since then texts were erased and mails were sent",
    promise="Restored elsewhere, what was erased stays erased, search is whole, and no mail is sent a second time",
)
def test_a_backup_made_beside_a_run_is_brought_back_elsewhere(tmp_path: Path) -> None:
    vault = str(tmp_path / "vault")
    with world(tmp_path, "here") as places:
        here = places["here"]
        with here.start("run") as run:
            wait_for_mails(here, 3)
            said(here, "backup", vault)
            (saved,) = (tmp_path / "vault").glob("*/record.db")
            with sqlite3.connect(saved) as record:
                (erased, title) = record.execute(
                    "SELECT d.id, d.title FROM document d JOIN mention m ON m.document_id = d.id"
                    " WHERE (SELECT count(*) FROM document o WHERE o.title = d.title) = 1 LIMIT 1"
                ).fetchone()
            said(here, "erase", "--document", erased)
            wait_for_mails(here, mails(here).total() + 3)
            run.kill()
        there = replace(here, root=tmp_path / "there")
        keys = str(here.root / ".secrets")
        assert "Erased since" in said(here, "restore", vault, "--into", str(there.root), "--secrets", keys)
        assert there.rows(f"SELECT id FROM document WHERE id = '{erased}'") == []
        assert title.encode() not in there.record.read_bytes()
        assert "The index holds what the record holds" in said(there, "verify")
        assert "Restored from the backup of" in said(there, "check")
        before = mails(here).total()
        with there.start("run") as again:
            end = time.monotonic() + PATIENCE_S
            while mails(here).total() == before and time.monotonic() < end:
                if there.rows("SELECT count(*) FROM delivery WHERE state = 'pending'") == [(0,)]:
                    break
                time.sleep(0.5)
            again.kill()
        assert max(mails(here).values()) == 1
