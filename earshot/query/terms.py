"""Reads one term of a query: a word, phrase, prefix, tag, handle or a field's value. Knows no operators."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from earshot.errors import QueryError, SourceError
from earshot.model import Category, DocumentKind, Sentiment, Severity
from earshot.query import words
from earshot.query.foreign_fields import advice_for
from earshot.query.languages import is_language
from earshot.query.lexer import Kind, Token
from earshot.query.links import address_of
from earshot.query.near import common_word
from earshot.query.tree import AUTHOR, BOTH, TITLE, Handle, Is, Near, Node, Prefix, Tag, When, Words
from earshot.urls import canonical_url, site_of

MIN_PREFIX = 3
MAX_PREFIX = 19
"""Source: OpenSearch and Elasticsearch `index_prefixes` keep at most 19 UTF-16 units (documentation, read 2026-11)."""

FIELDS = (
    "title",
    "site",
    "author",
    "source",
    "lang",
    "kind",
    "link",
    "brand",
    "sentiment",
    "category",
    "severity",
    "flag",
    "after",
    "before",
)
_PARTS = {"title": (TITLE,), "author": (AUTHOR,)}
_VERDICT = ("brand", "sentiment", "category")
_FIRED = ("severity", "flag")
_CHOICES: dict[str, type[StrEnum]] = {
    "kind": DocumentKind,
    "sentiment": Sentiment,
    "category": Category,
    "severity": Severity,
}
_NOT_BUILT = ("status", "assignee", "topic", "entity", "reach")
"""Fields that people ask for and that nothing fills yet."""
_YEARS = range(1970, 2200)
_ID = re.compile(r"[\w.-]+")
_LIST = re.compile(r"[,;](?!\d)")
_STARRED = re.compile(r"(?<!\S)\w{3,}\*(?!\S)")
_HOST = re.compile(r"[a-z0-9_.:-]+")
_PLAIN = re.compile(r"[\s'’.,;:!?/_&-]*")


class Purpose(StrEnum):
    """What a query is for: to hear a brand, to fire an alert, to search and view."""

    BRAND = "a brand's query"
    RULE = "a rule's query"
    SEARCH = "a search"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth telling the writer of a query; `at` is a code point offset into it."""

    at: int
    what: str


def allowed_fields(purpose: Purpose) -> tuple[str, ...]:
    """Return the fields that a query may use, by what is known when it is asked."""
    refused = {Purpose.BRAND: _VERDICT + _FIRED, Purpose.RULE: _FIRED, Purpose.SEARCH: ()}[purpose]
    return tuple(name for name in FIELDS if name not in refused)


def literal(text: str, *, is_cased: bool = False) -> Words:
    """Return the term that a name or alias is: its words in a row, no sign in it meaning anything.

    Raises:
        QueryError: no letter or digit in it.
    """
    found = words.find_words(text)
    if not found:
        raise QueryError(text, 0, "no letter or digit in it", "write a name that has some")
    return Words(tuple(w.cased if is_cased else w.text for w in found), is_cased, end=len(text), said=text)


def read_site(text: str) -> str:
    """Return a host as the `site` of a mention is written: lower case, ASCII, without www.; "" where it is none."""
    if not re.fullmatch(r"[^\s/*?#@\\]+", text):
        return ""
    try:
        site = site_of(canonical_url(f"http://{text}/"))
    except SourceError:
        return ""
    return site if _HOST.fullmatch(site) else ""


