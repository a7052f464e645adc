"""Jobs of the lake: whether it answers."""

from __future__ import annotations

from earshot.clock import SystemClock
from earshot.config.settings import Workspace
from earshot.wiring import make_lake


def lake_place(workspace: Workspace) -> tuple[str, str]:
    """Return where the lake is on object storage, after it was tried, and a warning; both empty for a folder.

    Raises:
        ConfigError: it does not exist, or this login may not do all that is needed.
        StorageError: nothing answers.
    """
    place = make_lake(workspace, SystemClock()).look()
    return place.name, place.warning
