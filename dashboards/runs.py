"""The pages of job runs: the list, narrowed and paged by its URL, and one run with what it led to. Knows no adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from dashboards import jobwords
from dashboards.board import Board
from dashboards.exports import plain
from dashboards.periods import read_time
from earshot.operating import JobRun, JobState
from earshot.ports import RecordReader

LIST = "/operations/runs"
PAGE = 50
_SIBLINGS = 10
_JUDGED = 60
"""Runs of a job that its usual length is taken from."""
_PARAMS = ("job", "state", "subject", "until")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to. until: runs that began before. problems: what in the URL meant nothing, in words."""

    job: str = ""
    states: tuple[JobState, ...] = ()
    subject: str = ""
    until: datetime | None = None
    problems: tuple[str, ...] = ()

    def link(self, path: str = LIST, **changes: Any) -> str:
        """Return the address of this list with changes; the place in it is given up unless `until` is named."""
        values = {"job": self.job, "state": list(self.states), "subject": self.subject, **changes}
        pairs = {name: plain(value) for name, value in values.items() if value}
        return f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path

    @property
    def is_narrowed(self) -> bool:
        """True where anything but the place is chosen."""
        return bool(self.job or self.states or self.subject)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of runs. older: address of the next page, or empty."""

    runs: tuple[JobRun, ...]
    older: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job over its last runs. typical_s, longest_s: of those that were done, None where none was."""

    job: str
    runs: int
    broken: int
    typical_s: float | None
    longest_s: float | None
    last: JobRun


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a run leads: words and address."""

    text: str
    url: str


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get(LIST)
    def show_runs(request: Request) -> Response:
        wanted = _read(board, request)
        with board.record.read() as record:
            found = listed(record, wanted)
            names = dict.fromkeys([*jobwords.JOBS, *(end.job for end in record.job_ends())])
        return board.page(
            request,
            "runs.html",
            wanted=wanted,
            found=found,
            names=list(names),
            subjects=[*board.brands, *sorted(board.collections)],
            states=jobwords.STATES,
            has_until=wanted.until is not None,
            mistakes=board.mistakes(),
        )

    @router.get(f"{LIST}.json")
    def list_runs(request: Request) -> Response:
        wanted = _read(board, request)
        if wanted.problems:
            return JSONResponse({"error": "the URL cannot be read", "problems": list(wanted.problems)}, 400)
        with board.record.read() as record:
            found = listed(record, wanted, f"{LIST}.json")
        return JSONResponse({"runs": [plain(run) for run in found.runs], "next": found.older or None})

    @router.get(f"{LIST}/{{run_id}}.json")
    def give_run(run_id: str) -> Response:
        with board.record.read() as record:
            return JSONResponse(plain(_get(record, run_id)))

    @router.get(f"{LIST}/{{run_id}}")
    def show_run(run_id: str, request: Request) -> Response:
        with board.record.read() as record:
            run = _get(record, run_id)
            line = record.job_runs(job=run.job, subject=run.subject, limit=_JUDGED)
        usual = job_line(line) if line else None
        siblings = [other for other in line if other.id != run.id][:_SIBLINGS]
        return board.page(request, "run.html", run=run, usual=usual, siblings=siblings, onward=onward(board, run))

    return router


def listed(record: RecordReader, wanted: Filter, path: str = LIST) -> Listed:
    """Return a page of runs, latest start first. Runs that began at one time are never parted by the end of a page."""
    found = record.job_runs(
        limit=PAGE + 1, job=wanted.job, subject=wanted.subject, states=wanted.states, until=wanted.until
    )
    if len(found) <= PAGE:
        return Listed(tuple(found), "")
    edge = found[PAGE].started_at
    shown = [run for run in found[:PAGE] if run.started_at > edge] or found[:PAGE]
    return Listed(tuple(shown), wanted.link(path, until=shown[-1].started_at))


def job_lines(record: RecordReader) -> list[JobLine]:
    """Return the jobs that ever ran here, in the order of the data's way, each over its last runs."""
    names = dict.fromkeys([*jobwords.JOBS, *(end.job for end in record.job_ends())])
    found = (record.job_runs(job=name, limit=_JUDGED) for name in names)
    return [job_line(runs) for runs in found if runs]


