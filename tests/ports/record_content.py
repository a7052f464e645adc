"""The contract of the Record port on documents, stories and mentions; see `tests.ports.record`."""

from __future__ import annotations

import dataclasses
from datetime import timedelta, timezone
from typing import Any

import pytest

from earshot import identity
from earshot.model import (
    CaptureRef,
    Category,
    Outcome,
    Role,
    Sentiment,
    Severity,
    TextIs,
)
from earshot.ports import DocumentKey, OutboxRow, Record, Walk
from tests.builders import (
    NOW,
    make_capture,
    make_document,
    make_flag,
    make_mention,
    make_source,
)
from tests.ports.record import HOUR, make_page, make_write, put, story_of


class DocumentContract:
    def test_a_document_comes_back_as_it_was_written(self, record: Record) -> None:
        document = make_document(
            images=("http://a/i",), links=("http://a/l",), engagement={"likes": 3}, text="Größe 漢 😀"
        )
        with record.write() as writer:
            assert writer.put_document(document, [], "", b"", [])
        with record.read() as reader:
            assert reader.document(document.id) == document
            assert reader.document("unknown") is None

    def test_nul_and_lone_surrogates_are_left_out(self, record: Record) -> None:
        document = make_document(title="a\x00b", text="c\ud800d", author="e\x00", images=("http://a/\ud800",))
        with record.write() as writer:
            assert writer.put_document(document, [DocumentKey("guid", "g\x00\ud800")], "", b"", [])
            assert not writer.put_document(document, [], "", b"", [])
            assert writer.find_document([DocumentKey("guid", "g")]) is not None
            stored = writer.document(document.id)
        assert stored is not None
        assert (stored.title, stored.text, stored.author, stored.images) == ("ab", "cd", "e", ("http://a/",))

    def test_times_of_other_zones_come_back_in_utc(self, record: Record) -> None:
        east = NOW.astimezone(timezone(timedelta(hours=2)))
        with record.write() as writer:
            writer.put_document(make_document(published_at=east), [], "", b"", [])
            stored = writer.document(make_document().id)
        assert stored is not None
        assert (stored.published_at, stored.published_at.utcoffset()) == (NOW, timedelta(0))

    def test_keys_lead_to_the_first_document_in_order_of_trust(self, record: Record) -> None:
        shared = DocumentKey("guid", "shared")
        with record.write() as writer:
            one, two = make_document(), make_document(url="http://blog.example/two")
            writer.put_document(one, [DocumentKey("url", one.url), shared], "", b"", [])
            writer.put_document(two, [DocumentKey("url", two.url), shared], "", b"", [])
            found = [
                writer.find_document([shared]),
                writer.find_document([DocumentKey("url", two.url), shared]),
                writer.find_document([DocumentKey("content", "shared"), shared]),
                writer.find_document([DocumentKey("url", "shared")]),
                writer.find_document([]),
            ]
        assert [each.id if each else None for each in found] == [one.id, two.id, one.id, None, None]

    def test_only_another_text_is_a_change(self, record: Record) -> None:
        document = make_document(text_is=TextIs.TEASER)
        with record.write() as writer:
            put_again = [
                writer.put_document(each, [DocumentKey("url", document.url)], "h", b"", [])
                for each in (
                    document,
                    document,
                    dataclasses.replace(document, engagement={"likes": 1}, found_at=NOW + HOUR, source_id="other"),
                    dataclasses.replace(document, text="longer", text_is=TextIs.FULL),
                )
            ]
            stored = writer.document(document.id)
            found = writer.find_document([DocumentKey("url", document.url)])
        assert put_again == [True, False, False, True]
        assert stored is not None and (stored.found_at, stored.source_id) == (NOW, "blog")
        assert found is not None and (found.revisions, found.text_is) == (1, TextIs.FULL)

    def test_after_24_changes_the_text_is_frozen(self, record: Record) -> None:
        with record.write() as writer:
            results = [writer.put_document(make_document(text=str(n)), [], str(n), b"", []) for n in range(30)]
            stored = writer.document(make_document().id)
        assert results == [True] * 25 + [False] * 5
        assert stored is not None and stored.text == "24"

    def test_a_document_is_found_in_two_sources(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(), make_source(id="other", name="Another")], NOW)
            document_id = put(writer)
            for _ in range(2):
                writer.add_found_in(document_id, "other", "http://other.example/feed", NOW + HOUR)
            found = writer.found_in(document_id)
            state = writer.source("other")
        assert [(each.source_id, each.source_name) for each in found] == [("blog", "A blog"), ("other", "Another")]
        assert state is not None and state.documents == 1

    def test_a_teaser_is_judged_when_its_page_is_late_or_failed(self, record: Record) -> None:
        with record.write() as writer:
            late, failed = put(writer, 1), put(writer, 2)
            writer.add_pages([make_page(document_id=failed)])
            for each in (late, failed):
                writer.wait_for_page(each, NOW + HOUR)
            assert writer.documents_to_judge(NOW) == []
            writer.end_page(make_page().id, Outcome.FAILED, "no answer", NOW, NOW + HOUR)
            assert writer.documents_to_judge(NOW) == []
            writer.end_page(make_page().id, Outcome.GONE, "404", NOW, None)
            assert writer.documents_to_judge(NOW) == [failed]
            writer.set_judged(failed, NOW)
            assert writer.documents_to_judge(NOW + HOUR) == [late]
            assert writer.documents_to_judge(NOW + HOUR, limit=0) == []


