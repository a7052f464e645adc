"""A folder of backups: whole or not at all, checked by digests, unchanged files linked, old ones let go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot.backup import Backup, Journal, Manifest, Vault
from earshot.backup.vault import Saving
from earshot.errors import ConfigError, Damaged, Gone, StorageError
from earshot.ports import Unsubscription

AT = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)


@dataclass
class Lake:
    """Files by name; `on_save` happens just before one is saved."""

    files: dict[str, bytes]
    on_save: Callable[[str], None] = lambda _: None
    saved: list[str] = field(default_factory=list)

    def iter_files(self) -> Iterator[str]:
        yield from sorted(self.files)

    def save_file(self, name: str, path: Path) -> None:
        self.on_save(name)
        if name not in self.files:
            raise Gone(name)
        self.saved.append(name)
        path.write_bytes(self.files[name])


class Making:
    """A vault, a lake, and a record that knows the files of `known`."""

    def __init__(self, folder: Path) -> None:
        self.vault = Vault(folder / "vault")
        self.lake = Lake({"a.warc.gz": b"first", "b.warc.gz": b"second"})
        self.known = lambda: set(self.lake.files)
        self.saves = 0
        self.now = AT

    def record(self, path: Path) -> None:
        self.saves += 1
        path.write_text("\n".join(sorted(self.known())))

    def __call__(self) -> Backup:
        self.now += timedelta(days=1)
        saving = Saving(self.record, lambda p: set(p.read_text().split()), self.lake, {"earshot.yaml": b"name: x\n"})
        manifest = Manifest(AT, "x", "1", "sqlite", "", has_lake=True, key="")
        return self.vault.make(saving, manifest, lambda: self.now)


@pytest.fixture
def make(tmp_path: Path) -> Making:
    return Making(tmp_path)


def test_a_backup_holds_everything_and_is_what_was_saved(make: Making) -> None:
    made = make()
    assert made.manifest is not None
    assert set(made.manifest.files) == {"record.db", "lake/a.warc.gz", "lake/b.warc.gz", "workspace/earshot.yaml"}
    assert [each.name for each in make.vault.backups()] == ["2026-12-01T03-30-00Z"]
    assert make.vault.choose().problems() == []


def test_what_the_last_backup_has_is_linked_and_not_copied_again(make: Making) -> None:
    first = make()
    make.lake.files["c.warc.gz"] = b"third"
    make.lake.saved.clear()
    second = make()
    assert make.lake.saved == ["c.warc.gz"]
    assert (first.folder / "lake" / "a.warc.gz").samefile(second.folder / "lake" / "a.warc.gz")
    assert second.problems() == []


@pytest.mark.fault(
    case="A backup that is cut off",
    promise="It is never taken for a whole one: it gets its name when all is on the disk; the next one removes it",
)
def test_what_was_cut_off_is_no_backup_and_goes_with_the_next(make: Making) -> None:
    def break_off(_: str) -> None:
        raise KeyboardInterrupt

    make.lake.on_save = break_off
    with pytest.raises(KeyboardInterrupt):
        make()
    (make.vault.folder / ".2026-11-29T03-30-00Z.part").mkdir()  # as a killed process leaves it
    assert make.vault.backups() == []
    make.lake.on_save = lambda _: None
    make()
    assert list(make.vault.folder.glob(".*.part")) == []
    assert len(make.vault.backups()) == 1


@pytest.mark.fault(
    case="A backup whose files were damaged or lost on its disk",
    promise="It is found by size and digest, named with what is wrong, and never brought back",
)
@pytest.mark.parametrize("name", ["record.db", "lake/a.warc.gz", "manifest.json"])
def test_a_damaged_backup_is_named_and_an_unreadable_one_never_chosen(make: Making, name: str) -> None:
    older, newer = make(), make()
    path = newer.folder / name
    body = bytearray(path.read_bytes())
    path.unlink()  # a link of the older one
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(body if name != "manifest.json" else body[:50])
    found = make.vault.backups()
    assert found[0].problems() != []
    assert found[1].problems() == []
    if name == "manifest.json":
        assert make.vault.choose().name == older.name
        with pytest.raises(Damaged):
            make.vault.choose(newer.name)


def test_the_oldest_go_and_one_always_stays(make: Making) -> None:
    made = [make() for _ in range(4)]
    assert make.vault.keep(2) == [made[1].name, made[0].name]
    assert [each.name for each in make.vault.backups()] == [made[3].name, made[2].name]
    assert make.vault.choose().problems() == []
    assert make.vault.keep(0) == [made[2].name]


@pytest.mark.fault(
    case="An erasure that rewrites a file of the lake while a backup is made",
    promise="The record is saved again: the backup holds the files that its record knows, and not the one that went",
)
def test_a_file_that_is_rewritten_meanwhile_is_saved_as_the_record_knows_it(make: Making) -> None:
    known = {"a.warc.gz", "b.warc.gz"}
    make.known = lambda: set(known)

    def record_then_rewrite(path: Path) -> None:
        Making.record(make, path)
        if make.saves == 1:  # just after its state was saved
            known.remove("b.warc.gz")
            known.add("b2.warc.gz")
            make.lake.files["b2.warc.gz"] = held["b"] + b" without"

    def drop_once(name: str) -> None:
        """Before it is copied, so that the first state knows a file that nobody can save any more."""
        if name == "b.warc.gz" and make.saves == 0:
            held["b"] = make.lake.files.pop(name)

    held: dict[str, bytes] = {}
    make.record = record_then_rewrite  # type: ignore[method-assign]
    make.lake.on_save = drop_once
    made = make()
    assert made.manifest is not None
    lake = {name for name in made.manifest.files if name.startswith("lake/")}
    known_to_it = {f"lake/{name}" for name in (made.folder / "record.db").read_text().split()}
    assert known_to_it <= lake
    assert "lake/b.warc.gz" not in lake
    assert made.problems() == []


def test_only_one_process_makes_a_backup_in_a_folder(make: Making) -> None:
    make()
    lock = make.vault.folder / ".lock"
    hold = f"fcntl.flock(f := open({str(lock)!r}, 'w'), fcntl.LOCK_EX)"
    code = f"import fcntl, sys; {hold}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StorageError, match="another process"):
            make()
        other.communicate(b"")


def test_a_backup_that_is_not_there_is_refused_with_those_that_are(make: Making) -> None:
    made = make()
    with pytest.raises(ConfigError, match=made.name):
        make.vault.choose("2020-01-01T00-00-00Z")


@pytest.mark.fault(
    case="A journal of erasures that was cut off in the middle of a line",
    promise="The other lines count, and the next call writes the lost one again",
)
def test_a_journal_keeps_each_line_once_and_survives_a_cut(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    erased = [(f"{n:064x}", "url", AT) for n in range(3)]
    unsubscribed = [Unsubscription("mara@example.org", "halden", "alerts", AT)]
    assert journal.add(erased, unsubscribed) == 4
    assert journal.add(erased, unsubscribed) == 0
    journal.path.write_bytes(journal.path.read_bytes()[:-30])
    assert journal.erased() == erased
    assert journal.unsubscribed() == []
    assert journal.add(erased, unsubscribed) == 1
    assert (journal.erased(), journal.unsubscribed()) == (erased, unsubscribed)
