"""A folder of backups: makes one beside everything else, names them, and lets the old ones go.

    FOLDER/2026-11-30T03-30-00Z/   a whole backup; it gets this name in one step, when all of it is on the disk
    FOLDER/.2026-...part/          one that is being made, or was cut off; the next one removes it
    FOLDER/not-to-come-back.jsonl  what was erased, and must not come back with an older backup
    FOLDER/.lock                   held by whoever makes one; the kernel lets go of it with the process

Files of the lake never change under their name, so one that the last backup has is linked, not copied: it takes no
room again. Knows neither database nor settings.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from earshot.backup.journal import NAME as JOURNAL
from earshot.backup.journal import Journal
from earshot.backup.manifest import Entry, Manifest, digest_of, problems, read_manifest
from earshot.errors import ConfigError, Damaged, Gone, StorageError

RECORD, LAKE, SETTINGS = "record.db", "lake", "workspace"
_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_TRIES = 5


class LakeFiles(Protocol):
    """The lake, as far as a backup needs it."""

    def iter_files(self) -> Iterator[str]:
        """Yield the names of published files."""

    def save_file(self, name: str, path: Path) -> None:
        """Copy a file to `path`; raises Gone where it is not there any more."""


@dataclass(frozen=True, slots=True)
class Saving:
    """How to save each part. record: writes the record to a new file; known: the lake's files that such a file knows.

    lake: None where its files are not saved. settings: text of each file of the workspace, by path.
    """

    record: Callable[[Path], None]
    known: Callable[[Path], set[str]]
    lake: LakeFiles | None
    settings: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup. manifest: None where it is not whole, and `wrong` says why."""

    folder: Path
    manifest: Manifest | None
    wrong: str = ""

    @property
    def name(self) -> str:
        """Its name, which is its time."""
        return self.folder.name

    def problems(self) -> list[str]:
        """Return what is wrong with it; reads every file."""
        return [self.wrong] if self.manifest is None else problems(self.folder, self.manifest)