class StoryContract:
    def test_a_document_begins_a_story_and_keeps_it(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer)
            story = writer.join_story(document_id, [])
            assert story and writer.join_story(document_id, []) == story
            assert writer.counts().stories == 1

    def test_candidates_share_a_band_and_are_near_in_time(self, record: Record) -> None:
        with record.write() as writer:
            ids = []
            for number, days in enumerate([0, 3, 9]):
                document = make_document(url=f"http://a/{number}", published_at=NOW - timedelta(days=days))
                writer.put_document(document, [], "", bytes([number]), ["x", f"y{number}"])
                ids.append(document.id)
            found = writer.story_candidates(["x", "z"], NOW, 7, ids[0])
            assert [(each.document_id, each.signature) for each in found] == [(ids[1], b"\x01")]
            assert [each.document_id for each in writer.story_candidates(["x"], NOW, 9, "")] == [ids[2], ids[1], ids[0]]
            assert writer.story_candidates([], NOW, 9, "") == []

    def test_stories_merge_into_the_oldest_and_mentions_move(self, record: Record) -> None:
        with record.write() as writer:
            young = put(writer, 1, brands=("halden",))
            old = put(writer, 2, brands=("halden",), published_at=NOW - 5 * HOUR)
            young_story, old_story = (story_of(writer, each) for each in (young, old))
            bridge = put(writer, 3, story=(young_story, old_story), brands=("halden",))
            assert {story_of(writer, each) for each in (young, old, bridge)} == {old_story}
            mentions = [writer.mentions_of(each)[0] for each in (young, old, bridge)]
            assert [mention.revision for mention in mentions] == [2, 1, 1]
            assert writer.counts().stories == 1
            told = writer.story_mentions(old_story)
            assert told[0].document_id == old
            assert writer.story_mentions(young_story) == told

    def test_open_incidents_of_merged_stories_become_the_older_one(self, record: Record) -> None:
        with record.write() as writer:
            ids = [put(writer, number, brands=("halden",)) for number in (1, 2)]
            first, second = (writer.mentions_of(each)[0] for each in ids)
            younger, _ = writer.open_incident(first, "complaints", Severity.CRITICAL, NOW + HOUR)
            older, _ = writer.open_incident(second, "complaints", Severity.WARNING, NOW)
            other, _ = writer.open_incident(second, "praise", Severity.INFO, NOW)
            writer.join_story(ids[0], [second.story_id])
            merged = writer.incident(younger)
            assert merged is not None
            assert (merged.id, merged.severity) == (older, Severity.CRITICAL)
            assert set(merged.mention_ids) == {first.id, second.id}
            assert {each.id for each in writer.incidents()} == {older, other}


