"""What a pass of reclassify did, or would do, in numbers and examples. Knows no record; holds no text of a document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from earshot.pipeline.difference import Difference, Fate

EXAMPLES = 5
"""Most examples of one brand and fate in a report."""


@dataclass(frozen=True, slots=True)
class Example:
    """One mention in the report. It holds no text: what is erased meanwhile is not to stand in a report."""

    document_id: str
    what: tuple[str, ...] = ()


@dataclass(slots=True)
class BrandReport:
    """What became, or would become, of one brand's mentions: numbers by fate, and the newest examples of some."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    @classmethod
    def of(cls, noted: Mapping[str, Any]) -> BrandReport:
        """Return a report that was noted as plain values."""
        kept = {
            fate: [Example(e["document_id"], tuple(e["what"])) for e in each]
            for fate, each in noted["examples"].items()
        }
        return cls(dict(noted["counts"]), kept)

    def count(self, document_id: str, difference: Difference) -> None:
        """Count one mention in."""
        fate = str(difference.fate)
        self.counts[fate] = self.counts.get(fate, 0) + 1
        if difference.fate in (Fate.ENTERS, Fate.LEAVES, Fate.CHANGES):
            kept = self.examples.setdefault(fate, [])
            if len(kept) < EXAMPLES:
                kept.append(Example(document_id, difference.what))


@dataclass(slots=True)
class Reclassified:
    """What a pass did, or would do.

    documents: judged so far. total: of the range. broken: documents that could not be judged, left as they were.
    alerting, silent: flagged mentions that are new in this pass, and are news or not. resumed: documents that an
    earlier, broken-off pass had done; they are in the other numbers.
    """

    is_written: bool
    documents: int = 0
    total: int = 0
    broken: int = 0
    alerting: int = 0
    silent: int = 0
    incidents: int = 0
    notices: int = 0
    resumed: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    brands: dict[str, BrandReport] = field(default_factory=dict)

    def sum(self, fate: Fate) -> int:
        """Return a number over all brands."""
        return sum(brand.counts.get(fate, 0) for brand in self.brands.values())

    def noted(self) -> dict[str, Any]:
        """Return numbers and examples as plain values, for `go_on_from`; problems, which may quote, are left out."""
        return dataclasses.asdict(dataclasses.replace(self, problems=[]))

    def go_on_from(self, noted: Mapping[str, Any]) -> None:
        """Take over what a pass that was broken off had noted."""
        for name in ("documents", "broken", "alerting", "silent", "incidents", "notices"):
            setattr(self, name, noted[name])
        self.resumed = self.documents
        self.brands = {brand: BrandReport.of(plain) for brand, plain in noted["brands"].items()}

    @property
    def share_done(self) -> float:
        """0..1."""
        return min(1.0, self.documents / self.total) if self.total else 1.0
