"""How a command says what it did."""

from __future__ import annotations

import sys
from typing import Any

from rich.text import Text

from earshot.harmless import harmless_json
from earshot.present import plain
from earshot.screen import out


def print_json(value: Any) -> None:
    """Print what a script reads: one line of JSON."""
    sys.stdout.write(harmless_json(plain(value)) + "\n")


def many(count: int, name: str) -> str:
    """Return "1 file", "2 files"."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def print_counts(title: str, counts: dict[str, Any], nothing: str = "nothing to do") -> None:
    """Print counts as a sentence; those that are nothing are left out."""
    said = ", ".join(
        f"{value} {name.replace('_', ' ')}" for name, value in counts.items() if value not in (0, "", False)
    )
    out.print(Text(f"{title}: {said or nothing}."), soft_wrap=True)
