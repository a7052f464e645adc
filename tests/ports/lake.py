"""The contract of the Lake port, for every adapter: subclass `LakeContract` and give it a `lake` fixture."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.errors import Gone, StorageError
from earshot.model import CaptureRef, Role
from earshot.ports import Lake
from tests.builders import FakeClock, make_capture

printable = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=30)


def filled(lake: Lake, *bodies: bytes) -> tuple[str, list]:
    writer = lake.open_writer()
    captures = [writer.add(make_capture(item_id=f"source:{n}"), body) for n, body in enumerate(bodies)]
    return writer.publish(), captures


class LakeContract:
    def test_a_capture_comes_back_as_it_went_in(self, lake: Lake) -> None:
        capture = make_capture(
            url="http://blog.example/a?b=c&d=é",
            final_url="https://other.example/x",
            status=203,
            headers={"content-type": "text/html; charset=utf-8", "x-größe": "größer", "etag": 'W/"é"', "x-empty": ""},
            fetched_at=datetime(2026, 11, 20, 12, 0, 1, 234567, tzinfo=UTC),
            item_id="page:abc",
            source_id="blog",
            role=Role.SITEMAP,
        )
        writer = lake.open_writer()
        added = writer.add(capture, b"<html>\x00\xff</html>")
        file = writer.publish()
        expected = dataclasses.replace(capture, ref=added.ref)
        expected.headers.pop("x-größe")
        assert lake.read(added.ref) == (expected, b"<html>\x00\xff</html>")
        assert list(lake.iter_captures(file)) == [(expected, b"<html>\x00\xff</html>")]
        assert added == expected

    def test_codings_and_stale_lengths_are_taken_off(self, lake: Lake) -> None:
        headers = {"Content-Encoding": "gzip", "Content-Length": "7", "Transfer-Encoding": "chunked", "ETag": "x"}
        writer = lake.open_writer()
        added = writer.add(make_capture(headers=headers), b"a decoded body")
        writer.publish()
        assert lake.read(added.ref)[0].headers == {"etag": "x"}

    def test_times_are_utc_whatever_zone_they_came_in(self, lake: Lake) -> None:
        at = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))
        writer = lake.open_writer()
        added = writer.add(make_capture(fetched_at=at), b"x")
        writer.publish()
        read = lake.read(added.ref)[0]
        assert read.fetched_at == at
        assert read.fetched_at.utcoffset() == timedelta(0)

    def test_a_file_appears_only_when_it_is_published(self, lake: Lake) -> None:
        writer = lake.open_writer()
        writer.add(make_capture(), b"x")
        assert list(lake.iter_files()) == []
        file = writer.publish()
        assert list(lake.iter_files()) == [file]

    def test_an_empty_file_is_not_published(self, lake: Lake) -> None:
        assert lake.open_writer().publish() == ""
        assert list(lake.iter_files()) == []

    def test_names_sort_by_time_and_never_meet(self, lake: Lake, clock: FakeClock) -> None:
        files = []
        for _ in range(5):
            files.append(filled(lake, b"x")[0])
            files.append(filled(lake, b"x")[0])
            clock.advance(seconds=1)
        assert len(set(files)) == 10
        assert [file[:23] for file in lake.iter_files()] == [file[:23] for file in files]

    def test_digest_is_sha256_of_the_body(self, lake: Lake) -> None:
        _, (one,) = filled(lake, b"a body")
        assert one.ref.digest == hashlib.sha256(b"a body").hexdigest()

    def test_every_capture_is_found_by_its_ref_alone(self, lake: Lake) -> None:
        bodies = [bytes([n]) * n * 100 for n in range(20)]
        _, captures = filled(lake, *bodies)
        for capture, body in reversed(list(zip(captures, bodies, strict=True))):
            assert lake.read(capture.ref) == (capture, body)

    @pytest.mark.parametrize(
        "wrong", [{"file": "nothing.warc.gz"}, {"digest": "0" * 64}, {"offset": 3}, {"length": 10}, {"offset": 10**9}]
    )
    def test_a_wrong_ref_is_a_storage_error(self, lake: Lake, wrong: dict) -> None:
        _, captures = filled(lake, b"one", b"two")
        with pytest.raises(StorageError):
            lake.read(dataclasses.replace(captures[1].ref, **wrong))

    @pytest.mark.parametrize("name", ["../x.warc.gz", "/etc/passwd", ".hidden.part", ""])
    def test_a_ref_never_leads_out_of_the_lake(self, lake: Lake, name: str) -> None:
        with pytest.raises(StorageError):
            lake.read(CaptureRef(name, 0, 10, "0" * 64))

    def test_a_file_that_is_not_there_is_told_from_one_that_cannot_be_read(self, lake: Lake) -> None:
        with pytest.raises(Gone):
            list(lake.iter_captures("nothing.warc.gz"))
        with pytest.raises(Gone):
            lake.read(CaptureRef("nothing.warc.gz", 0, 10, "0" * 64))

    def test_an_empty_lake_has_no_files(self, lake: Lake) -> None:
        assert list(lake.iter_files()) == []

    def test_full_at_500_captures(self, lake: Lake) -> None:
        writer = lake.open_writer()
        for _ in range(499):
            writer.add(make_capture(), b"x")
        assert not writer.is_full
        writer.add(make_capture(), b"x")
        assert writer.is_full
        writer.publish()

    def test_full_after_20_seconds_but_never_while_empty(self, lake: Lake, clock: FakeClock) -> None:
        writer = lake.open_writer()
        clock.advance(seconds=30)
        assert not writer.is_full
        writer.add(make_capture(), b"x")
        assert writer.is_full
        writer.publish()

    def test_rewriting_takes_out_what_is_named_and_keeps_the_rest(self, lake: Lake) -> None:
        file, captures = filled(lake, b"one", b"two", b"three")
        moved = lake.rewrite_without(file, [captures[1].ref])
        assert set(moved) == {captures[0].ref, captures[2].ref}
        (new,) = lake.iter_files()
        assert new != file
        assert [body for _, body in lake.iter_captures(new)] == [b"one", b"three"]
        assert lake.read(moved[captures[2].ref]) == (
            dataclasses.replace(captures[2], ref=moved[captures[2].ref], came_from=captures[2].ref),
            b"three",
        )
        with pytest.raises(StorageError):
            lake.read(captures[1].ref)

    def test_rewriting_twice_is_once(self, lake: Lake) -> None:
        file, captures = filled(lake, b"one", b"two", b"three")
        cut = [captures[0].ref, captures[2].ref]
        first = lake.rewrite_without(file, cut)
        assert lake.rewrite_without(file, cut[::-1]) == first
        assert len(list(lake.iter_files())) == 1

    def test_a_rewritten_file_can_be_rewritten(self, lake: Lake) -> None:
        file, captures = filled(lake, b"one", b"two", b"three")
        moved = lake.rewrite_without(file, [captures[0].ref])
        (again,) = lake.iter_files()
        further = lake.rewrite_without(again, [moved[captures[1].ref]])
        assert lake.read(further[moved[captures[2].ref]])[1] == b"three"

    def test_a_file_left_with_nothing_disappears(self, lake: Lake) -> None:
        file, captures = filled(lake, b"one", b"two")
        refs = [capture.ref for capture in captures]
        assert lake.rewrite_without(file, refs) == {}
        assert list(lake.iter_files()) == []
        assert lake.rewrite_without(file, refs) == {}

    def test_a_rewritten_file_keeps_its_place_in_time(self, lake: Lake, clock: FakeClock) -> None:
        file, captures = filled(lake, b"one", b"two")
        clock.advance(minutes=1)
        later, _ = filled(lake, b"x")
        lake.rewrite_without(file, [captures[0].ref])
        assert list(lake.iter_files())[-1] == later

    @given(body=st.binary(max_size=2000), name=printable, value=printable)
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_body_and_any_header_value_survive(self, lake: Lake, body: bytes, name: str, value: str) -> None:
        writer = lake.open_writer()
        capture = make_capture(headers={"x-note": value}, item_id=f"page:{name}", source_id=name)
        added = writer.add(capture, body)
        writer.publish()
        read, read_body = lake.read(added.ref)
        assert (read, read_body) == (added, body)
        assert (read.headers["x-note"], read.item_id, read.source_id) == (value, f"page:{name}", name)

    @given(value=st.text(max_size=50))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_header_value_makes_a_second_header(self, lake: Lake, value: str) -> None:
        writer = lake.open_writer()
        added = writer.add(make_capture(headers={"x-a": f"{value}\r\nset-cookie: b", "x-b\r\nx-c": "1"}), b"body")
        writer.publish()
        read, body = lake.read(added.ref)
        assert body == b"body"
        assert list(read.headers) == ["x-a"]

    def test_a_file_is_removed_once_and_says_when_it_was_begun(self, lake: Lake) -> None:
        file, captures = filled(lake, b"one", b"two")
        begun = lake.begun_at(file)
        assert begun is not None
        assert begun.tzinfo is UTC
        (moved,) = lake.rewrite_without(file, [captures[0].ref]).values()
        assert lake.begun_at(moved.file) == begun
        for _ in range(2):
            lake.remove(moved.file)
        assert list(lake.iter_files()) == []
        assert lake.begun_at("of-another-program.warc.gz") is None
