"""The index: brought up to date, built anew, compared with the record."""

from __future__ import annotations

from typing import Annotated

import typer

from earshot import jobs
from earshot.cli.root import State, commands
from earshot.cli.saying import print_counts, print_json
from earshot.screen import err, out

command = commands("The index")


@command()
def publish() -> None:
    """Bring what changed to the index."""
    with err.status("Publishing"):
        print_counts("Published", jobs.publish(str(State.workspace)))


@command()
def reindex(
    back: Annotated[bool, typer.Option("--back", help="Take the index before the last reindex again.")] = False,
) -> None:
    """Build the index anew from the record; pages go on with the old one meanwhile, and it is kept for a way back."""
    if back:
        with err.status("Going back to the index before"):
            found = jobs.go_back(str(State.workspace))
        out.print(f"The index before the last reindex is in force again. {found['verified']['says']}")
        return
    with err.status("Building the index anew"):
        print_counts("Reindexed", jobs.reindex(str(State.workspace)))


@command()
def verify(
    look: Annotated[bool, typer.Option("--look", help="Only say what differs; put nothing right.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare the index with the record, mention by mention, and put right what differs."""
    with err.status("Comparing index and record"):
        found = jobs.verify(str(State.workspace), repair=not look)
    if as_json:
        print_json(found)
    else:
        out.print(found["says"])
        if found["left"] and not look:
            out.print("What is left, no write can put right: run `earshot reindex`.")
    if found["left"]:
        raise typer.Exit(1)
