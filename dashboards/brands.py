"""The page of a brand: which names are looked for, and how they were found written. Knows no adapter."""

from __future__ import annotations

from itertools import islice

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from dashboards.board import Board
from earshot.model import Filters, SearchRequest
from earshot.query.met import MOST_ASKED, forms_of, met_forms, small_letters

_SHOWN = 200


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/brands/{brand_id}")
    def show_brand(brand_id: str, request: Request) -> Response:
        brand = board.brands.get(brand_id)
        if brand is None:
            raise HTTPException(404)
        hits = board.index.walk(SearchRequest(filters=Filters(brands=(brand.id,))))
        mentions = [hit.mention for hit in islice(hits, MOST_ASKED)]
        met = met_forms(brand, mentions)
        return board.page(
            request,
            "brand.html",
            brand=brand,
            names=forms_of(brand),
            met=met[:_SHOWN],
            more=max(0, len(met) - _SHOWN),
            small=small_letters(brand, met),
            looked_at=len(mentions),
        )

    return router
