"""A damaged or empty record is refused with what to do, and never replaced by a new one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from earshot.config.example import write_example
from earshot.errors import Damaged
from earshot.record import SqlRecord
from tests.builders import FakeClock, make_source


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


def test_the_command_says_it_and_ends_with_4(tmp_path: Path) -> None:
    write_example(tmp_path)
    (tmp_path / "var").mkdir()
    something_else(tmp_path / "var" / "record.db")
    words = [sys.executable, "-m", "earshot", "--workspace", str(tmp_path), "status"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    said = " ".join(done.stderr.split())
    assert done.returncode == 4
    assert "is damaged: file is not a database" in said
    assert "put the last good backup back" in said
    assert "Try again" not in said
