"""A damaged or empty record is refused with what to do, and never replaced by a new one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from earshot import jobs
from earshot.backup import Journal
from earshot.config.example import write_example
from earshot.errors import ConfigError, Damaged
from earshot.index.embedded import EmbeddedIndex
from earshot.ports import IndexWrite
from earshot.record import SqlRecord
from tests.builders import FakeClock, make_mention, make_source


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> Path:
    """A record with something in it, that nobody has open."""
    file = tmp_path / "var" / "record.db"
    record = SqlRecord(f"sqlite:///{file}", clock)
    record.migrate()
    with record.write() as writer:
        writer.put_sources([make_source(id=f"s{n}") for n in range(500)], clock.now())
    record.close()
    return file


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def something_else(file: Path) -> None:
    file.write_bytes(b"<html>not found</html>" * 1000)


def header_alone(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def scribbled(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[100:4096] = b"\xff" * 3996
    file.write_bytes(raw)


def only_the_log(file: Path) -> None:
    file.rename(file.with_name("record.db-wal"))


def a_page_in_the_middle(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    for start in range(4096, len(raw) - 4096, 8192):
        raw[start : start + 200] = b"\xff" * 200
    file.write_bytes(raw)


DAMAGES = [emptied, cut_off, something_else, header_alone, scribbled, only_the_log]


@pytest.mark.parametrize("damaged", DAMAGES)
def test_it_is_refused_with_what_to_do_and_stays_as_it_is(
    file: Path, clock: FakeClock, damaged: Callable[[Path], None]
) -> None:
    damaged(file)
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    for _ in range(2):
        record = SqlRecord(f"sqlite:///{file}", clock)
        with pytest.raises(Damaged, match="put the last good backup back"):
            record.migrate()
        record.close()
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before


def test_a_file_that_is_emptied_while_it_is_used_is_not_begun_anew(file: Path, clock: FakeClock) -> None:
    record = SqlRecord(f"sqlite:///{file}", clock)
    record.migrate()
    record.close()  # its pool opens the file anew
    emptied(file)
    with pytest.raises(Damaged), record.read() as reader:
        reader.counts()
    assert file.read_bytes() == b""


@pytest.mark.fault(
    case="A record with damaged pages in its middle, found only when they are read",
    promise="Whoever reads them says that the record is damaged and which command restores it; no traceback",
)
def test_a_damaged_page_in_the_middle_is_told_by_whoever_reads_it(file: Path, clock: FakeClock) -> None:
    record = SqlRecord(f"sqlite:///{file}", clock)
    record.migrate()
    record.close()
    a_page_in_the_middle(file)
    with pytest.raises(Damaged, match="earshot restore"):
        record.migrate()
        with record.write() as writer:
            writer.counts()
            writer.put_sources([make_source(id=f"t{n}") for n in range(500)], clock.now())
            writer.sources()
    record.close()


def test_a_folder_in_its_place_is_refused(file: Path, clock: FakeClock) -> None:
    file.unlink()
    file.mkdir()
    record = SqlRecord(f"sqlite:///{file}", clock)
    with pytest.raises(Damaged, match="is not a file"):
        record.migrate()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
@pytest.mark.parametrize(("of_folder", "mode"), [(False, 0), (False, 0o444), (True, 0o555)])
def test_a_record_that_this_user_may_not_use_is_refused(
    file: Path, clock: FakeClock, mode: int, *, of_folder: bool
) -> None:
    closed = file.parent if of_folder else file
    closed.chmod(mode)
    record = SqlRecord(f"sqlite:///{file}", clock)
    try:
        with pytest.raises(Damaged, match="chown"):
            record.migrate()
    finally:
        closed.chmod(0o755)


def captures(root: Path) -> None:
    (root / "var" / "lake").mkdir(parents=True)
    (root / "var" / "lake" / "20261130T000000.000000Z-1.warc.gz").write_bytes(b"")


def an_index(root: Path) -> None:
    index = EmbeddedIndex(root / "var" / "index")
    index.write([IndexWrite("1" * 64, 1, make_mention(id="1" * 64))])


def erasures(root: Path) -> None:
    Journal(root / "var" / "not-to-come-back.jsonl").add([("0" * 64, "url", FakeClock().now())])


@pytest.mark.fault(
    case="The record's file was deleted; its lake, its index or its list of erasures is there",
    promise="It is not begun anew in silence: every command says how it is restored, or begun anew on purpose",
)
@pytest.mark.parametrize("leave", [captures, an_index, erasures])
def test_a_record_that_is_gone_beside_what_was_made_of_it_is_not_begun_anew(
    tmp_path: Path, leave: Callable[[Path], None]
) -> None:
    write_example(tmp_path)
    leave(tmp_path)
    with pytest.raises(Damaged, match="earshot restore"):
        jobs.status(str(tmp_path))
    assert not (tmp_path / "var" / "record.db").exists()
    jobs.new_record(str(tmp_path))
    assert jobs.status(str(tmp_path))["documents"] == 0
    with pytest.raises(ConfigError, match="there is a record"):
        jobs.new_record(str(tmp_path))


@pytest.mark.parametrize("command", ["status", "check"])
def test_the_command_says_it_and_ends_with_4(tmp_path: Path, command: str) -> None:
    write_example(tmp_path)
    (tmp_path / "var").mkdir()
    something_else(tmp_path / "var" / "record.db")
    words = [sys.executable, "-m", "earshot", "--workspace", str(tmp_path), command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    said = " ".join(done.stderr.split())
    assert done.returncode == 4
    assert "is damaged: file is not a database" in said
    assert "put the last good backup back" in said
    assert "Try again" not in said
