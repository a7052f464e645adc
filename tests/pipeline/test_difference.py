"""What judging again counts as a change: what people see of a verdict, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from earshot.model import Category, Evidence, Sentiment, Severity
from earshot.pipeline.difference import Difference, Fate, differences
from earshot.ports import MentionWrite
from tests.builders import make_flag, make_mention, make_verdict

FLAGS = (make_flag(),)


def fate_of(*, flags: Any = FLAGS, **verdict: Any) -> Difference:
    """Judge a mention again, with what is different this time."""
    first = make_verdict()
    before = make_mention(
        relevance=first.relevance, sentiment=first.sentiment, sentiment_score=first.sentiment_score,
        categories=first.categories, evidence=first.evidence, confidence=first.confidence,
        brand_version=first.brand_version, model_version=first.model_version, flags=FLAGS, entities=(),
    )  # fmt: skip
    after = MentionWrite(before.id, before.document_id, make_verdict(**verdict), flags, is_own_voice=False)
    (found,) = differences([before], [after])
    return found


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"sentiment": Sentiment.NEUTRAL}, "sentiment negative → neutral"),
        ({"relevance": 0.42}, "relevance 0.90 → 0.42"),
        ({"categories": (Category.COMPLAINT, Category.SAFETY)}, "category +safety"),
        ({"flags": ()}, "flag -Complaints"),
        ({"flags": (make_flag(severity=Severity.CRITICAL),)}, "severity warning → critical"),
    ],
)
def test_what_pages_show_of_a_verdict_is_a_change_and_is_named(change: dict[str, Any], what: str) -> None:
    found = fate_of(**change)
    assert (found.fate, found.what) == (Fate.CHANGES, (what,))


@pytest.mark.parametrize(
    "change",
    [
        {"brand_version": "v2"},
        {"sentiment_score": -0.69, "confidence": 0.79},
        {"relevance": 0.9001},
        {"evidence": (Evidence("text", 3, 9, "brand"),)},
    ],
)
def test_what_a_verdict_rests_on_is_judged_anew_and_no_change(change: dict[str, Any]) -> None:
    found = fate_of(**change)
    assert (found.fate, found.what) == (Fate.RENEWED, ())


def test_a_verdict_that_is_the_same_in_all_stays() -> None:
    assert fate_of().fate is Fate.STAYS
