"""What leaves the reading room is safe to store, and says when it is only a beginning."""

from __future__ import annotations

import unicodedata
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.extract.clean import clean_language, clean_line, clean_text, clean_url
from earshot.extract.markup import read_fragment, strip_tags
from earshot.extract.teasers import why_teaser
from tests.extract.feeds import LONG

ANY = st.text(st.characters(), max_size=300)  # surrogates and controls included


@given(ANY)
def test_text_is_clean_and_cleaning_twice_is_cleaning_once(text):
    once = clean_text(text)
    once.encode("utf-8")
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in once)
    assert not set(once) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY)
def test_a_line_is_one_line_of_at_most_its_length(text):
    line = clean_line(text, 20)
    assert "\n" not in line
    assert len(line) <= 20
    assert clean_line(line, 20) == line


@given(ANY)
def test_any_text_is_html(text):
    read_fragment(f"<p>{text}", "http://b.example/").text.encode("utf-8")
    strip_tags(text)


@given(ANY)
def test_any_link_is_an_absolute_web_address_or_nothing(text):
    assert clean_url(text, "http://b.example/x") == "" or clean_url(text, "http://b.example/x").startswith("http")


@pytest.mark.parametrize(("declared", "code"), [("en-US", "en"), ("DE", "de"), ("zh_CN", "zh"), ("deutsch", "")])
def test_languages(declared, code):
    assert clean_language(declared) == code


def test_paragraphs_become_lines_and_scripts_nothing():
    html = "<style>x</style><p>One  <b>two</b></p><script>bad()</script><ul><li>a</li><li>b</li></ul>c<br>d &amp; e"
    assert read_fragment(html, "").text == "One two\na\nb\nc\nd & e"


@pytest.mark.parametrize(
    ("text", "title", "url", "has_full", "reason"),
    [
        ("", "t", "http://b.example/a", False, "no text"),
        ("Short.", "t", "http://b.example/a", False, "a short text and no element for the full one"),
        ("Short.", "t", "http://b.example/a", True, ""),
        ("Short.", "", "http://b.example/a", False, ""),
        ("Short…", "t", "http://b.example/a", True, "the text is cut off"),
        ("Short [...]", "t", "http://b.example/a", True, "the text is cut off"),
        ("Kurz. Weiterlesen →", "t", "http://b.example/a", True, "the text is cut off"),
        ("短い文章。続きを読む", "t", "http://b.example/a", True, "the text is cut off"),
        ("A cut […]\nThe post T appeared first on B.", "t", "http://b.example/a", True, "the text is cut off"),
        ("Short…", "t", "", False, ""),
        ("Short…", "t", "http://b.example/a#comment-1", False, ""),
        ("Short…", "t", "http://b.example/a#from=app", False, "the text is cut off"),
        (LONG, "t", "http://b.example/a", False, ""),
        (LONG * 3 + "...", "t", "http://b.example/a", True, ""),
    ],
)
def test_teasers(text, title, url, has_full, reason):
    assert why_teaser(text, title, url, has_full=has_full) == reason


@pytest.mark.parametrize("base", ["http://a.example/x/y?z", "https://A.example:8080/x/", "not an address"])
@pytest.mark.parametrize(
    "link",
    ["/a/b", "/a/../b", "/a;c", "/a?", "/a?b#", "/a?#b", "//c.example/a", "/\\a", "https://c.example/a?b=/../c",
     "http://C.example/a", "http://c.example/a b", "http://c.example", "http:///a", "../a", "#a", "/a?b=http://c/#d"],
)  # fmt: skip
def test_an_address_that_needs_no_joining_is_what_joining_would_give(base: str, link: str) -> None:
    joined = urljoin(base, link)
    expected = joined if joined.startswith("http") and urlsplit(joined).hostname else ""
    assert clean_url(link, base) == expected
