"""The contract of the Record port on its own state and what it forgets by age; see `tests.ports.record`."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from earshot import identity, leases
from earshot.model import CaptureRef, Delivery, DeliveryState, Notice, NoticeState, Outcome, Role
from earshot.operating import JobState
from earshot.pipeline.collect import page_id
from earshot.ports import FrontierPage, MentionWrite, OutboxRow, Record, RecordWriter, RunEnd
from earshot.upkeep import Backlogs, HeldLease, Inconsistency, Unheard, Waiting
from tests.builders import NOW, make_capture, make_document, make_source, make_verdict
from tests.ports.record import HOUR
from tests.ports.record_operating import GONE, make_alarm, make_job

DAY = timedelta(days=1)


def make_notice(number: int, **changes: object) -> Notice:
    notice = Notice(
        key=f"n{number}",
        incident_id="i1",
        brand_id="halden",
        rule_id="complaints",
        channel="mail",
        recipient="mara@example.org",
        state=NoticeState.PENDING,
        created_at=NOW + number * HOUR,
    )
    return dataclasses.replace(notice, **changes)  # type: ignore[arg-type]


def put_mention(writer: RecordWriter, url: str = "http://blog.example/one", brand: str = "halden") -> str:
    document = make_document(url=url)
    writer.put_document(document, [], "hash", b"", [])
    name = identity.mention_id(document.id, brand)
    writer.put_mentions(document.id, [MentionWrite(name, document.id, make_verdict(brand_id=brand), (), False)], NOW)
    writer.add_found_in(document.id, "blog", url, NOW)
    return name


def put_capture(writer: RecordWriter, number: int, file: str = "a", source_id: str = "blog") -> CaptureRef:
    ref = CaptureRef(file, number, 10, f"d{number}")
    taken = make_capture(ref=ref, source_id=source_id, fetched_at=NOW + number * HOUR, role=Role.FEED)
    writer.add_file(file, NOW)
    writer.add_capture(taken, Outcome.OK)
    return ref


class UpkeepContract:
    def test_nothing_waits_in_an_empty_record(self, record: Record) -> None:
        with record.read() as reader:
            assert reader.backlogs(NOW) == Backlogs()
            assert (reader.inconsistencies(), reader.damages(), reader.needed_files()) == ([], [], set())

    def test_what_waits_is_counted_since_the_first_of_it(self, record: Record) -> None:
        with record.write() as writer:
            mention = put_mention(writer)
            put_mention(writer, "http://blog.example/two")
            writer.add_dead_letter(OutboxRow("index", mention, 1), "refused", NOW + HOUR)
            writer.add_file("a", NOW + HOUR)
            writer.add_quarantined(make_capture(ref=CaptureRef("a", 0, 1, "d")), "too heavy", NOW + 2 * HOUR)
            found = writer.backlogs(NOW + DAY)
            assert writer.quarantined_since(NOW + 2 * HOUR) == 1
            assert writer.quarantined_since(NOW + 3 * HOUR) == 0
        assert found == Backlogs(
            index=Waiting(1, NOW),
            unread=Waiting(1, NOW + HOUR),
            quarantined=Waiting(1, NOW + 2 * HOUR),
            dead_letters=Waiting(1, NOW + HOUR),
        )

    def test_a_notice_waits_from_when_it_is_due(self, record: Record) -> None:
        with record.write() as writer:
            writer.add_notice(make_notice(1))
            writer.add_notice(make_notice(2, not_before=NOW + 5 * HOUR))
            writer.add_notice(make_notice(0, brand_id="paused"))
            assert writer.backlogs(NOW + 4 * HOUR, {"paused"}).notices == Waiting(1, NOW + HOUR)
            assert writer.backlogs(NOW + 6 * HOUR, {"paused"}).notices == Waiting(2, NOW + HOUR)
            assert writer.backlogs(NOW + 6 * HOUR).notices == Waiting(3, NOW)
            writer.hold_notices(["n1", "n0"], NOW + 5 * HOUR)
            assert writer.backlogs(NOW + 6 * HOUR).notices == Waiting(3, NOW + 5 * HOUR)

    def test_a_delivery_waits_until_it_is_sent_or_given_up(self, record: Record) -> None:
        with record.write() as writer:
            writer.add_notice(make_notice(1))
            writer.bind(
                Delivery("d1", "mail", "mara@example.org", DeliveryState.PENDING, "<d1@x>", 0, ("n1",), changed_at=NOW)
            )
            writer.change_delivery("d1", DeliveryState.CLAIMED, NOW + HOUR, owner=leases.me())
            assert writer.backlogs(NOW).deliveries == Waiting(1, NOW)
            writer.change_delivery("d1", DeliveryState.PENDING, NOW + HOUR, not_before=NOW + DAY)
            assert writer.backlogs(NOW).deliveries == Waiting(1, NOW)
            for state in (DeliveryState.CLAIMED, DeliveryState.DOT, DeliveryState.SENT):
                writer.change_delivery("d1", state, NOW + HOUR)
            assert writer.backlogs(NOW).deliveries == Waiting()

    def test_who_listens_are_the_active_sources(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(), make_source(id="gone", url="http://gone.example/feed")], NOW)
            writer.put_sources([make_source()], NOW)
            writer.end_run(RunEnd("blog", NOW + HOUR, Outcome.BLOCKED, "robots.txt", NOW + DAY))
            (one,) = writer.listening()
            assert (one.source_id, one.heard_at, one.last_run_at) == ("blog", NOW, NOW + HOUR)
            assert (one.last_outcome, one.last_reason, one.next_due_at) == (Outcome.BLOCKED, "robots.txt", NOW + DAY)
            writer.end_run(RunEnd("blog", NOW + 2 * HOUR, Outcome.OK, "", NOW + DAY))
            assert writer.listening()[0].heard_at == NOW + 2 * HOUR

    def test_what_is_unheard_up_to_a_time_is_counted(self, record: Record) -> None:
        """NOW is the time in question, and it is two hours later."""
        sources = [make_source(id=name) for name in ("asked", "unasked", "never", "later", "gone")]
        pages = [
            FrontierPage(page_id(f"http://{name}/{at}", Role.PAGE), f"http://{name}/{at}", Role.PAGE, name, NOW, at)
            for name, at in (("asked", None), ("asked", NOW - HOUR), ("asked", NOW), ("gone", None))
        ]
        with record.write() as writer:
            assert writer.unheard(NOW, NOW) == Unheard()
            writer.put_sources(sources, NOW - DAY)
            for name, at, due in (
                ("asked", -2, 1), ("asked", 1, 5), ("asked", 2, 0), ("unasked", -1, 2), ("later", -1, 3),
            ):  # fmt: skip
                writer.end_run(RunEnd(name, NOW + at * HOUR, Outcome.UNCHANGED, "", NOW + due * HOUR))
            writer.end_run(RunEnd("gone", NOW, Outcome.OK, "", NOW))
            writer.put_sources(sources[:-1], NOW)
            writer.add_pages(pages)
        with record.read() as reader:
            assert reader.unheard(NOW, NOW + 2 * HOUR) == Unheard(sources=2, pages=2, begun_at=NOW + HOUR)
            assert reader.unheard(NOW + 3 * HOUR, NOW + 2 * HOUR) == Unheard(sources=3, pages=3, begun_at=None)

    def test_a_source_is_brought_forward_and_never_put_off(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source(), make_source(id="gone", url="http://gone.example/feed")], NOW)
            for name in ("blog", "gone"):
                writer.end_run(RunEnd(name, NOW, Outcome.OK, "", NOW + 3 * DAY))
            writer.put_sources([make_source()], NOW)
            assert [one.source_id for one in writer.due_after(NOW + DAY)] == ["blog"]
            assert writer.due_after(NOW + 3 * DAY) == []
            for due in (NOW + 2 * DAY, NOW + 3 * DAY):
                writer.bring_forward({"blog": due})
                assert [one.next_due_at for one in writer.due_after(NOW)] == [NOW + 2 * DAY]

    def test_a_brands_sources_are_those_that_spoke_of_it(self, record: Record) -> None:
        with record.write() as writer:
            put_mention(writer)
            put_mention(writer, "http://blog.example/two", "other")
            writer.add_found_in(identity.document_id("http://blog.example/two"), "planet", "http://x", NOW - DAY)
            assert writer.brand_sources(NOW) == {"halden": {"blog"}, "other": {"blog"}}
            assert writer.brand_sources(NOW - DAY)["other"] == {"blog", "planet"}

    def test_held_leases_are_found_also_when_they_ran_out(self, record: Record) -> None:
        with record.write() as writer:
            writer.lease(["relay:index", "relay:mail", "host:x"], "somebody", NOW, NOW + HOUR)
            writer.free(["relay:mail"], "somebody")
            assert writer.held_leases() == [HeldLease("relay:index", "somebody", NOW + HOUR)]

    def test_what_does_not_fit_together_is_named(self, record: Record) -> None:
        with record.write() as writer:
            mention = put_mention(writer)
            assert writer.inconsistencies() == []
            writer.add_notice(make_notice(1, state=NoticeState.BOUND, delivery_key="none"))
            writer.db.exec_driver_sql("DELETE FROM document")  # type: ignore[attr-defined]
            assert writer.inconsistencies() == [
                Inconsistency("mentions without document", 1, mention),
                Inconsistency("notices without delivery", 1, "n1"),
            ]
            writer.db.exec_driver_sql("DELETE FROM mention")  # type: ignore[attr-defined]
            assert writer.inconsistencies()[0] == Inconsistency("outbox of unknown mentions", 1, mention)

    def test_what_was_erased_is_no_unknown_mention(self, record: Record) -> None:
        with record.write() as writer:
            put_mention(writer)
            writer.erase(author="Ada", now=NOW)
        with record.read() as reader:
            assert reader.backlogs(NOW).index.count == 1
            assert reader.inconsistencies() == []

    def test_captures_are_condemned_by_age_and_scope(self, record: Record) -> None:
        with record.write() as writer:
            public = [put_capture(writer, number) for number in range(3)]
            inside = [put_capture(writer, number, source_id="wiki") for number in (10, 11)]
            assert writer.condemn_captures({"wiki"}, NOW + 12 * HOUR, None) == 0  # the file is not wholly read
            writer.finish_file("a")
            assert writer.capture_sources() == {"blog", "wiki"}
            assert writer.condemn_captures(set(), NOW + DAY, None) == 0
            assert writer.condemn_captures({"wiki"}, NOW + 11 * HOUR, NOW + 2 * HOUR) == 3
            assert writer.condemned() == [*public[:2], inside[0]]
            assert writer.condemn_captures({"wiki"}, NOW + 11 * HOUR, NOW + 2 * HOUR) == 0
            assert not writer.is_wholly_condemned("a")
            assert writer.condemn_captures({"wiki"}, NOW + DAY, NOW + DAY, limit=1) == 1
            assert writer.condemn_captures({"wiki"}, NOW + DAY, NOW + DAY) == 1
            assert writer.is_wholly_condemned("a")

    def test_a_quarantined_capture_is_not_condemned_by_age(self, record: Record) -> None:
        with record.write() as writer:
            ref = put_capture(writer, 0)
            writer.add_quarantined(make_capture(ref=ref), "too heavy", NOW)
            writer.finish_file("a")
            assert writer.condemn_captures((), None, NOW + DAY) == 0
            assert writer.needed_files() == {"a"}

    def test_the_scope_of_a_source_is_that_of_its_documents(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_document(make_document(scope="internal"), [], "hash", b"", [])
            writer.add_found_in(make_document().id, "blog", "http://x", NOW)
            writer.add_found_in(make_document().id, "planet", "http://x", NOW)
            assert (writer.scope_of("blog"), writer.scope_of("planet")) == ("internal", "")

    def test_history_is_dropped_by_age_in_steps(self, record: Record) -> None:
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            for number in range(3):
                writer.end_run(RunEnd("blog", NOW + number * HOUR, Outcome.OK, "", NOW + DAY))
                writer.add_levels({"behind": 1, "pending": 2}, NOW + number * HOUR)
                writer.begin_job(make_job(number, owner=leases.me() if number else GONE))
            writer.end_job("job1", JobState.DONE, NOW + HOUR)
            writer.set_alarms([make_alarm("blog"), make_alarm("wiki")], NOW)
            writer.set_alarms([make_alarm("wiki")], NOW + HOUR)
            before = NOW + 2 * HOUR
            assert [writer.drop_source_runs(before, 1) for _ in range(3)] == [1, 1, 0]
            assert [writer.drop_levels(before, 3) for _ in range(3)] == [3, 1, 0]
            assert [writer.drop_job_runs(before) for _ in range(2)] == [2, 0]
            assert [writer.drop_alarms(before) for _ in range(2)] == [1, 0]
        with record.read() as reader:
            assert [run.at for run in reader.source_runs("blog")] == [before]
            assert [run.id for run in reader.job_runs()] == ["job2"]
            assert [each.subject for each in reader.alarms(is_open=False)] == ["wiki"]

    def test_dead_letters_of_before_are_done_with(self, record: Record) -> None:
        with record.write() as writer:
            mention = put_mention(writer)
            writer.add_dead_letter(OutboxRow("index", mention, 1), "refused", NOW)
            assert [writer.end_dead_letters(NOW), writer.end_dead_letters(NOW + HOUR)] == [0, 1]
            assert writer.counts().dead_letters == 0

    def test_alarms_of_other_kinds_stay_open(self, record: Record) -> None:
        disk = make_alarm("disk", key="disk", kind="disk")
        with record.write() as writer:
            writer.set_alarms([make_alarm(), disk], NOW)
            assert writer.set_alarms([], NOW + HOUR, ["silent"]) == []
            assert [(each.kind, each.seen_at) for each in writer.alarms()] == [("disk", NOW)]
