"""Print a benchmark's table under a line about the machine, and keep it as JSON. Knows no benchmark."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Return what a figure depends on: processors, memory, system, Python, commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or "no checkout",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def report(name: str, rows: list[dict[str, Any]], notes: list[str] | None = None) -> None:
    """Print `rows` as a table and write them to `benchmarks/results/NAME.json`. All rows have the same keys."""
    about = machine()
    console = Console(width=140 if not rows or len(rows[0]) < 9 else 210)
    console.print(
        f"[bold]{name}[/] on {about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}, "
        f"{about['system']}, commit {about['commit']}"
    )
    table = Table(*rows[0].keys() if rows else ())
    for row in rows:
        table.add_row(*(f"{value:,.3g}" if isinstance(value, float) else str(value) for value in row.values()))
    console.print(table)
    for note in notes or ():
        console.print(f"- {note}")
    RESULTS.mkdir(exist_ok=True)
    whole = {"name": name, "machine": about, "rows": rows, "notes": notes or []}
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
