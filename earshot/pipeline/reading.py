"""From entries to what is written: identities, keys, language, brands, verdicts and flags. All of it before
the transaction opens. Knows no record; the same entry always gives the same result.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag, urlsplit

from earshot import identity, stories
from earshot.alerts.rules import RuleBook
from earshot.errors import SourceError
from earshot.model import (
    Brand,
    Capture,
    DateFrom,
    Document,
    Entry,
    Mention,
    Reading,
    Recognised,
    Role,
    Source,
    TextIs,
    Verdict,
)
from earshot.pipeline.same_article import Answer, are_versions
from earshot.ports import Classifier, DocumentKey, FrontierPage, MentionWrite, Recogniser
from earshot.pseudonyms import Pseudonyms
from earshot.urls import canonical_url, host_of, other_scheme, site_of

_LONG_ID = 16
"""A source's own id counts outside its feed only if it can hardly be another's: a URI, or this long."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One document, ready to be written.

    keys: the names that lead to it. twins: the same under http where they are under https, and the other way round;
    they are looked up and not kept. shared: the address that several entries share; it leads to a document only if that
    says the same, and is not kept. answer: how its page was fetched, None for what is no
    article of a page. page_url: where the rest of a teaser is, or empty. comments: where the feed of its readers'
    comments is and how many there are (None: not told), or None.
    """

    document: Document
    keys: tuple[DocumentKey, ...]
    twins: tuple[DocumentKey, ...]
    shared: tuple[DocumentKey, ...]
    answer: Answer | None
    content_hash: str
    signature: bytes
    bands: tuple[str, ...]
    writes: tuple[MentionWrite, ...]
    page_url: str
    comments: CommentsFeed | None


@dataclass(frozen=True, slots=True)
class CommentsFeed:
    """A feed of what readers say below an article. count: as the article's own feed tells it, or None."""

    url: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry comes from. page: the frontier row that led to it, or None."""

    capture: Capture
    source: Source
    page: FrontierPage | None = None


class Reader:
    """Prepares documents. Holds what judges: recogniser, classifier, rules; and who is to stay unnamed."""

    def __init__(
        self,
        recogniser: Recogniser,
        classifier: Classifier,
        book: RuleBook,
        brands: Sequence[Brand],
        pseudonyms: Pseudonyms,
    ) -> None:
        self._recogniser, self._classifier, self._book = recogniser, classifier, book
        self._pseudonyms = pseudonyms
        self._rules = {brand.id: bool(brand.rules) for brand in brands}

    def prepare(self, entry: Entry, origin: Origin, shared: Mapping[str, int]) -> Prepared:
        """Return everything about one entry.

        Args:
            entry: as read.
            origin: its capture and source.
            shared: of `shared_names(reading)`.
        """
        entry = _as_whole(entry)
        url, document_id, keys = _identity(entry, origin, shared)
        is_shared = bool(url) and keys[0].kind != "url"
        author = self._pseudonyms.of(entry.author) if origin.source.scope == "internal" else entry.author
        entry = dataclasses.replace(entry, language=self._language(entry, origin), author=author)
        document = _document(entry, origin, url, document_id)
        is_full = entry.text_is is TextIs.FULL
        content = stories.content_hash(entry.title, entry.text)
        if is_full and content:
            keys = (*keys, DocumentKey("content", content))
        signature = stories.signature(entry.title, entry.text)
        return Prepared(
            document=document,
            keys=keys,
            twins=_twins(keys),
            shared=(DocumentKey("url", url),) if is_shared else (),
            answer=_answer(entry, origin),
            content_hash=content or identity.digest(entry.title, entry.text),
            signature=signature,
            bands=stories.bands(signature) if is_full else (),
            writes=self.judge(document),
            page_url="" if is_full else url,
            comments=_comments_feed(entry, origin),
        )

    def _language(self, entry: Entry, origin: Origin) -> str:
        hint = entry.language or origin.source.language
        return self._classifier.detect_language(f"{entry.title}\n{entry.text}", hint)

    def judge(self, document: Document, brand: str = "") -> tuple[MentionWrite, ...]:
        """Return what a document says of every brand, or of one, by brand.

        It rests on nothing but the document as the record keeps it, so that reading it again later says the same.

        Args:
            document: as stored, or about to be.
            brand: id of the one that is asked for. The others are heard too: a verdict weighs who else is named.
        """
        entry = _as_entry(document)
        heard = self._recogniser.recognise(entry, document.url, document.source_id)
        if not any(brand in ("", one.brand_id) for one in heard):
            return ()
        verdicts = self._classifier.classify(entry, document.language, heard)
        pairs = zip(heard, verdicts, strict=True)
        return tuple(self._write(document, *pair) for pair in pairs if brand in ("", pair[0].brand_id))

    def _write(self, document: Document, heard: Recognised, verdict: Verdict) -> MentionWrite:
        name = identity.mention_id(document.id, heard.brand_id)
        write = MentionWrite(name, document.id, verdict, (), heard.is_own_voice)
        if not self._rules.get(heard.brand_id, False):
            return write
        return dataclasses.replace(write, flags=self._book.flags(as_mention(document, write)))


def as_another(prepared: Prepared, site: str) -> Prepared:
    """Return an entry whose link and id were another's before, under a name of its own: told apart by its date."""
    document = prepared.document
    own = f"{site} {document.url} {document.published_at.isoformat()}"
    name = identity.document_id(document.url, own)
    keys = tuple(key for key in prepared.keys if key.kind == "content")
    return dataclasses.replace(
        prepared,
        document=dataclasses.replace(document, id=name),
        keys=(DocumentKey("guid", own), *keys),
        twins=(),
        writes=tuple(
            dataclasses.replace(w, id=identity.mention_id(name, w.verdict.brand_id), document_id=name)
            for w in prepared.writes
        ),
    )


