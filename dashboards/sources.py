"""The pages of sources: each of them, and its runs. Knows no adapter."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from dashboards import wording
from dashboards.board import Board
from dashboards.exports import plain
from earshot.model import Outcome
from earshot.ports import SourceState

PROBLEM, NEVER = "problem", "never"
_RUNS = 100
_CHARTED = timedelta(days=7)


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/sources")
    def show_sources(request: Request) -> Response:
        with board.record.read() as record:
            sources, counts = record.sources(), record.counts()
        wanted = request.query_params.get("outcome", "")
        known = {PROBLEM, NEVER, *Outcome}
        shown = [source for source in sources if _fits(source, wanted)] if wanted in known or not wanted else sources
        return board.page(
            request,
            "sources.html",
            sources=sorted(shown, key=_urgency),
            all_sources=sources,
            outcomes=Counter(_outcome(source) for source in sources if source.is_active),
            problems=sum(1 for s in sources if s.is_active and wording.is_problem(s.last_outcome)),
            wanted=wanted,
            unknown="" if wanted in known or not wanted else wanted,
            counts=counts,
        )

    @router.get("/sources.json")
    def list_sources() -> Response:
        with board.record.read() as record:
            return JSONResponse({"sources": [plain(source) for source in record.sources()]})

    @router.get("/sources/{source_id}")
    def show_source(source_id: str, request: Request) -> Response:
        now = board.clock.now()
        with board.record.read() as record:
            source = next((s for s in record.sources() if s.source_id == source_id), None)
            if source is None:
                raise HTTPException(404)
            runs = record.source_runs(source_id, _RUNS)
            hours = record.hours_heard(now - _CHARTED, now, [source_id])
        heard = sum(1 for hour in hours if hour.heard)
        return board.page(
            request,
            "source.html",
            source=source,
            runs=runs,
            limit=_RUNS,
            heard=heard,
            listened=sum(1 for h in hours if h.listening),
        )

    return router


def _outcome(source: SourceState) -> str:
    return source.last_outcome.value if source.last_outcome else NEVER


def _fits(source: SourceState, wanted: str) -> bool:
    if not wanted:
        return True
    if wanted == PROBLEM:
        return source.is_active and wording.is_problem(source.last_outcome)
    return source.is_active and _outcome(source) == wanted


def _urgency(source: SourceState) -> tuple[bool, bool, int, str]:
    """Order: active before retired, problems first, then the longest failing, then by name."""
    return not source.is_active, not wording.is_problem(source.last_outcome), -source.failures, source.name.lower()
