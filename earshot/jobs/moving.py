"""Jobs of the record as a whole: what answers as its server, and moving it into another database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from earshot.clock import SystemClock
from earshot.config.settings import Workspace
from earshot.errors import ConfigError
from earshot.jobs.opening import opened, report_dict
from earshot.wiring import make_record


def record_server(workspace: Workspace) -> str:
    """Return which product in which version answers as the record's server; empty where the record is a file.

    Raises:
        ConfigError: it does not let Earshot in.
        StorageError: it does not answer.
    """
    with closing(make_record(workspace, SystemClock())) as record:
        return record.server


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
