"""What a person sees of long work over what is there already: how far it is, and what reclassify changes.

Knows plain values, no stages.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from earshot.screen import err

_EVERY_S = 5.0
_KINDS = {"entered": ("enters", "green"), "left": ("leaves", "red"), "changed": ("changes", "yellow")}


class WorkProgress:
    """How far work is: count, share done, time left. A bar on a terminal, a plain line every few seconds elsewhere."""

    def __init__(self, what: str, console: Console = err, *, is_quiet: bool = False) -> None:
        self._what, self._console, self._is_quiet = what, console, is_quiet
        self._began_at = self._said_at = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> WorkProgress:
        if self._console.is_terminal and not self._is_quiet:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._is_quiet:
            return
        now = time.monotonic()
        if self._console.is_terminal:
            self._progress.update(self._task, completed=done, total=total)
        elif now - self._said_at > _EVERY_S:
            self._said_at = now
            self._console.print(f"{self._what}: {progress_line(done, total, now - self._began_at)}")


def progress_line(done: int, total: int, elapsed_s: float) -> str:
    """Return how far work is in one line; the time left goes by the time it took so far."""
    share = done / total if total else 1.0
    if not done or done >= total:
        return f"{done:,} of {total:,}, {share:.0%}"
    left = timedelta(seconds=round(elapsed_s * (total - done) / done))
    return f"{done:,} of {total:,}, {share:.0%}, {left} left"


def reclassified_table(told: Mapping[str, Any]) -> Table:
    """Return what enters, leaves and changes in numbers, by brand."""
    verb = "became" if told["is_written"] else "would become"
    title = f"What {verb} of the mentions in {told['documents']:,} documents"
    table = Table("Brand", title=title, title_justify="left")
    for name in ("enters", "leaves", "changes", "judged anew, the same", "as before"):
        table.add_column(name, justify="right")
    for brand in told["brands"]:
        counts = (brand[name] for name in ("entered", "left", "changed", "renewed", "as_before"))
        table.add_row(brand["brand"], *(f"{count:,}" for count in counts))
    return table


def example_lines(told: Mapping[str, Any]) -> Iterable[Text]:
    """Yield the newest examples, two lines each: what becomes of which mention, and its address."""
    for brand in told["brands"]:
        for kind, examples in brand["examples"].items():
            for example in examples:
                word, style = _KINDS[kind]
                line = Text(f"{brand['brand']:<12} ").append(f"{word:<8}", style=style)
                line.append(f" {example['published_at'][:10]}  {example['site']}  {example['title'][:90]}")
                what = f": {', '.join(example['what'])}" if example["what"] else ""
                yield line.append(what, style="bold")
                yield Text(f"    {example['url']}", style="dim")


def reclassified_line(told: Mapping[str, Any]) -> str:
    """Return the end of the report: whom it tells, what could not be judged, and what to do next."""
    fresh, silent = told["alerting"], told["silent"]
    said = [f"{fresh:,} of the new ones are flagged news and alert, {silent:,} are flagged and too old to."]
    if told["resumed"]:
        said.append(f"Went on after {told['resumed']:,} documents of a pass that was broken off.")
    if told["broken"]:
        reason = told["problems"][0]["reason"] if told["problems"] else "see the log"
        said.append(f"{told['broken']:,} documents could not be judged and stayed as they were ({reason}).")
    said.append("Written." if told["is_written"] else "Nothing was written; add --write to do it.")
    return " ".join(said)
