"""Web pages into entries: what head, linked data and article say, what speaks against it, and readers' comments.
Knows no process limits and no feed.
"""

from __future__ import annotations

from lxml import etree

from earshot.errors import SourceError
from earshot.extract import articles, clean, linked_data, markup, page_dates, page_head, walls
from earshot.extract.captions import captions_of
from earshot.extract.charset import decode_page
from earshot.extract.comments import as_entry, take_comments
from earshot.extract.dates import DateReader
from earshot.extract.leads import with_lead
from earshot.extract.lengths import count_words
from earshot.extract.not_feeds import is_html
from earshot.model import NO_HINT, Capture, DateFrom, Entry, Hint, Outcome, Reading, TextIs

_HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"})
_LONGEST_LINE = 150


def read_page(capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
    """Return a page as one entry and its comments after it; without an article its text is empty, with a warning.

    hint: what is known of the source.

    Raises:
        SourceError: it is no web page (FAILED), e.g. a PDF file.
    """
    kind = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _HTML_TYPES and not is_html(body):
        raise SourceError(Outcome.FAILED, f"not a web page but {clean.clean_line(kind, 80)}")
    text = decode_page(body, capture.headers.get("content-type", ""))
    if kind == "text/plain" and not is_html(body):
        return Reading("text", (_plain(capture, text, hint),))
    root = markup.parse_html(text)
    if root is None:
        return Reading("page", (Entry(capture.final_url),), warnings=("the page is empty",))
    return _read(capture, root, hint)


def warm_up() -> None:
    """Load what the first page would wait for."""
    page_head.warm_up()
    articles.warm_up()


def _plain(capture: Capture, text: str, hint: Hint) -> Entry:
    """Return a page of plain text; its first line is its title where an empty one follows."""
    first, _, rest = text.strip().replace("\r\n", "\n").partition("\n")
    has_title = rest.startswith("\n") and bool(rest.strip()) and len(first) <= _LONGEST_LINE
    stated = page_dates.in_address(capture.final_url, DateReader(capture.fetched_at, hint.language))
    return Entry(
        url=capture.final_url,
        title=clean.clean_line(first) if has_title else "",
        text=clean.clean_text(rest if has_title else text),
        published_at=stated.moment if stated else None,
        published_as=stated.as_stated if stated else "",
        published_from=DateFrom.URL if stated else DateFrom.FOUND,
        language=clean.clean_language(capture.headers.get("content-language", "").partition(",")[0]),
    )


def _read(capture: Capture, root: etree._Element, hint: Hint) -> Reading:
    url = capture.final_url
    head, things = page_head.read_head(root), linked_data.things(root)
    language = page_head.language_of(root, head, capture)
    reader = DateReader(capture.fetched_at, hint.language or language, None, hint.time_zone)
    machines = page_dates.for_machines(head, things, reader)
    canonical = page_head.canonical_of(root, head, url)
    scripts = markup.take_unseen(root)
    said_below = take_comments(root, things, canonical or url, reader)
    named, author = articles.read_byline(root)
    title, *other_titles = page_head.titles(head, named) or ("",)
    text = _without_title(articles.read_text(root, url), title)
    text = with_lead(text, root, _descriptions(head, things))[: clean.MAX_TEXT]
    found = "" if machines else articles.find_day(root, url, capture.fetched_at)
    stated, published_from = page_dates.published(root, machines, url, found, reader)
    images, links = markup.addresses(_main_part(root), markup.base_of(root, url))
    seen = walls.Page(root, head, things, text, count_words(text), capture.url, url, bool(machines), scripts)
    entry = Entry(
        url=url,
        title=title,
        other_titles=tuple(other_titles),
        text=text,
        text_is=TextIs.FULL,
        author=clean.clean_line(author, clean.MAX_AUTHOR),
        published_at=stated.moment if stated else None,
        published_as=stated.as_stated if stated else "",
        published_from=published_from,
        language=language,
        canonical=canonical,
        images=clean.clean_urls([*head.meta("og:image", "twitter:image"), *images], url, clean.MAX_IMAGES),
        links=links,
        doubt=walls.doubt(seen),
        captions=captions_of(text, root),
    )
    warnings = () if text else ("no article text found on the page",)
    answers = (as_entry(comment, canonical or url, language) for comment in said_below)
    return Reading("page", (entry, *answers), oldest_at=entry.published_at, warnings=warnings)


def _descriptions(head: page_head.Head, things: tuple[linked_data.Thing, ...]) -> list[str]:
    """Return what the page says that it is about."""
    told = [thing for thing in things if linked_data.types_of(thing) & linked_data.ARTICLES]
    said = head.meta("og:description", "description", "twitter:description")
    return [*said, *linked_data.strings(told, "description")]


def _without_title(text: str, title: str) -> str:
    """Return the text without its first line where that only says the title again: words would count twice."""
    first, _, rest = text.partition("\n")
    return rest.lstrip("\n") if title and first.strip() == title and rest.strip() else text


def _main_part(root: etree._Element) -> etree._Element:
    """Return the element that holds the article, as the page says itself; the whole page where it does not."""
    for name in ("article", "main"):
        found = root.findall(f".//{name}")
        if len(found) == 1:
            return found[0]
    return root
