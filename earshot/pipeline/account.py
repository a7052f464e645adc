"""A report of reclassify as plain values, its examples with title, site, date and address as the record has them now.

Knows no screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earshot.pipeline.difference import Fate
from earshot.pipeline.reclassified import BrandReport, Example, Reclassified
from earshot.ports import Record, RecordReader

NAMED = {Fate.ENTERS: "entered", Fate.LEAVES: "left", Fate.CHANGES: "changed"}
"""Fates that people are shown examples of, and their names in what is told."""


def account(record: Record, report: Reclassified) -> dict[str, Any]:
    """Return a report as plain values: numbers over all, then one object for each brand, by id.

    A brand's object holds the same numbers, and `examples`: lists by what became of them, the newest first. What was
    erased meanwhile is not among them.
    """
    with record.read() as reader:
        brands = [_brand(reader, name, brand) for name, brand in sorted(report.brands.items())]
    totals = {told: report.sum(fate) for fate, told in _ALL.items()}
    return {
        "is_written": report.is_written,
        "documents": report.documents,
        "resumed": report.resumed,
        "broken": report.broken,
        "problems": [{"document": document, "reason": reason} for document, reason in report.problems],
        **totals,
        "alerting": report.alerting,
        "silent": report.silent,
        "incidents": report.incidents,
        "notices": report.notices,
        "brands": brands,
    }


_ALL = NAMED | {Fate.RENEWED: "renewed", Fate.STAYS: "as_before"}


def _brand(reader: RecordReader, name: str, brand: BrandReport) -> dict[str, Any]:
    numbers = {told: brand.counts.get(fate, 0) for fate, told in _ALL.items()}
    examples = {told: _examples(reader, brand.examples.get(fate, [])) for fate, told in NAMED.items()}
    return {"brand": name, **numbers, "examples": examples}


def _examples(reader: RecordReader, kept: Sequence[Example]) -> list[dict[str, Any]]:
    found = [(reader.document(one.document_id), one) for one in kept]
    return [
        {
            "title": document.title,
            "site": document.site,
            "published_at": document.published_at.isoformat().replace("+00:00", "Z"),
            "url": document.url,
            "what": list(one.what),
        }
        for document, one in found
        if document is not None
    ]
