"""The parts of the room: lexicon, passage, words and clauses, language, version."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from earshot.model import Category, Recognised, Span
from nlp.components import LANGUAGES, analyse, make_nlp, read_out
from nlp.confidence import confidence_of
from nlp.language import LanguageDetector
from nlp.lexicon import compile_pattern, fold, load_lexicon
from nlp.passage import HEAD, MOST, WHOLE, make_passage
from nlp.sentiment import Tone, label_of
from tests.builders import make_entry

OWN = ("en", "de", "es", "fr")


@pytest.mark.parametrize("language", OWN)
def test_a_lexicon_holds_hundreds_of_terms_and_every_category(language: str) -> None:
    table = tomllib.loads((files("nlp") / "lexicons" / f"{language}.toml").read_text(encoding="utf-8"))
    assert sum(text.count(",") for text in table["sentiment"].values()) > 400
    assert set(table["categories"]) == {category.value for category in Category}
    assert load_lexicon(language).covers
    assert len(load_lexicon(language).targeted) >= 20


@pytest.mark.parametrize("language", OWN)
def test_no_term_is_good_and_bad_at_once_but_by_its_last_entry(language: str) -> None:
    lexicon = load_lexicon(language)
    for first, terms in lexicon.starts.items():
        for term in terms:
            assert len({group for group, _ in term.senses}) == len(term.senses), (first, term)


def test_a_language_without_a_lexicon_has_what_all_share() -> None:
    lexicon = load_lexicon("pl")
    assert not lexicon.covers
    assert list(lexicon.find(["😡"]))


def test_words_fold_to_one_spelling() -> None:
    assert fold("Schön") == "schoen" != fold("schon")
    assert fold("DÉÇU") == "decu"
    assert fold("It’s") == "it's"
    assert fold("❤️") == "❤"
    assert fold("👍🏽") == "👍"


def test_a_pattern_takes_stems_and_gaps() -> None:
    pattern = compile_pattern("switch* ... from §")
    assert pattern.search("i switched all my accounts from § today")
    assert not pattern.search("i switched one two three four five from § today")
    assert not pattern.search("iswitched from §")


def test_a_short_text_is_read_whole() -> None:
    entry = make_entry(text="a " * (WHOLE // 2))
    passage = make_passage(entry, [])
    assert passage.is_whole
    assert passage.text == f"{entry.title}\n\n{entry.text}"


def test_of_a_long_text_the_beginning_and_what_is_near_the_brands_is_read() -> None:
    text = "word " * 4_000 + "Halden is here. " + "word " * 4_000
    at = text.index("Halden")
    passage = make_passage(make_entry(text=text), [Recognised("b", "1", (Span("text", at, at + 6),))])
    assert not passage.is_whole
    assert HEAD < len(passage.text) < 1_200
    assert "Halden is here" in passage.text


def test_what_is_read_has_a_bound_however_often_a_brand_is_named() -> None:
    text = ("Halden " + "word " * 200) * 200
    spans = tuple(Span("text", at, at + 6) for at in range(0, len(text), 1_007))
    heard = [Recognised(f"b{n}", "1", spans) for n in range(5)]
    assert len(make_passage(make_entry(text=text), heard).text) < MOST + 1_000


def test_places_lead_into_the_passage_and_back() -> None:
    text = "x " * 3_000 + "The Halden broke. " + "y " * 3_000
    at = text.index("Halden")
    passage = make_passage(make_entry(text=text), [Recognised("b", "1", (Span("text", at, at + 6),))])
    inside = passage.inside("text", at, at + 6)
    assert inside is not None
    assert passage.text[slice(*inside)] == "Halden"
    assert passage.outside(*inside) == ("text", at, at + 6)
    assert passage.inside("text", len(text) - 4_000, len(text) - 3_990) is None


@pytest.mark.parametrize("language", [*LANGUAGES, "ja", ""])
def test_a_pipeline_marks_the_brands_of_a_doc(language: str) -> None:
    doc, analysis = analyse("So, Halden Pumps are here.", language, [[(4, 16)]])
    assert read_out(doc) == {"brand 0": ["Halden Pumps"]}
    assert [word.text for word in analysis.words if word.brand == 0] == ["halden", "pumps"]


def test_components_are_registered_with_spacy() -> None:
    assert make_nlp("en").pipe_names == ["earshot_words", "earshot_terms", "earshot_clauses"]


def test_sentences_and_clauses_are_cut_at_signs_and_turns() -> None:
    _, analysis = analyse("I like it, but it broke. Why?\nNo idea", "en", [])
    clauses = [[analysis.words[at].text for at in range(c.start, c.end)] for s in analysis.sentences for c in s.clauses]
    assert clauses == [["i", "like", "it"], ["but", "it", "broke"], ["why"], ["no", "idea"]]


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("Der Hafen bekommt im Herbst eine neue Fahrrinne.", "", "de"),
        ("La feria del libro regresa este año al paseo marítimo.", "", "es"),
        ("Le marché aux poissons déménage sous la halle neuve.", "", "fr"),
        ("The dredging of the east channel begins on Monday.", "de", "en"),
        ("Il mercato del pesce si trasferisce lunedì mattina.", "", "it"),
        ("今日はとても良い天気ですね", "", "ja"),
        ("오늘 날씨가 정말 좋네요", "", "ko"),
        ("harbor kaputt", "de-AT", "de"),
        ("kaputter Wasserkocher", "", "de"),
        ("undrinkable coffee", "", "en"),
        ("verschwunden", "", "de"),
        ("coffee", "it", "it"),
        ("W mieście otwarto w sobotę nową pływalnię dla dzieci.", "", "pl"),
        ("hm", "", ""),
        ("@halden https://x.example/a #fail 123", "fr", "fr"),
    ],
)
def test_languages_are_told_apart(text: str, hint: str, language: str) -> None:
    assert LanguageDetector().detect(text, hint) == language


def test_a_short_text_is_in_one_of_the_languages_that_are_expected() -> None:
    found = [LanguageDetector(expected).detect("dobra kava") for expected in (["hr", "de"], ["sl", "de"], [])]
    assert found == ["hr", "sl", "en"]
    assert LanguageDetector(["hr", "de"]).detect("nueva bomba") == "es"  # both models are sure


def test_confidence_grows_with_the_score() -> None:
    said = [confidence_of(Tone(s, label_of(s), (), 3.0), is_covered=True) for s in (-0.3, -0.6, -0.7, -0.9)]
    assert said == sorted(said)