def shared_names(reading: Reading) -> Counter[str]:
    """Return links and own ids that several different entries of one reading use; they identify none of them.

    Entries are different where link or id is, or else what they say: some feeds give all of them the same.
    """
    named: dict[tuple[str, str], list[Entry]] = {}
    for entry in reading.entries:
        others = named.setdefault((_canonical(entry.url), entry.own_id), [])
        if not any(_saying(entry) == _saying(other) or are_versions(entry, other) for other in others):
            others.append(entry)
    names: Counter[str] = Counter()
    for (link, own), entries in named.items():
        names[f"url {link}"] += len(entries)
        names[f"id {own}"] += len(entries)
    return Counter({name: n for name, n in names.items() if n > 1 and name not in ("url ", "id ")})


def _saying(entry: Entry) -> str:
    return identity.digest(entry.title, entry.text)


def _as_whole(entry: Entry) -> Entry:
    """Return an entry with its captions in its text, since a brand may stand nowhere else.

    A comment is no teaser: nothing more stands behind its address than the article that it answers.
    """
    text = "\n".join([entry.text, *entry.captions]) if entry.captions else entry.text
    return dataclasses.replace(entry, text=text, captions=(), text_is=TextIs.FULL if entry.parent else entry.text_is)


def _comments_feed(entry: Entry, origin: Origin) -> CommentsFeed | None:
    """Return the feed of an entry's comments, where it lies on the host of the entry or of the feed that named it."""
    url = _canonical(entry.comments_feed)
    hosts = {host_of(known) for known in (_canonical(entry.url), origin.capture.final_url) if known}
    if not url or host_of(url) not in hosts or origin.page is not None:
        return None
    return CommentsFeed(url, entry.engagement.get("comments"))


def _twins(keys: Sequence[DocumentKey]) -> tuple[DocumentKey, ...]:
    """Return the names that these would be if their site spoke https instead of http, or the other way round."""
    found = []
    for key in keys:
        front, _, address = key.value.rpartition(" ")
        if other := other_scheme(address):
            found.append(DocumentKey(key.kind, f"{front} {other}" if front else other))
    return tuple(found)


def _answer(entry: Entry, origin: Origin) -> Answer | None:
    if origin.capture.role is not Role.PAGE or entry.parent:
        return None
    announced = origin.page.title if origin.page else ""
    asked, answered = origin.capture.url, origin.capture.final_url
    return Answer(asked, answered, title=entry.title, canonical=entry.canonical, doubt=entry.doubt, announced=announced)


