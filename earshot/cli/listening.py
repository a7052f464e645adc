"""Listening: all of it, or one stage after another."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from earshot import jobs
from earshot.cli.root import EXIT_UNFORESEEN, Json, State, commands, opened
from earshot.cli.saying import print_counts, print_json
from earshot.screen import RoundProgress, err, failed_table, out, round_table

command = commands("Listening")


@command()
def run(
    once: Annotated[bool, typer.Option("--once", help="One round, then say what happened.")] = False,
    as_json: Json = False,
) -> None:
    """Listen: collect, ingest, publish, alert and brief, each source at its pace. Ctrl-C ends it cleanly."""
    with RoundProgress(is_quiet=as_json) as progress:
        if once:
            with opened() as parts:
                runner = jobs.make_runner(parts, progress.update)
                with _stopping(runner.stop):
                    report = runner.once()
        else:
            listening = jobs.Listening(State.workspace, progress.update)
            with _stopping(listening.stop):
                report = listening.forever()
    if as_json:
        print_json(report)
    elif once:
        out.print(round_table(report))
        if table := failed_table(report):
            out.print(table)
    if once and report.broken:
        for stage, why in report.broken.items():
            err.print(Text(f"{stage} failed: {why}"))
        raise typer.Exit(EXIT_UNFORESEEN)


@command()
def collect() -> None:
    """Fetch what is due into the lake, and no more: `ingest` reads it."""
    done: dict[str, int] = {}
    with err.status("Fetching what is due"):
        while batches := jobs.plan(str(State.workspace))["batches"]:
            for batch in batches:
                for name, count in jobs.collect(str(State.workspace), batch["batch_file"], batch["label"])[
                    "events"
                ].items():
                    done[name] = done.get(name, 0) + count
    print_counts("Collected", done)


@command()
def ingest() -> None:
    """Read captures of the lake that were not read yet."""
    with err.status("Reading captures") as shown:
        total = 0

        def on_capture(_: object) -> None:
            nonlocal total
            total += 1
            shown.update(f"Read {total} captures")

        print_counts("Ingested", jobs.ingest(str(State.workspace), on_capture=on_capture))


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C or TERM end the work cleanly, the second at once."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        err.print("Ending; once more ends at once.")
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
