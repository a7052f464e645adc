"""What is in a backup, with size and digest of every file. Without a manifest that can be read there is no backup."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from earshot.errors import Damaged, StorageError

NAME = "manifest.json"
ANOTHER = "Choose another: `earshot backup FOLDER --list` lists them"
_FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. digest: SHA-256, hex."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    made_at: the state of when the record in it has. workspace: its name. version: of Earshot. database: "sqlite" or
    "postgresql". lake: where the lake was; has_lake: whether its files are in the backup. key: tells the workspace's
    key from another, or empty. left_out: what is not in it, in words. files: by path in the backup.
    """

    made_at: datetime
    workspace: str
    version: str
    database: str
    lake: str
    has_lake: bool
    key: str
    left_out: tuple[str, ...] = ()
    files: dict[str, Entry] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(entry.size for entry in self.files.values())

    def write(self, folder: Path) -> None:
        """Write it into a backup's folder."""
        said = asdict(self) | {"format": _FORMAT, "made_at": self.made_at.isoformat()}
        (folder / NAME).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup.

    Raises:
        Damaged: there is none that can be read.
    """
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if said.pop("format") != _FORMAT:
            raise Damaged(f"the backup {folder} was made by a later version of Earshot", "Update Earshot")
        files = {name: Entry(**entry) for name, entry in said.pop("files").items()}
        at, left_out = datetime.fromisoformat(said.pop("made_at")), tuple(said.pop("left_out"))
        return Manifest(made_at=at, left_out=left_out, files=files, **said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{folder} is not a whole backup: its {NAME} cannot be read ({error})", ANOTHER) from error


def digest_of(path: Path) -> Entry:
    """Return size and digest of a file.

    Raises:
        StorageError: it cannot be read.
    """
    found, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    return Entry(size, found.hexdigest())


def problems(folder: Path, manifest: Manifest) -> list[str]:
    """Return what is wrong with a backup's files, in sentences: what is missing, and what differs. Reads all."""
    found = []
    for name, entry in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != entry.size or digest_of(path) != entry:
            found.append(f"{name} is not what was saved")
    return found


def witness(key: str) -> str:
    """Return what tells one key of a workspace from another, and says nothing of it."""
    return hmac.new(key.strip().encode("utf-8"), b"earshot backup", hashlib.sha256).hexdigest()
