"""Backups: made beside everything else, listed, checked, and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from earshot import jobs
from earshot.cli.root import EXIT_STORAGE, Json, State, commands
from earshot.cli.saying import many, print_json
from earshot.errors import ConfigError
from earshot.screen import err, out

command = commands("Upkeep")


@command()
def backup(
    folder: Annotated[
        str, typer.Argument(help="Folder of all backups, on another disk; backup.folder if absent.")
    ] = "",
    keep: Annotated[int | None, typer.Option(min=1, help="Whole backups that stay, instead of backup.keep.")] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also .secrets/ and the secrets of earshot.yaml.")
    ] = False,
    with_lake: Annotated[
        bool | None, typer.Option("--with-lake/--without-lake", help="All but object storage's if absent.")
    ] = None,
    lists: Annotated[bool, typer.Option("--list", help="Only list the backups.")] = False,
    verifies: Annotated[bool, typer.Option("--verify", help="Only read all backups, and compare every file.")] = False,
    as_json: Json = False,
) -> None:
    """Back up record, lake and settings, while everything goes on."""
    if lists or verifies:
        _list(folder, is_checked=verifies, as_json=as_json)
        return
    with err.status("Making a backup"):
        made = jobs.backup(str(State.workspace), folder, keep, with_secrets=with_secrets, with_lake=with_lake)
    if as_json:
        print_json(made)
        return
    size = f"{made['size_bytes'] / 2**20:.1f} MB"
    out.print(
        Text(f"Backup {made['name']} in {made['folder']}: {many(made['files'], 'file')}, {size}."), soft_wrap=True
    )
    if made["left_out"]:
        out.print(Text(f"Not in it, keep it elsewhere: {', '.join(made['left_out'])}."), soft_wrap=True)
    if made["removed"]:
        out.print(Text(f"Removed: {', '.join(made['removed'])}."), soft_wrap=True)


@command()
def restore(
    folder: Annotated[str, typer.Argument(help="Folder of all backups.")],
    into: Annotated[Path, typer.Option(help="Folder of the workspace: absent, empty, or without a record.")],
    name: Annotated[str, typer.Option(help="Of the backup; the newest whole one if absent.")] = "",
    secrets: Annotated[str, typer.Option(help="Folder with pseudonyms.key, where it is not in the backup.")] = "",
    new_key: Annotated[bool, typer.Option("--new-key", help="The key is lost: go on with another.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Set the record that is there aside.")] = False,
    erased: Annotated[
        str, typer.Option(help="A further list of what was erased: var/not-to-come-back.jsonl of a lost workspace.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Bring a backup back. What was erased since stays erased, and nothing is mailed twice."""
    with err.status("Checking the backup") as shown:
        done = jobs.restore(
            folder,
            str(into),
            name,
            secrets_from=secrets,
            is_new_key=new_key,
            is_replacing=replace,
            erased_in=erased,
            on_step=shown.update,
        )
    if as_json:
        print_json(done)
        return
    for line in _said(done, into):
        out.print(Text(line), soft_wrap=True)


def _said(done: dict[str, Any], into: Path) -> list[str]:
    said = [
        f"Restored from the backup of {done['made_at']:%Y-%m-%d %H:%M} UTC into {into}: {done['index']:,} mentions."
    ]
    said.append(f"{done['gap']} are not covered. Sources are fetched again when Earshot runs.")
    if done["documents"]:
        again = f"{many(done['documents'], 'document')} and {many(done['mentions'], 'mention')}"
        said.append(f"Erased since, and erased again: {again}.")
    if done["kept"]:
        said.append("The settings that were there stay; those of the backup were not taken.")
    if done["set_aside"]:
        said.append(
            f"What was there lies in {done['set_aside']}. It may hold what was erased: remove it when all is well."
        )
    said.append("Mails that may have been sent before are held: `earshot alerts held` lists them.")
    return said


def _list(folder: str, *, is_checked: bool, as_json: bool) -> None:
    with err.status("Reading the backups"):
        found = jobs.backups(str(State.workspace), folder, is_checked=is_checked)
    wrong = [each for each in found["backups"] if each["wrong"]]
    if as_json:
        print_json(found)
    elif not found["backups"]:
        raise ConfigError("there is no backup", where=found["folder"], advice="`earshot backup FOLDER` makes one")
    else:
        table = Table("Backup", "Files", "Size", "Lake", "What is wrong", title_justify="left")
        for each in found["backups"]:
            said = "; ".join(each["wrong"][:3]) or ("holds what was erased since" if each["erased_since"] else "")
            lake = "yes" if each["has_lake"] else "no"
            table.add_row(each["name"], str(each["files"]), f"{each['size_bytes'] / 2**20:.1f} MB", lake, Text(said))
        out.print(table)
        if is_checked and not wrong:
            out.print("Every file is what was saved.")
    if wrong:
        raise typer.Exit(EXIT_STORAGE)
