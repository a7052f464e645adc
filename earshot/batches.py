"""Batch files: what plan hands to a spider process, and the lines that the process writes back. JSON, UTF-8.

Knows neither the record nor Scrapy; both sides read and write through here.
"""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from earshot.model import (
    Batch,
    CollectEvent,
    CollectLimits,
    Fetched,
    FetchItem,
    FilePublished,
    HandedBack,
    HostRests,
    NotReached,
    Outcome,
    RobotsCopy,
    Role,
    Visit,
)

_PROXY_LOGIN = re.compile(r"^(\w+://)?[^/]*@")
_EVENTS = {kind.__name__: kind for kind in (FilePublished, Fetched, HandedBack, NotReached, RobotsCopy, HostRests)}
_ENUMS = {"role": Role, "outcome": Outcome}


def save_batch(batch: Batch, path: Path) -> None:
    """Write a batch file: whole or not at all, and without the proxy's login, which the spider gets apart."""
    limits = dataclasses.replace(batch.limits, proxy=without_login(batch.limits.proxy))
    batch = dataclasses.replace(batch, limits=limits)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(dataclasses.asdict(batch), default=_plain), encoding="utf-8")
    temporary.replace(path)


def without_login(proxy: str) -> str:
    """Return a proxy's URL, or host and port, without user and password."""
    return _PROXY_LOGIN.sub(r"\1", proxy)


def load_batch(path: Path) -> Batch:
    """Read a batch file."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    limits: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw["limits"].items()}
    return Batch(
        id=raw["id"],
        items=tuple(FetchItem(**_typed(item)) for item in raw["items"]),
        robots=tuple(RobotsCopy(**_typed(copy)) for copy in raw["robots"]),
        limits=CollectLimits(**limits),
        lake_url=raw["lake_url"],
        hosts=tuple(raw["hosts"]),
        owner=raw["owner"],
    )


def visit_line(visit: Visit) -> str:
    """Return a visit as one line of JSON, with the line end."""
    return json.dumps(dataclasses.asdict(visit), default=_plain) + "\n"


def read_visit(line: str) -> Visit:
    """Return the visit of one line."""
    raw = json.loads(line)
    return Visit(
        items=tuple(FetchItem(**_typed(item)) for item in raw["items"]),
        hosts=tuple(raw["hosts"]),
        robots=tuple(RobotsCopy(**_typed(copy)) for copy in raw["robots"]),
    )


def event_line(event: CollectEvent) -> str:
    """Return an event as one line of JSON, without the line end."""
    return json.dumps({"event": type(event).__name__, **dataclasses.asdict(event)}, default=_plain)


def read_event(line: str) -> CollectEvent:
    """Return the event of one line.

    Raises:
        ValueError: the line is no event (half written, or of another version).
    """
    raw = json.loads(line)
    try:
        return _EVENTS[raw.pop("event")](**_typed(raw))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event of a batch: {line[:200]}") from error


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__}")


def _typed(raw: dict[str, Any]) -> dict[str, Any]:
    typed = {key: _ENUMS[key](value) if key in _ENUMS else value for key, value in raw.items()}
    for key in ("fetched_at", "at"):
        if key in typed:
            typed[key] = datetime.fromisoformat(typed[key])
    return typed
