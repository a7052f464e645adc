"""Finds the Java that the engines run on: the JDKs that are installed, and which of them fits. Installs none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

SYSTEM = Path("/usr/lib/jvm")


def find_jdk(oldest: int, newest: int = 99) -> Path | None:
    """Return the home of the newest JDK (with its compiler) between two versions, both included; None if none is."""
    fitting = [(version, home) for version, home in _jdks() if oldest <= version <= newest]
    return max(fitting)[1] if fitting else None


def _jdks() -> Iterator[tuple[int, Path]]:
    named = os.environ.get("JAVA_HOME")
    for home in [*([Path(named)] if named else []), *sorted(SYSTEM.glob("*"))]:
        release = home / "release"
        if release.is_file() and (home / "bin" / "javac").exists():
            found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                yield int(found[1]), home
