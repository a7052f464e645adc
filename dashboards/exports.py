"""Mentions as JSON and CSV, for programs and spreadsheets. Knows no page.

A cell that a spreadsheet would run as a formula gets an apostrophe in front.
Source: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection (read 2026-11).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.board import Board
from dashboards.view import View
from earshot.model import DocumentKind, Hit, Mention
from earshot.present import mention_dict

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "published_at",
    "published_at_utc",
    "published_as",
    "brand",
    "sentiment",
    "sentiment_score",
    "relevance",
    "confidence",
    "severity",
    "flags",
    "categories",
    "title",
    "text",
    "author",
    "site",
    "url",
    "kind",
    "parent",
    "links",
    "source",
    "source_kind",
    "collection",
    "scope",
    "language",
    "is_own_voice",
    "found_at",
    "id",
    "document_id",
    "story_id",
    "revision",
    "brand_version",
    "model_version",
)
AT_ONCE = 500


def plain(value: Any) -> Any:
    """Return a model object as what JSON can hold: times in UTC with Z, enums as their value, tuples as lists."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def iter_json(view: View, total: int, hits: Iterator[Hit]) -> Iterator[str]:
    """Yield all mentions of a view as one JSON object, piece by piece; nothing is left out at the end.

    Args:
        view: its time and zone are told.
        total: how many there were when the first was asked for.
        hits: as for `iter_csv`.

    Raises:
        StorageError: the index stopped answering; what was sent is no JSON then, so that nobody takes it for whole.
    """
    about = {"since": plain(view.filters.since), "until": plain(view.filters.until), "time_zone": view.zone.key}
    head = json.dumps({"total": total, **about}, ensure_ascii=False)
    yield f'{head[:-1]}, "mentions": ['
    mark = "\n"
    while several := list(islice(hits, AT_ONCE)):
        told = (mention_dict(hit.mention) | {"spans": plain(hit.spans)} for hit in several)
        yield mark + ",\n".join(json.dumps(each, ensure_ascii=False) for each in told)
        mark = ",\n"
    yield "\n]}\n"


def iter_csv(board: Board, view: View, hits: Iterator[Hit]) -> Iterator[str]:
    """Yield all mentions of a view as CSV, piece by piece; nothing is left out at the end.

    Args:
        hits: as `MentionIndex.walk` gives them: of one moment, and by time also where the view is sorted by relevance.

    Raises:
        StorageError: the index stopped answering; the download breaks off, so that nobody takes it for whole.
    """
    yield "\ufeff" + _lines([COLUMNS])  # the mark by which spreadsheets know UTF-8
    while several := list(islice(hits, AT_ONCE)):
        yield _lines(_cells(board, hit, view.zone) for hit in several)


def safe_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: text that begins like a formula, after white space too, is quoted."""
    if isinstance(value, str) and (value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)):
        return f"'{value}"
    return value


def _cells(board: Board, hit: Hit, zone: ZoneInfo) -> list[Any]:
    mention = hit.mention
    special = {
        "published_at": mention.published_at.astimezone(zone).isoformat(),
        "published_at_utc": plain(mention.published_at),
        "kind": DocumentKind.of(mention.parent).value,
        "brand": board.brand_name(mention.brand),
        "flags": "; ".join(flag.rule_name for flag in mention.flags),
    }
    return [safe_cell(special[name] if name in special else _cell(mention, name)) for name in COLUMNS]


def _cell(mention: Mention, name: str) -> Any:
    value = plain(getattr(mention, name))
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _lines(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
