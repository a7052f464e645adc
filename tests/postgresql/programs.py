"""Finds the programs of a PostgreSQL server, which Debian keeps out of the path."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

OLDEST = 13


def find_programs() -> Path | None:
    """Return the folder of the newest server's `initdb` and `postgres`, or None."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _number(folder: Path) -> int:
    found = re.search(r"/(\d+)/bin$", str(folder))
    return int(found[1]) if found else 0


def missing() -> str:
    """Return what a server needs and this machine lacks, or nothing; one that runs already is enough."""
    if os.environ.get("EARSHOT_TEST_POSTGRESQL"):
        return ""
    if find_programs() is None:
        return "PostgreSQL"
    return "setpriv" if os.getuid() == 0 and shutil.which("setpriv") is None else ""
