"""The page of words that stand out in a view, against what is usually said of the same brands. Knows no adapter."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards import wording
from dashboards.board import Board
from dashboards.view import View
from earshot.model import Filters, SearchRequest
from earshot.standing_out import standing_out

PATH = "/words"


@dataclass(frozen=True, slots=True)
class Line:
    """A word as it is shown. share, usual: percent of the mentions."""

    word: str
    count: int
    share: str
    usual: str
    times: str
    url: str


@dataclass(frozen=True, slots=True)
class Words:
    """What the page shows. is_whole: the view is everything, so that there is nothing to compare it with."""

    lines: tuple[Line, ...]
    total: int
    compared: int
    is_whole: bool


def words_of(board: Board, view: View) -> Words:
    """Ask which words stand out in a view.

    Raises:
        QueryError: the query cannot be read.
        StorageError: the index does not answer.
    """
    request = view.request(cursor="")
    narrowed = view.filters
    usual = Filters(brands=narrowed.brands, is_own_voice=narrowed.is_own_voice, min_relevance=narrowed.min_relevance)
    found = standing_out(board.index, request, SearchRequest(filters=usual, time_zone=request.time_zone))
    lines = tuple(
        Line(
            word=each.word,
            count=each.count,
            share=wording.percent(each.count, found.total),
            usual=wording.percent(each.usual, found.compared),
            times=f"{each.times:.0f}" if each.times >= 10 else f"{each.times:.1f}",
            url=view.link(q=each.query),
        )
        for each in found.words
    )
    return Words(lines, found.total, found.compared, found.total == found.compared)
