"""What parent, zygote and child say to each other, as bytes. Knows no process and no reader.

Between parent and zygote: fixed-size orders (one file descriptor rides on a FORK) and fixed-size endings. Between
parent and child: framed requests and framed replies in turn, until the parent hangs up or a reply is the last.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any

from earshot.errors import DocumentError, SourceError
from earshot.model import Capture, CaptureRef, DateFrom, Entry, Hint, PageLink, Reading, Role, TextIs

ORDER = struct.Struct("!III")
"""what (FORK or KILL), number of the child, megabytes of memory above the zygote's own size."""

ENDING = struct.Struct("!Ii")
"""number of the child, status as os.waitpid gives it."""

READY = ENDING.pack(0, 0)
"""The zygote's first word: its parsers are imported."""

REQUEST = struct.Struct("!III")
"""processor seconds, bytes of the head, bytes of the body."""

REPLY = struct.Struct("!I?")
"""bytes of the reply, whether it is the child's last."""

FORK, KILL = 1, 2

Answer = Reading | SourceError | DocumentError


def pack_request(capture: Capture, hint: Hint, body: bytes, cpu_s: int) -> bytes:
    """Return the request to read one capture: limit and lengths, head (capture and hint) as JSON, body."""
    head = _to_json({"capture": capture, "hint": hint})
    return REQUEST.pack(cpu_s, len(head), len(body)) + head + body


def unpack_head(head: bytes) -> tuple[Capture, Hint]:
    """Return the capture whose head this is, and what is known of its source."""
    said = json.loads(head)
    raw = said["capture"]
    ref = CaptureRef(**raw.pop("ref"))
    role, at = Role(raw.pop("role")), datetime.fromisoformat(raw.pop("fetched_at"))
    return Capture(ref=ref, role=role, fetched_at=at, **raw), Hint(**said["hint"])


def pack_answer(answer: Answer) -> bytes:
    """Return the reply of a child."""
    match answer:
        case Reading():
            return _to_json({"reading": asdict(answer)})
        case SourceError():
            return _to_json({"source": [str(answer.outcome), answer.reason]})
        case DocumentError():
            return _to_json({"document": answer.reason})


def unpack_answer(data: bytes) -> Answer:
    """Return what `pack_answer` was given.

    Raises:
        ValueError: the reply is not whole.
    """
    match json.loads(data):
        case {"reading": dict(reading)}:
            return _reading(reading)
        case {"source": [str(outcome), str(reason)]}:
            return SourceError(outcome, reason)
        case {"document": str(reason)}:
            return DocumentError(reason)
    raise ValueError("the reply is not one of ours")


def _reading(raw: dict[str, Any]) -> Reading:
    raw["entries"] = tuple(_entry(entry) for entry in raw["entries"])
    raw["links"] = tuple(_link(link) for link in raw["links"])
    raw["oldest_at"] = _time(raw["oldest_at"])
    raw["warnings"] = tuple(raw["warnings"])
    return Reading(**raw)


def _entry(raw: dict[str, Any]) -> Entry:
    raw["text_is"] = TextIs(raw["text_is"])
    raw["published_at"] = _time(raw["published_at"])
    raw["published_from"] = DateFrom(raw["published_from"])
    for name in ("images", "links", "other_titles", "captions"):
        raw[name] = tuple(raw[name])
    return Entry(**raw)


def _link(raw: dict[str, Any]) -> PageLink:
    raw["role"], raw["published_at"] = Role(raw["role"]), _time(raw["published_at"])
    return PageLink(**raw)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _to_json(thing: object) -> bytes:
    return json.dumps(thing, default=_plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _plain(thing: object) -> object:
    if isinstance(thing, datetime):
        return thing.isoformat()
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: getattr(thing, field.name) for field in fields(thing)}
    raise TypeError(f"{type(thing).__name__} does not travel")
