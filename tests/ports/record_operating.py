"""The contract of the Record port on its running; see `tests.ports.record`."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from earshot import leases
from earshot.operating import TOLD_FOR, Alarm, Brief, JobEnd, JobRun, JobState, Level
from earshot.ports import Record
from earshot.signing_in import SignIn
from tests.builders import NOW
from tests.ports.record import HOUR

GONE = leases.me().rpartition("/")[0] + "/0.00"
"""A process of this machine that has ended: our number, another start."""


def make_job(number: int = 1, **changes: Any) -> JobRun:
    run = JobRun(f"job{number}", "alert", "halden", JobState.RUNNING, "prompt", NOW + number * HOUR, leases.me())
    return dataclasses.replace(run, **changes)


def make_alarm(subject: str = "blog", **changes: Any) -> Alarm:
    alarm = Alarm(f"silent: {subject}", "silent", subject, f"{subject} was not heard", "look at it", NOW, NOW)
    return dataclasses.replace(alarm, **changes)


class OperatingContract:
    def test_a_job_begins_once_and_ends_once(self, record: Record) -> None:
        run = make_job()
        with record.write() as writer:
            for _ in range(2):
                writer.begin_job(run)
            assert writer.job_runs() == [run]
            writer.end_job(run.id, JobState.DONE, NOW + 2 * HOUR, {"sent": 3})
            writer.end_job(run.id, JobState.FAILED, NOW + 3 * HOUR, reason="too late to say")
            done = writer.job_run(run.id)
        assert done == dataclasses.replace(run, state=JobState.DONE, ended_at=NOW + 2 * HOUR, counts={"sent": 3})

    def test_a_job_whose_process_is_gone_is_lost(self, record: Record) -> None:
        with record.write() as writer:
            writer.begin_job(make_job(1, owner=GONE))
            writer.begin_job(make_job(2))
        with record.read() as reader:
            assert [run.id for run in reader.job_runs(states=[JobState.LOST])] == ["job1"]
            assert [run.id for run in reader.job_runs(states=[JobState.RUNNING])] == ["job2"]

    def test_jobs_are_found_latest_first(self, record: Record) -> None:
        with record.write() as writer:
            for number, job in enumerate(("alert", "ingest", "alert")):
                writer.begin_job(make_job(number, job=job, subject=f"brand{number}"))
        with record.read() as reader:
            assert [run.id for run in reader.job_runs()] == ["job2", "job1", "job0"]
            assert [run.id for run in reader.job_runs(limit=1)] == ["job2"]
            assert [run.id for run in reader.job_runs(job="alert")] == ["job2", "job0"]
            assert [run.id for run in reader.job_runs(subject="brand1")] == ["job1"]
            assert [run.id for run in reader.job_runs(since=NOW + HOUR)] == ["job2", "job1"]
            assert [run.id for run in reader.job_runs(until=NOW + HOUR)] == ["job0"]
            assert reader.job_run("none") is None

    def test_a_limit_counts_what_is_returned_not_what_is_looked_at(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(3):
                writer.begin_job(make_job(number, owner=GONE if number else leases.me()))
        with record.read() as reader:
            assert [run.id for run in reader.job_runs(states=[JobState.RUNNING], limit=1)] == ["job0"]
            both = reader.job_runs(states=[JobState.RUNNING, JobState.LOST], limit=2)
            assert [(run.id, run.state) for run in both] == [("job2", JobState.LOST), ("job1", JobState.LOST)]

    def test_each_job_says_when_it_last_ended_and_how(self, record: Record) -> None:
        ends = ((JobState.DONE, 1), (JobState.DONE, 4), (JobState.FAILED, 2), (JobState.SKIPPED, 3))
        with record.write() as writer:
            for state, hour in ends:
                writer.begin_job(make_job(hour))
                writer.end_job(f"job{hour}", state, NOW + hour * HOUR)
            writer.begin_job(make_job(5, owner=GONE))
            writer.begin_job(make_job(6, job="collect"))
        with record.read() as reader:
            assert reader.job_ends() == [
                JobEnd("alert", JobState.DONE, NOW + 4 * HOUR),
                JobEnd("alert", JobState.FAILED, NOW + 2 * HOUR),
                JobEnd("alert", JobState.SKIPPED, NOW + 3 * HOUR),
            ]

    def test_a_brand_is_paused_until_it_is_resumed(self, record: Record) -> None:
        with record.write() as writer:
            for by in ("mara", "somebody else"):
                writer.pause_brand("halden", by, NOW)
            assert [(each.brand_id, each.by) for each in writer.pauses()] == [("halden", "mara")]
            for _ in range(2):
                writer.resume_brand("halden")
            assert writer.pauses() == []

    def test_until_when_a_brand_was_paused_is_remembered(self, record: Record, clock: Any) -> None:
        with record.write() as writer:
            assert writer.last_paused() == {}
            writer.resume_brand("halden")
            assert writer.last_paused() == {}
            writer.pause_brand("halden", "mara", NOW)
            clock.advance(hours=5)
            writer.resume_brand("halden")
            for _ in range(2):
                writer.note_paused(["brewlane", "brewlane"], NOW + 2 * HOUR)
            assert writer.last_paused() == {"halden": NOW + 5 * HOUR, "brewlane": NOW + 2 * HOUR}

    def test_a_sign_in_is_kept_until_it_ends_or_the_next_one_finds_its_time_over(self, record: Record) -> None:
        first, second = (SignIn(f"id{n}", "proof", NOW + n * HOUR, NOW + (n + 2) * HOUR) for n in range(2))
        with record.write() as writer:
            for sign_in in (first, first, second):
                writer.add_sign_in(sign_in)
            assert [writer.sign_in(each.id) for each in (first, second)] == [first, second]
            for _ in range(2):
                writer.end_sign_in(second.id)
            assert [writer.sign_in(each.id) for each in (first, second)] == [first, None]
            writer.add_sign_in(SignIn("id2", "proof", first.until, first.until + HOUR))
            assert writer.sign_in(first.id) is None

    def test_an_alarm_is_raised_once_and_ends_when_it_is_seen_no_more(self, record: Record) -> None:
        with record.write() as writer:
            assert writer.set_alarms([make_alarm()], NOW) == [make_alarm()]
            assert writer.set_alarms([make_alarm()], NOW + HOUR) == []
            assert [(each.since, each.seen_at) for each in writer.alarms()] == [(NOW, NOW + HOUR)]
            assert writer.set_alarms([], NOW + 2 * HOUR) == []
            assert writer.alarms() == []
            assert [each.ended_at for each in writer.alarms(is_open=False)] == [NOW + 2 * HOUR]
            assert len(writer.set_alarms([make_alarm()], NOW + 3 * HOUR)) == 1
            assert [each.since for each in writer.alarms()] == [NOW + 3 * HOUR]

    def test_an_alarm_is_told_once_operations_were_mailed_of_it(self, record: Record) -> None:
        with record.write() as writer:
            writer.set_alarms([make_alarm(), make_alarm("wiki")], NOW)
            writer.tell_alarms(["silent: blog", "unknown"], NOW)
            assert [(each.subject, each.told_at) for each in writer.alarms()] == [("blog", NOW), ("wiki", None)]
            writer.set_alarms([make_alarm(), make_alarm("wiki")], NOW + HOUR)
            assert [each.is_told for each in writer.alarms()] == [True, False]

    def test_an_alarm_that_is_raised_again_is_to_be_told_again_unless_it_only_flickered(self, record: Record) -> None:
        def told_after(gap: timedelta) -> bool:
            with record.write() as writer:
                writer.set_alarms([make_alarm()], NOW)
                writer.tell_alarms(["silent: blog"], NOW)
                writer.set_alarms([], NOW)
                writer.set_alarms([make_alarm()], NOW + gap)
                (again,) = writer.alarms()
                writer.set_alarms([], NOW + gap)
                return again.is_told

        assert [told_after(gap) for gap in (TOLD_FOR, TOLD_FOR + timedelta(seconds=1))] == [True, False]

    def test_levels_are_kept_by_name_and_time(self, record: Record) -> None:
        with record.write() as writer:
            for number in range(3):
                writer.add_levels({"behind": number, "pending": 7}, NOW + number * HOUR)
            writer.add_levels({"behind": 9}, NOW)
            found = writer.levels("behind", NOW + HOUR)
        assert found == [Level("behind", NOW + HOUR, 1.0), Level("behind", NOW + 2 * HOUR, 2.0)]

    def test_a_brief_is_kept_once(self, record: Record) -> None:
        day = Brief("b1", "halden", NOW - 24 * HOUR, NOW, NOW, {"mentions": 3})
        with record.write() as writer:
            assert [writer.put_brief(day), writer.put_brief(dataclasses.replace(day, figures={}))] == [True, False]
            later = dataclasses.replace(day, id="b2", since=NOW, until=NOW + 24 * HOUR)
            writer.put_brief(later)
            assert writer.brief("b1") == day
            assert writer.briefs("halden") == [later, day]
            assert (writer.briefs("other"), writer.brief("none")) == ([], None)
