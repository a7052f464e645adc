"""The journal of what must not come back: tombstones of what was erased, and who wants no more mails.

An append-only file of JSON lines. It holds digests, no text, title, address or author of what was erased; of who has
unsubscribed it holds the mail address. A line that was cut off is passed over, and written again by the next call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from earshot.errors import StorageError
from earshot.ports import Unsubscription

NAME = "not-to-come-back.jsonl"
Tombstone = tuple[str, str, datetime]
"""Digest, kind and time."""


class Journal:
    """One such file; an absent one is empty."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path

    def add(self, erased: Iterable[Tombstone], unsubscribed: Iterable[Unsubscription] = ()) -> int:
        """Append what is not in it yet, durably, and return how many lines that were. Twice is once.

        Raises:
            StorageError: it cannot be written.
        """
        lines = [{"erased": name, "kind": kind, "at": at.isoformat()} for name, kind, at in erased]
        lines += [
            {"unsubscribed": one.recipient, "brand": one.brand_id, "mails": one.mails, "at": one.at.isoformat()}
            for one in unsubscribed
        ]
        known = {_key(line) for line in self._lines()}
        new = [line for line in lines if _key(line) not in known]
        if new:
            self._append("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in new))
        return len(new)

    def erased(self) -> list[Tombstone]:
        """Return the tombstones."""
        found = (line for line in self._lines() if "erased" in line)
        return [(line["erased"], line["kind"], datetime.fromisoformat(line["at"])) for line in found]

    def unsubscribed(self) -> list[Unsubscription]:
        """Return who wants no more mails of a brand."""
        found = (line for line in self._lines() if "unsubscribed" in line)
        return [
            Unsubscription(line["unsubscribed"], line["brand"], line["mails"], datetime.fromisoformat(line["at"]))
            for line in found
        ]

    def merge(self, others: Sequence[Journal]) -> None:
        """Add what other journals hold."""
        for other in others:
            self.add(other.erased(), other.unsubscribed())

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error}") from error
        for line in text.splitlines():
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict) and "at" in found:
                    yield found

    def _append(self, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                if size := os.fstat(descriptor).st_size:
                    file.seek(size - 1)
                    text = text if file.read(1) == b"\n" else f"\n{text}"
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error}") from error


def _key(line: dict[str, Any]) -> tuple[str, ...]:
    if "erased" in line:
        return ("erased", str(line["erased"]))
    return ("unsubscribed", str(line.get("unsubscribed")), str(line.get("brand")), str(line.get("mails")))
