"""Readers' comments below an article, each an entry of its own. Knows no article and no threads: all answer the page.

A comment is what is marked as one: by schema.org, by microformats, by an id with a number ("comment-12") or by the
class that engines give it. What is marked by its class alone must also say who wrote it, or when.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from earshot import identity
from earshot.extract import clean, linked_data, markup
from earshot.extract.dates import DateReader, Stated
from earshot.extract.linked_data import Thing
from earshot.model import DateFrom, Entry

MAX_COMMENTS = 500
"""So many of one page are read, the newest."""
MAX_TEXT = 20_000
_LONGEST_TIME = 120
_NUMBERS = re.compile(r"\d+")

_HOLDERS = ("li", "article", "div", "section", "tr", "td", "dd", "dt", "blockquote", "p")
_TYPES = frozenset({"comment", "usercomments"})
_ANSWERS = _TYPES | {"answer"}
_ID = re.compile(
    r"(?:(?:div|li|wp|dsq|js|blog|node|article|isso|hcb)-)?(?:(?:comment|cmt|kommentar|commentaire|comentario|commento|"
    r"komentarz|reply|answer|reactie|response)[-_]?\d+)$",
    re.IGNORECASE,
)
"""Ids of one comment: WordPress, Drupal, Movable Type, Disqus, Isso ("comment-12", "div-comment-12")."""
_LONG_ID = re.compile(r"c\d{12,}$|(?:comment|reply)[-_](?=[\w-]*\d)[\w-]{6,}$", re.IGNORECASE)
"""Ids of Blogger, and of engines that count by letters."""
_PING = re.compile(r"pingback|trackback", re.IGNORECASE)
"""Another site's link, which engines list among the comments: no reader's word."""
_CLASS = re.compile(
    r"(?:[a-z0-9]+[-_]+)*(?:comment|kommentar|commentaire|comentario|reply|answer)(?:s?[-_]*(?:item|entry|node|box|block|"
    r"card|row|thread|single|post|view|wrap|wrapper|container|holder|main))?|commentlist-item|comtr|u-comment|p-comment|"
    r"bypostauthor",
    re.IGNORECASE,
)
_POST = re.compile(r"(?:js-)?(?:p|post|pid|msg|message)[-_]?\d+$", re.IGNORECASE)
_FORUM = re.compile(
    r"discourse|phpbb|xenforo|vbulletin|mybb|\bsmf\b|simple machines|flarum|nodebb|vanilla|fluxbb|punbb|invision|"
    r"ips community|woltlab|discuz",
    re.IGNORECASE,
)
"""Names of forums as they stand in meta generator or beside ids; there a numbered post is one voice of many."""

_BODY = re.compile(
    r"(?:[a-z0-9]+[-_]+)*(?:comment|comments|reply|answer|post|message|usertext|commentaire|kommentar)[-_]*(?:content|body|"
    r"text|txt|copy|inner|message)|comm?text|e-content|bbwrapper|content|body|text|message|md|entry-content|postbody",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    r"fn|p-author|(?:[a-z0-9]+[-_]+)*(?:author|username|user-?name|nick-?name|commenter|poster|hnuser|user)"
    r"(?:[-_]*(?:name|link|info))?|(?:comment|user|author|poster)[-_]?name",
    re.IGNORECASE,
)
_NAME = re.compile(r"fn|p-name|url|username", re.IGNORECASE)
_WHEN = re.compile(
    r"(?:[a-z0-9]+[-_]+)*(?:date|time|datetime|timestamp|posted|published|age|when)|dt-published|"
    r"comment-?meta(?:data)?|post-?meta|meta",
    re.IGNORECASE,
)
_AROUND_TEXT = re.compile(
    r"(?:[a-z0-9]+[-_]+)*(?:author|meta|metadata|commentmetadata|date|time|avatar|vcard|reply|actions?|tools?|buttons?|"
    r"permalink|likes?|votes?|header|footer|says|edit|username|badge|report|share|links?)(?:[-_].*)?",
    re.IGNORECASE,
)
_NOT_TEXT = frozenset(
    {"cite", "time", "form", "button", "header", "footer", "input", "img", "label", "script", "style"}
)
_SAYS = re.compile(
    r"\s*(?:\b(?:says?|said|wrote|sagt|schreibt|dice|dijo|dit|a dit|scrive|napisał|пишет)\b)?\s*[:,»]*\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the page holds it. url is absolute, empty where it has no address of its own. links: of its text."""

    text: str
    author: str
    stated: Stated | None
    url: str
    links: tuple[str, ...] = ()


