"""The article of a page, by trafilatura. Knows no head, no date for machines and no comment.

Precision first: a brand named in a menu is no mention. Where that gives little, trafilatura's standard call is asked
with its second opinions: a short answer is as often a copyright line or a first paragraph as a short article.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import htmldate.extractors
from courlan import extract_domain
from htmldate import find_date
from lxml import etree
from trafilatura import bare_extraction
from trafilatura.metadata import examine_meta, extract_author, extract_meta_json, extract_title
from trafilatura.settings import Document

from earshot.extract import clean
from earshot.extract.lengths import count_words

SHORT = 150
"""Words below which the precise answer is doubted. On the 990 marked pages F rises from .914 (asked again only where
there is nothing) to .923 at 100 and .924 at 150; asking always gives .924 for half as much time again."""

_AUTHOR = re.compile(
    r"author|byl|bbl|username|screenname|writer|zuozhe|bianji|xiaobian|channel-name|submitted-by|posted-by|journalist-name",
    re.IGNORECASE,
)
"""Source: trafilatura 2.1, `xpaths.AUTHOR_XPATHS`: all that it looks for, and more."""
_AUTHORS_MARKS = ("class", "id", "itemprop", "rel", "data-testid", "data-component")

_MENUS = frozenset({"nav", "header", "footer", "aside", "ul", "ol", "menu"})


def read_text(root: etree._Element, url: str) -> str:
    """Return the article's text with one newline between paragraphs, empty where there is none."""
    text = _extract(root, url, favor_precision=True, fast=True)
    if count_words(text) < SHORT:
        text = _without_menus(_extract(root, url), root) or text
    return text


def read_byline(root: etree._Element) -> tuple[str, str]:
    """Return title and author as metas, JSON-LD and markup tell them; empty where they do not.

    So trafilatura does it itself, which also looks for tags, categories and licences: as long again.
    """
    found = examine_meta(root)
    if found.author and " " not in found.author:  # one word is a handle or a site
        found.author = None
    with suppress(Exception):  # as trafilatura's own caller does: odd JSON-LD raises what it likes
        found = extract_meta_json(root, found)
    title = found.title or extract_title(root)
    author = found.author or (extract_author(root) if _may_name_author(root) else "")
    return html.unescape(title or ""), html.unescape(author or "")


def _may_name_author(root: etree._Element) -> bool:
    """Tell whether any element is named as trafilatura names authors: its own search takes as long as a parser."""
    marks = {mark for element in root.iter() for name in _AUTHORS_MARKS if (mark := element.get(name))}
    return root.find(".//author") is not None or any(map(_AUTHOR.search, marks))


def find_day(root: etree._Element, url: str, fetched_at: datetime) -> str:
    """Return the day that htmldate finds in address, markup and text ("2026-11-29"), empty where it finds none."""
    _leave_out_dateparser()
    latest = (fetched_at + timedelta(days=1)).strftime("%Y-%m-%d")
    return find_date(root, url=url, original_date=True, extensive_search=True, max_date=latest) or ""


def warm_up() -> None:
    """Load trafilatura's list of public suffixes: a part of a tenth of a second that no child should pay."""
    extract_domain("http://warm.example/page", fast=False)


class _NoReader:
    """In the place of dateparser within htmldate."""

    def get_date_data(self, _: str) -> dict[str, None]:
        """Return that the text is no date."""
        return {"date_obj": None}


@cache
def _leave_out_dateparser() -> None:
    """Keep htmldate from asking dateparser about lines of the text, in all of its 200 languages; it has no switch.

    The first question costs a process more than a second, which is as much as forty pages. Of 800 pages it gave the
    right day on three and a wrong one on one.
    """
    htmldate.extractors.get_external_parser = _NoReader  # type: ignore[assignment]


def _without_menus(text: str, root: etree._Element) -> str:
    """Return a text without the lines that are a link of a menu: where little is found, the whole page may be in it."""
    links = (link for link in root.iter("a") if any(one.tag in _MENUS for one in link.iterancestors()))
    menu = {clean.clean_line("".join(link.itertext())) for link in links} if text else set()
    return "\n".join(line for line in text.split("\n") if line.removeprefix("- ") not in menu)


def _extract(root: etree._Element, url: str, **how: Any) -> str:
    article = bare_extraction(root, url=url, include_comments=False, **how)
    return clean.clean_text(article.text or "") if isinstance(article, Document) else ""
