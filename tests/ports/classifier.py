"""The contract suite of the Classifier port: what every adapter promises of its verdicts.

An adapter's test gives a fixture `classifier`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.model import Entry, Evidence, Recognised, Sentiment, Span
from earshot.ports import Classifier
from tests.builders import make_entry, make_recognised

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
_WORDS = ("Halden", "broke", "not", "good", "better than", "@halden", "#fail", "https://x.example/", "' ", "l’", "1,5")
_SIGNS = ("?", "!", ". ", "\n\n", "-", "…", "(" * 20, "خوب", "良い", "👩\u200d👩\u200d👧", "😡", "🇩🇪")
_ODD = ("é", "e\u0301", "İ", "ß", "ﬁ", "\u202e", "\u00a0", "\x0b")
SCRAPS = st.lists(st.sampled_from((*_WORDS, *_SIGNS, *_ODD)), max_size=60).map(" ".join)


@st.composite
def heard_texts(draw: st.DrawFn) -> tuple[Entry, list[Recognised]]:
    """Return an entry of odd text with up to three brands at any spans of it."""
    title, text = draw(TEXTS | SCRAPS), draw(TEXTS | SCRAPS)
    entry = make_entry(title=title, text=text)
    return entry, [draw(_brand(f"brand{n}", title, text)) for n in range(draw(st.integers(0, 3)))]


@st.composite
def _brand(draw: st.DrawFn, name: str, title: str, text: str) -> Recognised:
    spans = []
    for part, words in (("title", title), ("text", text)):
        for _ in range(draw(st.integers(0, 3)) if words else 0):
            start = draw(st.integers(0, len(words) - 1))
            spans.append(Span(part, start, draw(st.integers(start + 1, len(words)))))
    ordered = sorted(set(spans), key=lambda span: (span.part != "title", span.start, span.end))
    return Recognised(name, "v1", tuple(ordered))


def words_of(entry: Entry, evidence: Evidence) -> str:
    return str(getattr(entry, evidence.part)[evidence.start : evidence.end])


class ClassifierContract:
    """What every Classifier promises."""

    def test_one_verdict_per_brand_in_their_order(self, classifier: Classifier) -> None:
        heard = [make_recognised(brand_id=name) for name in ("zeta", "alpha", "mid")]
        assert [v.brand_id for v in classifier.classify(make_entry(), "en", heard)] == ["zeta", "alpha", "mid"]

    def test_nobody_heard_is_no_verdict(self, classifier: Classifier) -> None:
        assert classifier.classify(make_entry(), "en", []) == []

    def test_a_verdict_names_brand_version_and_model_version(self, classifier: Classifier) -> None:
        verdict = classifier.classify(make_entry(), "en", [make_recognised(brand_version="b7")])[0]
        assert (verdict.brand_version, verdict.model_version) == ("b7", classifier.model_version)

    def test_evidence_are_the_words_themselves(self, classifier: Classifier) -> None:
        entry = make_entry(title="", text="Ünïcödé 👩‍👩‍👧 first. My Halden pump broke, I want a refund.")
        start = entry.text.index("Halden")
        heard = make_recognised(spans=(Span("text", start, start + 6),))
        found = {(words_of(entry, e), e.why) for e in classifier.classify(entry, "en", [heard])[0].evidence}
        assert ("Halden", "brand") in found
        assert ("broke", "negative") in found

    def test_an_empty_text_is_neutral(self, classifier: Classifier) -> None:
        verdict = classifier.classify(Entry(url=""), "", [make_recognised(spans=())])[0]
        assert (verdict.sentiment, verdict.evidence, verdict.categories) == (Sentiment.NEUTRAL, (), ())

    def test_too_little_text_has_the_language_of_the_hint(self, classifier: Classifier) -> None:
        assert classifier.detect_language("ok", "pt") == "pt"
        assert classifier.detect_language("ok") == ""
        assert classifier.detect_language("") == ""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(case=heard_texts(), language=st.sampled_from(["en", "de", "es", "fr", "it", "ja", "", "xx", "../etc"]))
    def test_any_text_has_a_verdict_in_its_ranges(
        self, classifier: Classifier, case: tuple[Entry, list[Recognised]], language: str
    ) -> None:
        entry, heard = case
        verdicts = classifier.classify(entry, language, heard)
        assert verdicts == classifier.classify(entry, language, heard)
        assert [v.brand_id for v in verdicts] == [one.brand_id for one in heard]
        for verdict in verdicts:
            assert 0 <= verdict.relevance <= 1
            assert 0 <= verdict.confidence <= 1
            assert -1 <= verdict.sentiment_score <= 1
            assert len(set(verdict.categories)) == len(verdict.categories)
            places = [(e.part != "title", e.start) for e in verdict.evidence]
            assert places == sorted(places)
            for evidence in verdict.evidence:
                part = getattr(entry, evidence.part)
                assert 0 <= evidence.start < evidence.end <= len(part)

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=TEXTS | SCRAPS, hint=st.sampled_from(["", "en", "DE-at", "zz", "  "]))
    def test_any_text_has_a_language_or_none(self, classifier: Classifier, text: str, hint: str) -> None:
        found = classifier.detect_language(text, hint)
        assert found == found.lower()
        assert len(found) in (0, 2, 3)
