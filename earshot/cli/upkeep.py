"""Upkeep: what is old goes, what is wrong is found, what is to be forgotten is erased."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from earshot import jobs
from earshot.cli.root import EXIT_ALARMS, Json, State, commands
from earshot.cli.saying import print_counts, print_json
from earshot.screen import alarm_lines, err, out

command = commands("Upkeep")


WELL = {
    "retention": "nothing is too old",
    "index": "nothing is full or too old",
    "integrity": "all fits together",
    "backup": "no folder for it is named",
    "freshness": "everything is heard",
}
"""What a part of the upkeep says when it has nothing to say."""


@command()
def maintain(
    part: Annotated[str, typer.Argument(help="retention, index, integrity, backup or freshness; all if absent.")] = "",
    as_json: Json = False,
) -> None:
    """Do the upkeep: drop what is old, see whether all fits together, and whether everything is heard."""
    with err.status("Looking after everything") as shown:

        def on_step(done: Any) -> None:
            shown.update(f"Dropped {done.captures} captures, {done.source_runs + done.job_runs} runs")

        answer = jobs.maintain(str(State.workspace), part, on_step)
    if as_json:
        print_json(answer)
        return
    for name, said in ({part: answer} if part else answer).items():
        for finding in said.pop("findings", ()):
            out.print(Text(f"{finding['what']}\n    {finding['advice']}"), soft_wrap=True)
        if unjudged := said.pop("unjudged", ()):
            out.print(f"Not to be told now, because it is moving: {', '.join(unjudged)}.")
        new, refused, why = said.pop("new", ()), said.pop("refused", ""), said.pop("why", "")
        print_counts(name.capitalize(), said | {"new": len(new)}, WELL[name])
        for reason in filter(None, (refused, why)):
            out.print(Text(f"    {reason}"), soft_wrap=True)
        for each in new:
            out.print(Text(f"    {each['what']}\n        {each['advice']}"), soft_wrap=True)


@command()
def alarms(
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False, as_json: Json = False
) -> None:
    """List what operations has to look at. Exits with 6 while an alarm is open, so that a monitor can ask."""
    answer = jobs.alarms(str(State.workspace), everything)
    if as_json:
        print_json(answer)
    else:
        for line in alarm_lines(answer["alarms"]):
            out.print(line, soft_wrap=True)
        if not answer["open"]:
            out.print("No alarm is open.")
    if answer["open"]:
        raise typer.Exit(EXIT_ALARMS)


_NOT_OURS = "Sent mails and snapshots hold what they held, and backups until they go: see docs/operations/erasing.md."


@command()
def erase(
    author: Annotated[str, typer.Option(help="All documents of this author.")] = "",
    url: Annotated[str, typer.Option(help="The document at this address.")] = "",
    document: Annotated[str, typer.Option(help="The document of this id.")] = "",
) -> None:
    """Erase an author, an address or a document everywhere, for good."""
    with err.status("Erasing"):
        found = jobs.erase(str(State.workspace), author, url, document)
    for line in found["says"]:
        out.print(Text(line), soft_wrap=True)
    out.print(_NOT_OURS, soft_wrap=True)