def take_comments(root: etree._Element, things: Sequence[Thing], page: str, dates: DateReader) -> tuple[Comment, ...]:
    """Return the comments of a page in its order, at most the newest 500, and take their elements out of the tree.

    Args:
        root: of the page; afterwards without the comments.
        things: of the page's JSON-LD.
        page: the article's address; fragments are resolved against it.
        dates: reader of the page's dates; together with what its comments show, it tells what 12/11/2026 is.
    """
    elements = _apart(_elements(root))
    times = [list(dict.fromkeys(_times(one))) for one in elements]
    reader = dates.ordered(chain.from_iterable(times))
    pairs = zip(elements, times, strict=True)
    found = [comment for one, said in pairs if (comment := _read(one, said, page, reader))]
    known = {_key(comment.text): number for number, comment in enumerate(found)}
    for comment in _linked(things, page, reader):
        number = known.get(_key(comment.text))
        if number is None:
            found.append(comment)
        else:
            found[number] = _filled(found[number], comment)
    return _newest(list({(comment.url, comment.author, comment.text): comment for comment in found}.values()))


def as_entry(comment: Comment, parent: str, language: str) -> Entry:
    """Return a comment as a document that answers `parent`. Without an address it is known by who said what where."""
    own_id = "" if comment.url else f"comment:{identity.digest(parent, comment.author, comment.text)}"
    return Entry(
        url=comment.url,
        own_id=own_id,
        text=comment.text,
        author=comment.author,
        published_at=comment.stated.moment if comment.stated else None,
        published_as=comment.stated.as_stated if comment.stated else "",
        published_from=DateFrom.PAGE if comment.stated else DateFrom.FOUND,
        language=language,
        links=comment.links,
        parent=parent,
    )


# --- which elements ------------------------------------------------------------------------------------


def _elements(root: etree._Element) -> dict[etree._Element, None]:
    """Return the elements that are one comment each, outer ones before those in them."""
    is_forum, types = _is_forum(root), _types(root)
    first_post = True
    found: dict[etree._Element, None] = {}
    for element in root.iter(*_HOLDERS):
        if not element.attrib:
            continue
        if _is_marked(element, types) or (_is_classed(element) and _is_one(element, found)):
            found[element] = None
        elif is_forum and _POST.match(element.get("id") or "") and _names_author_or_time(element):
            if not first_post:  # the first one is what the others answer
                found[element] = None
            first_post = False
    return {element: None for element in found if next(element.iter("h1"), None) is None}


def _is_one(element: etree._Element, found: Container[etree._Element]) -> bool:
    """Tell whether an element named like a comment is one, and no part of the comment around it."""
    around = next((one for one in element.iterancestors() if one in found), None)
    is_alike = around is None or bool(set(_classes(element)) & set(_classes(around)))
    return (is_alike or _is_wrapper(around)) and _names_author_or_time(element)


def _is_wrapper(around: etree._Element | None) -> bool:
    """Tell whether an element named like a comment only holds comments: it has no number, author or time of its own."""
    if around is None or "itemscope" in around.attrib or re.search(r"\d", around.get("id") or ""):
        return False
    waiting = list(around)
    while waiting:
        one = waiting.pop()
        if one.tag in ("time", "cite") or _is_classed_as(one, _AUTHOR) or _is_classed_as(one, _WHEN):
            return False
        if not _is_classed(one) and not _ID.match(one.get("id") or ""):
            waiting += list(one)
    return True


def _types(root: etree._Element) -> frozenset[str]:
    """Return what counts as a comment: answers only where a reader asked, not in a list of frequent questions."""
    named = root.xpath("//@itemtype[contains(., 'QAPage')]")
    return _ANSWERS if named else _TYPES


def _is_marked(element: etree._Element, types: frozenset[str]) -> bool:
    own_id = element.get("id")
    if own_id and _ID.match(own_id) and element.tag != "p":
        return True
    if "itemscope" not in element.attrib and "itemtype" not in element.attrib:
        return False
    named = {name.rstrip("/").rpartition("/")[2].lower() for name in (element.get("itemtype") or "").split()}
    is_thing = "itemscope" in element.attrib and "comment" in (element.get("itemprop") or "").split()
    return bool(named & types) or is_thing


def _is_classed(element: etree._Element) -> bool:
    if element.tag == "p":
        return False
    return _is_classed_as(element, _CLASS) or _LONG_ID.match(element.get("id") or "") is not None