class TermReader:
    """Reads the terms of one query; gathers remarks on the way."""

    def __init__(self, query: str, purpose: Purpose) -> None:
        self._query = query
        self._purpose = purpose
        self.remarks: list[Remark] = []

    def field(self, token: Token, value: str = "") -> str:
        """Return the field's name. value: what follows its colon as written, for the advice.

        Raises:
            QueryError: no such field, or not in a query for this purpose.
        """
        name = token.text.lower()
        allowed = allowed_fields(self._purpose)
        if name in _NOT_BUILT:
            what, advice = f"{name}: is not built yet, so that it would find nothing", "leave it out"
            raise QueryError(self._query, token.at, what, advice)
        if name not in FIELDS:
            advice = advice_for(name, value, allowed)
            raise QueryError(self._query, token.at, f"there is no field {token.text}:", advice)
        if name not in allowed:
            advice = f"fields are {', '.join(allowed)}"
            raise QueryError(self._query, token.at, f"{self._purpose.value} cannot use {name}:", advice)
        return name

    def term(self, token: Token, field: str, *, is_exact: bool, at: int) -> Node:
        """Return the node of one term. is_exact: with = before it. at: where it begins, its field included.

        Raises:
            QueryError: it means nothing, or what some engine cannot do.
        """
        node = self._read(token, field, is_exact)
        said = self._query[at : token.end]
        if field and at == token.at - is_exact:  # within title:( ), so that it reads as itself
            said = f"{field}:{said}"
        return replace(node, at=at, end=token.end, said=said)

    def _read(self, token: Token, field: str, is_exact: bool) -> Node:
        if field and field not in _PARTS:
            if is_exact:
                raise self._error(token, f"{field}: takes no =", f"write {field}:{token.text}")
            return self._value(token, field)
        parts = _PARTS.get(field, BOTH)
        if is_exact and field == "author":
            raise self._error(token, "author: takes no =", f"write author:{token.text}")
        if token.kind is Kind.RUN and not field and not is_exact and token.text[0] in "#＃@＠":
            return self._marked(token)
        if token.kind is Kind.RUN and "*" in token.text:
            return self._prefix(token, parts, is_exact)
        if token.kind is Kind.PHRASE and _STARRED.search(token.text):
            return self._open_phrase(token, parts, is_exact)
        return self._words(token, parts, is_exact)

    def _error(self, token: Token, what: str, advice: str) -> QueryError:
        return QueryError(self._query, token.at, what, advice)

    def _words(self, token: Token, parts: tuple[str, ...], is_cased: bool) -> Words:
        found = words.find_words(token.text)
        if not found and token.kind is Kind.PHRASE and not token.text.strip():
            raise self._error(token, "this phrase is empty", "write words between the quotes")
        if not found:
            what = f"{token.text} has no letter or digit: signs and emoji are not searched"
            raise self._error(token, what, "write a word instead, or take it away")
        self._remark(token, found)
        return Words(tuple(w.cased if is_cased else w.text for w in found), is_cased, parts)

    def _remark(self, token: Token, found: list[words.Word]) -> None:
        shown = " ".join(w.text for w in found)
        if token.kind is Kind.PHRASE:
            if "*" in token.text:
                self.remark(token, f"* is not read within quotes: searched as {shown!r}")
        elif _lost_signs(token.text, found):
            self.remark(token, f"{token.text} is searched as {shown!r}: signs are not searched")
        elif token.text.lower() in ("near", "onear"):
            self.remark(token, f"{token.text} is searched as a word; the operator is written NEAR/5")
        elif self._purpose is not Purpose.SEARCH:
            self._remark_end(token, shown)

    def _remark_end(self, token: Token, shown: str) -> None:
        """Tell of a sign that ends a word or sentence: a search may be a sentence, a query that is kept is none."""
        last = token.text[-1]
        if _LIST.search(token.text):
            self.remark(token, f"a comma counts for nothing: searched as {shown!r}; for one word of several write OR")
        elif last in "?!":
            self.remark(token, f"{last} counts for nothing: searched as {shown!r}; for word endings write complain*")

    def remark(self, token: Token, what: str) -> None:
        """Keep something worth telling; the same thing is told once."""
        if all(known.what != what for known in self.remarks):
            self.remarks.append(Remark(token.at, what))

    def _prefix(self, token: Token, parts: tuple[str, ...], is_exact: bool) -> Prefix:
        stem = token.text[:-1]
        if not token.text.endswith("*") or "*" in stem:
            raise self._error(token, "* stands only at the end of a word", "write complain*")
        if is_exact:
            raise self._error(token, "a word with = takes no *", f"write ={stem} or {token.text}")
        found = words.find_words(stem)
        if len(found) != 1:
            advice = f'write "{stem}", without *'
            raise self._error(token, "* stands behind one word only", advice if found else "write complain*")
        prefix = found[0].text
        if len(prefix) < MIN_PREFIX or len(prefix.encode("utf-16-le")) // 2 > MAX_PREFIX:
            few = "1 character" if len(prefix) == 1 else f"{len(prefix)} characters"
            advice = f"write {MIN_PREFIX} to {MAX_PREFIX} characters before the *"
            raise self._error(token, f"{token.text} has {few} before its *", advice)
        return Prefix(prefix, parts)

    def _open_phrase(self, token: Token, parts: tuple[str, ...], is_exact: bool) -> Node:
        """Return a phrase that begins or ends in a word with *: words in a row, of which one is a prefix.

        Raises:
            QueryError: it has more than one such word, or one in its middle.
        """
        if is_exact:
            raise self._error(token, "a phrase with = takes no *", f"write {token.text} without one of them")
        pieces = [(piece[0], piece.start()) for piece in re.finditer(r"\S+", token.text)]
        stars = [number for number, (piece, _) in enumerate(pieces) if _STARRED.fullmatch(piece)]
        if len(stars) > 1 or stars[0] not in (0, len(pieces) - 1):
            what = "* stands at one word of a phrase only, the first or the last"
            raise self._error(token, what, 'write "garden pump*", or take the * away')
        star, at = pieces[stars[0]]
        prefix = self._prefix(replace(token, kind=Kind.RUN, text=star), parts, False)
        rest = (token.text[:at] + token.text[at + len(star) :]).strip()
        if not words.find_words(rest):
            return prefix
        row = self._words(replace(token, text=rest), parts, False)
        left, right = (prefix, row) if stars[0] == 0 else (row, prefix)
        if common := common_word(left, right):
            what = f"{common} can be both words of this phrase"
            raise self._error(token, what, "take the * away")
        return Near((left,), (right,), 0, parts, is_ordered=True)

    def _marked(self, token: Token) -> Tag | Handle:
        is_tag = token.text[0] in "#＃"
        found = words.find_tags(token.text) if is_tag else words.find_handles(token.text)
        if not found or (found[-1].start, found[-1].end) != (0, len(token.text)):
            what = "letters, digits and _" if is_tag else "letters, digits, _, . and -"
            name, example = ("a tag", "#recall") if is_tag else ("a handle", "@halden")
            raise self._error(token, f"{token.text} is not {name}", f"{name} is {token.text[0]} and {what}: {example}")
        if is_tag:
            return Tag(found[-1].text)
        return Handle(found[-1].text)

    def _value(self, token: Token, field: str) -> Node:
        value = token.text.strip()
        if not value:
            raise self._error(token, f"nothing stands after {field}:", "write a value between the quotes")
        if field in ("after", "before"):
            return When(field == "after", self._moment(token, value))
        if field == "site":
            return Is("site", self._site(token, value))
        if field == "link":
            return Is("link", self._link(token, value))
        if field == "lang":
            return Is("language", self._language(token, value))
        if field in _CHOICES:
            return Is(field, self._choice(token, field, value))
        return Is(field, self._id(token, field, value))

    def _choice(self, token: Token, field: str, value: str) -> str:
        choices = [choice.value for choice in _CHOICES[field]]
        value = value.lower()
        if value not in choices:
            raise self._error(token, f"there is no {field} {value}", f"write one of {', '.join(choices)}")
        return value

    def _language(self, token: Token, value: str) -> str:
        value = value.lower()
        if not is_language(value):
            what = f"{token.text.strip()} is no language code"
            raise self._error(token, what, "write its two letters (ISO 639-1): lang:en, lang:de, lang:ja")
        return value

    def _id(self, token: Token, field: str, value: str) -> str:
        if not _ID.fullmatch(value.lower()):
            what = f"{value} is no id of a {'rule' if field == 'flag' else field}"
            raise self._error(token, what, f"write one id, or several as {field}:(one OR two)")
        return value.lower()

    def _site(self, token: Token, value: str) -> str:
        site = read_site(value)
        if not site:
            raise self._error(token, f"{value} is no site", "write the host alone: site:blog.example")
        return site

    def _link(self, token: Token, value: str) -> str:
        """Return the site or the address that a document has to link to."""
        if "*" in value and token.kind is Kind.RUN:
            raise self._error(token, "link: takes no *", "write the host, which finds links to any of its pages")
        if "/" in value and "://" not in value:
            what = f"{value} is neither a host nor a whole address"
            raise self._error(token, what, f"write link:https://{value.lstrip('/')}")
        found = address_of(value) if "://" in value else read_site(value)
        if not found:
            advice = "write a host, link:blog.example, or a whole address, link:https://blog.example/a"
            raise self._error(token, f"{value} is neither a host nor an address", advice)
        if found.endswith("/") and found.count("/") == 3:
            what = f"{value} is the front page; to find links to any page of the site write link:{site_of(found)}"
            self.remark(token, what)
        return found

    def _moment(self, token: Token, value: str) -> date | datetime:
        try:
            moment = date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
        except ValueError:
            advice = "write a day as 2026-11-20, or a time as 2026-11-20T14:30 or 2026-11-20T14:30Z"
            raise self._error(token, f"{value} is no date", advice) from None
        if moment.year not in _YEARS:
            what = f"{moment.year} is out of range"
            raise self._error(token, what, f"write a year from {_YEARS[0]} to {_YEARS[-1]}")
        return moment.replace(microsecond=0) if isinstance(moment, datetime) else moment


def _lost_signs(text: str, found: list[words.Word]) -> bool:
    """Tell whether a run has signs that count for nothing, beside those that ordinary writing puts around words."""
    rest = [text[: found[0].start], text[found[-1].end :]]
    rest += [text[one.end : two.start] for one, two in pairwise(found) if one.end < two.start]
    return any(not _PLAIN.fullmatch(part) for part in rest) or text.startswith(".")
