"""What is written for another tool does what its writer meant, or is refused with what to write here."""

from __future__ import annotations

import pytest

from earshot.errors import QueryError
from earshot.query.language import Purpose, parse, remarks
from earshot.query.terms import FIELDS

ANYWHERE = (Purpose.BRAND, Purpose.RULE, Purpose.SEARCH)


@pytest.mark.parametrize(
    ("text", "at", "what", "advice"),
    [
        ("valve not toy", 6, "not may be a word or the operator NOT", '"valve not toy"'),
        ("it does Not hold", 8, "Not may be a word", '"it does Not hold"'),
        ('"a b" not c', 6, "not may be a word", '"not"'),
        ('"pump broke"~5', 12, "~5 behind a phrase", "pump NEAR/5 broke"),
        ('"a b c"~3', 7, "~3 behind a phrase", "a NEAR/3 b AND b NEAR/3 c"),
        ("pump ~7 broke", 5, "~7 is no operator", "NEAR/7"),
        ("(a b)~4", 5, "~4 is no operator", "NEAR/4"),
        ("pump~", 0, "~ does not find similar spellings", "(color OR colour)"),
        ("pump~0.8", 0, "~ does not find similar spellings", "(color OR colour)"),
        ("pump^4", 0, "^ gives a word no weight", "write pump"),
        ("pump w/6 valve", 5, "w/6 is no operator", "NEAR/6 (at most 6 words between), or ONEAR/6"),
        ("pump PRE/2 valve", 5, "PRE/2 is no operator", "ONEAR/2"),
        ("pump n/4 valve", 5, "n/4 is no operator", "NEAR/4"),
        ("pump NEAR7 valve", 5, "NEAR7 is no operator", "NEAR/7"),
        ("pump NEAR/7w valve", 5, "NEAR/7w is no operator", "NEAR/7"),
        ("pump w/s valve", 5, "w/s is no operator", "NEAR/15"),
        ("pump adj valve", 5, "adj is no operator", '"a b"'),
        ("pump ADJ4 valve", 5, "ADJ4 is no operator", "ONEAR/4"),
        ("pump AROUND(8) valve", 5, "AROUND( ) is not read", "NEAR/8"),
        ("pump AROUND 8 valve", 5, "AROUND 8 is no operator", "NEAR/8"),
        ("pump WITHIN 8 valve", 5, "WITHIN 8 is no operator", "NEAR/8"),
        ("NEAR(pump valve, 5)", 0, "NEAR takes no brackets", "a NEAR/5 b"),
        ("near:5", 0, "no field near:", "NEAR/5"),
        ("pump /7 valve", 5, "/7 is no operator", "NEAR/5"),
        ("pump SENTENCE valve", 5, "SENTENCE is no operator", "NEAR/15"),
        ("pump PARAGRAPH valve", 5, "PARAGRAPH is no operator", "NEAR/50"),
        ("pump XOR valve", 5, "XOR is no operator", "(a OR b) NOT (a AND b)"),
        ("pump ANDNOT valve", 5, "ANDNOT is no operator", "write NOT"),
        ("Pumpe ODER Ventil", 6, "ODER is no operator", "write OR"),
        ("pump and/or valve", 5, "and/or is no operator", "write OR"),
        ("pump <and> valve", 5, "<and> is no operator", "write AND"),
        ("quill & sons", 6, "& may belong to a name", '"quill & sons"'),
        ("+pump valve", 0, "+ says nothing here", "take the + away: pump"),
        ('+"pump broke"', 0, "+ says nothing here", '"pump broke"'),
        ("pump !garden", 5, "! before a word", "-garden or NOT garden"),
        ("pump !(a b)", 5, "! before a word", "NOT (...)"),
        ("pump –garden", 5, "is a dash, not a minus", "-garden"),
        ("advi?er", 0, "? does not stand for a letter", "(adviser OR advisor)"),
        ("title:advi?er", 6, "? does not stand for a letter", "(adviser OR advisor)"),
        ("?ump", 0, "? does not stand for a letter", "OR"),
        ("/pum.*s/", 0, "regular expressions are not read", "complain*"),
        ("[2026-11-01 TO 2026-11-09]", 0, "[ ] mean nothing", "after:2026-11-20 before:"),
        ("{Halden}", 0, "{ } mean nothing", "=Halden"),
        ("'pump broke' OR leak", 0, "single quotes make no phrase", '"pump broke"'),
        ("a ‘pump broke’", 2, "single quotes make no phrase", '"pump broke"'),
        ("site:a.example|b.example", 14, "| is not read after a field", "title:(recall OR defect)"),
        ("=Pump|Valve", 5, "| is not read after a field", "OR"),
        ("title:advi?er", 6, "? does not stand for a letter here", "write the spellings"),
        ("lang=de", 0, "lang=de is not read as a field", "lang:de"),
        ("lang = de", 5, "= is not read behind a field", "lang:de"),
        ("lang:deu", 5, "deu is no language code", "two letters"),
        ("lang:jp", 5, "jp is no language code", "lang:ja"),
        ("lang:en-GB", 5, "en-GB is no language code", "lang:en"),
        ("source:a,b", 7, "a,b is no id of a source", "source:(one OR two)"),
        ("hashtag:recall", 0, "no field hashtag:", "write #recall"),
        ('tag:"#recall"', 0, "no field tag:", "write #recall"),
        ("from:mara", 0, "no field from:", "write author:mara"),
        ("mentions:@halden", 0, "no field mentions:", "write @halden"),
        ("url:blog.example/a", 0, "no field url:", "write site:blog.example"),
        ("https://blog.example/a", 0, "no field https:", "write site:blog.example"),
        ('intitle:"pump broke"', 0, "no field intitle:", 'write title:"pump broke"'),
        ("linkto:bakery.example", 0, "no field linkto:", "write link:bakery.example"),
        ("language:de", 0, "no field language:", "write lang:de"),
        ("text:pump", 0, "no field text:", "title and text: pump"),
        ("date:2026-11-20", 0, "no field date:", "after:2026-11-20 before:2026-11-21"),
        ("raw:Apple", 0, "no field raw:", "write =Apple"),
        ("lang: de", 0, "nothing stands after lang:", "without a space: lang:de"),
    ],
)
def test_what_another_tool_reads_is_refused_with_what_to_write(text: str, at: int, what: str, advice: str) -> None:
    for purpose in ANYWHERE:
        with pytest.raises(QueryError) as caught:
            parse(text, purpose)
        assert caught.value.at == at
        assert what in caught.value.what
        assert advice in caught.value.advice


