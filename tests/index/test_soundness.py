"""A damaged or lost index is found by its checksums, rebuilt from the record by itself, and said so meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earshot.errors import IndexDamaged, StorageError
from earshot.index.embedded import EmbeddedIndex
from earshot.model import Mention, SearchRequest
from earshot.ports import EMPTY, IndexWrite
from tests.builders import FakeClock, make_mention

MENTIONS = [make_mention(id=f"{n:064x}", title=f"Halden pump {n}") for n in range(200)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    EmbeddedIndex(tmp_path / "index").write([IndexWrite(each.id, 1, each) for each in MENTIONS])
    return tmp_path / "index"


def generation(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def flipped(folder: Path, kind: str) -> None:
    for path in generation(folder).glob(f"*.{kind}"):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 3] ^= 0x55
        path.write_bytes(raw)


def no_meta(folder: Path) -> None:
    (generation(folder) / "meta.json").unlink()


def half_a_meta(folder: Path) -> None:
    meta = generation(folder) / "meta.json"
    meta.write_bytes(meta.read_bytes()[:80])


def cut_segment(folder: Path) -> None:
    for path in generation(folder).glob("*.store"):
        path.write_bytes(path.read_bytes()[:-40])


def no_segment(folder: Path) -> None:
    next(generation(folder).glob("*.term")).unlink()


def no_pointer(folder: Path) -> None:
    (folder / "CURRENT").unlink()


def no_generation(folder: Path) -> None:
    shutil.rmtree(generation(folder))


DAMAGES: list[Callable[[Path], None]] = [no_meta, half_a_meta, cut_segment, no_segment, no_pointer, no_generation]
DAMAGES += [lambda folder, kind=kind: flipped(folder, kind) for kind in ("store", "term", "idx", "fast")]  # type: ignore[misc]
NAMES = [*(each.__name__ for each in DAMAGES[:6]), "flipped store", "flipped term", "flipped idx", "flipped fast"]


def batches() -> Iterator[list[Mention]]:
    yield MENTIONS


@pytest.mark.fault(
    case="The embedded index is damaged: flipped bytes, a cut or missing file, no meta.json, no pointer",
    promise="It is found by its checksums, and built anew from the record by itself",
)
@pytest.mark.parametrize("damaged", DAMAGES, ids=NAMES)
def test_damage_is_found_and_a_rebuild_mends_it(folder: Path, damaged: Callable[[Path], None]) -> None:
    assert EmbeddedIndex(folder).damage() == ""
    damaged(folder)
    index = EmbeddedIndex(folder)
    assert index.damage(is_thorough=True) not in ("", EMPTY)
    assert index.rebuild(batches()) == 200
    assert index.damage(is_thorough=True) == ""
    assert EmbeddedIndex(folder).count(SearchRequest("pump")) == 200


def test_an_index_that_was_deleted_holds_nothing(folder: Path) -> None:
    shutil.rmtree(folder)
    assert EmbeddedIndex(folder).damage() == EMPTY
    assert EmbeddedIndex(folder).mentions() == 0  # a reader makes an empty one
    assert EmbeddedIndex(folder).damage() == EMPTY


def test_a_reader_says_that_it_is_rebuilt_and_tells_who_publishes(folder: Path) -> None:
    publisher = EmbeddedIndex(folder)
    assert publisher.damage() == ""
    cut_segment(folder)
    with pytest.raises(IndexDamaged, match="rebuilt from the record by itself"):
        EmbeddedIndex(folder).search(SearchRequest("pump"))
    assert publisher.damage() != ""


def test_while_it_is_rebuilt_readers_are_told_how_far_it_is(tmp_path: Path, clock: FakeClock) -> None:
    reader = EmbeddedIndex(tmp_path / "index")
    said: list[str] = []

    def slowly() -> Iterator[list[Mention]]:
        yield MENTIONS[:150]
        with pytest.raises(IndexDamaged) as told:
            reader.mentions()
        said.append(str(told.value))
        yield MENTIONS[150:]

    assert EmbeddedIndex(tmp_path / "index").rebuild(slowly()) == 200
    assert said == ["Search is being rebuilt from the record: 150 mentions so far; collecting and alerts go on"]
    assert reader.mentions() == 200


def test_what_another_is_writing_is_not_called_damaged(folder: Path) -> None:
    index = EmbeddedIndex(folder, lock_wait_s=0.1)
    cut_segment(folder)
    with index._generations.locked():
        assert EmbeddedIndex(folder, lock_wait_s=0.1).damage() == ""
        with pytest.raises(StorageError):
            EmbeddedIndex(folder, lock_wait_s=0.1).write([IndexWrite("1", 1, None)])