def _is_forum(root: etree._Element) -> bool:
    generators = (meta.get("content") or "" for meta in root.iter("meta") if meta.get("name") == "generator")
    marks = (f"{element.get('id')} {element.get('class')}" for element in root.iter("html", "body"))
    is_named = any(map(_FORUM.search, (*generators, *marks)))
    return is_named or bool(root.xpath("//@itemtype[contains(., 'DiscussionForumPosting')]"))


def _names_author_or_time(element: etree._Element) -> bool:
    return next(element.iter("time", "cite"), None) is not None or any(
        _is_classed_as(one, _AUTHOR) or _is_classed_as(one, _WHEN) for one in element.iter()
    )


# --- what one says -------------------------------------------------------------------------------------


def _read(own: etree._Element, times: Sequence[str], page: str, reader: DateReader) -> Comment | None:
    """Return what a comment says, None where it is another site's link or says nothing itself."""
    is_ping = _PING.search(own.get("class") or "") is not None
    asks = next(own.iter("textarea"), None) is not None  # the form for the next one, in the box around them all
    is_one = _is_marked(own, _ANSWERS) or (_names_author_or_time(own) and not asks)
    if is_ping or not is_one:
        return None
    body = _body(own)
    text, (_, links) = clean.clean_text(markup.text_of(body), MAX_TEXT), markup.addresses(body, page)
    return Comment(text, _author(own), _stated(times, reader), _address(own, page), links) if text else None


def _apart(elements: Iterable[etree._Element]) -> list[etree._Element]:
    """Take the comments out of the tree and out of one another; return each alone."""
    apart = list(elements)
    for element in reversed(apart):
        _remove(element)
    return apart


def _body(own: etree._Element) -> etree._Element:
    """Return a copy of what holds the comment's words: its marked body, without what stands around it."""
    body = next(_with_property(own, "text", "commentText", "articleBody", "reviewBody", "description"), None)
    if body is None:
        body = _body_by_class(own)
    body = deepcopy(body)
    body.tail = None
    for one in [one for one in body.iterdescendants() if one.tag in _NOT_TEXT or _is_around(one)]:
        if one.tail and _SAYS.fullmatch(one.tail):
            one.tail = None
        _remove(one)
    return body


def _body_by_class(own: etree._Element) -> etree._Element:
    """Return the innermost element that is named as the text of a comment, the comment itself where none is."""
    bodies = list(_with_class(own, _BODY))
    return next((one for one in bodies if next(_with_class(one, _BODY), None) is None), own)


def _is_around(element: etree._Element) -> bool:
    is_named = _is_classed_as(element, _AROUND_TEXT)
    return is_named or (element.tag == "a" and (element.get("href") or "").startswith("#"))


def _author(own: etree._Element) -> str:
    if said := own.get("data-author") or "":
        return clean.clean_line(said, clean.MAX_AUTHOR)
    for element in [*_with_property(own, "author", "creator"), *_with_class(own, _AUTHOR), *own.iter("cite")]:
        if said := _SAYS.sub("", _name(element)):
            return said
    return ""


def _name(element: etree._Element) -> str:
    """Return the name in an element that holds the author, and perhaps the time and a link to the comment."""
    if element.get("content"):
        return clean.clean_line(element.get("content", ""), clean.MAX_AUTHOR)
    inner = [*_with_property(element, "name"), *_with_class(element, _NAME)]
    named = deepcopy(inner[0] if inner else element)
    named.tail = None
    for one in [one for one in named.iterdescendants() if one.tag in ("time", "abbr") or _is_around(one)]:
        _remove(one)
    return clean.clean_line(markup.text_of(named).partition("\n")[0], clean.MAX_AUTHOR)


def _stated(times: Iterable[str], reader: DateReader) -> Stated | None:
    said = [text for text in times if len(_NUMBERS.findall(text)) > 1]
    ends = (end for text in said for end in _ends(text))
    return next((stated for text in chain(said, ends) if (stated := reader.read(text))), None)


def _ends(text: str) -> Iterator[str]:
    """Yield a text without one to four words before its first number: "Posted on", "by Bo", "el"."""
    first = _NUMBERS.search(text)
    starts = [word.start() for word in re.finditer(r"\S+", text) if first and word.start() <= first.start()]
    yield from (text[start:] for start in starts[1:5])


