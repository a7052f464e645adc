"""Whether a record that is not there was there once: what was made of it lies there still. Knows no database.

A new record in its place would find everything new, and tell everybody again; and it has forgotten what was erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from earshot.backup.journal import NAME as JOURNAL
from earshot.config.settings import Workspace
from earshot.errors import Damaged

ADVICE = (
    "Put the last good backup back: `earshot restore BACKUPS --into WORKSPACE` (docs/operations/backup.md), or see "
    "whether record.url names another database than before. `earshot record new` begins a new one and says what is lost"
)


def refuse_lost(workspace: Workspace) -> None:
    """Raise where the record's file is missing and what was made of it is there. On PostgreSQL nothing is looked at.

    Raises:
        Damaged: says what is there.
    """
    url = workspace.record_url
    if not url.startswith("sqlite"):
        return
    path = Path(url.removeprefix("sqlite:///"))
    if path.exists() or path.with_name(f"{path.name}-wal").exists():
        return
    if found := list(_left(workspace)):
        raise Damaged(f"the record {path} is gone, and {' and '.join(found)} of it are there", ADVICE)


def _left(workspace: Workspace) -> Iterator[str]:
    """Name what was made of a record, in the plural."""
    lake = workspace.lake_at(workspace.settings.lake.url)
    if "://" not in lake and next(Path(lake).glob("*.warc.gz"), None):
        yield "captures"
    if any(map(_holds_mentions, (workspace.var / "index").glob("gen-*/meta.json"))):
        yield "mentions in the index"
    if (workspace.var / JOURNAL).exists():
        yield "erasures"


def _holds_mentions(meta: Path) -> bool:
    try:
        return any(segment["max_doc"] for segment in json.loads(meta.read_text(encoding="utf-8"))["segments"])
    except (OSError, ValueError, KeyError, TypeError):
        return True
