"""The page of words that stand out in a view, against what was said of the same brands before. Knows no adapter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from dashboards import wording
from dashboards.board import Board
from dashboards.view import View
from earshot.model import Filters, SearchRequest
from earshot.standing_out import LEAST_COMPARED, Standing, standing_out

PATH = "/words"
SHORTEST = timedelta(days=28)
"""A view is compared with as long a time before it, and with four weeks at least: one day says little."""


@dataclass(frozen=True, slots=True)
class Line:
    """A word or phrase as it is shown. share, usual: percent of the mentions."""

    word: str
    count: int
    share: str
    usual: str
    times: str
    url: str


@dataclass(frozen=True, slots=True)
class Words:
    """What the page shows. against: what the view was compared with, in words, `compared` mentions of it.

    is_whole: the view is everything there is. is_thin: there is too little to compare with.
    """

    lines: tuple[Line, ...]
    total: int
    compared: int
    against: str
    is_whole: bool
    is_thin: bool


def words_of(board: Board, view: View) -> Words:
    """Ask which words stand out in a view.

    Raises:
        QueryError: the query cannot be read.
        StorageError: the index does not answer.
    """
    request = view.request(cursor="")
    compared, against = _before(view)
    is_around = compared.filters.until is None
    found = standing_out(board.index, request, compared, is_around=is_around)
    return Words(
        lines=tuple(_line(view, each, found.total, found.compared) for each in found.words),
        total=found.total,
        compared=found.compared,
        against=against,
        is_whole=is_around and not found.compared,
        is_thin=found.compared < LEAST_COMPARED,
    )


def _before(view: View) -> tuple[SearchRequest, str]:
    """Return what a view is compared with: its brands' mentions before it; where it has no beginning, all others."""
    narrowed, since = view.filters, view.period.since
    usual = Filters(brands=narrowed.brands, is_own_voice=narrowed.is_own_voice, min_relevance=narrowed.min_relevance)
    request = SearchRequest(filters=usual, time_zone=view.zone.key)
    if since is None:
        return request, "all others of the same brands"
    length = max(SHORTEST, view.period.until - since if view.period.until else SHORTEST)
    usual = replace(usual, since=since - length, until=since)
    return replace(request, filters=usual), f"of the same brands in the {round(length / timedelta(days=1))} days before"


def _line(view: View, each: Standing, total: int, compared: int) -> Line:
    times = each.times
    return Line(
        word=each.word,
        count=each.count,
        share=wording.percent(each.count, total),
        usual=wording.percent(each.usual, compared),
        times="new" if times is None else f"{times:.0f}×" if times >= 10 else f"{times:.1f}×",
        url=view.link(q=each.query),
    )
