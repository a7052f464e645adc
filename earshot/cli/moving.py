"""Moving: the record and the lake to another place."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from earshot import jobs
from earshot.cli.root import State, subcommands
from earshot.cli.saying import many, print_counts
from earshot.screen import out
from earshot.screen_again import WorkProgress

record = subcommands("record", "Moving", "The record as a whole.")
lake = subcommands("lake", "Moving", "The lake as a whole.")


@record.command("move")
def record_move(
    to: Annotated[
        str, typer.Option(help="URL of an empty database, like postgresql://earshot@db.example.org/earshot.")
    ],
) -> None:
    """Move the record into another database, all or nothing. End everything that writes first."""
    with WorkProgress("Moving the record") as shown:
        moved = jobs.move_record(str(State.workspace), to, shown.update)
    rows = sum(moved["rows"].values())
    found = "were there already, and" if moved["was_there"] else "were moved, and"
    out.print(f"{rows} rows {found} are the same in both. The old record refuses everything from now on.")
    out.print(Text(f"Now write into earshot.yaml:\n    record:\n      url: {moved['url']}"), soft_wrap=True)
    if moved["url"].startswith("postgresql"):
        out.print("and let EARSHOT_RECORD_PASSWORD_FILE name the file of its password, if it has one.", soft_wrap=True)


@record.command("new")
def record_new() -> None:
    """Begin a new record where the old one is lost for good."""
    jobs.new_record(str(State.workspace))
    out.print(
        "A new record was begun. What the old one knew is lost: documents, mentions, incidents, briefs, who was told "
        "of what, who unsubscribed, what was erased. What feeds still show is found again; what is younger than "
        "`alerts.max_age` is told again. `earshot reindex` empties the index; erase again what was erased.",
        soft_wrap=True,
    )


@lake.command("copy")
def lake_copy(
    to: Annotated[str, typer.Option(help="Full path of a folder, or s3://BUCKET/PREFIX.")],
    make_bucket: Annotated[bool, typer.Option("--make-bucket", help="Make the bucket where it is missing.")] = False,
    mirror: Annotated[bool, typer.Option("--mirror", help="Also remove there what is here no more.")] = False,
) -> None:
    """Copy every file of the lake to another place, for a move or a backup. Twice is once."""
    with WorkProgress("Copying the lake") as shown:
        done = jobs.copy_lake(str(State.workspace), to, make_bucket, mirror, shown.update)
    size = f"{done['size_bytes'] / 2**20:.1f} MB"
    out.print(Text(f"{many(done['files'], 'file')} ({size}) of the lake are in {to}, byte for byte."), soft_wrap=True)
    print_counts("Of these", {"were there already": done["were_there"]}, "all are new")
    if done["removed"]:
        out.print(f"{many(done['removed'], 'file')} that the lake does not hold any more went from there.")