class MentionContract:
    def test_a_mention_is_its_document_with_its_verdict(self, record: Record) -> None:
        flag = make_flag(severity=Severity.CRITICAL)
        with record.write() as writer:
            document_id = put(writer)
            write = make_write(document_id, flags=(make_flag(), flag), entities=("Pump",), is_own_voice=True)
            assert writer.put_mentions(document_id, [write], NOW) == [write.id]
        with record.read() as reader:
            (mention,) = reader.mentions([write.id, "unknown"])
        assert mention == make_mention(
            url="http://blog.example/1",
            flags=(make_flag(), flag),
            severity=Severity.CRITICAL,
            entities=("Pump",),
            is_own_voice=True,
        )

    def test_relevant_mentions_of_a_time_are_counted_by_what_is_alike(self, record: Record) -> None:
        def add(number: int, hours: int = 0, relevance: float = 0.5, **changes: Any) -> None:
            document = put(writer, number, published_at=NOW + hours * HOUR, found_at=NOW + 9 * HOUR)
            writes = [make_write(document, verdict={"relevance": relevance}, **changes)]
            writer.put_mentions(document, [*writes, make_write(document, "brewlane")][: 2 - (number > 1)], NOW)

        with record.write() as writer:
            add(1)
            add(2)
            add(3, flags=(make_flag(),))
            add(4, is_own_voice=True)
            add(5, relevance=0.49)
            add(6, hours=-1)
            add(7, hours=2)
            add(8)
            writer.put_mentions(identity.document_id("http://blog.example/8"), [], NOW)
        with record.read() as reader:
            rows = reader.mention_counts(NOW, NOW + 2 * HOUR)
        assert {(row.brand, row.is_own_voice, row.severity): row.count for row in rows} == {
            ("brewlane", False, None): 1,
            ("halden", False, None): 2,
            ("halden", False, Severity.WARNING): 1,
            ("halden", True, None): 1,
        }
        assert len(rows) == 4
        assert {(row.site, row.sentiment, row.categories) for row in rows} == {
            ("blog.example", Sentiment.NEGATIVE, (Category.COMPLAINT,))
        }

    def test_the_same_again_changes_nothing(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden",))
            row = writer.outbox("index")
            writer.ack(row)
            assert writer.put_mentions(document_id, [make_write(document_id)], NOW + HOUR) == []
            assert writer.outbox("index") == []

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"verdict": {"relevance": 0.1}}, "judged again"),
            ({"verdict": {"categories": (Category.PRAISE,)}}, "judged again"),
            ({"verdict": {"model_version": "m2"}}, "judged again"),
            ({"flags": (make_flag(),)}, "flagged"),
        ],
    )
    def test_a_change_counts_the_revision_up(self, record: Record, change: dict[str, Any], what: str) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden",))
            write = make_write(document_id, **change)
            assert writer.put_mentions(document_id, [write], NOW + HOUR) == [write.id]
            history = [(event.what, event.revision) for event in writer.mention_history(write.id)]
            assert history == [("found", 1), (what, 2)]
            assert writer.outbox("index") == [OutboxRow("index", write.id, 2)]

    def test_a_changed_text_counts_the_revision_up(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden",))
            put(writer, brands=("halden",), text="Another text")
            (mention,) = writer.mentions_of(document_id)
            assert (mention.revision, mention.text) == (2, "Another text")

    def test_a_lost_brand_is_withdrawn_and_may_come_back(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden", "other"))
            lost = identity.mention_id(document_id, "other")
            assert writer.put_mentions(document_id, [make_write(document_id)], NOW + HOUR) == []
            assert [mention.brand for mention in writer.mentions_of(document_id)] == ["halden"]
            assert writer.mentions([lost]) == []
            assert OutboxRow("index", lost, 2, is_gone=True) in writer.outbox("index")
            both = [make_write(document_id), make_write(document_id, "other")]
            assert writer.put_mentions(document_id, both, NOW + 2 * HOUR) == [lost]
            assert writer.mentions([lost])[0].revision == 3
            assert [event.what for event in writer.mention_history(lost)] == ["found", "withdrawn", "found again"]

    def test_revisions_come_by_id_each_once_and_from_a_moment_on(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(7):
                put(writer, number, brands=("halden",), published_at=NOW + HOUR * (number % 3))
            withdrawn = put(writer, 7, brands=("halden",))
            writer.put_mentions(withdrawn, [], NOW)
            put(writer, 1, brands=("halden",), published_at=NOW + HOUR, text="Another text")
        with record.read() as reader:
            mentions = [mention for batch in reader.iter_published() for mention in batch]
            for batch in (1, 3, 7, 100):
                assert list(reader.revisions(batch=batch)) == sorted((m.id, m.revision) for m in mentions)
                later = [(m.id, m.revision) for m in mentions if m.published_at >= NOW + HOUR]
                assert list(reader.revisions(NOW + HOUR, batch)) == sorted(later)
        assert sorted(m.revision for m in mentions) == [1, 1, 1, 1, 1, 1, 2]
        assert len(later) == 4

    def test_mentions_come_by_time_each_once_and_from_a_moment_on(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(7):
                put(writer, number, brands=("brewlane", "halden"), published_at=NOW + HOUR * (number % 3))
        with record.read() as reader:
            by_id = {mention_id for mention_id, _ in reader.revisions()}
            found = [mention for batch in reader.iter_published(batch=2) for mention in batch]
            later = [mention for batch in reader.iter_published(NOW + HOUR, batch=2) for mention in batch]
        assert [m.published_at for m in found] == sorted(m.published_at for m in found)
        assert (len(found), {m.id for m in found}) == (14, by_id)
        assert {m.id for m in later} == {m.id for m in found if m.published_at >= NOW + HOUR}

    def test_an_acknowledgement_takes_exactly_its_revision(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden",))
            rows = writer.outbox("index")
            put(writer, brands=("halden",), text="Another text")
            writer.ack(rows)
            assert writer.outbox("index") == [OutboxRow("index", identity.mention_id(document_id, "halden"), 2)]
            writer.ack(writer.outbox("index"))
            writer.ack(rows)
            assert writer.outbox("index") == []

    def test_a_revision_is_raised_above_what_an_index_has_once(self, record: Record) -> None:
        with record.write() as writer:
            document = put(writer, brands=("halden",))
            mention = identity.mention_id(document, "halden")
            for _ in range(2):
                writer.overtake({mention: 7, "unknown": 3}, NOW)
            assert writer.outbox("index") == [OutboxRow("index", mention, 8)]
            assert [each.revision for each in writer.mentions([mention])] == [8]

    def test_a_refused_row_goes_to_the_dead_letters_unless_overtaken(self, record: Record) -> None:
        with record.write() as writer:
            put(writer, brands=("halden",))
            (old,) = writer.outbox("index")
            put(writer, brands=("halden",), text="Another text")
            writer.add_dead_letter(old, "refused", NOW)
            (new,) = writer.outbox("index")
            assert writer.counts().dead_letters == 0
            writer.add_dead_letter(new, "refused", NOW)
            assert (writer.outbox("index"), writer.counts().dead_letters) == ([], 1)
            assert (writer.dead_letters("index"), writer.dead_letters("elsewhere")) == ([new], [])


class AgainContract:
    """What judging again asks of the record."""

    def test_documents_come_newest_first_and_a_walk_goes_on_below_the_last(self, record: Record) -> None:
        with record.write() as writer:
            ids = [put(writer, n, published_at=NOW - (n // 2) * HOUR) for n in range(6)]  # two at a time
        with record.read() as reader:
            walked, below = [], None
            while part := reader.documents(below=below, limit=2):
                walked += part
                below = (part[-1].published_at, part[-1].id)
                assert reader.count_documents(below=below) == 6 - len(walked)
        assert {document.id for document in walked} == set(ids)
        places = [(document.published_at, document.id) for document in walked]
        assert places == sorted(places, reverse=True)

    def test_documents_of_a_time_are_those_since_and_not_until(self, record: Record) -> None:
        with record.write() as writer:
            ids = [put(writer, n, published_at=NOW - n * HOUR) for n in range(4)]
        with record.read() as reader:
            assert [each.id for each in reader.documents(NOW - 2 * HOUR, NOW)] == ids[1:3]
            assert reader.count_documents(NOW - 2 * HOUR, NOW) == 2
            assert [each.id for each in reader.documents(until=NOW - 2 * HOUR)] == ids[3:]
            assert reader.documents(NOW + HOUR) == []

    def test_only_the_mention_of_one_brand_is_touched_where_one_is_named(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden", "other"))
            louder = make_write(document_id, verdict={"relevance": 1.0})
            assert writer.put_mentions(document_id, [louder], NOW + HOUR, brand="halden") == [louder.id]
            assert [(m.brand, m.revision) for m in writer.mentions_of(document_id)] == [("halden", 2), ("other", 1)]
            assert writer.put_mentions(document_id, [], NOW + HOUR, brand="halden") == []
            assert [(m.brand, m.revision) for m in writer.mentions_of(document_id)] == [("other", 1)]
            assert OutboxRow("index", louder.id, 3, is_gone=True) in writer.outbox("index")

    def test_what_is_withdrawn_keeps_its_history(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, brands=("halden",))
            writer.put_mentions(document_id, [], NOW + HOUR, brand="halden")
            history = writer.mention_history(identity.mention_id(document_id, "halden"))
        assert [(event.what, event.revision) for event in history] == [("found", 1), ("withdrawn", 2)]

    def test_mentions_of_another_version_are_counted_by_brand(self, record: Record) -> None:
        with record.write() as writer:
            put(writer, 1, brands=("halden", "other", "third"))
            put(writer, 2, brands=("halden", "gone"))
            withdrawn = put(writer, 3, brands=("halden",))
            writer.put_mentions(withdrawn, [], NOW)
            newer = put(writer, 4)
            writer.put_mentions(newer, [make_write(newer, verdict={"model_version": "m2"})], NOW)
        current = {"halden": "v1", "other": "v2", "third": "v1"}
        with record.read() as reader:
            assert reader.stale(current, "m1") == {"gone": 1, "halden": 1, "other": 1}
            assert reader.stale(current, "m2") == {"gone": 1, "halden": 2, "other": 1, "third": 1}
            assert reader.stale(current | {"halden": "v0"}, "m1") == {"gone": 1, "halden": 3, "other": 1}
            assert reader.stale(dict.fromkeys(("halden", "other", "third", "gone"), "v1"), "m1") == {"halden": 1}

    def test_a_teaser_waits_until_it_is_judged(self, record: Record) -> None:
        with record.write() as writer:
            document_id = put(writer, text_is=TextIs.TEASER)
            assert not writer.is_waiting(document_id)
            writer.wait_for_page(document_id, NOW + HOUR)
            assert writer.is_waiting(document_id)
            writer.set_judged(document_id, NOW)
            assert not writer.is_waiting(document_id)

    def test_where_a_text_came_from_is_noted_with_each_new_text(self, record: Record) -> None:
        key = DocumentKey("url", "http://blog.example/one")
        later = make_document(text="longer than before", found_at=NOW + HOUR, source_id="other")
        origins = []
        with record.write() as writer:
            for document in (make_document(), dataclasses.replace(make_document(), found_at=NOW + HOUR), later):
                writer.put_document(document, [key], "h", b"", [])
                known = writer.find_document([key])
                assert known is not None
                origins.append((known.text_at, known.text_source))
        assert origins == [(NOW, "blog"), (NOW, "blog"), (NOW + HOUR, "other")]

    def test_captures_of_a_time_come_oldest_first_and_pages_last(self, record: Record) -> None:
        with record.write() as writer:
            for number, (hours, source, role) in enumerate(
                [(1, "blog", Role.FEED), (0, "blog", Role.PAGE), (0, "blog", Role.FEED), (0, "other", Role.FEED)]
            ):
                at = NOW + hours * HOUR
                ref = CaptureRef("f", number, 1, "d")
                capture = make_capture(ref=ref, source_id=source, role=role, fetched_at=at)
                writer.add_capture(capture, Outcome.OK)
        with record.read() as reader:
            found = reader.captures(NOW, NOW + 2 * HOUR, ["blog"])
            assert [ref.offset for ref in found] == [2, 1, 0]
            assert [ref.offset for ref in reader.captures(NOW, NOW + HOUR, ["blog", "other"])] == [2, 3, 1]
            assert reader.captures(NOW + HOUR, NOW + 2 * HOUR, []) == []

    def test_a_walk_is_kept_until_it_is_over(self, record: Record) -> None:
        with record.write() as writer:
            for hours in (0, 1):
                writer.put_walk(Walk("one", NOW + hours * HOUR, {"at": hours}))
            writer.put_walk(Walk("two", NOW, {}))
            assert writer.walk("one") == Walk("one", NOW + HOUR, {"at": 1})
            writer.forget_walks(NOW + HOUR)
            assert (writer.walk("two"), writer.walk("one") is None) == (None, False)
            for _ in range(2):
                writer.end_walk("one")
            assert writer.walk("one") is None
