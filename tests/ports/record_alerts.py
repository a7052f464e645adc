"""The contract of the Record port on telling people and on forgetting; see `tests.ports.record`."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from earshot import identity
from earshot.errors import StorageError
from earshot.model import (
    CaptureRef,
    DeliveryState,
    Mention,
    NoticeState,
    Occasion,
    Outcome,
    Role,
    Severity,
    Why,
)
from earshot.ports import Clock, DocumentKey, IncidentCandidate, Record, RecordWriter
from tests.builders import (
    NOW,
    make_capture,
    make_flag,
    make_source,
)
from tests.ports.record import HOUR, make_delivery, make_notice, make_page, make_write, put
from tests.ports.record_operating import GONE


class AlertContract:
    def flagged(self, writer: RecordWriter, number: int, **changes: Any) -> Mention:
        return writer.mentions_of(put(writer, number, brands=("halden",), **changes))[0]

    def test_mentions_of_one_story_join_one_incident(self, record: Record) -> None:
        with record.write() as writer:
            first = self.flagged(writer, 1)
            second = self.flagged(writer, 2, story=(first.story_id,))
            name, is_new = writer.open_incident(first, "complaints", Severity.INFO, NOW)
            assert (name, is_new) == (identity.incident_id("halden", "complaints", first.id), True)
            for _ in range(2):
                assert writer.open_incident(second, "complaints", Severity.CRITICAL, NOW) == (name, False)
            incident = writer.incident(name)
            assert incident is not None
            assert (len(incident.mention_ids), incident.severity) == (2, Severity.CRITICAL)
            assert [each.id for each in writer.incidents(brand_id="halden")] == [name]
            assert writer.incidents(brand_id="other") == []

    def test_a_mention_joins_an_incident_with_its_reason_and_the_first_reason_stays(self, record: Record) -> None:
        with record.write() as writer:
            first, second = self.flagged(writer, 1), self.flagged(writer, 2, published_at=NOW - 5 * HOUR)
            name, _ = writer.open_incident(first, "complaints", Severity.INFO, NOW, terms={"valve": [2.5, "valve"]})
            why = Why("words", ("complaints",), ("valve",), 0.25)
            for kind in ("words", "wave"):
                joined = dataclasses.replace(why, kind=kind)
                writer.join_incident(name, second, Severity.CRITICAL, joined, NOW + HOUR, rule_ids=["complaints", "x"])
            assert [each.why.kind for each in writer.joined(name)] == ["opened", "words"]
            assert writer.joined(name)[1].why == why
            incident = writer.incident(name)
            assert incident is not None
            assert (incident.rule_ids, incident.severity) == (("complaints", "x"), Severity.CRITICAL)
            assert (incident.first_at, incident.last_at) == (NOW - 5 * HOUR, first.published_at)
            assert writer.incident_of(second) == name
            assert writer.incident_size(name) == 2

    def test_incidents_near_in_time_are_candidates_with_the_mentions_that_joined_last(self, record: Record) -> None:
        with record.write() as writer:
            mentions = [self.flagged(writer, number, site=f"s{number}.example") for number in range(4)]
            name, _ = writer.open_incident(mentions[0], "complaints", Severity.INFO, NOW, terms={"a": [1.0, "a"]})
            for number, mention in enumerate(mentions[1:], start=1):
                writer.join_incident(name, mention, Severity.INFO, Why("words"), NOW + number * HOUR, rule_ids=["x"])
            at = mentions[0].published_at

            def near(since: datetime, until: datetime) -> list[IncidentCandidate]:
                return writer.incident_candidates("halden", since, until, most=5, members=2)

            (candidate,) = near(at, at + HOUR)
            assert (candidate.incident_id, candidate.first_at) == (name, at)
            assert [member.site for member in candidate.members] == ["s3.example", "s2.example"]
            assert near(at + HOUR, at + 2 * HOUR) == near(at - HOUR, at) == []
            assert writer.incident_candidates("other", at, at + HOUR, most=5, members=2) == []

    def test_a_merged_incidents_id_leads_to_what_it_became_part_of(self, record: Record) -> None:
        with record.write() as writer:
            first, second = self.flagged(writer, 1), self.flagged(writer, 2)
            one, _ = writer.open_incident(first, "complaints", Severity.INFO, NOW)
            two, _ = writer.open_incident(second, "complaints", Severity.CRITICAL, NOW + HOUR)
            writer.add_notice(make_notice(1, incident_id=two))
            for _ in range(2):
                writer.merge_incidents(one, two)
            merged = writer.incident(two)
            assert merged is not None
            assert (merged.id, merged.severity, len(merged.mention_ids)) == (one, Severity.CRITICAL, 2)
            assert [notice.key for notice in writer.notices_to(one, "mara@example.org")] == [make_notice(1).key]

    def test_samples_are_the_latest_documents_that_were_flagged_or_not(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(3):
                put(writer, number, published_at=NOW - number * HOUR, title=f"title {number}")
            assert [each.text.split("\n")[0] for each in writer.samples(NOW, 1, is_flagged=False)] == ["title 1"]
            assert writer.samples(NOW, 5, "halden", is_flagged=False) == writer.samples(NOW, 5, is_flagged=True) == []

    def test_how_often_each_rule_flagged_a_brands_mentions_is_counted(self, record: Record) -> None:
        with record.write() as writer:
            for number, flags in enumerate(((make_flag(),), (make_flag(), make_flag(rule_id="x")), ())):
                document_id = put(writer, number, published_at=NOW - number * HOUR)
                write = dataclasses.replace(make_write(document_id, "halden"), flags=flags)
                writer.put_mentions(document_id, [write], NOW)
            assert writer.rule_counts("halden", NOW + HOUR, 10) == (3, {"complaints": 2, "x": 1})
            assert writer.rule_counts("halden", NOW, 1) == (1, {"complaints": 1, "x": 1})
            assert writer.rule_counts("other", NOW, 10) == (0, {})

    def test_a_pending_notice_can_be_raised_and_a_bound_one_not(self, record: Record) -> None:
        notice = make_notice()
        raised = dataclasses.replace(notice, rule_id="danger", severity=Severity.CRITICAL, shown=7)
        with record.write() as writer:
            writer.add_notice(notice)
            assert writer.raise_notice(raised)
            assert writer.notices([notice.key]) == [raised]
            writer.bind(make_delivery(notice))
            assert not writer.raise_notice(raised)
            writer.note_shown({notice.key: 9})
            assert writer.notices([notice.key])[0].shown == 9
            assert [each.key for each in writer.deliveries_of("i")] == [make_delivery(notice).key]

    def test_who_unsubscribed_from_a_brand_gets_nothing_of_it_until_it_is_undone(self, record: Record) -> None:
        with record.write() as writer:
            writer.add_notice(make_notice(1))
            assert [writer.unsubscribe("Mara@example.org", "halden", "alerts", NOW) for _ in range(2)] == [True, False]
            for notice in (make_notice(2), make_notice(3, brand_id="other"), make_notice(4, rule_id="")):
                writer.add_notice(notice)
            states = {notice.key: notice.state for notice in writer.all_notices()}
            assert [states[make_notice(number).key] for number in (1, 2, 3, 4)] == [
                *[NoticeState.SUPPRESSED] * 2,
                *[NoticeState.PENDING] * 2,
            ]
            assert [(each.recipient, each.mails) for each in writer.unsubscriptions()] == [
                ("mara@example.org", "alerts")
            ]
            assert [writer.resubscribe("mara@example.org", brand) for brand in ("other", "halden", "")] == [0, 1, 0]
            assert not writer.is_unsubscribed("mara@example.org", "halden", "alerts")

    def test_a_notice_is_added_once_and_held(self, record: Record) -> None:
        notice = make_notice()
        with record.write() as writer:
            assert [writer.add_notice(notice), writer.add_notice(notice)] == [True, False]
            assert writer.pending_notices(NOW) == [notice]
            writer.hold_notices([notice.key], NOW + HOUR)
            assert writer.pending_notices(NOW) == []
            assert [each.key for each in writer.pending_notices(NOW + HOUR)] == [notice.key]
            assert writer.notices_of("i") == writer.all_notices() == writer.notices([notice.key, "unknown"])

    def test_held_is_what_waits_for_its_hour(self, record: Record) -> None:
        with record.write() as writer:
            for number, until in enumerate((None, NOW - HOUR, NOW + HOUR)):
                writer.add_notice(make_notice(number, not_before=until))
            assert (writer.counts().notices, writer.counts().held) == ({"pending": 3}, 1)

    def test_a_bound_notice_is_pending_no_more(self, record: Record) -> None:
        one, two = make_notice(1), make_notice(2)
        with record.write() as writer:
            writer.add_notice(one)
            writer.add_notice(two)
            for _ in range(2):
                writer.bind(make_delivery(one, two))
            assert writer.pending_notices(NOW) == []
            assert writer.deliveries([DeliveryState.PENDING]) == [make_delivery(one, two)]
        with pytest.raises(StorageError), record.write() as writer:
            writer.bind(make_delivery(one))
        with record.read() as reader:
            assert len(reader.deliveries()) == 1

    def test_a_delivery_goes_its_way_and_its_notices_with_it(self, record: Record) -> None:
        with record.write() as writer:
            mention = self.flagged(writer, 1)
            name, _ = writer.open_incident(mention, "complaints", Severity.INFO, NOW)
            notice = make_notice(incident_id=name)
            writer.add_notice(notice)
            key = make_delivery(notice).key
            writer.bind(make_delivery(notice))
            writer.change_delivery(key, DeliveryState.CLAIMED, NOW, owner="h/1/1", subject="Halden")
            writer.change_delivery(key, DeliveryState.PENDING, NOW, reason="greylisted", not_before=NOW + HOUR)
            (waiting,) = writer.deliveries()
            assert (waiting.attempts, waiting.not_before, waiting.owner) == (1, NOW + HOUR, "")
            for state in (DeliveryState.CLAIMED, DeliveryState.DOT, DeliveryState.SENT, DeliveryState.SENT):
                writer.change_delivery(key, state, NOW + HOUR, owner="h/1/1")
            (sent,) = writer.deliveries([DeliveryState.SENT])
            assert (sent.attempts, sent.sent_at, sent.subject) == (2, NOW + HOUR, "Halden")
            assert [each.state for each in writer.notices([notice.key])] == [NoticeState.TOLD]
            assert [event.what for event in writer.mention_history(mention.id)] == ["found", "told"]
            assert writer.counts().deliveries == {"sent": 1}

    def test_notices_and_deliveries_are_found_by_brand(self, record: Record) -> None:
        mine, other = make_notice(1), make_notice(2, brand_id="brewlane")
        with record.write() as writer:
            for notice in (mine, other, make_notice(3), make_notice(4, brand_id="brewlane")):
                writer.add_notice(notice)
            writer.bind(make_delivery(mine))
            writer.bind(make_delivery(other))
            assert [each.key for each in writer.pending_notices(NOW, "brewlane")] == [make_notice(4).key]
            assert len(writer.pending_notices(NOW)) == 2
            assert writer.deliveries(brand_id="halden") == [make_delivery(mine)]
            assert writer.deliveries([DeliveryState.SENT], brand_id="halden") == []
            assert len(writer.deliveries()) == 2

    def test_brands_that_have_something_to_tell_are_named(self, record: Record) -> None:
        def waiting(now: datetime = NOW) -> dict[str, bool]:
            with record.read() as reader:
                return reader.brands_waiting(now, now - HOUR)

        notice = make_notice(1, not_before=NOW + HOUR)
        key = make_delivery(notice).key
        with record.write() as writer:
            writer.add_notice(notice)
        assert [waiting(), waiting(NOW + HOUR)] == [{}, {"halden": False}]
        with record.write() as writer:
            writer.bind(make_delivery(notice, not_before=NOW + HOUR))
        assert [waiting(), waiting(NOW + HOUR)] == [{}, {"halden": False}]
        with record.write() as writer:
            writer.change_delivery(key, DeliveryState.CLAIMED, NOW, owner="other-host/1/1")
        assert [waiting(), waiting(NOW + 2 * HOUR)] == [{}, {"halden": True}]
        with record.write() as writer:
            writer.change_delivery(key, DeliveryState.PENDING, NOW)
            writer.change_delivery(key, DeliveryState.CLAIMED, NOW, owner=GONE)
        assert waiting() == {"halden": True}
        with record.write() as writer:
            writer.change_delivery(key, DeliveryState.DOT, NOW)
            writer.add_notice(make_notice(2, brand_id="brewlane"))
        assert waiting() == {"brewlane": False, "halden": True}
        with record.write() as writer:
            writer.change_delivery(key, DeliveryState.SENT, NOW)
        assert waiting() == {"brewlane": False}

    def test_incidents_are_found_by_the_time_they_opened(self, record: Record) -> None:
        with record.write() as writer:
            opened = []
            for number in range(3):
                mention = self.flagged(writer, number)
                opened.append(writer.open_incident(mention, "complaints", Severity.INFO, NOW + number * HOUR)[0])
            assert [each.id for each in writer.incidents(since=NOW, until=NOW + 2 * HOUR)] == opened[1::-1]
            assert [each.id for each in writer.incidents(since=NOW + HOUR)] == opened[:0:-1]

    @pytest.mark.parametrize("state", [DeliveryState.DOT, DeliveryState.SENT, DeliveryState.UNKNOWN])
    def test_a_delivery_cannot_leave_its_way(self, record: Record, state: DeliveryState) -> None:
        with record.write() as writer:
            writer.add_notice(make_notice())
            writer.bind(make_delivery(make_notice()))
            with pytest.raises(StorageError):
                writer.change_delivery(make_delivery(make_notice()).key, state, NOW)

    def test_what_another_process_claimed_is_left_to_it(self, record: Record) -> None:
        key = make_delivery(make_notice()).key
        with record.write() as writer:
            writer.add_notice(make_notice())
            writer.bind(make_delivery(make_notice()))
            writer.change_delivery(key, DeliveryState.CLAIMED, NOW, owner="other-host/1/1")
            for state in (DeliveryState.CLAIMED, DeliveryState.DOT):
                with pytest.raises(StorageError):
                    writer.change_delivery(key, state, NOW, owner="other-host/2/1")

    def test_deliveries_told_since_are_counted_without_dead_ones(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(3):
                writer.add_notice(make_notice(number))
                writer.bind(make_delivery(make_notice(number), changed_at=NOW + number * HOUR))
            writer.change_delivery(make_delivery(make_notice(2)).key, DeliveryState.DEAD, NOW)
            counted = [writer.told_since("halden", "mara@example.org", NOW + n * HOUR) for n in range(3)]
            assert counted == [2, 1, 0]
            assert writer.told_since("halden", "other@example.org", NOW) == 0
            assert writer.told_since("another", "mara@example.org", NOW) == 0
            brief = make_notice(9, rule_id="")
            writer.add_notice(brief)
            writer.bind(make_delivery(brief))
            assert writer.told_since("halden", "mara@example.org", NOW + HOUR) == 1  # a brief is no alert

    def test_times_that_a_false_clock_wrote_are_brought_to_now_and_waits_stay_as_long(self, record: Record) -> None:
        ahead, day = NOW + 2 * HOUR, 24 * HOUR
        with record.write() as writer:
            for number, occasion in enumerate((Occasion.FIRST, Occasion.UPDATE)):
                held = make_notice(number, created_at=ahead, not_before=ahead + HOUR, occasion=occasion)
                writer.add_notice(held)
            writer.add_notice(make_notice(2, not_before=NOW + 26 * HOUR, occasion=Occasion.UPDATE))
            writer.add_notice(make_notice(3))
            late = make_delivery(make_notice(3), changed_at=ahead)
            writer.bind(late)
            assert not writer.has_times_to_come(ahead + HOUR, day)
            assert writer.has_times_to_come(NOW, day)
            assert writer.end_times_to_come(NOW, day) == 5
            assert not writer.has_times_to_come(NOW, day)
            assert writer.end_times_to_come(NOW, day) == 0
            first, update, far, _ = writer.notices([make_notice(n).key for n in range(4)])
            assert first.not_before == far.not_before == NOW
            assert update.not_before == NOW + HOUR
            assert writer.told_since("halden", "mara@example.org", NOW + HOUR) == 0
            assert writer.deliveries()[0].changed_at == NOW

    def test_a_recipient_struck_off_is_told_nothing_more(self, record: Record) -> None:
        with record.write() as writer:
            writer.add_notice(make_notice(1))
            writer.suppress("Mara@example.org", "refused", NOW)
            writer.add_notice(make_notice(2))
            writer.add_notice(make_notice(3, recipient="other@example.org"))
            assert writer.is_suppressed("mara@example.org")
            assert [each.key for each in writer.pending_notices(NOW)] == [make_notice(3).key]
            assert writer.counts().notices == {"pending": 1, "suppressed": 2}


class ErasureContract:
    def fill(self, record: Record) -> list[str]:
        """Write two documents by Ada and one by Bo out of two captures of a feed, and Ada's page out of a third."""
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
        for number, minutes in enumerate((0, 10)):
            with record.write() as writer:
                ids = [put(writer, 1, brands=("halden",)), put(writer, 2, brands=("halden",), author="Bo")]
                at = NOW + timedelta(minutes=minutes)
                writer.add_capture(make_capture(ref=CaptureRef("f", number, 1, "d"), fetched_at=at), Outcome.OK)
        with record.write() as writer:
            ids.append(put(writer, 3, brands=("halden",), author="ADA "))
            page = make_capture(
                ref=CaptureRef("g", 0, 1, "d"), role=Role.PAGE, url="http://blog.example/3", item_id="p"
            )
            writer.add_capture(page, Outcome.OK)
            other = make_capture(ref=CaptureRef("h", 0, 1, "d"), fetched_at=NOW + HOUR, source_id="other")
            writer.add_capture(other, Outcome.OK)
        return ids

    def test_an_author_goes_with_every_document_and_twice_is_once(self, record: Record, clock: Clock) -> None:
        ids = self.fill(record)
        gone = sorted(identity.mention_id(each, "halden") for each in (ids[0], ids[2]))
        refs = (CaptureRef("f", 0, 1, "d"), CaptureRef("f", 1, 1, "d"), CaptureRef("g", 0, 1, "d"))
        with record.write() as writer:
            erased = writer.erase(author="ada", now=NOW)
        assert (erased.documents, list(erased.mention_ids), erased.refs) == (2, gone, refs)
        with record.write() as writer:
            assert writer.erase(author="ada", now=NOW).refs == refs
        record.move_captures({}, refs)
        with record.write() as writer:
            again = writer.erase(author="ada", now=NOW)
            assert (again.documents, again.mention_ids, again.refs) == (0, (), ())
            rows = {row.mention_id: row for row in writer.outbox("index")}
            assert [(rows[name].revision, rows[name].is_gone) for name in gone] == [(2, True)] * 2
            assert [writer.document(each) is None for each in ids] == [True, False, True]
            assert [mention.author for batch in writer.iter_published() for mention in batch] == ["Bo"]
            assert writer.counts().stories == 1
            assert writer.mention_history(gone[0]) == []

    def test_what_is_erased_does_not_come_back(self, record: Record) -> None:
        self.fill(record)
        url, guid = DocumentKey("url", "http://blog.example/1"), DocumentKey("guid", "guid-1")
        with record.write() as writer:
            writer.add_pages([make_page("http://blog.example/1")])
            assert not writer.is_erased([url, guid], "Ada", "blog.example")
            writer.erase(url="http://BLOG.example/1", now=NOW)
            assert writer.is_erased([DocumentKey("url", "http://other.example"), guid], "", "")
            assert writer.is_erased([url], "", "")
            assert not writer.is_erased([DocumentKey("guid", "guid-2")], "Ada", "blog.example")
            assert writer.add_pages([make_page("http://blog.example/1")]) == 0
            writer.erase(author=" aDa", now=NOW)
            assert writer.is_erased([DocumentKey("guid", "new")], "Ada", "other.example")
            assert not writer.is_erased([DocumentKey("guid", "new")], "Bo", "blog.example")

    def test_a_comment_is_erased_without_its_page(self, record: Record) -> None:
        with record.write() as writer:
            page, comment = put(writer, 1), put(writer, 2, url="http://blog.example/1#comment-2")
            writer.erase(url="http://blog.example/1#comment-2", now=NOW)
            assert [writer.document(each) is None for each in (page, comment)] == [False, True]

    def test_the_number_of_an_erased_mention_goes_on(self, record: Record) -> None:
        ids = self.fill(record)
        with record.write() as writer:
            writer.erase(document_id=ids[0], now=NOW)
            put(writer, 1, brands=("halden",))
            assert [mention.revision for mention in writer.mentions_of(ids[0])] == [3]

    def test_incidents_of_an_erased_mention_go_with_what_nobody_was_told(self, record: Record) -> None:
        ids = self.fill(record)
        with record.write() as writer:
            (mention,) = writer.mentions_of(ids[0])
            name, _ = writer.open_incident(mention, "complaints", Severity.INFO, NOW)
            for number in (1, 2):
                writer.add_notice(make_notice(number, incident_id=name))
            writer.bind(make_delivery(make_notice(2)))
            writer.erase(document_id=ids[0], now=NOW)
            assert (writer.incident(name), writer.all_notices()) == (None, [])
            assert [(each.state, each.reason) for each in writer.deliveries()] == [(DeliveryState.DEAD, "erased")]
