"""The Operations page: is all well, and if not, what to do first. Knows no adapter."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from dashboards import curves, jobwords
from dashboards.board import Board
from dashboards.exports import plain
from dashboards.health import LATELY, Health, health
from dashboards.runs import job_lines


def make_router(board: Board, *, can_replay: bool) -> APIRouter:
    """Return the routes. can_replay: whether there is somebody to try captures again (`dashboards.acts`)."""
    router = APIRouter()

    @router.get("/operations")
    def show_operations(request: Request) -> Response:
        seen = health(board)
        wanted = request.query_params.get("range", curves.DEFAULT)
        chosen = wanted if wanted in curves.RANGES else curves.DEFAULT
        zone = ZoneInfo(board.zone_of(request))
        with board.record.read() as record:
            drawn = curves.curves(record, chosen, board.clock.now(), zone)
            lines = job_lines(record)
            unsubscribed = record.unsubscriptions()
        return board.page(
            request,
            "operations.html",
            seen=seen,
            curves=drawn,
            lines=lines,
            unsubscribed=unsubscribed,
            ranges=curves.RANGES,
            chosen=chosen,
            unknown="" if wanted in curves.RANGES else wanted,
            lately=LATELY.days,
            can_replay=can_replay,
            told=_told(request, seen),
            airflow=board.workspace.settings.airflow.url,
        )

    @router.get("/operations.json")
    def give_operations() -> Response:
        return JSONResponse(as_json(health(board)))

    return router


def as_json(seen: Health) -> dict[str, Any]:
    """Return how Earshot fares for programs; names as in `Health`."""
    told = {name: plain(getattr(seen, name)) for name in ("alarms", "running", "failed", "counts", "index")}
    return {
        "is_well": seen.is_well,
        "headline": seen.headline,
        "sources": {"all": seen.sources, "fetched": seen.heard, "not_fetched": seen.not_fetched},
        "duties": plain(seen.duties),
        **told,
        "collections": plain(seen.collections),
        "brands": [plain(brand) | {"is_paused": brand.is_paused} for brand in seen.brands],
        "briefs": plain(seen.briefs),
        "quarantine": plain(seen.aside),
        "next_due_at": plain(seen.next_due_at),
        "checked_at": plain(seen.checked_at),
    }


def _told(request: Request, seen: Health) -> str:
    """Say what the button that led here did, as far as it still holds."""
    did, brand_id = request.query_params.get("did", ""), request.query_params.get("brand", "")
    brand = next((each for each in seen.brands if each.id == brand_id), None)
    if did == jobwords.PAUSE and brand and brand.is_paused:
        return f"Alerts for {brand.name} are paused until you resume them."
    if did == jobwords.RESUME and brand and not brand.is_paused:
        return f"Alerts for {brand.name} are on again, for what is new."
    if did == jobwords.ASK_REPLAY:
        return "It is being tried again; reload in a moment to see what came of it."
    return ""