def _identity(entry: Entry, origin: Origin, shared: Mapping[str, int]) -> tuple[str, str, tuple[DocumentKey, ...]]:
    """Return the document's URL, its id, and the keys that lead to it, the most trusted first."""
    url = _canonical(entry.url)
    site = site_of(origin.capture.final_url)
    own = entry.own_id if f"id {entry.own_id}" not in shared else ""
    is_of_parent = bool(entry.parent) and url == _canonical(entry.parent)
    if url and f"url {url}" not in shared and not is_of_parent:
        name = identity.document_id(url)
        keys = [DocumentKey("url", u) for u in _addresses(entry, origin, url)]
        if own and (":" in own or len(own) >= _LONG_ID):
            keys.append(DocumentKey("guid", f"{site} {own}"))
        return url, name, tuple(keys)
    own = own or _saying(entry)
    address = url or _canonical(origin.capture.final_url)
    return address, identity.document_id(url, f"{site} {own}"), (DocumentKey("guid", f"{site} {own}"),)


def _addresses(entry: Entry, origin: Origin, url: str) -> list[str]:
    """Return the addresses that mean this document: its own, where it was asked for, where it was, rel=canonical.

    A front page never names a document that lies elsewhere: sites send dead links and lazy canonicals there. What a
    page says of itself is said of its article: a comment has its own address, and its place in the article's.
    """
    found = [url]
    if entry.parent:
        fragment = urlsplit(url).fragment
        others = [_canonical(f"{urldefrag(entry.parent).url}#{fragment}")] if fragment else []
    elif origin.capture.role is Role.PAGE:
        asked, answered = _canonical(origin.capture.url), _canonical(origin.capture.final_url)
        others = [asked, answered, _canonical(entry.canonical)]
    else:
        others = [_canonical(entry.canonical)]
    for other in others:
        if other and other not in found and not _is_front_page(other):
            found.append(other)
    return found


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def _canonical(url: str) -> str:
    try:
        return canonical_url(url, keep_fragment=True) if url else ""
    except SourceError:
        return ""


def _document(entry: Entry, origin: Origin, url: str, document_id: str) -> Document:
    found = origin.capture.fetched_at
    published, word, stated = _published(entry, origin, found)
    source = origin.source
    return Document(
        id=document_id,
        url=url,
        site=site_of(url),
        title=entry.title or (origin.page.title if origin.page and not entry.parent else ""),
        text=entry.text,
        text_is=entry.text_is,
        author=entry.author,
        published_at=published,
        published_from=word,
        found_at=found,
        language=entry.language,
        source_id=source.id,
        source_kind=source.kind,
        collection=source.collection,
        scope=source.scope,
        images=entry.images,
        links=entry.links,
        engagement=entry.engagement,
        published_as=stated,
        parent=_canonical(entry.parent),
    )


def _published(entry: Entry, origin: Origin, found: datetime) -> tuple[datetime, DateFrom, str]:
    """Return the date, whose word it is (its own, a sitemap's of its page, ours), and as what it was stated.

    Nothing is later than found.
    """
    page = origin.page if not entry.parent else None
    if entry.published_at is not None:
        return min(entry.published_at, found), entry.published_from, entry.published_as
    if page is not None and page.published_at is not None and not page.document_id:
        return min(page.published_at, found), DateFrom.PAGE, page.published_as
    return found, DateFrom.FOUND, ""


def _as_entry(document: Document) -> Entry:
    return Entry(
        url=document.url,
        title=document.title,
        text=document.text,
        text_is=document.text_is,
        author=document.author,
        published_at=document.published_at,
        published_from=document.published_from,
        language=document.language,
        images=document.images,
        links=document.links,
        engagement=document.engagement,
        published_as=document.published_as,
        parent=document.parent,
    )


def as_mention(document: Document, write: MentionWrite) -> Mention:
    """Return a mention as the rules see it: all that is known before it is written."""
    verdict = write.verdict
    return Mention(
        id=write.id,
        document_id=document.id,
        story_id="",
        brand=verdict.brand_id,
        revision=0,
        url=document.url,
        site=document.site,
        title=document.title,
        text=document.text,
        author=document.author,
        source=document.source_id,
        source_kind=document.source_kind,
        collection=document.collection,
        scope=document.scope,
        published_at=document.published_at,
        published_at_from=document.published_from,
        found_at=document.found_at,
        language=document.language,
        relevance=verdict.relevance,
        sentiment=verdict.sentiment,
        sentiment_score=verdict.sentiment_score,
        confidence=verdict.confidence,
        categories=verdict.categories,
        flags=write.flags,
        is_own_voice=write.is_own_voice,
        text_is=document.text_is,
        evidence=verdict.evidence,
        brand_version=verdict.brand_version,
        model_version=verdict.model_version,
        published_as=document.published_as,
        parent=document.parent,
        links=document.links,
    )
