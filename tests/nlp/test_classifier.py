"""What the classifier says of texts as people write them."""

from __future__ import annotations

import re

import pytest

from earshot.model import Category, Entry, Recognised, Sentiment, Span, Verdict
from nlp.classifier import SpacyClassifier
from tests.builders import make_entry

CLASSIFIER = SpacyClassifier()
NEGATIVE, NEUTRAL, POSITIVE = Sentiment


def judge(text: str, *names: str, language: str = "en", title: str = "") -> list[Verdict]:
    """Return the verdicts on a text in which the brands stand under these names."""
    entry = make_entry(title=title, text=text)
    return CLASSIFIER.classify(entry, language, [heard(entry, name) for name in names or ("Halden",)])


def heard(entry: Entry, name: str) -> Recognised:
    spans = [
        Span(part, match.start(), match.end())
        for part in ("title", "text")
        for match in re.finditer(rf"(?<!\w){re.escape(name)}\b", getattr(entry, part), re.IGNORECASE)
    ]
    return Recognised(name, "v1", tuple(spans))


def evidence(text: str, verdict: Verdict, why: str) -> list[str]:
    return [text[e.start : e.end] for e in verdict.evidence if e.part == "text" and e.why == why]


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("My Halden pump broke after two days. I want my money back.", NEGATIVE),
        ("I love my Halden pump, it is quiet and reliable.", POSITIVE),
        ("The Halden pump weighs four kilos and comes in blue.", NEUTRAL),
        ("The Halden pump is not good.", NEGATIVE),
        ("I have had no problems with my Halden. Would buy again.", POSITIVE),
        ("The Halden looks nice, but it broke after a week.", NEGATIVE),
        ("Delivery was slow, but the Halden itself is fantastic!", POSITIVE),
        ("Halden locked me out again. Great. Thanks for nothing.", NEGATIVE),
        ("@Halden thanks, now my bag is missing and nobody answers.", NEGATIVE),
        ("Halden 😡😡", NEGATIVE),
        ("Halden ❤", POSITIVE),
        ("Halden is soooo baaad", NEGATIVE),
        ("#halden #fail", NEGATIVE),
    ],
)
def test_english_is_understood(text: str, sentiment: Sentiment) -> None:
    assert judge(text)[0].sentiment is sentiment


@pytest.mark.parametrize(
    ("language", "text", "sentiment"),
    [
        ("de", "Mein Halden ist nach zwei Tagen kaputt gegangen, und niemand antwortet. Frechheit!", NEGATIVE),
        ("de", "Die Halden funktioniert nicht mehr.", NEGATIVE),
        ("de", "Das gefällt mir nicht, liebe Leute von Halden.", NEGATIVE),
        ("de", "Wir sind begeistert von der Halden: leise, schnell und zuverlässig.", POSITIVE),
        ("de", "Keine Probleme mit der Halden, würde ich sofort wieder kaufen.", POSITIVE),
        ("de", "Die Halden wiegt schon vier Kilo.", NEUTRAL),
        ("es", "La Halden se rompió a los dos días y nadie contesta. Una vergüenza.", NEGATIVE),
        ("es", "La aplicación de Halden no funciona.", NEGATIVE),
        ("es", "Estoy encantada con mi Halden, es silenciosa y muy cómoda.", POSITIVE),
        ("es", "Sin problemas con la Halden, la recomiendo.", POSITIVE),
        ("fr", "Ma Halden est tombée en panne et le service client ne répond pas.", NEGATIVE),
        ("fr", "L’application Halden ne marche plus, c’est scandaleux.", NEGATIVE),
        ("fr", "Je suis ravie de ma Halden, silencieuse et très pratique.", POSITIVE),
        ("fr", "Aucun souci avec la Halden, je la recommande.", POSITIVE),
    ],
)
def test_german_spanish_and_french_are_understood(language: str, text: str, sentiment: Sentiment) -> None:
    assert judge(text, language=language)[0].sentiment is sentiment


def test_emoji_are_understood_in_any_language() -> None:
    assert judge("Halden 😡 😡 !!", language="pl")[0].sentiment is NEGATIVE


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The Brisk is much better than the Halden."),
        ("en", "I switched from Halden to Brisk last week."),
        ("de", "Die Brisk ist viel besser als die Halden."),
        ("de", "Ich bin von Halden zu Brisk gewechselt."),
        ("es", "La Brisk es mucho mejor que la Halden."),
        ("es", "He cambiado de Halden a Brisk."),
        ("fr", "La Brisk est bien meilleure que la Halden."),
        ("fr", "Je suis passée de Halden à Brisk."),
    ],
)
def test_a_comparison_is_bad_for_one_and_good_for_the_other(language: str, text: str) -> None:
    worse, better = judge(text, "Halden", "Brisk", language=language)
    assert worse.sentiment is NEGATIVE
    assert better.sentiment is POSITIVE


def test_each_brand_is_judged_by_its_own_clauses() -> None:
    text = "Halden is wonderful and reliable. Brisk broke twice, a disgrace."
    good, bad = judge(text, "Halden", "Brisk")
    assert (good.sentiment, bad.sentiment) == (POSITIVE, NEGATIVE)
    assert evidence(text, good, "negative") == []
    assert evidence(text, bad, "positive") == []


