"""Setting up: a workspace to begin with, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from earshot import jobs
from earshot.cli.root import EXIT_CONFIG, EXIT_STORAGE, Json, State, commands
from earshot.cli.saying import many, print_json
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.errors import ConfigError, Damaged, EarshotError, Mistake, StorageError, Untrusted
from earshot.screen import err, out

command = commands("Setting up")


@command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path()) -> None:
    """Write a small commented workspace to begin with."""
    from earshot.config.example import write_example

    for path in write_example(folder):
        out.print(f"wrote {path}", soft_wrap=True)
    out.print(f"Next: edit the brand and the sources, then `earshot --workspace {folder} check`.", soft_wrap=True)


@command()
def check(as_json: Json = False) -> None:
    """Read the workspace and report every mistake with file, line and column."""
    from earshot.config.workspace import read_workspace

    workspace, mistakes, warnings = read_workspace(State.workspace, environment())
    if workspace:
        warnings += _write_schedule(workspace)
    damage = _damage(workspace) if workspace else ""
    index = _index_server(workspace, mistakes, warnings) if workspace else ""
    record_on = _record_server(workspace, mistakes, warnings) if workspace else ""
    lake_at = _lake_place(workspace, mistakes, warnings) if workspace else ""
    if as_json:
        said = {"mistakes": _rows(mistakes), "warnings": _rows(warnings)}
        print_json(
            {
                "ok": not mistakes and not damage,
                "damage": damage,
                "index": index,
                "record": record_on,
                "lake": lake_at,
                **said,
            }
        )
    else:
        for warning in warnings:
            err.print(Text(f"note: {warning}"), soft_wrap=True)
        for mistake in mistakes:
            err.print(Text(str(mistake)), soft_wrap=True)
        if index:
            out.print(f"The index is on {index}.")
        if record_on:
            out.print(f"The record is on {record_on}.")
        if lake_at:
            out.print(Text(f"The lake is {lake_at}: it can be listed, written, read and cleared."), soft_wrap=True)
        if damage:
            err.print(Text(f"{damage}."), soft_wrap=True)
        if workspace and not damage and (last := jobs.restored(workspace)):
            out.print(Text(last), soft_wrap=True)
        if workspace and not mistakes and not damage:
            rules = sum(len(brand.rules) for brand in workspace.brands)
            counts = (len(workspace.brands), "brand"), (rules, "rule"), (len(workspace.sources), "source")
            out.print("Good: {} with {}, {}.".format(*(many(*each) for each in counts)))
    if mistakes:
        err.print(f"{many(len(mistakes), 'mistake')}.")
        raise typer.Exit(EXIT_CONFIG)
    if damage:
        raise typer.Exit(EXIT_STORAGE)


def _damage(workspace: Workspace) -> str:
    """Return why the record cannot be used and what to do, or ""; what does not answer is told by others."""
    try:
        jobs.look_at_record(workspace)
    except Damaged as error:
        return str(error)
    except EarshotError:
        pass
    return ""


def _index_server(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return what answers as the search cluster; what is wrong with it is a mistake, silence only a note."""
    try:
        return jobs.index_server(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
    except Untrusted as error:
        advice = "put the certificate of its authority there; a wrong name or date is mended at the cluster"
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, str(error), advice))
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "index.urls", str(error), "start it, or try again later"))
    return ""


def _record_server(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return what answers as the record's server; a refusal is a mistake, silence only a note."""
    try:
        return jobs.record_server(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "record.url", str(error), "start it, or try again later"))
    return ""


def _lake_place(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return where object storage answers; what it refuses is a mistake, silence only a note."""
    try:
        name, warning = jobs.lake_place(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
        return ""
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "lake.url", str(error), "start it, or try again later"))
        return ""
    if warning:
        warnings.append(Mistake("earshot.yaml", 0, 0, "lake.url", warning, "docs/operations/object-storage.md"))
    return name


def _write_schedule(workspace: Workspace) -> list[Mistake]:
    """Write what DAG files read; where that cannot be, the workspace is still good."""
    from earshot.config.schedule import write_schedule

    try:
        write_schedule(workspace)
    except StorageError as error:
        return [Mistake("var/", 0, 0, "", str(error), "DAGs go on with the schedule they have")]
    return []


def _rows(mistakes: list[Any]) -> list[dict[str, Any]]:
    return [
        {name: getattr(m, name) for name in ("file", "line", "column", "field", "what", "advice")} for m in mistakes
    ]
