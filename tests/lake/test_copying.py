"""A lake is copied to another place: every file, byte for byte, once; and nothing that was erased stays there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path

import pytest

from earshot.config.example import write_example
from earshot.errors import ConfigError, StorageError
from earshot.lake import WarcLake
from tests.builders import FakeClock
from tests.lake.test_objects import LOGIN, opened
from tests.ports.lake import filled
from tests.s3.server import S3Server

Make = Callable[[str], WarcLake]


@pytest.fixture
def make(s3_server: S3Server, tmp_path: Path) -> Make:
    """Make an empty lake: a "folder" lake-0, lake-1 and so on, or on "s3"."""
    numbers = count()

    def empty(kind: str) -> WarcLake:
        if kind == "s3":
            return opened(s3_server.bucket(), s3_server.url)
        return WarcLake(str(tmp_path / f"lake-{next(numbers)}"), FakeClock())

    return empty


def held(lake: WarcLake) -> dict[str, list[bytes]]:
    return {file: [body for _, body in lake.iter_captures(file)] for file in lake.iter_files()}


@pytest.mark.parametrize(("here", "there"), [("folder", "s3"), ("s3", "folder"), ("s3", "s3"), ("folder", "folder")])
def test_every_capture_is_read_there_as_the_record_knows_it(make: Make, here: str, there: str) -> None:
    lake, other = make(here), make(there)
    captures = [capture for n in range(4) for capture in filled(lake, b"one %d" % n, b"two")[1]]
    steps: list[tuple[int, int]] = []
    done = lake.copy_to(other, mirror=False, on_file=lambda done, known: steps.append((done, known)))
    assert (done.files, done.were_there, done.removed) == (4, 0, 0)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert held(other) == held(lake)
    assert [other.read(capture.ref) for capture in captures] == [lake.read(capture.ref) for capture in captures]
    filled(lake, b"later")
    again = lake.copy_to(other, mirror=False)
    assert (again.files, again.were_there, again.size_bytes > done.size_bytes) == (5, 4, True)
    assert held(other) == held(lake)


def test_a_place_with_the_files_of_another_lake_is_left_alone(make: Make) -> None:
    lake, other = make("folder"), make("s3")
    filled(lake, b"ours")
    filled(other, b"theirs")
    before = held(other)
    with pytest.raises(ConfigError, match="1 files lie there"):
        lake.copy_to(other, mirror=False)
    assert held(other) == before


def test_what_was_erased_goes_from_a_mirror(make: Make) -> None:
    lake, other = make("folder"), make("folder")
    file, captures = filled(lake, b"a secret", b"the rest")
    lake.copy_to(other, mirror=True)
    lake.rewrite_without(file, [captures[0].ref])
    assert lake.copy_to(other, mirror=True).removed == 1
    assert held(other) == held(lake)
    assert b"a secret" not in chain(*held(other).values())


@pytest.mark.parametrize("when", ["before it is copied", "after it was copied"])
def test_what_is_erased_and_what_appears_meanwhile_is_as_here_at_the_end(make: Make, when: str) -> None:
    lake, other = make("folder"), make("folder")
    files = sorted(filled(lake, b"a secret %d" % n, b"the rest") for n in range(2))
    file, captures = files[1 if when.startswith("before") else 0]

    def meanwhile(done: int, _known: int) -> None:
        if done == 1:
            lake.rewrite_without(file, [captures[0].ref])
            filled(lake, b"new")

    lake.copy_to(other, mirror=False, on_file=meanwhile)
    assert held(other) == held(lake)
    assert len(held(other)) == 3


def test_a_file_that_differs_there_is_told_and_not_overwritten(make: Make, tmp_path: Path) -> None:
    lake, other = make("folder"), make("folder")
    file, _ = filled(lake, b"ours")
    lake.copy_to(other, mirror=False)
    (there,) = [path for path in tmp_path.rglob(file) if "lake-1" in str(path)]
    there.write_bytes(there.read_bytes()[:-1])
    with pytest.raises(StorageError, match="another one there"):
        lake.copy_to(other, mirror=False)


def command(root: Path, server: S3Server, *arguments: str, code: int = 0) -> str:
    """Run `earshot` with the login and the server that the workspace's environment names."""
    environ = {"EARSHOT_LAKE_ENDPOINT": server.url, "EARSHOT_LAKE_REGION": "us-east-1"}
    environ |= {"EARSHOT_LAKE_ACCESS_KEY": LOGIN.access_key, "EARSHOT_LAKE_SECRET_KEY": LOGIN.secret_key}
    words = [sys.executable, "-m", "earshot", "--workspace", str(root), *arguments]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_the_command_makes_the_bucket_where_it_is_told_to_and_says_what_it_did(
    tmp_path: Path, s3_server: S3Server
) -> None:
    write_example(tmp_path)
    lake = WarcLake(str(tmp_path / "var" / "lake"), FakeClock())
    filled(lake, b"a body")
    to = f"s3://bucket-of-{tmp_path.name.replace('_', '-')[-30:]}/lake"
    assert "there is no bucket" in command(tmp_path, s3_server, "lake", "copy", "--to", to, code=3)
    said = command(tmp_path, s3_server, "lake", "copy", "--to", to, "--make-bucket")
    assert "1 file (0.0 MB) of the lake are in" in said
    assert "all are new" in said
    said = command(tmp_path, s3_server, "lake", "copy", "--to", to, "--make-bucket")
    assert "1 were there already" in said
    assert held(opened(to.removeprefix("s3://").removesuffix("/lake"), s3_server.url)) == {}
    assert not (tmp_path / "var" / "record.db").exists(), "a copy asks nothing of the record"


@pytest.mark.parametrize(
    ("to", "what"),
    [
        ("s3://key:secret@bucket/lake", "holds more than an address"),
        ("lake", "no full path"),
        ("HERE/var/lake", "is where the lake is"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(tmp_path: Path, s3_server: S3Server, to: str, what: str) -> None:
    write_example(tmp_path)
    assert what in command(tmp_path, s3_server, "lake", "copy", "--to", to.replace("HERE", str(tmp_path)), code=3)
