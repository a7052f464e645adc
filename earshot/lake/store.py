"""Where WARC files lie in a folder, and how a file appears there whole. Knows no WARC.

Written under a hidden temporary name, fsync, rename, fsync of the folder. Object storage is `earshot.lake.objects`.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from earshot.errors import EarshotError, Gone, StorageError
from earshot.ports import Clock

SUFFIX = ".warc.gz"
LEFTOVER_AFTER_S = 6 * 3600.0
"""An unfinished file of this age belongs to nobody any more: a file is open for seconds, a batch for minutes."""


class Login(NamedTuple):
    """Who asks. Both empty: what the machine itself knows, as AWS's own tools do (variables, files, roles)."""

    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lake is, in words; empty for a folder. warning: what will go wrong there one day, or empty."""

    name: str
    warning: str = ""


class Store(Protocol):
    """Named files that appear whole."""

    def open_new(self) -> BinaryIO:
        """Return a file nobody sees, to be given to `publish` or `discard`."""

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make `file` appear under `name`, whole and durable, and close it."""

    def discard(self, file: BinaryIO) -> None:
        """Forget a file that was not published."""

    def open(self, name: str) -> BinaryIO:
        """Return a published file for reading.

        Raises:
            Gone: there is no such file (any more).
        """

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return a part of a published file; less where it ends earlier.

        Raises:
            Gone: there is no such file (any more).
        """

    def names(self) -> list[str]:
        """Return the names of published files, in order."""

    def has(self, name: str) -> bool:
        """Tell whether `name` is published."""

    def remove(self, name: str) -> None:
        """Remove a published file. Twice is once."""

    def sweep(self) -> None:
        """Remove unfinished files of processes that died; where none can be left over, nothing."""

    def make(self) -> None:
        """Make the place that files lie in, where it is missing. Twice is once.

        Raises:
            ConfigError: this login may not make it.
            StorageError: nothing answers.
        """

    def look(self) -> Place:
        """Try what is needed, and say where it was done.

        Raises:
            ConfigError: it is not allowed, or the place does not exist; says what would be right.
            StorageError: nothing answers.
        """


_NOT_THERE = (errno.ENOENT, errno.ESTALE)
"""The second: a file that was removed on a network file system while it was open here."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise what a file system raises as StorageError that says what could not be done; Gone for a file not there."""
    try:
        yield
    except EarshotError:
        raise
    except OSError as error:
        kind = Gone if error.errno in _NOT_THERE else StorageError
        raise kind(f"the lake cannot {what}: {error}") from error
    except Exception as error:  # storage clients raise what they like; all of it means: not now
        raise StorageError(f"the lake cannot {what}: {error or type(error).__name__}") from error


def checked(name: str) -> str:
    """Return the name of a file, which leads nowhere else.

    Raises:
        StorageError: it is none.
    """
    if "/" in name or "\\" in name or name.startswith(".") or not name.endswith(SUFFIX):
        raise StorageError(f"not the name of a file of the lake: {name!r}")
    return name


class FolderStore:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def open_new(self) -> BinaryIO:
        """Begin a hidden file; leftovers of processes that died are swept."""
        with translated("begin a file"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self.sweep()
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)
            os.close(handle)
            return Path(name).open("r+b")

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make the file appear: whole, durable."""
        with translated(f"publish {name}"):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            Path(file.name).rename(self._folder / checked(name))
            self._sync_folder()

    def discard(self, file: BinaryIO) -> None:
        """Forget the file."""
        file.close()
        Path(file.name).unlink(missing_ok=True)

    def open(self, name: str) -> BinaryIO:
        """Open a published file."""
        with translated(f"read {name}"):
            return (self._folder / checked(name)).open("rb")

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Read a part of it."""
        with translated(f"read {name}"), (self._folder / checked(name)).open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)

    def names(self) -> list[str]:
        """Name what is published."""
        with translated("list its files"):
            found = self._folder.glob(f"*{SUFFIX}") if self._folder.is_dir() else iter(())
            return sorted(path.name for path in found if not path.name.startswith("."))

    def has(self, name: str) -> bool:
        """Tell whether it is published."""
        with translated(f"look for {name}"):
            return (self._folder / checked(name)).is_file()

    def remove(self, name: str) -> None:
        """Remove it."""
        with translated(f"remove {name}"):
            (self._folder / checked(name)).unlink(missing_ok=True)
            if self._folder.is_dir():
                self._sync_folder()

    def make(self) -> None:
        """Make the folder."""
        with translated("make its folder"):
            self._folder.mkdir(parents=True, exist_ok=True)

    def look(self) -> Place:
        """Say nothing: whether a folder can be written is seen when it is."""
        return Place("")

    def sweep(self) -> None:
        """Remove unfinished files that nobody has written to for six hours."""
        before = self._clock.now().timestamp() - LEFTOVER_AFTER_S
        for left in self._folder.glob(".*.part"):
            try:
                if left.stat().st_mtime < before:
                    left.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another process swept it, or published it
            except OSError as error:
                raise StorageError(f"the lake cannot remove {left.name}: {error}") from error

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
