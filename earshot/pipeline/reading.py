"""From entries to what is written: identities, keys, language, brands, verdicts and flags. All of it before
the transaction opens. Knows no record; the same entry always gives the same result.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

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
from earshot.ports import Classifier, DocumentKey, FrontierPage, MentionWrite, Recogniser
from earshot.pseudonyms import Pseudonyms
from earshot.urls import canonical_url, site_of

_LONG_ID = 16
"""A source's own id counts outside its feed only if it can hardly be another's: a URI, or this long."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One document, ready to be written. page_url: where the rest of a teaser is, or empty."""

    document: Document
    keys: tuple[DocumentKey, ...]
    content_hash: str
    signature: bytes
    bands: tuple[str, ...]
    writes: tuple[MentionWrite, ...]
    page_url: str


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
        url, document_id, keys = _identity(entry, origin, shared)
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
            content_hash=content or identity.digest(entry.title, entry.text),
            signature=signature,
            bands=stories.bands(signature) if is_full else (),
            writes=self.judge(document),
            page_url="" if is_full else url,
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


def shared_names(reading: Reading) -> Counter[str]:
    """Return links and own ids that several different entries of one reading use; they identify none of them."""
    links: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    for link, own in {(_canonical(e.url), e.own_id) for e in reading.entries}:
        links[f"url {link}"] += 1
        ids[f"id {own}"] += 1
    return Counter({name: n for name, n in (links + ids).items() if n > 1 and name not in ("url ", "id ")})


def _identity(entry: Entry, origin: Origin, shared: Mapping[str, int]) -> tuple[str, str, tuple[DocumentKey, ...]]:
    """Return the document's URL, its id, and the keys that lead to it, the most trusted first."""
    url = _canonical(entry.url)
    site = site_of(origin.capture.final_url)
    own = entry.own_id if f"id {entry.own_id}" not in shared else ""
    if url and f"url {url}" not in shared:
        name = identity.document_id(url)
        keys = [DocumentKey("url", u) for u in _addresses(entry, origin, url)]
        if own and (":" in own or len(own) >= _LONG_ID):
            keys.append(DocumentKey("guid", f"{site} {own}"))
        return url, name, tuple(keys)
    own = own or identity.digest(entry.title, entry.text)
    address = url or _canonical(origin.capture.final_url)
    return address, identity.document_id(url, f"{site} {own}"), (DocumentKey("guid", f"{site} {own}"),)


def _addresses(entry: Entry, origin: Origin, url: str) -> list[str]:
    """Return the addresses that mean this document: its own, where it was asked for, where it was, rel=canonical.

    A front page never names a document that lies elsewhere: sites send dead links and lazy canonicals there.
    """
    found = [url]
    if origin.capture.role is Role.PAGE:
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
    published, word = _published(entry, origin, found)
    source = origin.source
    return Document(
        id=document_id,
        url=url,
        site=site_of(url),
        title=entry.title or (origin.page.title if origin.page else ""),
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
    )


def _published(entry: Entry, origin: Origin, found: datetime) -> tuple[datetime, DateFrom]:
    """Return the date and whose word it is: a feed's for its teaser, the page's own, a sitemap's, ours.

    Nothing is later than its finding.
    """
    page = origin.page
    hint = page.published_at if page is not None else None
    if hint is not None and page is not None and page.document_id:
        return min(hint, found), DateFrom.FEED
    if entry.published_at is not None:
        return min(entry.published_at, found), entry.published_from
    return (min(hint, found), DateFrom.PAGE) if hint is not None else (found, DateFrom.FOUND)


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
    )
