"""Again: what was fetched is read, or judged, once more."""

from __future__ import annotations

from typing import Annotated

import typer

from earshot import jobs
from earshot.cli.root import Json, State, commands
from earshot.cli.saying import print_counts, print_json
from earshot.screen import err, out
from earshot.screen_again import WorkProgress, example_lines, reclassified_line, reclassified_table

command = commands("Again")


Share = Annotated[float, typer.Option(help="Of the time that it works; the rest is left to the live run.")]


@command()
def replay(
    day: Annotated[str, typer.Option(help="What was fetched on this day, 2026-11-23; else what is quarantined.")] = "",
    collection: Annotated[str, typer.Option(help="Only sources of this collection.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    quarantined: Annotated[bool, typer.Option("--quarantined", help="With --day: only what is quarantined.")] = False,
    capture: Annotated[str, typer.Option(help="Only the quarantined capture of this id.")] = "",
    share: Share = 0.5,
) -> None:
    """Read captures again: quarantined ones, or those of a day. How their sources are doing is not touched."""
    if capture:
        print_counts("Replayed", jobs.replay_one(str(State.workspace), capture))
        print_counts("Published", jobs.publish(str(State.workspace)))
        return
    with WorkProgress("Reading captures again") as shown:
        done = jobs.replay(
            str(State.workspace),
            day,
            collection,
            source,
            share,
            lambda report: shown.update(report.tried, report.total),
            quarantined=quarantined,
        )
    print_counts("Replayed", done)
    with err.status("Publishing"):
        print_counts("Published", jobs.publish(str(State.workspace)))


@command()
def reclassify(
    brand: Annotated[str, typer.Option(help="Only this brand's mentions.")] = "",
    since: Annotated[str, typer.Option(help="Only what was published from this day on, 2026-11-23.")] = "",
    until: Annotated[str, typer.Option(help="Only what was published before this day.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Do it; without, only say what would be.")] = False,
    share: Share = 0.5,
    as_json: Json = False,
) -> None:
    """Judge anew what is in the record, after a brand, a rule or the model has changed."""
    with WorkProgress("Judging documents anew", is_quiet=as_json) as shown:
        done = jobs.reclassify(
            str(State.workspace),
            brand,
            since,
            until,
            write,
            share,
            lambda report: shown.update(report.documents, report.total),
        )
    if as_json:
        print_json(done)
    else:
        out.print(reclassified_table(done))
        for line in example_lines(done):
            out.print(line, soft_wrap=True)
        out.print(reclassified_line(done), soft_wrap=True)
    if write:
        with err.status("Publishing"):
            published = jobs.publish(str(State.workspace))
        if not as_json:
            print_counts("Published", published)