class Vault:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it may be absent."""
        self.folder = folder

    @property
    def journal(self) -> Journal:
        """What must not come back."""
        return Journal(self.folder / JOURNAL)

    def backups(self) -> list[Backup]:
        """Return all backups, newest first; what is not whole is among them and says so."""
        if not self.folder.is_dir():
            return []
        found = (each for each in self.folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        return [_look(each) for each in sorted(found, key=lambda each: each.name, reverse=True)]

    def choose(self, name: str = "") -> Backup:
        """Return a backup by name; the newest whole one where none is named.

        Raises:
            ConfigError: there is none, or none of this name. Damaged: it is not whole.
        """
        found = self.backups()
        if name:
            chosen = next((each for each in found if each.name == name), None)
        else:
            chosen = next((each for each in found if each.manifest), None)
        if chosen is None:
            known = ", ".join(each.name for each in found[:5]) or "none"
            raise ConfigError(f"there is no backup {name}".rstrip(), where=str(self.folder), advice=f"there: {known}")
        if chosen.manifest is None:
            raise Damaged(chosen.wrong, "Choose another: `earshot backup FOLDER --list` lists them")
        return chosen

    def make(self, saving: Saving, manifest: Manifest, now: Callable[[], datetime]) -> Backup:
        """Make a backup; it appears whole, or not at all. Others read and write on meanwhile.

        manifest: without time and files.

        Raises:
            StorageError: something cannot be read or written, or another process makes one here.
            Damaged: the record is.
        """
        with self._locked():
            for left in self.folder.glob(".*.part"):
                shutil.rmtree(left, ignore_errors=True)
            last = next((each for each in self.backups() if each.manifest), None)
            part = self.folder / f".{now():{_STAMP}}.part"
            try:
                part.mkdir(mode=0o700)
                at, files = self._fill(part, saving, last, now)
                done = replace(manifest, made_at=at, files=files)
                done.write(part)
                _sync(part)
                final = self.folder / f"{at:{_STAMP}}"
                part.rename(final)
                _sync_folder(self.folder)
            except FileExistsError as error:
                raise StorageError("a backup was made this very second; try again") from error
            except OSError as error:
                raise StorageError(f"the backup cannot be written: {error}") from error
            finally:
                shutil.rmtree(part, ignore_errors=True)
            return Backup(final, done)

    def keep(self, most: int) -> list[str]:
        """Remove whole backups beyond the newest `most`, and return their names."""
        with self._locked():
            gone = [each for each in self.backups() if each.manifest][max(1, most) :]
            for each in gone:
                hidden = self.folder / f".{each.name}.part"
                each.folder.rename(hidden)  # first, so that what is half removed is no backup
                shutil.rmtree(hidden, ignore_errors=True)
        return [each.name for each in gone]

    def _fill(
        self, part: Path, saving: Saving, last: Backup | None, now: Callable[[], datetime]
    ) -> tuple[datetime, dict[str, Entry]]:
        for name, body in saving.settings.items():
            path = part / SETTINGS / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        files = {f"{SETTINGS}/{name}": digest_of(part / SETTINGS / name) for name in saving.settings}
        at, of_lake = self._record_and_lake(part, saving, last, now)
        return at, {**files, **of_lake, RECORD: digest_of(part / RECORD)}

    def _record_and_lake(
        self, part: Path, saving: Saving, last: Backup | None, now: Callable[[], datetime]
    ) -> tuple[datetime, dict[str, Entry]]:
        """Save the record and the files of the lake that belong to it.

        A file of the lake is never changed; but one may be rewritten under another name, or go, while the record is
        saved. Then the record is saved again: what it knows has to be there.
        """
        files: dict[str, Entry] = {}
        lost_before: set[str] = set()
        for _ in range(_TRIES):
            self._lake(part, saving, last, files, set())
            (part / RECORD).unlink(missing_ok=True)
            at = now()
            saving.record(part / RECORD)
            known = saving.known(part / RECORD)
            lost = self._lake(part, saving, last, files, known)
            if lost <= lost_before:  # none, or those that the lake lost long ago
                break
            lost_before = lost
        self._drop_gone(part, saving, files, known)
        return at, files

    def _lake(
        self, part: Path, saving: Saving, last: Backup | None, files: dict[str, Entry], known: set[str]
    ) -> set[str]:
        """Save the files of the lake that are not saved yet; return those of `known` that are not there."""
        if saving.lake is None:
            return set()
        (part / LAKE).mkdir(exist_ok=True)
        lost = set()
        for name in sorted({*saving.lake.iter_files(), *known}):
            if f"{LAKE}/{name}" in files:
                continue
            try:
                files[f"{LAKE}/{name}"] = _link_or_save(part, saving.lake, last, name)
            except Gone:
                lost.add(name)
        return lost & known

    def _drop_gone(self, part: Path, saving: Saving, files: dict[str, Entry], known: set[str]) -> None:
        """Leave out files that were rewritten or removed meanwhile, and that the saved record does not know."""
        if saving.lake is None:
            return
        there = {f"{LAKE}/{name}" for name in (*saving.lake.iter_files(), *known)}
        for name in [name for name in files if name.startswith(f"{LAKE}/") and name not in there]:
            (part / name).unlink(missing_ok=True)
            del files[name]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.folder / ".lock").open("w", encoding="ascii")
        except OSError as error:
            raise StorageError(f"the folder of backups {self.folder} cannot be written: {error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StorageError(f"another process makes a backup in {self.folder}") from error
            yield


def _look(folder: Path) -> Backup:
    try:
        return Backup(folder, read_manifest(folder))
    except Damaged as error:
        return Backup(folder, None, error.what)


def _link_or_save(part: Path, lake: LakeFiles, last: Backup | None, name: str) -> Entry:
    """Link a file to the last backup's where that has it, else copy it from the lake."""
    path = part / LAKE / name
    known = last.manifest.files.get(f"{LAKE}/{name}") if last and last.manifest else None
    if known is not None and last is not None:
        try:
            before = last.folder / LAKE / name
            if before.stat().st_size == known.size:
                os.link(before, path)
                return known
        except OSError:  # gone from there, or a file system without links: copied
            path.unlink(missing_ok=True)
    lake.save_file(name, path)
    return digest_of(path)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _sync_folder(path)
        elif path.stat().st_nlink == 1:  # else an earlier backup's
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
