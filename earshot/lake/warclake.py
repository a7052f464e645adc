"""The Lake port over WARC files. Knows neither what a capture says nor who asked for it.

File names begin with their time, so they sort by it, and end in something unique, so that processes never meet.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from earshot.errors import DocumentError, Gone, StorageError
from earshot.lake.copying import Copied, copy_files
from earshot.lake.store import SUFFIX, FolderStore, Login, Place, Store, translated
from earshot.lake.warc import read_records, write_record
from earshot.model import Capture, CaptureRef
from earshot.ports import Clock

MAX_BYTES = 64 * 1024 * 1024
MAX_CAPTURES = 500
MAX_AGE_S = 20.0
_STAMP = "%Y%m%dT%H%M%S.%fZ"


class WarcWriter:
    """An open WARC file (`earshot.ports.LakeWriter`). A body may carry it beyond 64 MB, but only the last one."""

    def __init__(self, store: Store, clock: Clock, name: str) -> None:
        self._store, self._clock, self._name = store, clock, name
        self._file = store.open_new()
        self._opened = clock.monotonic()
        self._captures = 0
        self._size = 0

    def add(self, capture: Capture, body: bytes) -> Capture:
        """Append a capture; the one returned has its `ref`.

        Raises:
            StorageError: it could not be written; the file is as it was before.
        """
        try:
            written = write_record(self._file, _named(capture, self._name), body)
            self._file.flush()
        except OSError as error:
            self._forget_tail()
            raise StorageError(f"the lake cannot write {self._name}: {error}") from error
        self._size = written.ref.offset + written.ref.length
        self._captures += 1
        return written

    @property
    def is_full(self) -> bool:
        """True from 64 MB, 500 captures or 20 seconds on; never while it is empty."""
        if not self._captures:
            return False
        is_old = self._clock.monotonic() - self._opened >= MAX_AGE_S
        return is_old or self._captures >= MAX_CAPTURES or self._size >= MAX_BYTES

    def publish(self) -> str:
        """Make the file appear and return its name; "" if it holds nothing."""
        if not self._captures:
            self._store.discard(self._file)
            return ""
        self._store.publish(self._file, self._name)
        return self._name

    def discard(self) -> None:
        """Forget the file."""
        self._store.discard(self._file)

    def _forget_tail(self) -> None:
        try:
            self._file.seek(self._size)
            self._file.truncate()
        except OSError:
            return  # the disk refuses this too: publish will fail, and the file will never appear


class WarcLake:
    """Captures in WARC files below `url`: a folder, or object storage that universal-pathlib knows."""

    def __init__(self, url: str, clock: Clock, login: Login | None = None) -> None:
        """Name the place; nothing is asked of it yet.

        Args:
            url: a path, a file: URL, s3://BUCKET/PREFIX (`earshot.lake.objects`), or what universal-pathlib knows.
            clock: for names of files.
            login: for S3; without one the machine's own.

        Raises:
            ConfigError: the storage's client is not installed.
        """
        self._store = _make_store(url, clock, login)
        self._clock = clock

    def open_writer(self) -> WarcWriter:
        """Begin a file. One that is never published leaves nothing that `iter_files` shows.

        Raises:
            StorageError: there is no place to write.
        """
        unique = f"{os.getpid():x}{secrets.token_hex(6)}"
        return WarcWriter(self._store, self._clock, _name(_stamp(self._clock.now()), unique))

    def iter_files(self) -> Iterator[str]:
        """Yield the names of published files, oldest first."""
        yield from self._store.names()

    def iter_captures(self, file: str) -> Iterator[tuple[Capture, bytes]]:
        """Yield captures with bodies in order.

        Raises:
            Gone: there is no such file (any more).
            StorageError: the file cannot be read now.
            DocumentError: a broken record; those before it were yielded.
        """
        with self._store.open(file) as stream, translated(f"read {file}"):
            yield from read_records(stream, file)

    def read(self, ref: CaptureRef) -> tuple[Capture, bytes]:
        """Return one capture.

        Raises:
            Gone: there is no such file (any more).
            StorageError: it is not in the file, or its digest differs.
        """
        member = self._store.read(ref.file, ref.offset, ref.length)
        try:
            found = next(read_records(BytesIO(member), ref.file, ref.offset), None)
        except DocumentError as error:
            raise StorageError(f"no capture at {ref.file}:{ref.offset}: {error}") from error
        if found is None or found[0].ref != ref:
            raise StorageError(f"the capture at {ref.file}:{ref.offset} is not the one that was asked for")
        return found[0], found[1]

    def rewrite_without(
        self, file: str, refs: Sequence[CaptureRef], known: Sequence[CaptureRef] = ()
    ) -> dict[CaptureRef, CaptureRef]:
        """Write `file` anew without these captures; return where the others went (old -> new). Twice is once.

        The new name follows from the old one and what is cut, and every record says where it lay, so a call that was
        broken off, or comes again, finds what it did.

        known: captures that lie in it. Of a broken file, those of them that can still be read are kept.

        Raises:
            StorageError: not now; nothing was cut.
            DocumentError: the file is broken, and nothing is `known` of it; nothing was cut.
        """
        target = _rewritten_name(file, refs)
        if not self._store.has(target) and self._store.has(file):
            self._write_rest(file, {ref.offset for ref in refs if ref.file == file}, target, known)
        moved = self._moved_from(file, target) if self._store.has(target) else {}
        self._store.remove(file)
        return moved

    def remove(self, file: str) -> None:
        """Remove a published file with all that is in it, also a broken one. Twice is once."""
        self._store.remove(file)

    def sweep(self) -> None:
        """Remove unfinished files that processes which died left behind."""
        self._store.sweep()

    def begun_at(self, file: str) -> datetime | None:
        """Return when a file was begun, as its name says; None if it says nothing."""
        try:
            return datetime.strptime(file.partition("-")[0], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None

    def make(self) -> None:
        """Make the bucket or the folder, where it is missing. Twice is once.

        Raises:
            ConfigError: this login may not make it.
            StorageError: nothing answers.
        """
        self._store.make()

    def copy_to(
        self, other: WarcLake, *, mirror: bool, on_file: Callable[[int, int], None] = lambda _done, _total: None
    ) -> Copied:
        """Bring every file into another lake; as `earshot.lake.copying.copy_files`."""
        return copy_files(self._store, other._store, mirror=mirror, on_file=on_file)

    def save_file(self, file: str, path: Path) -> None:
        """Copy a published file to a path of this machine.

        Raises:
            Gone: there is no such file (any more).
            StorageError: it cannot be read, or not be written there.
        """
        with self._store.open(file) as stream, translated(f"save {file}"), path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)

    def add_file(self, file: str, path: Path) -> bool:
        """Publish a copy of a file of this machine under the name that it had; False if it is there already.

        Raises:
            StorageError: it cannot be written.
        """
        if self._store.has(file):
            return False
        new = self._store.open_new()
        try:
            with translated(f"bring {file} back"), path.open("rb") as stream:
                shutil.copyfileobj(stream, new, 1 << 20)
        except StorageError:
            self._store.discard(new)
            raise
        self._store.publish(new, file)
        return True

    def look(self) -> Place:
        """Try what is needed of object storage, and say where it is; a folder is not looked at.

        Raises:
            ConfigError: it is not allowed, or there is no such bucket; says what would be right.
            StorageError: nothing answers.
        """
        return self._store.look()

    def _write_rest(self, file: str, cut: set[int], target: str, known: Sequence[CaptureRef]) -> None:
        try:
            self._write(target, self.iter_captures(file), cut)
        except DocumentError:
            if not known:
                raise
            self._write(target, self._readable(known), cut)

    def _readable(self, refs: Sequence[CaptureRef]) -> Iterator[tuple[Capture, bytes]]:
        for ref in sorted(refs, key=lambda ref: ref.offset):
            try:
                yield self.read(ref)
            except Gone:
                raise
            except StorageError:
                continue  # this one is what is broken

    def _write(self, target: str, captures: Iterator[tuple[Capture, bytes]], cut: set[int]) -> None:
        writer = WarcWriter(self._store, self._clock, target)
        try:
            for capture, body in captures:
                if capture.ref.offset not in cut:
                    writer.add(replace(capture, came_from=capture.ref), body)
            writer.publish()
        except BaseException:
            writer.discard()
            raise

    def _moved_from(self, file: str, target: str) -> dict[CaptureRef, CaptureRef]:
        pairs = ((capture.came_from, capture.ref) for capture, _ in self.iter_captures(target))
        return {old: new for old, new in pairs if old is not None and old.file == file}


def _make_store(url: str, clock: Clock, login: Login | None) -> Store:
    parts = urlsplit(url)
    if parts.scheme in ("", "file", "local"):
        return FolderStore(Path(url if not parts.scheme else f"{parts.netloc}{parts.path}"), clock)
    from earshot.lake.objects import ObjectStore

    return ObjectStore(url, login or Login())


def _named(capture: Capture, file: str) -> Capture:
    return replace(capture, ref=CaptureRef(file, 0, 0, ""))


def _stamp(now: datetime) -> str:
    return now.strftime(_STAMP)


def _name(stamp: str, unique: str) -> str:
    return f"{stamp}-{unique}{SUFFIX}"


def _rewritten_name(file: str, refs: Sequence[CaptureRef]) -> str:
    stamp, _, _ = file.removesuffix(SUFFIX).partition("-")
    cut = ",".join(str(offset) for offset in sorted(ref.offset for ref in refs if ref.file == file))
    return _name(stamp, hashlib.sha256(f"{file}:{cut}".encode()).hexdigest()[:24])
