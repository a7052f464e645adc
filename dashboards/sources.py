"""The pages of sources: each of them, and its runs. Knows no adapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from dashboards.board import Board
from dashboards.exports import plain
from earshot.model import Outcome
from earshot.ports import SourceState

PROBLEM, NEVER, HEARD = "problem", "never", "heard"
_WANTED = {"", PROBLEM, NEVER, HEARD, *Outcome}
_RUNS = 100
_CHARTED = timedelta(days=7)
_COUNTED = timedelta(days=30)


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/sources")
    def show_sources(request: Request) -> Response:
        with board.record.read() as record:
            known, counts = record.sources(), record.counts()
        collection = request.query_params.get("collection", "")
        collections = sorted({source.collection for source in known})
        wanted = request.query_params.get("outcome", "")
        sources = [s for s in known if s.collection == collection] if collection in collections else known
        shown = [source for source in sources if _fits(source, wanted)] if wanted in _WANTED else sources
        return board.page(
            request,
            "sources.html",
            sources=sorted(shown, key=_urgency),
            all_sources=sources,
            outcomes=Counter(_outcome(source) for source in sources if source.is_active),
            heard=sum(1 for s in sources if s.is_active and s.is_fetched),
            problems=sum(1 for s in sources if s.is_active and s.is_not_fetched),
            wanted=wanted,
            collection=collection if collection in collections else "",
            collections=collections,
            unknown=_unknown(wanted, collection, collections),
            link=_link,
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
            pages = record.pages_read(source_id, now - _COUNTED)
        heard = sum(1 for hour in hours if hour.heard)
        return board.page(
            request,
            "source.html",
            source=source,
            runs=runs,
            limit=_RUNS,
            heard=heard,
            listened=sum(1 for h in hours if h.listening),
            pages=pages,
            not_articles=sum(count for _, count in pages.not_articles),
        )

    return router


def _outcome(source: SourceState) -> str:
    return source.last_outcome.value if source.last_outcome else NEVER


def _link(outcome: str, collection: str) -> str:
    """Return the address of the sources of an outcome in a collection; empty ones narrow nothing."""
    chosen = {name: value for name, value in (("collection", collection), ("outcome", outcome)) if value}
    return f"/sources?{urlencode(chosen)}" if chosen else "/sources"


def _unknown(wanted: str, collection: str, collections: Sequence[str]) -> str:
    """Say what in the URL means nothing."""
    if wanted not in _WANTED:
        return f"“{wanted[:80]}” is no outcome."
    return f"“{collection[:80]}” is no collection." if collection and collection not in collections else ""


def _fits(source: SourceState, wanted: str) -> bool:
    if not wanted:
        return True
    if wanted == HEARD:
        return source.is_active and source.is_fetched
    if wanted == PROBLEM:
        return source.is_active and source.is_not_fetched
    return source.is_active and _outcome(source) == wanted


def _urgency(source: SourceState) -> tuple[bool, bool, int, str]:
    """Order: active before retired, problems first, then the longest failing, then by name."""
    return not source.is_active, not source.is_not_fetched, -source.failures, source.name.lower()