def job_line(runs: Sequence[JobRun]) -> JobLine:
    """Return what these runs of one job, latest first and at least one, say of it."""
    took = [length for run in runs if run.state is JobState.DONE and (length := jobwords.took(run)) is not None]
    return JobLine(
        job=runs[0].job,
        runs=len(runs),
        broken=sum(1 for run in runs if run.state in jobwords.BROKEN),
        typical_s=median(took) if took else None,
        longest_s=max(took, default=None),
        last=runs[0],
    )


def onward(board: Board, run: JobRun) -> list[Onward]:
    """Return where to see what a run did."""
    brand = run.subject if run.subject in board.brands else ""
    named = {"brand": brand} if brand else {}
    sources = [
        Onward(f"Sources of {name}", _url("/sources", collection=name))
        for name in sorted(board.collections)
        if name in {part.strip() for part in run.subject.split(",")}
    ] or [Onward("Sources", "/sources")]
    mentions = Onward("Mentions", _url("/mentions", **named))
    incidents = Onward(f"Incidents of {board.brand_name(brand)}" if brand else "Incidents", _url("/incidents", **named))
    mails = [Onward("Mails", "/mails")] if board.ledger else []
    aside = Onward("What is set aside", "/operations#quarantine")
    brands = Onward("Brands", "/operations#brands")
    by_job = {
        "plan": sources,
        "collect": sources,
        "ingest": [mentions, *sources],
        "publish": [mentions],
        "reindex": [mentions],
        "judge": [incidents],
        "alert": [incidents, *mails],
        "brief": [*mails, Onward("Last briefs", "/operations#briefs")],
        "maintain": [Onward("Open alarms", "/operations#alarms"), Onward("Over time", "/operations#curves")],
        "reclassify": [Onward(f"Mentions of {board.brand_name(brand)}" if brand else "Mentions", mentions.url)],
        "backfill": [mentions],
        "replay": [aside, mentions],
        "run": [mentions, incidents, *mails],
        jobwords.ASK_REPLAY: [aside, Onward("Runs of Trying again", _url(LIST, job="replay"))],
        jobwords.PAUSE: [brands, incidents],
        jobwords.RESUME: [brands, incidents],
    }
    return by_job.get(run.job, [])


def _get(record: RecordReader, run_id: str) -> JobRun:
    run = record.job_run(run_id)
    if run is None:
        raise HTTPException(404)
    return run


def _read(board: Board, request: Request) -> Filter:
    """Read a URL; never fails: what means nothing is left out and named in `problems`."""
    pairs = [(name, value.strip()) for name, value in request.query_params.multi_items() if value.strip()]
    problems = [
        f"“{name[:40]}” is nothing a list of runs can be narrowed by. It knows {', '.join(_PARAMS)}."
        for name in dict.fromkeys(name for name, _ in pairs)
        if name not in (*_PARAMS, "tz")
    ]
    states = [value for name, value in pairs if name == "state"]
    problems += [
        f"“{value[:40]}” is no state of a run. Choose one of {', '.join(JobState)}."
        for value in states
        if value not in [*JobState]
    ]
    last = dict(pairs)
    until, at = None, last.get("until", "")
    try:
        until = read_time(at, board.view(request).zone, is_end=True) if at else None
    except (ValueError, OverflowError):
        problems.append(f"“{at[:40]}” is not a time. Write it like 2026-11-20 or 2026-11-20T13:30Z.")
    kept = tuple(dict.fromkeys(JobState(value) for value in states if value in [*JobState]))
    return Filter(last.get("job", ""), kept, last.get("subject", ""), until, tuple(problems))


def _url(path: str, **params: str) -> str:
    return f"{path}?{urlencode(params)}" if params else path
