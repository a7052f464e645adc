"""What people may do on the Operations page: pause and resume a brand, ask that captures be read again.

Each is a POST from one of our own pages (`security` refuses all others), answered by a redirect, and leaves a trace:
a job run of origin "pages", in the same transaction as what it did. Knows no adapter and reads no capture.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from fastapi.responses import RedirectResponse, Response

from dashboards.board import Board
from dashboards.jobwords import ASK_REPLAY, PAUSE, RESUME
from earshot import leases
from earshot.operating import JobRun, JobState
from earshot.ports import RecordWriter

SOMEBODY = "somebody on the pages"
"""Who acts: until there is sign-in, nobody is known by name."""
PAGES = "pages"


class Actions(Protocol):
    """What pages may start and do not do themselves. Safe to call from several threads."""

    def replay(self, quarantine_id: str, on_end: Callable[[str], None]) -> None:
        """Have a quarantined capture read again, "" for all of them, somewhere else; return at once.

        on_end: called once when that has ended, from any thread, with why it failed, or "".
        """


def make_router(board: Board, actions: Actions | None) -> APIRouter:
    """Return the routes; without `actions` nothing can be tried again from here."""
    router = APIRouter()

    @router.post("/operations/brands/{brand_id}/pause")
    def pause(brand_id: str) -> Response:
        _check(board, brand_id)
        with board.record.write() as writer:
            if not _is_paused(writer, brand_id):
                writer.pause_brand(brand_id, SOMEBODY, board.clock.now())
                _note(board, writer, PAUSE, brand_id)
        return _back("brands", did=PAUSE, brand=brand_id)

    @router.post("/operations/brands/{brand_id}/resume")
    def resume(brand_id: str) -> Response:
        _check(board, brand_id)
        with board.record.write() as writer:
            if _is_paused(writer, brand_id):
                writer.resume_brand(brand_id)
                _note(board, writer, RESUME, brand_id)
        return _back("brands", did=RESUME, brand=brand_id)

    if actions is not None:
        _add_replay(router, board, actions)
    return router


def _add_replay(router: APIRouter, board: Board, actions: Actions) -> None:
    @router.post("/operations/quarantine/replay")
    def replay_all() -> Response:
        return _ask(board, actions, "")

    @router.post("/operations/quarantine/{quarantine_id}/replay")
    def replay_one(quarantine_id: str) -> Response:
        with board.record.read() as record:
            if all(one.id != quarantine_id for one in record.quarantine()):
                raise HTTPException(404, "It is set aside no longer: read in the meantime, or erased.")
        return _ask(board, actions, quarantine_id)


def _ask(board: Board, actions: Actions, quarantine_id: str) -> Response:
    """Note the request as a run that lasts until it is done, and hand it on. One of a kind at a time: twice is once."""
    with board.record.write() as writer:
        running = writer.job_runs(job=ASK_REPLAY, states=(JobState.RUNNING,))
        is_asked = any(run.subject in ("", quarantine_id) for run in running)
        run_id = "" if is_asked else _note(board, writer, ASK_REPLAY, quarantine_id, is_over=False)
    if run_id:
        actions.replay(quarantine_id, lambda problem: _end(board, run_id, problem))
    return _back("quarantine", did=ASK_REPLAY)


def _end(board: Board, run_id: str, problem: str) -> None:
    state = JobState.FAILED if problem else JobState.DONE
    with board.record.write() as writer:
        writer.end_job(run_id, state, board.clock.now(), reason=problem or f"by {SOMEBODY}")


def _note(board: Board, writer: RecordWriter, job: str, subject: str, *, is_over: bool = True) -> str:
    """Note an act as a run; return its id."""
    now, run_id = board.clock.now(), secrets.token_hex(12)
    reason = f"by {SOMEBODY}"
    writer.begin_job(JobRun(run_id, job, subject, JobState.RUNNING, PAGES, now, leases.me(), reason=reason))
    if is_over:
        writer.end_job(run_id, JobState.DONE, now, reason=reason)
    return run_id


def _check(board: Board, brand_id: str) -> None:
    """Refuse what a button would not do."""
    brand = board.brands.get(brand_id)
    if brand is None:
        raise HTTPException(404)
    if brand.is_paused:
        raise HTTPException(409, f"{brand.name} is paused in its file: `paused: true`. It is resumed there.")


def _is_paused(writer: RecordWriter, brand_id: str) -> bool:
    return any(pause.brand_id == brand_id for pause in writer.pauses())


def _back(part: str, **params: str) -> Response:
    return RedirectResponse(f"/operations?{urlencode(params)}#{part}", 303)
