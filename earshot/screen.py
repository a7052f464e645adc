"""What a person at a prompt sees: progress on the error stream, results as tables. Knows reports, no stages."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from earshot.harmless import harmless
from earshot.model import Outcome
from earshot.pipeline.run import RoundReport


class HarmlessConsole(Console):
    """A console on which text from outside cannot command the terminal, wherever it stands in what is printed."""

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield segments, of which only the console's own hold what a terminal obeys."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)


out = HarmlessConsole(highlight=False)
err = HarmlessConsole(stderr=True, highlight=False)
_EVERY_S = 5.0
GOOD, BAD = "green", "red"


class RoundProgress:
    """Shows how a round comes along: a live line on a terminal, a plain line every few seconds elsewhere."""

    def __init__(self, console: Console = err, *, is_quiet: bool = False) -> None:
        self._console, self._is_quiet = console, is_quiet
        self._said_at = time.monotonic()
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        self._task = self._progress.add_task("Planning what is due")

    def __enter__(self) -> RoundProgress:
        if self._console.is_terminal and not self._is_quiet:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, report: RoundReport) -> None:
        """Show the report as it stands."""
        if self._is_quiet:
            return
        line = round_line(report)
        if self._console.is_terminal:
            self._progress.update(self._task, description=line)
        elif time.monotonic() - self._said_at > _EVERY_S:
            self._said_at = time.monotonic()
            self._console.print(line)


def round_line(report: RoundReport) -> str:
    """Return a round in one line."""
    done = report.ingested
    return (
        f"{report.sources} sources fetched, {done.captures} captures read, {done.new_documents} new documents, "
        f"{done.mentions} mentions, {report.published.written} indexed, {report.sent} mails"
    )


def round_table(report: RoundReport) -> Table:
    """Return a finished round as a table."""
    done = report.ingested
    rows: list[tuple[str, str, str]] = [
        ("Sources looked at", str(report.sources), _outcomes(report)),
        (
            "Pages behind them",
            str(done.captures - report.outcomes["ok"] - report.outcomes["empty"]),
            "fetched and read",
        ),
        ("Documents", str(done.documents), f"{done.new_documents} of them new"),
        ("Mentions", str(done.mentions), "new or changed"),
        ("Index", str(report.published.written), report.published.waiting or f"{report.published.removed} taken out"),
        ("Alerts", str(report.sent), report.mail_waiting or _alerts(report)),
    ]
    if done.quarantined or report.published.refused:
        rows.append(("Set aside", str(done.quarantined + report.published.refused), "`earshot replay` tries again"))
    if done.erased:
        rows.append(("Kept away", str(done.erased), "erased earlier, found again, not taken"))
    table = Table("", "", "", title=f"One round, {report.seconds:.1f} s", show_header=False, title_justify="left")
    for what, count, note in rows:
        table.add_row(what, Text(count, justify="right"), Text(note, style="dim"))
    return table


def failed_table(report: RoundReport, most: int = 20) -> Table | None:
    """Return the sources that were not fetched and why, or None."""
    if not report.failed:
        return None
    table = Table("Source", "Outcome", title="Not fetched", title_justify="left")
    for source_id, why in sorted(report.failed.items())[:most]:
        table.add_row(source_id, Text(why))
    if len(report.failed) > most:
        table.add_row("", f"and {len(report.failed) - most} more: `earshot status`")
    return table


def status_tables(status: dict[str, Any], sources: Sequence[Any]) -> Iterable[Table]:
    """Yield what `earshot status` shows: the counts, and the sources that need somebody."""
    table = Table("", "", show_header=False, title="This workspace", title_justify="left")
    for name in ("documents", "mentions", "stories", "captures", "quarantined", "frontier", "dead_letters"):
        table.add_row(name.replace("_", " ").capitalize(), f"{status[name]:,}")
    index = status["index"]
    held = "absent or broken: `earshot reindex`" if index["mentions"] is None else f"{index['mentions']:,} mentions"
    table.add_row("Index", f"{index['engine']}, {held}, {index['behind']:,} behind")
    if stale := sum(status["stale"].values()):
        table.add_row("Stale", f"{stale:,} mentions were judged by an older version: `earshot reclassify`")
    for name in ("sources", "deliveries", "notices"):
        table.add_row(
            name.capitalize(), ", ".join(f"{n} {state}" for state, n in sorted(status[name].items())) or "none"
        )
    table.add_row("Alarms", f"{status['alarms']} open: `earshot alarms`" if status["alarms"] else "none")
    yield table
    troubled = [s for s in sources if s.is_active and s.is_not_fetched]
    if troubled:
        table = Table(
            "Source", "Outcome", "Reason", "Last fetched", "Next due", title="Not fetched", title_justify="left"
        )
        for s in sorted(troubled, key=lambda s: -s.failures):
            heard = f"{s.last_heard_at:%Y-%m-%d %H:%M}Z" if s.last_heard_at else "never"
            table.add_row(s.source_id, str(s.last_outcome), Text(s.last_reason), heard, f"{s.next_due_at:%m-%d %H:%M}Z")
        yield table


def brand_tables(told: dict[str, Any]) -> Iterable[Table]:
    """Yield what `earshot brand` shows: the forms of each name, and those that were found."""
    for name in told["names"]:
        title = Text(f"{name['name']}{' ' if name['note'] else ''}{name['note']}")
        table = Table("Form", "What it is", title=title, title_justify="left")
        for form in name["forms"]:
            table.add_row(Text(form["text"]), form["why"])
        yield table
    title = Text(f"Found in the newest {told['mentions']:,} mentions")
    table = Table("As it is written", "Mentions", "Example", title=title, title_justify="left")
    for one in told["met"]:
        table.add_row(Text(one["text"]), f"{one['mentions']:,}", Text(one["title"] or one["url"]))
    yield table


def alarm_lines(alarms: Sequence[dict[str, Any]]) -> Iterable[Text]:
    """Yield alarms, two lines each: since when (and until when, if it ended) and what; then what to do."""
    for each in alarms:
        until = f" to {each['ended_at'][:16]}Z" if each["ended_at"] else ""
        line = Text(f"{each['since'][:16]}Z{until}  ")
        line.append(each["what"], style="dim" if until else BAD)
        yield line.append(f"\n    {each['advice']}", style="dim")


def _outcomes(report: RoundReport) -> str:
    return ", ".join(f"{report.outcomes[o]} {o}" for o in Outcome if report.outcomes[o]) or "nothing was due"


def _alerts(report: RoundReport) -> str:
    parts = [f"{report.ingested.incidents} incidents"]
    parts += [f"{report.held} held for later"] if report.held else []
    parts += [f"{report.dead} could not be delivered"] if report.dead else []
    return "mails sent, " + ", ".join(parts)
