"""Jobs, pauses, alarms, levels and briefs. Knows no stage; what a running job's owner is worth is asked of `leases`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from earshot.leases import is_gone
from earshot.operating import Alarm, Brief, JobEnd, JobRun, JobState, Level, Pause
from earshot.record.session import Session, WriteSession, add_new, chunks, put
from earshot.record.tables import alarm, brief, job_run, last_pause, level, pause


class OperatingReads(Session):
    """What the record says of its running."""

    def job_runs(
        self,
        *,
        limit: int = 100,
        job: str = "",
        subject: str = "",
        states: Sequence[JobState] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[JobRun]:
        """Return runs of jobs, latest start first; a running one whose process is gone reads as LOST."""
        query = select(job_run).order_by(job_run.c.started_at.desc(), job_run.c.id)
        query = query.where(job_run.c.job == job) if job else query
        query = query.where(job_run.c.subject == subject) if subject else query
        query = query.where(job_run.c.started_at >= since) if since else query
        query = query.where(job_run.c.started_at < until) if until else query
        if states:  # who is lost stands as running, so both are asked for, and looked at one by one
            stored = {JobState.RUNNING if state is JobState.LOST else state for state in states}
            query = query.where(job_run.c.state.in_([str(state) for state in stored]))
        if (JobState.RUNNING in states) is (JobState.LOST in states):  # else some of what is found falls out below
            query = query.limit(limit)
        found: list[JobRun] = []
        for row in self.db.execute(query):
            run = _job_run(row)
            if not states or run.state in states:
                found.append(run)
            if len(found) == limit:
                break
        return found

    def job_run(self, run_id: str) -> JobRun | None:
        """Return one run, or None."""
        row = self.db.execute(select(_JOB_RUN).where(_JOB_RUN.c.id == run_id)).first()
        return _job_run(row) if row else None

    def job_ends(self) -> list[JobEnd]:
        """Return when each job last ended in each state it has ended in, by job, then state."""
        query = select(job_run.c.state, job_run.c.job, func.max(job_run.c.ended_at)).group_by(
            job_run.c.state, job_run.c.job
        )
        ends = [JobEnd(job, JobState(state), at) for state, job, at in self.db.execute(query) if at]
        return sorted(ends, key=lambda end: (end.job, end.state))

    def pauses(self) -> list[Pause]:
        """Return brands paused by somebody, by brand."""
        rows = self.db.execute(select(pause).order_by(pause.c.brand_id))
        return [Pause(row.brand_id, row.since, row.by) for row in rows]

    def last_paused(self) -> dict[str, datetime]:
        """Return by brand when it was last known to be paused."""
        return {row.brand_id: row.until for row in self.db.execute(select(last_pause))}

    def alarms(self, *, is_open: bool = True, limit: int = 200) -> list[Alarm]:
        """Return open alarms, oldest first; with `is_open` False all of them, latest seen first."""
        query = select(alarm)
        if is_open:
            query = query.where(alarm.c.ended_at.is_(None)).order_by(alarm.c.since, alarm.c.key)
        else:
            query = query.order_by(alarm.c.seen_at.desc(), alarm.c.key)
        return [_alarm(row) for row in self.db.execute(query.limit(limit))]

    def levels(self, name: str, since: datetime) -> list[Level]:
        """Return readings of one name from `since` on, oldest first."""
        query = select(level).where(level.c.name == name, level.c.at >= since).order_by(level.c.at)
        return [Level(row.name, row.at, row.value) for row in self.db.execute(query)]

    def brief(self, brief_id: str) -> Brief | None:
        """Return one brief, or None."""
        row = self.db.execute(select(_BRIEF).where(_BRIEF.c.id == brief_id)).first()
        return _brief(row) if row else None

    def briefs(self, brand_id: str = "", limit: int = 50) -> list[Brief]:
        """Return briefs, latest period first."""
        query = select(_BRIEF).order_by(_BRIEF.c.until.desc(), _BRIEF.c.brand_id).limit(limit)
        query = query.where(_BRIEF.c.brand_id == brand_id) if brand_id else query
        return [_brief(row) for row in self.db.execute(query)]


class OperatingWrites(WriteSession):
    """What is written of its running."""

    def begin_job(self, run: JobRun) -> None:
        """Note that a job has begun. Twice is once."""
        row = {
            "id": run.id,
            "job": run.job,
            "subject": run.subject,
            "state": run.state,
            "origin": run.origin,
            "origin_url": run.origin_url,
            "owner": run.owner,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "reason": run.reason,
            "counts": dict(run.counts),
        }
        add_new(self.db, job_run, [row])

    def end_job(
        self, run_id: str, state: JobState, now: datetime, counts: Mapping[str, int] | None = None, reason: str = ""
    ) -> None:
        """Note how a job ended. An ended one stays as it was."""
        open_one = (job_run.c.id == run_id) & (job_run.c.state == JobState.RUNNING)
        ended = {"state": state, "ended_at": now, "counts": dict(counts or {}), "reason": reason}
        self.db.execute(update(job_run).where(open_one).values(**ended))

    def pause_brand(self, brand_id: str, by: str, now: datetime) -> None:
        """Pause a brand until `resume_brand`. Twice is once."""
        add_new(self.db, pause, [{"brand_id": brand_id, "since": now, "by": by}])

    def resume_brand(self, brand_id: str) -> None:
        """End a pause, and note that it lasted until now (the clock's). Twice is once."""
        if self.db.execute(delete(pause).where(pause.c.brand_id == brand_id)).rowcount:
            self.note_paused([brand_id], self.clock.now())

    def note_paused(self, brand_ids: Sequence[str], now: datetime) -> None:
        """Note that these brands are paused now, whoever paused them."""
        put(self.db, last_pause, [{"brand_id": brand_id, "until": now} for brand_id in sorted(set(brand_ids))])

    def set_alarms(self, found: Sequence[Alarm], now: datetime, kinds: Collection[str] = ()) -> list[Alarm]:
        """Make these the open alarms: new ones are raised, known ones seen again, the others end. Return new ones.

        `kinds`, where given: only alarms of these kinds end.
        """
        rows = self.db.execute(select(alarm.c.key, alarm.c.kind, alarm.c.since).where(alarm.c.ended_at.is_(None))).all()
        open_since = {row.key: row.since for row in rows}
        looked_for = {row.key for row in rows if not kinds or row.kind in kinds}
        over = sorted(looked_for - {each.key for each in found})
        for key in over:
            self.db.execute(update(alarm).where(alarm.c.key == key).values(ended_at=now))
        put(self.db, alarm, [_alarm_row(each, open_since.get(each.key, now), now) for each in found])
        return [each for each in found if each.key not in open_since]

    def tell_alarms(self, keys: Collection[str], now: datetime) -> None:
        """Note that operations were told of these alarms now."""
        for part in chunks(sorted(keys)):
            self.db.execute(update(alarm).where(alarm.c.key.in_(part)).values(told_at=now))

    def add_levels(self, values: Mapping[str, float], now: datetime) -> None:
        """Note one reading of each name. Twice at one time is once."""
        add_new(self.db, level, [{"name": name, "at": now, "value": float(value)} for name, value in values.items()])

    def put_brief(self, brief: Brief) -> bool:
        """Keep a brief unless its id is there; True if it was added."""
        if self.db.execute(select(1).where(_BRIEF.c.id == brief.id)).first() is not None:
            return False
        row = {
            "id": brief.id,
            "brand_id": brief.brand_id,
            "since": brief.since,
            "until": brief.until,
            "made_at": brief.made_at,
            "figures": dict(brief.figures),
        }
        add_new(self.db, _BRIEF, [row])
        return True


_JOB_RUN, _BRIEF = job_run, brief  # the tables, where a method or parameter of the port has their name


def _job_run(row: Any) -> JobRun:
    state = JobState(row.state)
    return JobRun(
        id=row.id,
        job=row.job,
        subject=row.subject,
        state=JobState.LOST if state is JobState.RUNNING and is_gone(row.owner) else state,
        origin=row.origin,
        started_at=row.started_at,
        owner=row.owner,
        origin_url=row.origin_url,
        ended_at=row.ended_at,
        reason=row.reason,
        counts=row.counts,
    )


def _alarm(row: Any) -> Alarm:
    return Alarm(
        row.key, row.kind, row.subject, row.what, row.advice, row.since, row.seen_at, row.ended_at, row.told_at
    )


def _alarm_row(each: Alarm, since: datetime, now: datetime) -> dict[str, Any]:
    """Return a row; `told_at` is not in it, and stays as it was where the key was raised before."""
    said = {"key": each.key, "kind": each.kind, "subject": each.subject, "what": each.what, "advice": each.advice}
    return said | {"since": since, "seen_at": now, "ended_at": None}


def _brief(row: Any) -> Brief:
    return Brief(row.id, row.brand_id, row.since, row.until, row.made_at, row.figures)
