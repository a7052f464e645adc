"""Whether a generation is what tantivy wrote: every file of every segment is there, and has the checksum in its footer.

Source: tantivy 0.27, `directory/footer.rs` (read 2026-11-30): each file ends in a footer of JSON with the CRC-32 of
what is before it, the footer's length and a magic number, both four bytes, least first.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

_MAGIC = 1337
_TAIL = struct.Struct("<II")
_KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_CHUNK = 1 << 20


def damage(generation: Path, *, is_thorough: bool) -> str:
    """Return what is wrong with a generation, or "".

    is_thorough: also read every file and compare its checksum; else only see that all are there.
    """
    try:
        meta = json.loads((generation / "meta.json").read_text("utf-8"))
        names = [each["segment_id"].replace("-", "") for each in meta["segments"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"meta.json cannot be read ({error})"
    for name in names:
        for kind in _KINDS:
            if why := _of_file(generation / f"{name}.{kind}", is_thorough=is_thorough):
                return f"{name}.{kind} {why}"
    return ""


def is_empty(generation: Path) -> bool:
    """Tell whether a sound generation holds nothing at all, not even what was deleted."""
    try:
        return not json.loads((generation / "meta.json").read_text("utf-8"))["segments"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _of_file(path: Path, *, is_thorough: bool) -> str:
    try:
        size = path.stat().st_size
        if size <= _TAIL.size:
            return "is cut off"
        return _of_content(path, size) if is_thorough else ""
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error})"


def _of_content(path: Path, size: int) -> str:
    with path.open("rb") as file:
        file.seek(size - _TAIL.size)
        length, magic = _TAIL.unpack(file.read(_TAIL.size))
        if magic != _MAGIC or length > size - _TAIL.size:
            return "is cut off"
        body = size - _TAIL.size - length
        file.seek(body)
        try:
            wanted = json.loads(file.read(length))["crc"]
        except (ValueError, KeyError, TypeError):
            return "has a damaged footer"
        file.seek(0)
        found, left = 0, body
        while left and (chunk := file.read(min(left, _CHUNK))):
            found, left = zlib.crc32(chunk, found), left - len(chunk)
    return "" if found == wanted else "is not what was written"
