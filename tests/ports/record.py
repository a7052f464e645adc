"""The contract of the Record port, by topic. Subclass in a test module whose `record` fixture yields an adapter.

The fixture is migrated and empty, and runs on the `clock` fixture.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from earshot import identity
from earshot.model import (
    CaptureRef,
    Delivery,
    DeliveryState,
    Notice,
    NoticeState,
    Outcome,
    RobotsCopy,
    Role,
)
from earshot.ports import DocumentKey, FrontierPage, MentionWrite, Record, RecordWriter, RunEnd
from tests.builders import (
    NOW,
    make_capture,
    make_document,
    make_source,
    make_verdict,
)

HOUR = timedelta(hours=1)
FEED = "http://blog.example/feed"


def make_end(**changes: Any) -> RunEnd:
    end = RunEnd("blog", NOW, Outcome.OK, "", NOW + timedelta(minutes=15), entries=2, new=1)
    return dataclasses.replace(end, **changes)


def make_page(url: str = "http://blog.example/one", **changes: Any) -> FrontierPage:
    role = changes.get("role", Role.PAGE)
    page = FrontierPage(identity.digest("page", url, role), url, Role.PAGE, "blog", NOW)
    return dataclasses.replace(page, **changes)


def make_write(document_id: str, brand: str = "halden", **changes: Any) -> MentionWrite:
    verdict = make_verdict(brand_id=brand, **changes.pop("verdict", {}))
    write = MentionWrite(identity.mention_id(document_id, brand), document_id, verdict, (), False)
    return dataclasses.replace(write, **changes)


def make_notice(number: int = 1, **changes: Any) -> Notice:
    key = identity.digest("notice", str(number))
    notice = Notice(key, "i", "halden", "complaints", "mail", "mara@example.org", NoticeState.PENDING, NOW)
    return dataclasses.replace(notice, **changes)


def make_delivery(*notices: Notice, **changes: Any) -> Delivery:
    keys = tuple(sorted(notice.key for notice in notices))
    key = identity.delivery_key(keys)
    delivery = Delivery(key, "mail", "mara@example.org", DeliveryState.PENDING, f"<{key}@x>", 0, keys, changed_at=NOW)
    return dataclasses.replace(delivery, **changes)


def put(
    writer: RecordWriter, number: int = 1, *, story: tuple[str, ...] = (), brands: tuple[str, ...] = (), **changes: Any
) -> str:
    """Write a document the way ingest does; return its id."""
    document = make_document(**{"url": f"http://blog.example/{number}"} | changes)
    keys = [DocumentKey("url", document.url), DocumentKey("guid", f"guid-{number}")]
    writer.put_document(document, keys, f"hash-{number}", b"s" * 8, [f"band-{number}"])
    writer.add_found_in(document.id, document.source_id, FEED, NOW)
    writer.join_story(document.id, story)
    writer.put_mentions(document.id, [make_write(document.id, brand) for brand in brands], NOW)
    return document.id


def story_of(writer: RecordWriter, document_id: str) -> str:
    document = writer.document(document_id)
    assert document is not None
    return document.story_id


class SourceContract:
    def test_a_new_source_is_due_at_once_and_twice_is_once(self, record: Record) -> None:
        for _ in range(2):
            with record.write() as writer:
                writer.put_sources([make_source()], NOW)
        with record.write() as writer:
            (state,) = writer.due_sources(NOW, 10)
        assert (state.source_id, state.next_due_at, state.last_outcome) == ("blog", NOW, None)

    def test_a_source_that_left_the_workspace_is_kept_and_not_due(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.put_sources([make_source(id="other")], NOW)
            assert [state.source_id for state in writer.due_sources(NOW, 10)] == ["other"]
            assert [(state.source_id, state.is_active) for state in writer.sources()] == [
                ("blog", False),
                ("other", True),
            ]

    def test_a_source_with_another_url_loses_validators_and_is_due(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.end_run(make_end(etag="e", last_modified="l", body_hash="b"))
            writer.put_sources([make_source(url="http://blog.example/new")], NOW)
            state = writer.source("blog")
        assert state is not None
        assert (state.etag, state.last_modified, state.body_hash, state.next_due_at) == ("", "", "", NOW)

    def test_a_source_answered_with_a_body_when_its_status_says_so(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for status, outcome, full_at in (
                (200, Outcome.OK, NOW),
                (304, Outcome.UNCHANGED, NOW),
                (200, Outcome.NOT_A_FEED, NOW),
                (200, Outcome.UNCHANGED, NOW + 3 * HOUR),
            ):
                at = NOW + HOUR * len(writer.source_runs("blog"))
                writer.end_run(make_end(at=at, outcome=outcome, status=status, next_due_at=NOW))
                assert [one.full_at for one in writer.due_sources(NOW, 1)] == [full_at]

    def test_a_host_rests_until_the_latest_time_it_asked_for(self, record: Record) -> None:
        with record.write() as writer:
            for hours in (2, 1, 3):
                writer.rest_host("slow.example", NOW + hours * HOUR, "HTTP 429")
            assert writer.host_rests(["slow.example", "quick.example"], NOW) == {"slow.example": NOW + 3 * HOUR}
            assert writer.host_rests(["slow.example"], NOW + 3 * HOUR) == {}
            assert writer.host_rests(["slow.example"], NOW - 22 * HOUR) == {}, "no host rests longer than a day"

    def test_pages_wait_no_longer_than_they_can(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.add_pages([make_page()])
            writer.put_off_pages([make_page().id], NOW + 2 * HOUR)
            assert writer.due_pages(NOW, 9, 9) == []
            assert writer.due_pages(NOW, 9, 9, {"": 3 * HOUR, Outcome.FAILED: HOUR}) == []
            assert len(writer.due_pages(NOW, 9, 9, {"": HOUR})) == 1

    def test_longest_due_comes_first(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(id=name) for name in "abc"], NOW)
            writer.end_run(make_end(source_id="a", next_due_at=NOW + 2 * HOUR))
            writer.end_run(make_end(source_id="b", next_due_at=NOW - HOUR))
            assert [state.source_id for state in writer.due_sources(NOW + HOUR, 10)] == ["b", "c"]
            assert [state.source_id for state in writer.due_sources(NOW + 2 * HOUR, 2)] == ["b", "c"]

    def test_runs_count_failures_and_rounds(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for minute, outcome in enumerate([Outcome.FAILED, Outcome.BLOCKED, Outcome.EMPTY, Outcome.THROTTLED]):
                writer.end_run(make_end(at=NOW + timedelta(minutes=minute), outcome=outcome, reason=outcome))
            state = writer.source("blog")
            runs = writer.source_runs("blog")
        assert state is not None
        assert (state.failures, state.rounds, state.last_outcome) == (1, 1, Outcome.THROTTLED)
        assert state.last_heard_at == NOW + timedelta(minutes=2)
        assert [run.outcome for run in runs] == [Outcome.THROTTLED, Outcome.EMPTY, Outcome.BLOCKED, Outcome.FAILED]

    def test_the_same_end_twice_is_one_run(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for _ in range(2):
                writer.end_run(make_end(outcome=Outcome.FAILED))
            state = writer.source("blog")
            assert state is not None and state.failures == 1
            assert len(writer.source_runs("blog")) == 1

    def test_validators_are_kept_where_the_end_names_none(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.end_run(make_end(etag="e", body_hash="b"))
            writer.end_run(make_end(at=NOW + HOUR, outcome=Outcome.UNCHANGED, etag="f"))
            state = writer.source("blog")
        assert state is not None and (state.etag, state.body_hash, state.last_modified) == ("f", "b", "")

    def test_a_source_is_put_off_while_its_capture_waits(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for _ in range(2):
                writer.put_off("blog", NOW, NOW + HOUR)
            assert writer.due_sources(NOW, 9) == []
            assert [state.source_id for state in writer.due_sources(NOW + HOUR, 9)] == ["blog"]
            writer.end_run(make_end(at=NOW + HOUR, next_due_at=NOW + 2 * HOUR))
            writer.put_off("blog", NOW + HOUR, NOW + 9 * HOUR)
            writer.put_off("blog", NOW + 2 * HOUR, NOW + HOUR)
            assert [state.next_due_at for state in writer.sources()] == [NOW + 2 * HOUR]

    def test_hosts_of_redirects_are_kept_ten_at_most(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for number in [*range(12), 11]:
                writer.add_host("blog", f"h{number}")
            state = writer.source("blog")
        assert state is not None and state.hosts == tuple(f"h{number}" for number in range(2, 12))


class HeardContract:
    def test_hours_are_heard_quiet_or_not_yet_listened_to(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.end_run(make_end(at=NOW + 2.5 * HOUR, heard_since=NOW + HOUR))
        clock.advance(hours=4)
        with record.read() as reader:
            hours = reader.hours_heard(NOW - HOUR, NOW + 6 * HOUR)
        assert [(each.hour, each.heard, each.listening) for each in hours] == [
            (NOW - HOUR, 0, 0),
            (NOW, 0, 1),
            (NOW + HOUR, 1, 1),
            (NOW + 2 * HOUR, 0, 1),
            (NOW + 3 * HOUR, 0, 1),
            (NOW + 4 * HOUR, 0, 1),
            (NOW + 5 * HOUR, 0, 0),
        ]

    def test_hours_are_counted_for_each_source(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(), make_source(id="deaf"), make_source(id="later")], NOW - 2 * HOUR)
            writer.put_sources([make_source(), make_source(id="deaf")], NOW)
            writer.end_run(make_end(at=NOW + 2.5 * HOUR, heard_since=NOW - HOUR))
        clock.advance(hours=3)
        with record.read() as reader:
            rows = reader.sources_heard(NOW - 4 * HOUR, NOW + 3 * HOUR)
            assert [(row.source_id, row.heard, row.listening) for row in rows] == [("blog", 3, 5), ("deaf", 0, 5)]
            assert reader.sources_heard(NOW - 9 * HOUR, NOW - 2 * HOUR) == []

    def test_the_running_hour_is_heard_up_to_now(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(listening_since=NOW - 3 * HOUR)], NOW)
            writer.end_run(make_end(at=NOW + HOUR / 2, heard_since=NOW - 2 * HOUR))
        clock.advance(minutes=40)
        with record.read() as reader:
            hours = reader.hours_heard(NOW - 3 * HOUR, NOW + HOUR)
        assert [(each.heard, each.listening) for each in hours] == [(0, 1), (1, 1), (1, 1), (1, 1)]

    def test_an_unchanged_source_is_heard_back_to_its_oldest_entry(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.end_run(make_end(heard_since=NOW - HOUR))
            writer.end_run(make_end(at=NOW + 3 * HOUR, outcome=Outcome.UNCHANGED))
        clock.advance(hours=3)
        with record.read() as reader:
            assert [each.heard for each in reader.hours_heard(NOW, NOW + 3 * HOUR, ["blog"])] == [1, 1, 1]

    def test_a_gap_between_spans_is_not_heard(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.end_run(make_end(at=NOW + HOUR, heard_since=NOW))
            writer.end_run(make_end(at=NOW + 3 * HOUR, heard_since=NOW + 2 * HOUR))
            writer.end_run(make_end(at=NOW + 3.5 * HOUR, outcome=Outcome.FAILED, heard_since=NOW))
        clock.advance(hours=4)
        with record.read() as reader:
            assert [each.heard for each in reader.hours_heard(NOW, NOW + 4 * HOUR)] == [1, 0, 1, 0]


class PlanContract:
    def test_pages_come_newest_first_and_few_of_each_source(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(), make_source(id="other")], NOW)
            pages = [make_page(f"http://a/{n}", published_at=NOW - n * HOUR) for n in range(5)]
            pages += [make_page("http://b/0", source_id="other"), make_page("http://c/0", source_id="unknown")]
            assert writer.add_pages(pages) == 7
            urls = [page.url for page in writer.due_pages(NOW, 2, 10)]
            assert (set(urls[:2]), urls[2:]) == ({"http://a/0", "http://b/0"}, ["http://a/1"])
            assert len(writer.due_pages(NOW, 5, 3)) == 3

    def test_an_address_is_added_once_and_never_comes_back(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            assert writer.add_pages([make_page(), make_page(id="again")]) == 1
            assert writer.add_pages([make_page(), make_page(role=Role.SITEMAP, id="s")]) == 1
            writer.end_page(make_page().id, Outcome.OK, "", NOW, None)
            assert writer.add_pages([make_page()]) == 0
            assert [page.role for page in writer.due_pages(NOW, 9, 9)] == [Role.SITEMAP]
            assert writer.page(make_page().id) is not None

    def test_a_changed_child_sitemap_opens_again(self, record: Record) -> None:
        child = make_page(role=Role.SITEMAP, published_at=NOW - HOUR)
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.add_pages([child])
            writer.end_page(child.id, Outcome.OK, "", NOW, None)
            writer.add_pages([child])
            assert writer.due_pages(NOW, 9, 9) == []
            writer.add_pages([dataclasses.replace(child, published_at=NOW + HOUR)])
            assert [page.id for page in writer.due_pages(NOW + HOUR, 9, 9)] == [child.id]

    def test_a_page_to_be_tried_again_waits(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            writer.add_pages([make_page()])
            writer.end_page(make_page().id, Outcome.FAILED, "no answer", NOW, NOW + HOUR)
            assert writer.due_pages(NOW, 9, 9) == []
            (page,) = writer.due_pages(NOW + HOUR, 9, 9)
        assert page.attempts == 1

    def test_one_holder_at_a_time_and_fences_grow(self, record: Record) -> None:
        with record.write() as writer:
            first = writer.lease(["host:a", "host:b"], "other-host/1/1", NOW, NOW + HOUR)
            assert first == {"host:a": 1, "host:b": 1}
            assert writer.lease(["host:a"], "other-host/1/1", NOW, NOW + HOUR) == {"host:a": 1}
            assert writer.lease(["host:a", "host:c"], "other-host/2/1", NOW, NOW + HOUR) == {"host:c": 1}
            writer.free(["host:a"], "other-host/2/1")
            assert writer.lease(["host:a"], "other-host/2/1", NOW, NOW + HOUR) == {}
            writer.free(["host:a"], "other-host/1/1")
            assert writer.lease(["host:a"], "other-host/2/1", NOW, NOW + HOUR) == {"host:a": 2}
            assert writer.lease(["host:b"], "other-host/2/1", NOW + HOUR, NOW + 2 * HOUR) == {"host:b": 2}

    def test_an_unreachable_robots_txt_does_not_replace_a_young_good_one(self, record: Record) -> None:
        good, bad = RobotsCopy("http://a", 200, "x", NOW), RobotsCopy("http://a", 503, "", NOW + HOUR)
        late = dataclasses.replace(bad, fetched_at=NOW + timedelta(days=30))
        with record.write() as writer:
            writer.put_robots(good)
            writer.put_robots(bad)
            assert writer.robots(["http://a", "http://b"], NOW) == [good]
            assert writer.robots(["http://a"], NOW + HOUR) == []
            writer.put_robots(late)
            writer.put_robots(good)
            assert writer.robots(["http://a"], NOW) == [late]


class CaptureContract:
    def test_files_are_open_until_finished(self, record: Record) -> None:
        with record.write() as writer:
            writer.add_file("b", NOW)
            writer.add_file("a", NOW + HOUR)
            writer.add_file("b", NOW + HOUR)
            assert writer.open_files() == ["b", "a"]
            writer.finish_file("b")
            writer.add_file("b", NOW)
            assert writer.open_files() == ["a"]
            assert writer.known_files(["a", "b", "c"]) == {"a", "b"}
            assert writer.counts().unread == 1

    def test_a_capture_is_ingested_once(self, record: Record) -> None:
        capture = make_capture(ref=CaptureRef("f", 10, 5, "d"))
        with record.write() as writer:
            assert not writer.is_ingested(capture.ref)
            writer.add_capture(capture, Outcome.OK)
            writer.add_capture(capture, Outcome.OK)
        with record.read() as reader:
            assert reader.is_ingested(capture.ref)
            assert reader.counts().captures == 1

    def test_quarantine_counts_attempts_and_keeps_the_newest_reason(self, record: Record) -> None:
        capture = make_capture(ref=CaptureRef("f", 10, 5, "d"))
        with record.write() as writer:
            writer.add_quarantined(capture, "broken", NOW)
            writer.add_quarantined(capture, "still broken", NOW + HOUR)
        with record.write() as writer:
            (row,) = writer.quarantine()
            assert (row.reason, row.attempts, row.at, row.ref) == ("still broken", 2, NOW, capture.ref)
            writer.end_quarantined(row.id)
            assert writer.quarantine() == []

    def test_captures_follow_a_rewritten_file(self, record: Record) -> None:
        kept, cut = CaptureRef("old", 0, 5, "d"), CaptureRef("old", 5, 5, "e")
        with record.write() as writer:
            writer.add_file("old", NOW)
            writer.add_capture(make_capture(ref=kept), Outcome.OK)
            writer.add_capture(make_capture(ref=cut), Outcome.OK)
            writer.finish_file("old")
        moved = CaptureRef("new", 0, 5, "d")
        for _ in range(2):
            record.move_captures({kept: moved}, [cut])
        with record.write() as writer:
            assert [writer.is_ingested(ref) for ref in (kept, cut, moved)] == [False, False, True]
            assert writer.known_files(["old", "new"]) == {"new"}
            assert writer.open_files() == []

    def test_captures_follow_a_rewritten_file_that_somebody_has_read_already(self, record: Record) -> None:
        kept, cut, moved = CaptureRef("old", 0, 5, "d"), CaptureRef("old", 5, 5, "e"), CaptureRef("new", 0, 5, "d")
        with record.write() as writer:
            for file, refs in (("old", (kept, cut)), ("new", (moved,))):
                writer.add_file(file, NOW)
                for ref in refs:
                    writer.add_capture(make_capture(ref=ref), Outcome.OK)
                    writer.add_quarantined(make_capture(ref=ref), "broken", NOW)
                writer.finish_file(file)
            writer.condemn(kept)
        record.move_captures({kept: moved}, [cut])
        with record.write() as writer:
            assert [writer.is_ingested(ref) for ref in (kept, cut, moved)] == [False, False, True]
            assert [row.ref for row in writer.quarantine()] == [moved]
            assert writer.condemned() == [moved]


class TransactionContract:
    def test_an_exception_leaves_nothing(self, record: Record) -> None:
        with pytest.raises(RuntimeError), record.write() as writer:
            put(writer, brands=("halden",))
            raise RuntimeError
        with record.read() as reader:
            assert (reader.counts().documents, reader.counts().behind) == (0, 0)

    def test_a_reader_sees_one_state(self, record: Record) -> None:
        with record.read() as reader:
            with record.write() as writer:
                put(writer, brands=("halden",))
            assert reader.counts().documents == 0
        with record.read() as reader:
            assert reader.counts().documents == 1

    def test_migrating_again_keeps_everything(self, record: Record) -> None:
        with record.write() as writer:
            put(writer)
        record.migrate()
        with record.read() as reader:
            assert reader.counts().documents == 1
