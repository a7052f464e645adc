from __future__ import annotations

import re
from pathlib import Path

import pytest

from earshot.errors import QueryError
from earshot.model import Category
from earshot.query.language import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Purpose, parse
from earshot.query.near import MAX_PAIRS
from earshot.query.terms import FIELDS, MAX_PREFIX, MIN_PREFIX, allowed_fields

PAGE = (Path(__file__).parents[2] / "docs" / "marketing" / "query-language.md").read_text(encoding="utf-8")
BLOCKS = {name: body.strip().splitlines() for name, body in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)}
OWN, _, ELSEWHERE = PAGE.partition("## Coming from another tool")
TABLE = re.findall(r"^\| `([^`]+)` \|", OWN, re.MULTILINE)
OTHERS = [
    (sample.replace("\\|", "|"), row[1].startswith("refused"))
    for row in re.findall(r"^\| (`.*) \| ([^|]+) \|$", ELSEWHERE, re.MULTILINE)
    for sample in re.findall(r"`([^`]+)`", row[0])
]
FIELD_ROWS = re.findall(r"^\| `(\w+):` \|.*\| (yes|no) \| (yes|no) \| (yes|no) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", BLOCKS["query"] + [text for text in TABLE if not text.endswith(":")])
def test_what_the_page_shows_can_be_read(text: str) -> None:
    assert parse(text)


@pytest.mark.parametrize("text", BLOCKS["refused"])
def test_what_the_page_calls_refused_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_the_page_says_of_enough_signs_of_other_tools_what_becomes_of_them() -> None:
    assert len(OTHERS) > 40


@pytest.mark.parametrize(("text", "is_refused"), OTHERS)
def test_what_the_page_says_of_another_tools_signs_is_so(text: str, *, is_refused: bool) -> None:
    query = f"pump {text} valve"
    for purpose in Purpose:
        if is_refused:
            with pytest.raises(QueryError):
                parse(query, purpose)
        else:
            assert parse(query, purpose)


def test_the_page_names_every_field_and_who_may_use_it() -> None:
    assert {row[0] for row in FIELD_ROWS} == set(FIELDS)
    for column, purpose in enumerate((Purpose.BRAND, Purpose.RULE, Purpose.SEARCH), 1):
        assert {row[0] for row in FIELD_ROWS if row[column] == "yes"} == set(allowed_fields(purpose))


def test_the_page_states_the_limits_and_choices_as_they_are() -> None:
    assert f"at most {MAX_LENGTH:,} characters, {MAX_TERMS} terms and {MAX_DEPTH} levels" in PAGE
    assert f"{MIN_PREFIX} to {MAX_PREFIX} characters" in PAGE
    assert f"at most {MAX_PAIRS} pairs" in PAGE
    assert ", ".join(category.value for category in Category) in PAGE