def _times(own: etree._Element) -> Iterator[str]:
    """Yield what may be the time, what is written for machines first."""
    marked = [*_with_property(own, "datePublished", "dateCreated", "commentTime"), *own.iter("time", "abbr")]
    shown = [*marked, *_with_class(own, _WHEN)]
    shown += [link for link in own.iter("a") if _ID.match(urldefrag(link.get("href") or "").fragment)]
    for element in shown:
        yield from (said for name in ("datetime", "content", "title", "data-time") if (said := element.get(name)))
    for element in shown:
        for one in (element, *element.iter("a", "span")):
            if said := clean.clean_line("".join(one.itertext()), _LONGEST_TIME):
                yield said


def _address(own: etree._Element, page: str) -> str:
    """Return the comment's address: its permalink where that names a place on a page, else the fragment of its id."""
    ids = _ids(own)
    for link in own.iter("a", "link"):
        whole = clean.clean_url(link.get("href") or "", page)
        fragment = urldefrag(whole).fragment
        is_of_site = fragment and urlsplit(whole).hostname == urlsplit(page).hostname
        if is_of_site and (fragment in ids or (not ids and _ID.match(fragment))):
            return whole
    return urljoin(urldefrag(page).url, f"#{ids[0]}") if ids else ""


def _ids(own: etree._Element) -> list[str]:
    """Return what may be its fragment, the best first: an id of its own, then of what is in it."""
    own_id = own.get("id") or ""
    bare = own_id.removeprefix("div-").removeprefix("li-")  # WordPress: in the list's item "comment-7"
    inner = [one.get("id") or one.get("name") or "" for one in own.iterdescendants("a", "div", "span", "article", "li")]
    found = [bare if _ID.match(bare) else "", own_id, *(name for name in inner if _ID.match(name) or _POST.match(name))]
    return [name for name in found if name and not re.search(r"\s", name)]


# --- JSON-LD -------------------------------------------------------------------------------------------


def _linked(things: Sequence[Thing], page: str, reader: DateReader) -> Iterator[Comment]:
    """Yield the comments and answers of the page's JSON-LD. Source: schema.org/Comment, schema.org/Answer."""
    asked = any("qapage" in linked_data.types_of(thing) for thing in things)
    for thing in things:
        if linked_data.types_of(thing) & (_ANSWERS if asked else _TYPES):
            said = next(
                (thing[key] for key in ("text", "description", "articleBody") if isinstance(thing.get(key), str)), ""
            )
            if text := clean.clean_text(markup.strip_tags(said), MAX_TEXT):
                dates = linked_data.strings([thing], "datePublished") + linked_data.strings([thing], "dateCreated")
                stated = next((stated for date in dates if (stated := reader.read(date))), None)
                author = clean.clean_line(linked_data.words_of(thing.get("author")), clean.MAX_AUTHOR)
                address = next(iter(linked_data.strings([thing], "url") + linked_data.strings([thing], "@id")), "")
                whole = clean.clean_url(address, page) if address else ""
                yield Comment(text, author, stated, whole if urldefrag(whole).fragment else "")


def _filled(comment: Comment, other: Comment) -> Comment:
    return Comment(
        comment.text,
        comment.author or other.author,
        comment.stated or other.stated,
        comment.url or other.url,
        comment.links,
    )


# --- elements ------------------------------------------------------------------------------------------


def _newest(found: list[Comment]) -> tuple[Comment, ...]:
    """Return the newest in the page's order; the later of two without a date is the newer."""
    long_ago = datetime.min.replace(tzinfo=UTC)
    numbered = sorted(enumerate(found), key=lambda one: (one[1].stated.moment if one[1].stated else long_ago, one[0]))
    return tuple(comment for _, comment in sorted(numbered[-MAX_COMMENTS:], key=lambda one: one[0]))


def _key(text: str) -> str:
    return " ".join(text.split())


def _classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _is_classed_as(element: etree._Element, pattern: re.Pattern[str]) -> bool:
    """Tell whether one of the element's classes is of this kind."""
    classes = element.get("class")
    return classes is not None and _has_word(classes, pattern)


@lru_cache(maxsize=4096)
def _has_word(words: str, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(word) for word in words.split())


def _with_property(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    for element in root.iterdescendants():
        if set((element.get("itemprop") or "").split()) & set(names):
            yield element


def _with_class(root: etree._Element, pattern: re.Pattern[str]) -> Iterator[etree._Element]:
    for element in root.iterdescendants():
        if _is_classed_as(element, pattern):
            yield element


def _remove(element: etree._Element) -> None:
    """Take an element out of its tree; what follows it stays."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
