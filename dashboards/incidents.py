"""The page of incidents: what was flagged, and who was told of it. Knows no adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboards.board import Board
from earshot.model import Incident, Mention, Notice

_INCIDENTS = 50


@dataclass(frozen=True, slots=True)
class Told:
    """An incident with its mentions that are still active, oldest first, and who was or is to be told of it."""

    incident: Incident
    mentions: tuple[Mention, ...]
    notices: tuple[Notice, ...]


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/incidents")
    def show_incidents(request: Request) -> Response:
        brand = request.query_params.get("brand", "")
        with board.record.read() as record:
            incidents = record.incidents(_INCIDENTS, brand if brand in board.brands else "")
            known = {m.id: m for m in record.mentions([i for incident in incidents for i in incident.mention_ids])}
            told = [_told(incident, known, record.notices_of(incident.id)) for incident in incidents]
        return board.page(
            request, "incidents.html", told=told, brand=brand, brands=list(board.brands.values()), limit=_INCIDENTS
        )

    return router


def _told(incident: Incident, known: dict[str, Mention], notices: Sequence[Notice]) -> Told:
    mentions = tuple(known[mention] for mention in incident.mention_ids if mention in known)
    return Told(incident, mentions, tuple(notices))
