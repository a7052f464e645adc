"""The folder of an embedded index: generations, the pointer to the one in force, and the lock of those who write.

    DIR/CURRENT      name of the generation in force; replaced in one step
    DIR/REPLACED     name of the one before, kept for a way back until the next rebuild
    DIR/write.lock   held (flock) by whoever writes or rebuilds; the kernel lets go of it with the process
    DIR/REBUILDING   how many mentions a rebuild has put in so far; touched all along
    DIR/DAMAGED      a reader found files that are not what was written; the next who publishes rebuilds
    DIR/gen-*/       one tantivy index each, and `earshot.json` with the version of its schema

Knows no mention and no query. What happens when: a rebuild fills a folder that CURRENT does not name yet, so a crash
leaves the old one in force and a leftover that the next writer removes; readers look at CURRENT on every call.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import tantivy

from earshot.errors import QueryError, StorageError
from earshot.index.admission import nothing_kept
from earshot.index.schema import make_schema, schema_version
from earshot.model import Mention
from earshot.ports import Clock

POINTER, REPLACED, LOCK, STAMP = "CURRENT", "REPLACED", "write.lock", "earshot.json"
REBUILDING, DAMAGED = "REBUILDING", "DAMAGED"
_STANDING_S = 60.0
_TOO_MANY = "exceeded max expansions"
"""Source: tantivy's RegexPhraseQuery takes 16,384 words; seen with version 0.27, read 2026-11."""
_BEGIN_SO = "more than 16,000 words begin as a word with * beside NEAR does"
ADVICE = "run `earshot reindex`"


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what tantivy and the file system raise into StorageError, and a prefix of too many words into QueryError.

    tantivy raises ValueError for nearly everything, and its panics arrive as a BaseException of pyo3.
    """
    try:
        yield
    except ValueError as error:
        if _TOO_MANY in str(error):
            raise QueryError("", 0, _BEGIN_SO, "write more letters before the *, or AND") from error
        raise StorageError(f"{doing}: {error}") from error
    except (OSError, RuntimeError, MemoryError) as error:
        raise StorageError(f"{doing}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise StorageError(f"{doing}: the search engine panicked: {error}; if it stays so, {ADVICE}") from error


class Generations:
    """The generations in one folder. An absent or empty folder gets an empty first one on first use."""

    def __init__(self, directory: Path, clock: Clock, lock_wait_s: float) -> None:
        self._directory, self._clock, self._lock_wait_s = directory, clock, lock_wait_s

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of writers.

        Raises:
            StorageError: another writer or a rebuild held it for longer than `lock_wait_s`.
        """
        with translated(f"the index in {self._directory} cannot be locked"):
            self._directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)

    def current(self) -> Path | None:
        """Return the folder of the generation in force, None where there is no pointer."""
        return self._named_in(POINTER)

    def readable(self, pointer: str = POINTER) -> Path | None:
        """Return the folder that a pointer names; None where there is none, or it is damaged."""
        try:
            return self._named_in(pointer)
        except StorageError:
            return None

    def replaced(self) -> Path:
        """Return the folder of the generation that the last rebuild replaced.

        Raises:
            ConfigError: none is kept.
        """
        found = self._named_in(REPLACED)
        if found is None or found == self.current() or not found.exists():
            raise nothing_kept(f"in {self._directory}")
        return found

    def open(self, generation: Path) -> tantivy.Index:
        """Open a generation.

        Raises:
            StorageError: it is missing, damaged, or of another version.
        """
        where = f"the index in {self._directory}"
        self.check_stamp(generation)
        with translated(f"{where} is damaged ({ADVICE})"):
            index = tantivy.Index.open(str(generation))
            index.config_reader("manual")
            index.reload()
        return index

    def check_stamp(self, generation: Path) -> None:
        """Make sure that a generation is of this version.

        Raises:
            StorageError: it is missing, damaged, or of another version.
        """
        where = f"the index in {self._directory}"
        try:
            version = json.loads((generation / STAMP).read_text("utf-8"))["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{where} is damaged or missing ({error}); {ADVICE}") from error
        if version != schema_version():
            raise StorageError(f"{where} was made by another version of Earshot; {ADVICE}")

    def lost_pointer(self) -> str:
        """Return that there are mentions and no pointer to them, or ""."""
        if any(self._holds_documents(leftover) for leftover in self._generations()):
            return f"the index in {self._directory} has lost its file {POINTER}"
        return ""

    # how far a rebuild is

    def counted(self, batches: Iterable[Sequence[Mention]]) -> Iterator[Sequence[Mention]]:
        """Yield the batches, and note for readers of all processes how many mentions have passed."""
        done = 0
        for batch in batches:
            yield batch
            done += len(batch)
            self.note_progress(done)

    def note_progress(self, done: int) -> None:
        """Note how many mentions a rebuild has put in; a disk that refuses it does not end the rebuild."""
        with suppress(OSError):
            (self._directory / REBUILDING).write_text(str(done), "ascii")

    def end_progress(self) -> None:
        """Note that no rebuild is at work."""
        with suppress(OSError):
            (self._directory / REBUILDING).unlink(missing_ok=True)

    def is_rebuilding(self) -> bool:
        """Tell whether a rebuild is at work; one that was killed is not, after a minute."""
        try:
            return self._clock.now().timestamp() - (self._directory / REBUILDING).stat().st_mtime < _STANDING_S
        except OSError:
            return False

    def progress(self) -> str:
        """Return how far a rebuild is, in words."""
        try:
            done = int((self._directory / REBUILDING).read_text("ascii"))
        except (OSError, ValueError):
            return "It is rebuilt from the record by itself; collecting and alerts go on"
        return f"Search is being rebuilt from the record: {done:,} mentions so far; collecting and alerts go on"

    def ensure(self) -> Path:
        """Return the generation in force, making a first one where there is none. Needs the lock.

        Raises:
            StorageError: there are generations that hold mentions, but no pointer.
        """
        current = self.current()
        if current is not None:
            return current
        if any(self._holds_documents(leftover) for leftover in self._generations()):
            raise StorageError(f"the index in {self._directory} has lost its file {POINTER}; {ADVICE}")
        first = self.make()
        self.switch(first)
        return first

    def make(self) -> Path:
        """Make an empty generation that is not in force."""
        generation = self._directory / f"gen-{secrets.token_hex(8)}"
        with translated(f"the index in {self._directory} cannot be made"):
            generation.mkdir()
            tantivy.Index(make_schema(), str(generation))
            (generation / STAMP).write_text(json.dumps({"schema": schema_version()}), "utf-8")
        return generation

    def switch(self, generation: Path, replaced: Path | None = None) -> None:
        """Put a generation in force at once: readers of other processes follow with their next call.

        replaced: the one that is kept beside it from now on.
        """
        with translated(f"the index in {self._directory} cannot be switched"):
            _sync(generation)
            if replaced is not None:
                self._name(REPLACED, replaced)
            self._name(POINTER, generation)

    def remove_leftovers(self) -> None:
        """Remove every generation that is neither in force nor kept. Needs the lock.

        Readers that still have one open keep it (its files are mapped); one that was just about to open it looks
        at CURRENT again.
        """
        kept = (self.readable(), self.readable(REPLACED))
        for generation in self._generations():
            if generation not in kept:
                shutil.rmtree(generation, ignore_errors=True)

    def forget_replaced(self) -> None:
        """Keep none but the one in force. Needs the lock.

        Raises:
            StorageError: another cannot be removed.
        """
        with translated("the index before the last reindex cannot be removed"):
            (self._directory / REPLACED).unlink(missing_ok=True)
        self.remove_leftovers()
        current = self.readable()
        if current is not None and (left := [each for each in self._generations() if each != current]):
            raise StorageError(f"{left[0]} cannot be removed")

    def remove(self, generation: Path) -> None:
        """Remove one generation, as far as it can be."""
        shutil.rmtree(generation, ignore_errors=True)

    def _named_in(self, file: str) -> Path | None:
        try:
            return self._directory / (self._directory / file).read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StorageError(f"the index in {self._directory} cannot be read: {error}; {ADVICE}") from error

    def _name(self, file: str, generation: Path) -> None:
        temporary = self._directory / f"{file}.part"
        with temporary.open("w", encoding="ascii") as part:
            part.write(generation.name + "\n")
            part.flush()
            os.fsync(part.fileno())
        temporary.replace(self._directory / file)
        _sync(self._directory)

    def _generations(self) -> list[Path]:
        return sorted(self._directory.glob("gen-*"))

    def _holds_documents(self, generation: Path) -> bool:
        if not (generation / "meta.json").exists():
            return False
        try:
            return bool(self.open(generation).searcher().num_docs)
        except StorageError:
            return True

    def _wait_for(self, descriptor: int) -> None:
        deadline = self._clock.monotonic() + self._lock_wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock.monotonic() >= deadline:
                    raise StorageError(f"the index in {self._directory} is being written by another process") from None
                self._clock.sleep(0.05)
            else:
                return


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
