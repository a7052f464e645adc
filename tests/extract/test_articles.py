"""What is the article's text: its captions with it, menus and the small print of the page not."""

from __future__ import annotations

import pytest

from earshot.extract.pages import read_page
from earshot.model import DateFrom, Entry
from tests.extract.feeds import LONG, article, page, page_capture

LEAD = "The pump of Halden ran for two days, then it stopped, and nobody at the works could say why it did."
FIGURE = "<figure><img src=/p.jpg><figcaption>%s</figcaption></figure>"


def read(body: str, head: str = "") -> Entry:
    (entry,) = read_page(page_capture(), page(body, head)).entries
    return entry


@pytest.mark.parametrize(
    "caption",
    [
        FIGURE % "A burnt Vennbruk pump in the yard. Photo: Holm",
        FIGURE % "A burnt Vennbruk pump in the yard. <span class=credit>Holm</span>",
        "<div class=wp-caption><img src=/p.jpg><p class=wp-caption-text>A burnt Vennbruk pump in the yard.</p></div>",
        "<div><picture><img src=/p.jpg></picture><p class=image__caption>A burnt Vennbruk pump in the yard.</p></div>",
    ],
)
def test_a_caption_stands_beside_the_text(caption: str) -> None:
    body = f"<article><h1>Pump stops</h1><p>{LEAD}</p>{caption}<p>{LONG[:600]}</p></article>"
    entry = read(body)
    assert entry.captions == ("A burnt Vennbruk pump in the yard.",)
    assert "Vennbruk" not in entry.text


def test_captions_are_told_once_and_in_order_and_not_where_the_text_says_the_same() -> None:
    figures = [FIGURE % said for said in ("A burnt pump.", "The yard of Vennbruk.", "A burnt pump.", LEAD)]
    body = f"<article><h1>Pump stops</h1>{figures[0]}<p>{LEAD}</p>{''.join(figures[1:])}<p>{LONG[:600]}</p></article>"
    assert read(body).captions == ("A burnt pump.", "The yard of Vennbruk.")


@pytest.mark.parametrize(
    "other",
    [
        FIGURE % "Photo: Vennbruk press office",
        FIGURE % "© Vennbruk",
        FIGURE % '<a href="/other">Vennbruk opens a second works in Brede</a>',
        f'<a href="/other">{FIGURE % "Vennbruk opens a second works"}</a>',
        f"<nav>{FIGURE % 'Vennbruk opens a second works'}</nav>",
        f"<section><p>{'Something else was told here by others. ' * 2}</p>" * 4
        + FIGURE % "Vennbruk opens a second works",
    ],
)
def test_what_is_no_caption_of_the_article_stays_out(other: str) -> None:
    entry = read(f"{article()}{other}")
    assert "Vennbruk" not in " ".join([entry.text, *entry.captions])


STANDFIRST = "Two days after it was switched on, the new pump of the Halden works stands still, and Vennbruk is silent."


@pytest.mark.parametrize("description", [STANDFIRST, f"{STANDFIRST[:70]}…"])
@pytest.mark.parametrize(
    "shown",
    [
        f"<div class=teaser-lead>{STANDFIRST}</div>",
        f"<header><p class=byline><b>Two days after</b>{STANDFIRST[14:]}</p></header>",
    ],
)
def test_a_lead_with_which_the_page_describes_itself_begins_the_text(shown: str, description: str) -> None:
    body = f"<h1>Pump stops</h1>{shown}<article>{'<p>' + LONG[:600] + '</p>'}</article>"
    text = read(body, f'<meta name=description content="{description}">').text
    assert text.split("\n")[0] == STANDFIRST
    assert text.count("Two days after") == 1


@pytest.mark.parametrize(
    "shown",
    [
        "",
        f"<ul><li><a href=/halden>{STANDFIRST}</a></li></ul>",
        f"<aside><p>{STANDFIRST}</p></aside>",
    ],
)
def test_a_description_that_is_no_paragraph_of_the_page_is_no_lead(shown: str) -> None:
    body = f"<h1>Pump stops</h1>{shown}<article>{'<p>' + LONG[:600] + '</p>'}</article>"
    assert "Vennbruk" not in read(body, f'<meta name=description content="{STANDFIRST}">').text


