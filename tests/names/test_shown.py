"""The forms that people are shown: each of them is heard, and those that were met are counted."""

from __future__ import annotations

import pytest

from earshot.errors import ConfigError
from earshot.model import Entry
from earshot.query.met import forms_of, met_forms, small_letters
from earshot.query.recognise import BrandRecogniser
from tests.builders import make_brand, make_entry, make_mention

NAMES = (
    *("Bréllo", "Kühl Möwe", "Barnaby's", "Zola-Kola", "Q&B", "D++", ".KET", "SunPanel", "5M", "Бразпром", "花玉"),
    *("U.R.G.", "Brello+", "L'Avéro", "Marlow and Sons"),
)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_is_shown_is_heard(name: str) -> None:
    brand = make_brand(name=name)
    recogniser = BrandRecogniser([brand])
    (shown,) = forms_of(brand)
    assert shown.forms[0].text == name
    for form in shown.forms:
        assert recogniser.recognise(make_entry(title="", text=f"So {form.text} it is"), "http://a.example/"), form


def test_the_usual_forms_of_a_name_are_among_them() -> None:
    (shown,) = forms_of(make_brand(name="Kühl-Möwe"))
    texts = {form.text for form in shown.forms}
    assert {"Kühl-Möwe", "Kuhl-Mowe", "Kuehl-Moewe", "Kühl Möwe", "KühlMöwe", "Kühl-Möwe's", "#KuhlMowe"} <= texts
    assert [one.note for one in forms_of(make_brand(name="Q&B"))] == ["counts only with its &"]


def test_a_name_that_is_an_alias_and_a_product_too_is_shown_once() -> None:
    brand = make_brand(name="Zarno", aliases=("Zarno One", "Zarno"), products=("Zarno One", "Zarno Two"))
    assert [one.name for one in forms_of(brand)] == ["Zarno", "Zarno One", "Zarno Two"]


def test_a_brand_with_a_query_has_no_forms_and_one_spelled_exactly_has_one() -> None:
    assert forms_of(make_brand(query="pump")) == []
    (shown,) = forms_of(make_brand(name="Bréllo", is_spelling_exact=True))
    assert [form.text for form in shown.forms] == ["Bréllo"]


def test_forms_that_were_met_are_counted_by_mention_with_the_newest_example() -> None:
    texts = ["Brello is bad, Brello!", "a bréllo", "Brello again", "nothing of it"]
    mentions = [make_mention(id=f"m{n}", title="", text=text) for n, text in enumerate(texts)]
    brand = make_brand(name="Bréllo", context_required=("absent",))
    met = met_forms(brand, mentions)
    assert [(one.text, one.mentions, one.example.id) for one in met] == [("Brello", 2, "m0"), ("bréllo", 1, "m1")]
    assert small_letters(brand, met) == (1, 3)


def test_a_name_without_letters_has_no_forms_to_show() -> None:
    with pytest.raises(ConfigError):
        forms_of(make_brand(name="!"))


@pytest.mark.parametrize("name", ["@haldenapp", "#haldenapp"])
def test_a_handle_or_a_tag_is_not_said_in_words(name: str) -> None:
    recogniser = BrandRecogniser([make_brand(name=name)])

    def is_found(text: str) -> bool:
        return bool(recogniser.recognise(Entry(url="http://a.example/x", text=text), "http://a.example/x"))

    assert is_found(f"Thanks {name} for nothing")
    assert not any(
        is_found(text) for text in ("look at haldenapp", "look atHaldenapp", "@athaldenapp", "sharp haldenapp")
    )
