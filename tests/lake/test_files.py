"""What only files can get wrong: crashes, leftovers, damage, other tools that read them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from earshot.clock import SystemClock
from earshot.errors import DocumentError, StorageError
from earshot.lake import WarcLake
from earshot.lake.store import FolderStore
from tests.builders import FakeClock, make_capture


@pytest.fixture
def lake(tmp_path: Path, clock: FakeClock) -> WarcLake:
    return WarcLake(str(tmp_path), clock)


def filled(lake: WarcLake, *bodies: bytes) -> tuple[str, list]:
    writer = lake.open_writer()
    captures = [writer.add(make_capture(item_id=f"source:{n}"), body) for n, body in enumerate(bodies)]
    return writer.publish(), captures


def test_an_unpublished_file_is_hidden_and_swept_when_old(tmp_path: Path) -> None:
    lake = WarcLake(str(tmp_path), SystemClock())
    abandoned = lake.open_writer()
    abandoned.add(make_capture(), b"x")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")
    assert list(lake.iter_files()) == []
    lake.open_writer().publish()
    assert left.exists()
    os.utime(left, (time.time() - 7 * 3600,) * 2)
    lake.open_writer().publish()
    assert not left.exists()
    abandoned.discard()


@pytest.mark.fault(
    case="A file of the lake is damaged in the middle",
    promise="What comes before is read; the damage is reported",
)
def test_a_damaged_body_ends_the_file_after_the_good_ones(tmp_path: Path, lake: WarcLake) -> None:
    file, captures = filled(lake, b"one" * 100, b"two" * 100, b"three" * 100)
    path = tmp_path / file
    raw = bytearray(path.read_bytes())
    raw[captures[1].ref.offset + captures[1].ref.length // 2] ^= 0xFF
    path.write_bytes(raw)
    read = lake.iter_captures(file)
    assert next(read)[1] == b"one" * 100
    with pytest.raises(DocumentError, match="record 2"):
        next(read)
    with pytest.raises(StorageError):
        lake.read(captures[1].ref)
    assert lake.read(captures[2].ref)[1] == b"three" * 100
    with pytest.raises(DocumentError):
        lake.rewrite_without(file, [captures[0].ref])
    assert list(lake.iter_files()) == [file]


@pytest.mark.parametrize("cut", [30, 100, 600])
@pytest.mark.fault(case="A file of the lake is cut off", promise="It is noticed and reported")
def test_a_file_cut_off_is_noticed(tmp_path: Path, lake: WarcLake, cut: int) -> None:
    file, _ = filled(lake, os.urandom(500), os.urandom(500))
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DocumentError):
        list(lake.iter_captures(file))


@pytest.mark.parametrize("noise", [b"", b"\x00" * 50, b"not a warc", b"\x1f\x8bnot gzip"])
def test_a_file_of_noise_is_no_accident(tmp_path: Path, lake: WarcLake, noise: bytes) -> None:
    (tmp_path / "20260101T000000.000000Z-x.warc.gz").write_bytes(noise)
    try:
        assert list(lake.iter_captures("20260101T000000.000000Z-x.warc.gz")) == []
    except DocumentError:
        assert noise


def test_any_warc_tool_reads_the_records_as_they_are(tmp_path: Path, lake: WarcLake) -> None:
    writer = lake.open_writer()
    writer.add(make_capture(headers={"Content-Encoding": "gzip", "Content-Length": "3", "A": "b"}), b"decoded")
    file = writer.publish()
    with (tmp_path / file).open("rb") as stream:
        (record,) = list(ArchiveIterator(stream, check_digests=False))
        assert record.rec_type == "response"
    with (tmp_path / file).open("rb") as stream:
        record = next(iter(ArchiveIterator(stream)))
        assert record.rec_headers.get_header("WARC-Target-URI") == "http://blog.example/feed"
        assert record.rec_headers.get_header("WARC-Earshot-Item") == "source:blog"
        assert record.http_headers.get_header("content-length") == "7"
        assert record.http_headers.get_header("content-encoding") is None
        assert record.content_stream().read() == b"decoded"


@pytest.mark.parametrize("dies_at", ["publish", "remove"])
@pytest.mark.fault(case="Erasing in a file of the lake breaks off", promise="The next call finishes it")
def test_a_rewrite_broken_off_is_finished_by_the_next_call(
    lake: WarcLake, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    file, captures = filled(lake, b"one", b"two", b"three")
    cut = [captures[1].ref]
    with monkeypatch.context() as broken:
        broken.setattr(FolderStore, dies_at, fail)
        with pytest.raises(StorageError):
            lake.rewrite_without(file, cut)
    assert file in list(lake.iter_files())
    moved = lake.rewrite_without(file, cut)
    assert set(moved) == {captures[0].ref, captures[2].ref}
    assert lake.rewrite_without(file, cut) == moved
    assert len(list(lake.iter_files())) == 1


def fail(*args: object) -> None:
    raise StorageError("the disk is gone")


@pytest.mark.fault(case="The disk is full", promise="The file stays good; work goes on when there is room")
def test_a_full_disk_is_a_storage_error_and_the_file_stays_good(
    lake: WarcLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    import earshot.lake.warclake as module

    writer = lake.open_writer()
    first = writer.add(make_capture(), b"one")
    real = module.write_record

    def half(out, *args):
        out.write(b"\x1f\x8bhalf a record")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_record", half)
    with pytest.raises(StorageError, match="No space left"):
        writer.add(make_capture(), b"two")
    monkeypatch.setattr(module, "write_record", real)
    third = writer.add(make_capture(), b"three")
    file = writer.publish()
    assert [body for _, body in lake.iter_captures(file)] == [b"one", b"three"]
    assert lake.read(third.ref)[1] == b"three"
    assert first.ref.length == third.ref.offset


@pytest.mark.fault(case="The lake's folder cannot be written", promise="A stated error; nothing is lost")
def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "lake").write_text("a file")
    with pytest.raises(StorageError):
        WarcLake(str(tmp_path / "lake"), clock).open_writer()


def test_a_file_url_is_a_folder_too(tmp_path: Path, clock: FakeClock) -> None:
    file, _ = filled(WarcLake(f"file://{tmp_path}/lake", clock), b"x")
    assert (tmp_path / "lake" / file).is_file()