@pytest.mark.parametrize(
    "text",
    [
        "what?",
        "Why me?!",
        "don't",
        "'tis the season",
        "rock 'n' roll",
        "the dogs' bowl",
        "'one' 'two'",
        "AT&T",
        "+49 30 123",
        "24/7 w/o n/a",
        "9/11",
        "/r/gardening",
        "before the sentence",
        "an adj",
        "SENTENCE",
        "ODER",
        "around (a b)",
        "pre-2020",
        "C++",
        "[Update] pump",
        "brand =Pump",
        "100%",
    ],
)
def test_ordinary_writing_is_no_operator(text: str) -> None:
    assert parse(text)


@pytest.mark.parametrize("operator", ["and", "And", "or", "oR"])
def test_small_and_and_or_are_the_operators_and_their_writer_is_told(operator: str) -> None:
    for purpose in ANYWHERE:
        assert parse(f"pump {operator} valve", purpose) == parse(f"pump {operator.upper()} valve", purpose)
        (told,) = remarks(f"pump {operator} valve", purpose)
        assert (told.at, told.what.partition(":")[0]) == (5, f"{operator} is read as {operator.upper()}")
        assert not remarks(f"pump {operator.upper()} valve", purpose)


def test_a_list_with_commas_and_a_mark_behind_a_word_are_told_in_what_is_kept_and_not_in_a_search() -> None:
    for text in ("pump, valve", "pump,valve", "pump;", "pump!", "pump?"):
        (told,) = remarks(text, Purpose.RULE)
        assert "counts for nothing" in told.what
        assert not remarks(text, Purpose.SEARCH)
    assert not remarks("1,000 pumps", Purpose.RULE)


@pytest.mark.parametrize("purpose", ANYWHERE)
def test_what_is_advised_can_be_read(purpose: Purpose) -> None:
    for text in ("from:mara", "intitle:pump", "language:de", "hashtag:recall", "since:2026-11-20", "raw:Apple"):
        with pytest.raises(QueryError) as caught:
            parse(text, purpose)
        assert parse(caught.value.advice.removeprefix("write "), purpose)


def test_no_field_of_another_tool_is_one_of_ours() -> None:
    for name in FIELDS:
        with pytest.raises(QueryError) as caught:
            parse(f"{name}:", Purpose.SEARCH)
        assert "nothing stands after" in caught.value.what


def test_a_long_query_of_single_quotes_is_read_quickly() -> None:
    parse("'a " * 250)
