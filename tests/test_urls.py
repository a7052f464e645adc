"""Canonical URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import SourceError
from earshot.urls import canonical_url, host_of, origin_of, site_of


@pytest.mark.parametrize(
    ("found", "canonical"),
    [
        ("HTTP://Blog.Example:80/a/../b/./c", "http://blog.example/b/c"),
        ("https://blog.example", "https://blog.example/"),
        ("https://blog.example:443/%7euser/%c3%bc", "https://blog.example/~user/%C3%BC"),
        ("https://blog.example/ü", "https://blog.example/%C3%BC"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://blog.example/p?id=5&utm_source=x&fbclid=y", "https://blog.example/p?id=5"),
        ("https://video.example/watch?v=abc", "https://video.example/watch?v=abc"),
        ("https://blog.example/p?b=2&a=1", "https://blog.example/p?b=2&a=1"),
        ("https://user:pw@blog.example/p", "https://blog.example/p"),
        ("https://blog.example/p#top", "https://blog.example/p"),
        ("  https://blog.example./p \n", "https://blog.example/p"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
    ],
)
def test_one_page_has_one_form(found: str, canonical: str) -> None:
    assert canonical_url(found) == canonical


def test_a_fragment_that_the_feed_gives_is_kept() -> None:
    assert canonical_url("http://a.example/p#comment-7", keep_fragment=True).endswith("/p#comment-7")


@pytest.mark.parametrize(
    "bad", ["", "/relative", "ftp://a.example/", "javascript:alert(1)", "http://", "x" * 3000, "http://[::1"]
)
def test_what_is_no_http_url_is_refused(bad: str) -> None:
    with pytest.raises(SourceError):
        canonical_url(bad)


URL_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)


@given(
    path=URL_TEXT,
    query=URL_TEXT,
    fragment=URL_TEXT,
    host=st.sampled_from(["a.example", "BÜCHER.example", "a.example:8080"]),
)
def test_canonical_is_idempotent(path: str, query: str, fragment: str, host: str) -> None:
    try:
        once = canonical_url(f"http://{host}/{path}?{query}#{fragment}", keep_fragment=True)
    except SourceError:
        return
    assert canonical_url(once, keep_fragment=True) == once


def test_parts_of_a_url() -> None:
    assert site_of("https://www.Blog.example/x") == "blog.example"
    assert host_of("https://www.Blog.example/x") == "www.blog.example"
    assert origin_of("http://a.example:80/x") == "http://a.example"
    assert origin_of("http://a.example:8080/x") == "http://a.example:8080"