def test_a_long_article_is_judged_near_the_brand() -> None:
    far = "The concert was a terrible, awful disaster. " * 100
    between = "Then we went home. It was dark. The road was wet. We had tea. "
    text = f"{far}{between}The new Halden pump is excellent and quiet. {between}{far}"
    assert judge(text)[0].sentiment is POSITIVE


@pytest.mark.parametrize(
    ("language", "text", "category"),
    [
        ("en", "I want a refund from Halden, the pump broke and support never answers.", Category.COMPLAINT),
        ("en", "Thank you Halden, best pump I ever had!", Category.PRAISE),
        ("en", "Does anyone know how long the Halden battery lasts?", Category.QUESTION),
        ("en", "I am thinking of buying a Halden next month.", Category.PURCHASE_INTENT),
        ("en", "The Halden pump caught fire and burned my hand.", Category.SAFETY),
        ("en", "A class action against Halden was filed in court.", Category.LEGAL),
        ("en", "Halden is down again, we cannot log in since noon.", Category.OUTAGE),
        ("en", "Halden is hiring two engineers.", Category.EMPLOYMENT),
        ("en", "The Halden compared to the Brisk: which is lighter?", Category.COMPARISON),
        ("en", "MAKE MONEY FAST with Halden!!! Click here, casino bonus", Category.SPAM),
        ("de", "Halden: Beschwerde ohne Antwort, die Hotline ist nicht zu erreichen.", Category.COMPLAINT),
        ("de", "Bei Halden droht eine Sammelklage vor Gericht.", Category.LEGAL),
        ("de", "Der Griff der Halden ist geschmolzen, gefährlich!", Category.SAFETY),
        ("es", "Pienso comprar una Halden, ¿merece la pena?", Category.PURCHASE_INTENT),
        ("es", "Halden: los clientes no pueden entrar, servicio caído.", Category.OUTAGE),
        ("fr", "Est-ce que quelqu'un sait comment détartrer la Halden ?", Category.QUESTION),
        ("fr", "La bouilloire Halden a pris feu.", Category.SAFETY),
    ],
)
def test_categories_are_found_with_their_words(language: str, text: str, category: Category) -> None:
    verdict = judge(text, language=language)[0]
    assert category in verdict.categories
    assert evidence(text, verdict, category.value) or category is Category.QUESTION


def test_praise_is_no_complaint_and_a_complaint_no_praise() -> None:
    assert (
        Category.COMPLAINT not in judge("I love the Halden customer service, refund within a day, great!")[0].categories
    )
    assert Category.PRAISE not in judge("Halden, the worst. Best avoided, terrible service.")[0].categories


def test_a_brands_own_name_is_no_evidence_of_praise() -> None:
    text = "We went to Best Great Halden today."
    entry = make_entry(title="", text=text)
    one = Recognised("b", "v1", (Span("text", 11, 28),))
    assert CLASSIFIER.classify(entry, "en", [one])[0].sentiment is NEUTRAL


def test_a_term_of_a_query_that_judges_still_judges() -> None:
    text = "There is an outage at the bank."
    one = Recognised("b", "v1", (Span("text", 12, 18),))
    verdict = CLASSIFIER.classify(make_entry(title="", text=text), "en", [one])[0]
    assert verdict.sentiment is NEGATIVE


@pytest.mark.parametrize(
    ("doubtful", "clear"),
    [
        ("We anchored in the harbor before the tide turned.", "The Harbor app refused my card."),
        ("An apple from the orchard.", "Apple sold more phones in its stores."),
        ("The boat lay near Harbor Street.", "I opened an account with Harbor."),
    ],
)
def test_a_common_word_is_less_relevant_where_the_words_around_leave_doubt(doubtful: str, clear: str) -> None:
    name = "apple" if "pple" in clear else "harbor"
    low, high = judge(doubtful, name)[0].relevance, judge(clear, name)[0].relevance
    assert low < 0.5 <= high


def test_a_handle_is_surely_the_brand() -> None:
    assert judge("hey @harbor, boats and tides", "@harbor")[0].relevance > 0.9


def test_own_voice_is_always_relevant() -> None:
    entry = make_entry(title="", text="the harbor, the boats, the tide")
    one = Recognised("harbor", "v1", (Span("text", 4, 10),), is_own_voice=True)
    assert CLASSIFIER.classify(entry, "en", [one])[0].relevance >= 0.95


def test_a_language_without_a_lexicon_is_judged_with_less_confidence() -> None:
    known = judge("Halden ❤ ❤ ❤")[0]
    unknown = judge("Halden ❤ ❤ ❤", language="pl")[0]
    assert unknown.confidence < known.confidence


def test_a_hundred_thousand_signs_do_not_stall_it() -> None:
    text = "Halden " + "=" * 100_000 + "! " * 1_000 + " Halden broke."
    assert judge(text)[0].sentiment is NEGATIVE
