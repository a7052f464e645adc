"""What Overview and Words show, for programs and spreadsheets: the very numbers of the page. Knows no index.

JSON keeps the parts of the page apart. CSV is one table, whose first column says which part a line belongs to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from dashboards.board import Board
from dashboards.charts import SENTIMENT_ORDER, Column
from dashboards.exports import plain, safe_cell
from dashboards.overview import BrandShare, Overview
from dashboards.standing import Words
from dashboards.view import BY_PARAM, View

OVERVIEW_COLUMNS = ("part", "name", "from", "to", "mentions", "negative", "neutral", "positive", "before", "listening")
WORD_COLUMNS = ("word", "mentions", "here", "before", "more_often")


def overview_json(view: View, seen: Overview) -> dict[str, Any]:
    """Return what the Overview shows: totals, the columns of its chart, brands side by side, and its rankings."""
    return {
        **_about(view),
        "mentions": seen.total,
        "flagged": seen.flagged_total,
        "left_out": {"own_voice": seen.own, "doubtful": seen.unlikely},
        "timeline": [_column(view, column) for column in seen.columns],
        "share_of_voice": [_share(row) for row in seen.shares],
        "top": {
            param: [{"value": row.value, "name": row.label, "mentions": row.count} for row in rows]
            for param, rows in seen.rankings.items()
        },
    }


def overview_csv(view: View, seen: Overview) -> str:
    """Return the same as one table. Texts that a spreadsheet would run are quoted."""
    return _table(OVERVIEW_COLUMNS, _overview_rows(view, seen))


def words_json(view: View, words: Words) -> dict[str, Any]:
    """Return the words that stand out, and what they were compared with."""
    return {
        **_about(view),
        "mentions": words.total,
        "compared_with": {"mentions": words.compared, "which": words.against},
        "words": [dict(zip(WORD_COLUMNS, _word(line), strict=True)) for line in words.lines],
    }


def words_csv(words: Words) -> str:
    """Return the same as a table."""
    return _table(WORD_COLUMNS, map(_word, words.lines))


def file_name(board: Board, view: View, what: str, kind: str) -> str:
    """Return what a downloaded file is called: what it is, and when it was made on the reader's clock."""
    return f"{what}-{board.clock.now().astimezone(view.zone):%Y-%m-%d-%H%M}.{kind}"


def _about(view: View) -> dict[str, Any]:
    return {"since": plain(view.period.since), "until": plain(view.period.until), "time_zone": view.zone.key}


def _column(view: View, column: Column) -> dict[str, Any]:
    return {
        "from": column.at.replace(tzinfo=view.zone).isoformat(),
        "to": column.to.replace(tzinfo=view.zone).isoformat(),
        "mentions": column.total,
        **{name: column.counts.get(name, 0) for name in SENTIMENT_ORDER},
        "before": column.previous,
        "listening": column.heard or "covered",
    }


def _share(row: BrandShare) -> dict[str, Any]:
    return {"name": row.name, "mentions": row.count, "negative": row.negative, "before": row.before}


def _overview_rows(view: View, seen: Overview) -> Iterator[list[Any]]:
    for column in seen.columns:
        yield _line("time", column.label, _column(view, column))
    for row in seen.shares:
        yield _line("brand", row.name, _share(row))
    for param, rows in seen.rankings.items():
        for one in rows:
            yield _line(BY_PARAM[param].label.lower(), one.label, {"mentions": one.count})


def _line(part: str, name: str, numbers: dict[str, Any]) -> list[Any]:
    return [part, name, *(numbers.get(column) for column in OVERVIEW_COLUMNS[2:])]


def _word(line: Any) -> tuple[Any, ...]:
    return line.word, line.count, line.share, line.usual, line.times


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([["" if cell is None else safe_cell(cell) for cell in row] for row in rows])
    return "\ufeff" + text.getvalue()  # the mark by which spreadsheets know UTF-8