def test_a_lead_that_the_text_holds_is_not_told_twice() -> None:
    body = f"<h1>Pump stops</h1><article><p>{STANDFIRST}</p><p>{LONG[:600]}</p></article>"
    text = read(body, f'<meta property="og:description" content="{STANDFIRST[:80]}">').text
    assert text.count("Two days after") == 1


def test_a_short_article_is_not_its_first_paragraph_nor_the_menu_nor_the_small_print() -> None:
    body = (
        '<nav><ul><li><a href="/a">Pumps</a></li><li><a href="/b">Vennbruk</a></li></ul></nav>'
        f'<div class="wrap"><h1>Pump stops</h1><div class="teaser"><p>{LEAD}</p></div>'
        "<div><p>A new pump is on its way from Brede, and it will be there by Monday.</p></div></div>"
        '<footer><ul><li><a href="/imprint">Imprint</a></li></ul><p>Copyright 2026 by the Halden Post.</p></footer>'
    )
    text = read(body).text
    assert LEAD in text
    assert "Brede" in text
    assert "Vennbruk" not in text
    assert "Copyright" not in text


@pytest.mark.parametrize(
    ("head", "heading", "title"),
    [
        ("<title>Pump a stops | The Post</title>", "Pump a stops", "Pump a stops"),
        ('<title>Pump a stops</title><script type="application/ld+json">{"@type":"Article","headline":"Pump"}</script>',
         "Pump a stops", "Pump a stops"),
        ('<meta property="og:title" content="Pump a stops"><title>Post</title>', "The Post of Halden", "Pump a stops"),
        ("<title>Pump&shy;en stehen</title>", "Pum&shy;pen stehen", "Pumpen stehen"),
    ],
)  # fmt: skip
def test_the_title_is_the_heading_where_the_page_names_itself_so(head: str, heading: str, title: str) -> None:
    entry = read(article().replace("Halden answers", heading), head)
    assert entry.title == title


def test_every_title_that_a_page_gives_itself_is_told() -> None:
    head = '<meta property="og:title" content="Works silent after pump stops"><title>Pump stops | The Post</title>'
    entry = read(article().replace("Halden answers", "Pump stops"), head)
    assert {entry.title, *entry.other_titles} == {
        "Pump stops",
        "Works silent after pump stops",
        "Pump stops | The Post",
    }


@pytest.mark.parametrize(
    ("url", "head", "canonical"),
    [
        ("http://blog.example/amp/posts/halden", '<link rel=canonical href="/posts/halden">', "/posts/halden"),
        (
            "http://blog.example/posts/halden?from=mail",
            '<meta property="og:url" content="/posts/halden">',
            "/posts/halden",
        ),
        ("http://blog.example/posts/halden", '<meta property="og:url" content="http://blog.example/news">', ""),
        ("http://blog.example/posts/halden", '<meta property="og:url" content="http://blog.example/">', ""),
    ],
)
def test_canonical_is_told_by_link_or_by_an_address_of_the_same_name(url: str, head: str, canonical: str) -> None:
    (entry,) = read_page(page_capture(url), page(article(), head)).entries
    assert entry.canonical == (f"http://blog.example{canonical}" if canonical else "")


def test_a_copy_in_a_cache_of_amp_pages_names_its_article_and_no_other() -> None:
    cached = "https://blog-example.cdn.ampproject.org/c/s/blog.example/amp/halden"
    for named, believed in (("http://blog.example/halden", True), ("http://other.test/halden", False)):
        (entry,) = read_page(page_capture(cached), page(article(), f'<link rel=canonical href="{named}">')).entries
        assert bool(entry.canonical) is believed


def test_a_page_of_plain_text_is_read_as_it_is() -> None:
    capture = page_capture("http://blog.example/2026/11/18/note.txt", headers={"content-type": "text/plain"})
    (entry,) = read_page(capture, "Größe <5 & so on\r\n\r\nZweite Zeile".encode()).entries
    assert (entry.title, entry.text) == ("Größe <5 & so on", "Zweite Zeile")
    assert (entry.published_as, entry.published_from) == ("2026-11-18", DateFrom.URL)
    (entry,) = read_page(capture, b"One line\nand its next").entries
    assert (entry.title, entry.text) == ("", "One line\nand its next")
