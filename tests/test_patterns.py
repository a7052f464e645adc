"""Regular expressions out of a file: what is read, what is refused with what would be right, and how long it takes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.patterns import LONGEST, is_found, read_pattern

LONG_ADDRESS = "https://a.example/" + "a" * 2_000 + "!"


@pytest.mark.parametrize(
    ("expression", "advice"),
    [
        (r"/news/(?!sport)", "lookahead"),
        (r"(?<=/)news", "lookbehind"),
        (r"/(\d+)/\1", "backreferences"),
        (r"(?P<year>\d+)/(?P=year)", "backreferences"),
        (r"/news/[a-z]++", "a+ instead of a++"),
        (r"(?>a)b", "a+ instead of a++"),
        (r"html\Z", r"\z or $"),
        (r"(?x) a b", "the flags"),
        ("caf\\u00e9", r"\x{e9}"),
        ("a{1001}", "1,000"),
        ("(", "missing ): ("),
        ("*.html", "write for example"),
        ("a" * (LONGEST + 1), "longer than"),
        ("(((a{1,30}){1,30}){1,30})", "1,000"),
        ("[a-zäöü]{900}" * 3, "too large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(expression: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r".") as told:
        read_pattern(expression)
    assert advice in str(told.value)


@pytest.mark.parametrize(
    ("expression", "address", "found"),
    [
        ("/news/", "https://a.example/news/1", True),
        (r"^https://[^/]+/20\d\d/", "https://a.example/2026/11/x", True),
        ("(?i)/NEWS/", "https://a.example/news/1", True),
        (r"\.html$", "https://a.example/x.html?y", False),
        ("/straße/", "https://a.example/straße/", True),
    ],
)
def test_an_expression_is_looked_for_anywhere(expression: str, address: str, *, found: bool) -> None:
    assert is_found(expression, address) is found


@pytest.mark.fault(
    case="A url_pattern with nested repeats, such as (a+)+$",
    promise="Expressions run on an engine of linear time: an address costs milliseconds, never hours",
)
@pytest.mark.parametrize(
    "expression",
    ["(a+)+$", "(a|aa)+$", "(a|a?)+$", r"(\w+\s?)*$", "(.*a){20}$", ".*.*.*=.*$", "(a?){300}a{300}$", ".{300}x.{100}y"],
)
def test_no_expression_takes_longer_than_a_moment(expression: str) -> None:
    read_pattern(expression)
    began = time.process_time()
    is_found(expression, LONG_ADDRESS)
    assert time.process_time() - began < 0.5


@given(st.text(alphabet="ab+*?(){}|[]^$.\\d1,", max_size=40))
def test_whatever_is_written_is_refused_or_answers_at_once(expression: str) -> None:
    began = time.process_time()
    try:
        is_found(expression, LONG_ADDRESS)
    except ValueError as error:
        assert ": " in str(error) or "; " in str(error)
    assert time.process_time() - began < 0.5
