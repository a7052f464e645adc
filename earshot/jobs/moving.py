"""Jobs of record and lake as wholes: what answers as the record's server, and bringing either to another place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from earshot.clock import SystemClock
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.config.workspace import load_workspace
from earshot.errors import ConfigError
from earshot.jobs.opening import opened, report_dict
from earshot.lost import refuse_lost
from earshot.wiring import make_lake, make_record


def record_server(workspace: Workspace) -> str:
    """Return which product in which version answers as the record's server; empty where the record is a file.

    Raises:
        ConfigError: it does not let Earshot in.
        StorageError: it does not answer.
    """
    with closing(make_record(workspace, SystemClock())) as record:
        return record.server


def look_at_record(workspace: Workspace) -> None:
    """See whether there is a record that can be read, where there should be one; changes and makes nothing.

    Raises:
        Damaged: it cannot be read, or it is gone. ConfigError: it does not let Earshot in. StorageError: no answer.
    """
    refuse_lost(workspace)
    with closing(make_record(workspace, SystemClock())) as record:
        if record.is_there():
            with record.read() as reader:
                reader.counts()


def new_record(workspace: str) -> None:
    """Begin a new record where there is none, whatever was made of an old one.

    Raises:
        ConfigError: there is one. Damaged: there is what is left of one.
    """
    place = load_workspace(Path(workspace), environment())
    with closing(make_record(place, SystemClock())) as record:
        if record.is_there():
            advice = "set it aside first: `earshot restore` does with --replace"
            raise ConfigError("there is a record", where="record.url", advice=advice)
        record.migrate()


def move_record(
    workspace: str, to: str, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Any]:
    """Move the record into an empty database; the old one refuses everything from then on.

    Args:
        workspace: its folder.
        to: SQLAlchemy URL without a password; that comes from EARSHOT_RECORD_PASSWORD(_FILE).
        on_progress: called after each batch with rows done and rows to do; each counts twice, copied and compared.

    Returns:
        `url` (as `record.url` takes it), `rows` and `digests` by table, and `was_there`: an earlier call had brought
        everything over, and was cut off before it could say so.

    Raises:
        ConfigError: no such database, or it is not empty.
        StorageError: one of the two did not answer, or somebody went on writing; nothing was changed.
    """
    if urlsplit(to).password:
        advice = "leave it out, and give it by EARSHOT_RECORD_PASSWORD_FILE"
        raise ConfigError("a password on the command line is seen by everybody", where="--to", advice=advice)
    with (
        opened(workspace) as parts,
        closing(make_record(parts.workspace, parts.clock)) as record,
        closing(make_record(parts.workspace, parts.clock, url=to)) as other,
    ):
        record.migrate()
        return report_dict(record.move_to(other, on_progress))


def copy_lake(
    workspace: str,
    to: str,
    make: bool,
    mirror: bool,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Copy the lake's files to another place, under the same names; the lake stays as it is. Twice is once.

    Args:
        workspace: its folder; its `lake.*` settings but the address, and its login, are those of the new place too.
        to: full path of a folder, or s3://BUCKET/PREFIX.
        make: make the bucket where it is missing.
        mirror: also remove there what the lake does not hold any more.
        on_progress: called after each file, with files done and files known.

    Returns:
        The fields of `earshot.lake.copying.Copied`.

    Raises:
        ConfigError: no such place, or another lake is there.
        StorageError: one of the two did not answer.
    """
    parts_of_url = urlsplit(to)
    if "@" in parts_of_url.netloc or parts_of_url.query:
        advice = "logins come from EARSHOT_LAKE_ACCESS_KEY and EARSHOT_LAKE_SECRET_KEY_FILE, the rest from lake.*"
        raise ConfigError("holds more than an address", where="--to", advice=advice)
    if not parts_of_url.scheme and not to.startswith("/"):
        raise ConfigError(f"{to!r} is no full path", where="--to", advice="write /backup/lake or s3://earshot/lake")
    with opened(workspace) as parts:
        if to.rstrip("/") == parts.workspace.lake_url.partition("?")[0].rstrip("/"):
            raise ConfigError("is where the lake is", where="--to", advice="name another place")
        lake, other = (make_lake(parts.workspace, parts.clock, url) for url in ("", to))
        if make:
            other.make()
        return report_dict(lake.copy_to(other, mirror=mirror, on_file=on_progress))
