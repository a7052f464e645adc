"""Where WARC files lie: a folder or object storage, and how a file appears there whole. Knows no WARC.

In a folder: written under a hidden temporary name, fsync, rename, fsync of the folder. On object storage: one put,
whose stored size is then compared.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from upath import UPath

from earshot.errors import StorageError
from earshot.ports import Clock

SUFFIX = ".warc.gz"
LEFTOVER_AFTER_S = 6 * 3600.0
"""An unfinished file of this age belongs to nobody any more: a file is open for seconds, a batch for minutes."""


class Store(Protocol):
    """Named files that appear whole."""

    def open_new(self) -> BinaryIO:
        """Return a file nobody sees, to be given to `publish` or `discard`."""

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make `file` appear under `name`, whole and durable, and close it."""

    def discard(self, file: BinaryIO) -> None:
        """Forget a file that was not published."""

    def open(self, name: str) -> BinaryIO:
        """Return a published file for reading."""

    def names(self) -> list[str]:
        """Return the names of published files, in order."""

    def has(self, name: str) -> bool:
        """Tell whether `name` is published."""

    def remove(self, name: str) -> None:
        """Remove a published file. Twice is once."""


def make_store(url: str, clock: Clock) -> Store:
    """Return the store at `url`: a path, a file: URL, or an address that universal-pathlib knows (s3://...)."""
    path = UPath(url)
    if path.protocol in ("", "file", "local"):
        return FolderStore(Path(path.path), clock)
    return ObjectStore(path)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except Exception as error:  # storage clients raise what they like; all of it means: not now
        raise StorageError(f"the lake cannot {what}: {error or type(error).__name__}") from error


def _checked(name: str) -> str:
    if "/" in name or "\\" in name or name.startswith(".") or not name.endswith(SUFFIX):
        raise StorageError(f"not the name of a file of the lake: {name!r}")
    return name


class FolderStore:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def open_new(self) -> BinaryIO:
        """Begin a hidden file; leftovers of processes that died are swept."""
        with _translated("begin a file"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)
            os.close(handle)
            return Path(name).open("r+b")

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make the file appear: whole, durable."""
        with _translated(f"publish {name}"):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            Path(file.name).rename(self._folder / _checked(name))
            self._sync_folder()

    def discard(self, file: BinaryIO) -> None:
        """Forget the file."""
        file.close()
        Path(file.name).unlink(missing_ok=True)

    def open(self, name: str) -> BinaryIO:
        """Open a published file."""
        with _translated(f"read {name}"):
            return (self._folder / _checked(name)).open("rb")

    def names(self) -> list[str]:
        """Name what is published."""
        with _translated("list its files"):
            found = self._folder.glob(f"*{SUFFIX}") if self._folder.is_dir() else iter(())
            return sorted(path.name for path in found if not path.name.startswith("."))

    def has(self, name: str) -> bool:
        """Tell whether it is published."""
        with _translated(f"look for {name}"):
            return (self._folder / _checked(name)).is_file()

    def remove(self, name: str) -> None:
        """Remove it."""
        with _translated(f"remove {name}"):
            (self._folder / _checked(name)).unlink(missing_ok=True)
            self._sync_folder()

    def _sweep(self) -> None:
        before = self._clock.now().timestamp() - LEFTOVER_AFTER_S
        for left in self._folder.glob(".*.part"):
            try:
                if left.stat().st_mtime < before:
                    left.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another process swept it, or published it

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class ObjectStore:
    """Objects below an address; a file is collected in a local temporary file and put at once."""

    def __init__(self, root: UPath) -> None:
        self._root = root

    def open_new(self) -> BinaryIO:
        """Begin a hidden file; leftovers of processes that died are swept."""
        with _translated("begin a file"):
            return cast("BinaryIO", tempfile.TemporaryFile("w+b"))

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make the file appear: whole, durable."""
        target = self._root / _checked(name)
        with _translated(f"publish {name}"):
            file.seek(0)
            body = file.read()
            file.close()
            target.fs.pipe_file(target.path, body)
            stored = target.stat().st_size
        if stored != len(body):
            raise StorageError(f"the lake holds {stored} of {len(body)} bytes of {name}")

    def discard(self, file: BinaryIO) -> None:
        """Forget the file."""
        file.close()

    def open(self, name: str) -> BinaryIO:
        """Open a published file."""
        with _translated(f"read {name}"):
            return (self._root / _checked(name)).open("rb")

    def names(self) -> list[str]:
        """Name what is published."""
        with _translated("list its files"):
            found = self._root.iterdir() if self._root.exists() else iter(())
            return sorted(path.name for path in found if path.name.endswith(SUFFIX))

    def has(self, name: str) -> bool:
        """Tell whether it is published."""
        with _translated(f"look for {name}"):
            return bool((self._root / _checked(name)).exists())

    def remove(self, name: str) -> None:
        """Remove it."""
        with _translated(f"remove {name}"):
            (self._root / _checked(name)).unlink(missing_ok=True)
