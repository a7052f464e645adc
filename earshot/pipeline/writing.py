"""The one transaction of a capture: documents, keys, story, mentions, incidents, frontier, the end of the run.

Everything here is quick: what it writes was computed before (`reading`). Only where the record knows something better
than the capture (a date, an author, the teaser's words) is a text judged again, with that in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from earshot import identity, stories
from earshot.alerts.routing import judge_document
from earshot.alerts.rules import RuleBook
from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import Capture, DateFrom, Document, Outcome, PageLink, Reading, Role, Source, TextIs
from earshot.pipeline import known as knowledge
from earshot.pipeline import same_article
from earshot.pipeline.collect import page_id
from earshot.pipeline.due import COMMENTED_FOR, next_look, next_look_at_comments, next_try_of_article
from earshot.pipeline.holding import hold_documents, hold_keys
from earshot.pipeline.judging import Judgements, NotJudged
from earshot.pipeline.reading import Prepared, as_another
from earshot.pipeline.transactions import written
from earshot.ports import (
    Clock,
    DocumentKey,
    FrontierPage,
    MentionWrite,
    Record,
    RecordReader,
    RecordWriter,
    RunEnd,
    StoredDocument,
    holds,
)

STORY_DAYS = 7
"""Tellings of one story lie at most this far apart."""
NO_TEXT = "no text of an article"
MAX_COMMENT_FEEDS = 20
"""So many feeds of comments are followed out of one capture: those of the first entries that name a brand."""
_FIRST_COMMENTS = timedelta(hours=1)
"""An article that nobody has commented on yet is looked at again after this."""
Judge = Callable[[Document], tuple[MentionWrite, ...]]
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Ingested:
    """What came of some captures. ended: sources whose run ended with them, how and why.

    rewritten: files that another process rewrote or removed meanwhile; what is left of one is in a file that nobody has
    read. unreadable: files that cannot be read now.
    """

    captures: int = 0
    documents: int = 0
    new_documents: int = 0
    mentions: int = 0
    incidents: int = 0
    notices: int = 0
    quarantined: int = 0
    erased: int = 0
    condemned: int = 0
    pages: int = 0
    rewritten: int = 0
    unreadable: int = 0
    ended: dict[str, tuple[Outcome, str]] = field(default_factory=dict)

    def add(self, other: Ingested) -> None:
        """Count another's in."""
        for name in self.__slots__:
            if name == "ended":
                self.ended.update(other.ended)
            else:
                setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Work:
    """One capture, read and prepared, or the reason why it could not be. links: those to fetch, in canonical form."""

    capture: Capture
    source: Source
    page: FrontierPage | None
    reading: Reading = field(default_factory=lambda: Reading(""))
    links: tuple[PageLink, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    outcome: Outcome = Outcome.OK
    reason: str = ""
    quarantine: str = ""
    size_bytes: int = 0


def write_capture(
    record: Record,
    work: Work,
    workspace: Workspace,
    book: RuleBook,
    judge: Judge,
    clock: Clock,
    *,
    again: bool = False,
) -> Ingested:
    """Write one capture in a transaction of its own, beside others, and return what came of it. Twice is once.

    Args:
        record: where it is written.
        work: the capture, as it was read and prepared.
        workspace: its settings.
        book: its rules.
        judge: says of a document what it says of every brand; it is slow, and called outside the transaction.
        clock: time.
        again: also if it was ingested before (replay); what it says of how its source is doing now does not count.

    Raises:
        StorageError: the record did not answer; or, of a replay, its file was rewritten meanwhile.
    """
    capture, judgements = work.capture, Judgements(judge)

    def write(writer: RecordWriter) -> Ingested:
        hold_keys(writer, capture, work.source, work.prepared)
        if not writer.known_files([capture.ref.file]):  # rewritten while it was read: the new file has the rest
            if again:
                raise StorageError(f"{capture.ref.file} was rewritten meanwhile")
            return Ingested(rewritten=1)
        if not again and is_ingested(writer, capture):
            return Ingested()
        done = Writing(writer, work, workspace, book, judgements.of, clock.now(), again=again).all()
        judgements.check()
        return done

    while True:
        try:
            return written(record, write)
        except NotJudged:
            judgements.make()


def is_ingested(reader: RecordReader, capture: Capture) -> bool:
    """Tell whether it was written already, also where its file was rewritten and the record does not say so yet."""
    old = capture.came_from
    return reader.is_ingested(capture.ref) or (old is not None and reader.is_ingested(old))


class Writing:
    """The transaction of one capture, step by step."""

    def __init__(
        self,
        writer: RecordWriter,
        work: Work,
        workspace: Workspace,
        book: RuleBook,
        judge: Judge,
        now: datetime,
        *,
        again: bool = False,
    ) -> None:
        """Take what is to be written.

        judge: says of a document what it says of every brand, quickly (`judging`). again: a replay, which says nothing
        of how its source is doing now.
        """
        self._writer, self._work, self._book, self._now, self._again = writer, work, book, now, again
        self._judge = judge
        self._alerts = workspace.settings.alerts
        self._keeps_internal = workspace.settings.retention.internal_captures != timedelta(0)
        self._done = Ingested(captures=1)
        self._last: dict[str, int] = {}
        self._not_article = ""
        self._comment_feeds = 0
        self._pages: list[FrontierPage] = []
        self._unjudged: dict[str, set[str]] = {}

    def all(self) -> Ingested:
        """Write everything and return what came of it."""
        work = self._work
        if work.quarantine:
            self._writer.add_quarantined(work.capture, work.quarantine, self._now)
            self._done.quarantined += 1
        hold_documents(self._writer, work.prepared, work.page)
        self._last = self._last_of_each() if self._again else {}
        known = [self._document(number, prepared) for number, prepared in enumerate(work.prepared)]
        has_old = any(known)
        is_inside = work.source.scope == "internal" and not work.quarantine
        if self._done.erased or (is_inside and not self._keeps_internal):
            self._done.condemned += 1  # what was said inside is not kept as it was fetched, unless asked for
            self._writer.condemn(work.capture.ref)
        self._add_links(work.links)
        self._done.pages += self._writer.add_pages(self._pages)
        self._judge_all()
        if not self._again:
            self._end(has_old)
        self._writer.add_capture(work.capture, work.outcome)
        return self._done

    def _last_of_each(self) -> dict[str, int]:
        """Return by known document the last entry that leads to it: its text is the one that stayed."""
        found = [self._find(prepared) for prepared in self._work.prepared]
        return {known.id: number for number, known in enumerate(found) if known is not None}

    def _find(self, prepared: Prepared) -> StoredDocument | None:
        """Return the document that this is a reading of: by its names, by what it says, as the teaser before it."""
        writer, page = self._writer, self._work.page
        found = writer.find_document((*prepared.keys, *prepared.twins))
        if found is None and prepared.shared:
            found = writer.find_document(prepared.shared)
            found = found if found is not None and found.content_hash == prepared.content_hash else None
        if found is None and prepared.answer is not None and page is not None and page.document_id:
            teaser = writer.document(page.document_id)
            found = self._at(teaser.url) if teaser is not None else None
        return found

    def _at(self, url: str) -> StoredDocument | None:
        key = DocumentKey("url", url)
        found = self._writer.find_document([key])
        if found is not None:
            self._writer.hold([holds.of_document(found.id)])
            found = self._writer.find_document([key])
        return found

    def _document(self, number: int, prepared: Prepared) -> bool:
        """Write one document; True if it was known before."""
        writer, document = self._writer, prepared.document
        if writer.is_erased((*prepared.keys, *prepared.twins), document.author, document.site):
            self._done.erased += 1
            return True
        known = self._find(prepared)
        if known is not None and self._is_another(prepared, known):
            prepared = as_another(prepared, document.site)
            writer.hold(map(holds.of_key, prepared.keys))
            hold_documents(writer, [prepared])
            document, known = prepared.document, self._find(prepared)
        why_not = self._why_not(prepared, known)
        if why_not:
            self._not_article = why_not
            return known is not None
        self._done.documents += 1
        if known is None:
            self._done.new_documents += 1
            self._write(prepared)
        elif self._last.get(known.id, number) == number and self._is_better(prepared, known):
            self._write(self._as_known(prepared, known))
        else:  # what this source calls it leads to it too, whichever source came first
            writer.add_keys(known.id, prepared.keys)
            self._improve(prepared, known)
        name = known.id if known else document.id
        self._follow_comments(prepared, name)
        writer.add_found_in(name, self._work.source.id, document.url, document.found_at)
        return known is not None

    def _is_another(self, prepared: Prepared, known: StoredDocument) -> bool:
        """Tell whether a feed has given the link and the id of an entry to another one, as feeds of one entry do."""
        document = prepared.document
        is_of_feed = self._work.capture.role is Role.FEED and known.published_from is DateFrom.FEED
        if not is_of_feed or document.published_from is not DateFrom.FEED or document.title == known.title:
            return False
        if document.published_at == known.published_at or document.source_id != known.source_id or document.parent:
            return False
        stored = self._writer.document(known.id)
        return stored is not None and same_article.are_strangers(document, stored)

    def _why_not(self, prepared: Prepared, known: StoredDocument | None) -> str:
        """Return why what came as a page is not the article whose address was asked for, "" where it may be."""
        answer, document, page = prepared.answer, prepared.document, self._work.page
        if answer is None:
            return ""
        stored = self._writer.document(known.id) if known is not None else None
        if known is None or stored is None:
            return same_article.why_none(document, answer)
        if page is not None and page.document_id == known.id:
            answer = dataclasses.replace(answer, asked=stored.url)
        return same_article.why_not(stored, document, answer, is_losing=bool(self._lost(prepared, known)))

    def _lost(self, prepared: Prepared, known: StoredDocument) -> set[str]:
        """Return the brands that the known text names and this one does not."""
        named = {write.verdict.brand_id for write in prepared.writes}
        return {mention.brand for mention in self._writer.mentions_of(known.id)} - named

    def _is_better(self, prepared: Prepared, known: StoredDocument) -> bool:
        """A whole text beats a teaser, never the other way round; an older capture never changes a newer text.
        The source that the text is from may change it; another source's text counts only if it says more, so that two
        that differ do not take turns.
        """
        document = prepared.document
        if known.is_frozen:
            return False
        if document.text_is is not known.text_is:
            return document.text_is is TextIs.FULL
        if prepared.content_hash == known.content_hash or document.found_at < known.text_at:
            return False
        if document.source_id == known.text_source:
            return True
        stored = self._writer.document(known.id)
        return stored is None or len(document.text) > len(stored.text)

    def _as_known(self, prepared: Prepared, known: StoredDocument) -> Prepared:
        """Return it under the id of the document that is there already, with what is known better of that."""
        document = knowledge.merged(prepared.document, known)
        if prepared.answer is not None and known.text_is is TextIs.TEASER and self._lost(prepared, known):
            document = self._with_teaser(document)
        if dataclasses.replace(document, id=prepared.document.id) != prepared.document:
            return dataclasses.replace(prepared, document=document, writes=self._judge(document))
        writes = tuple(
            dataclasses.replace(w, id=identity.mention_id(known.id, w.verdict.brand_id), document_id=known.id)
            for w in prepared.writes
        )
        return dataclasses.replace(prepared, document=document, writes=writes)

    def _with_teaser(self, document: Document) -> Document:
        """Return an article with its teaser in front: it names a brand that the text read from the page does not."""
        teaser = self._writer.document(document.id)
        said = (teaser.title, teaser.text) if teaser is not None else ()
        lead = [part for part in said if part and part not in document.text and part != document.title]
        return dataclasses.replace(document, text="\n".join([*lead, document.text]))

    def _improve(self, prepared: Prepared, known: StoredDocument) -> None:
        """A text stays; what another reading of it knows better (its date, its author) is noted."""
        if not knowledge.is_improving(prepared.document, known):
            return
        stored = self._writer.document(known.id)
        if stored is None:
            return
        better = knowledge.improved(stored, prepared.document, known)
        self._writer.put_details(better)
        writes = self._judge(better)
        self._done.mentions += len(self._writer.put_mentions(better.id, writes, self._now))
        if known.judged_at is not None:
            self._judge_later(better.id, writes)

    def _write(self, prepared: Prepared) -> None:
        writer, document = self._writer, prepared.document
        writer.put_document(document, prepared.keys, prepared.content_hash, prepared.signature, prepared.bands)
        writer.join_story(document.id, self._tellings(prepared))
        self._done.mentions += len(writer.put_mentions(document.id, prepared.writes, self._now))
        if prepared.page_url:
            self._wait(prepared)
        else:
            self._judge_later(document.id, prepared.writes)

    def _judge_later(self, document_id: str, writes: Sequence[MentionWrite]) -> None:
        self._unjudged.setdefault(document_id, set()).update(w.verdict.brand_id for w in writes if w.flags)

    def _judge_all(self) -> None:
        """Judge what was written, last of all: others who tell of the same brands wait as short as can be."""
        flagged = {brand for brands in self._unjudged.values() for brand in brands}
        self._writer.hold(map(holds.of_brand, flagged))
        for document_id in self._unjudged:
            judged = judge_document(self._writer, document_id, self._now, self._alerts, self._book, self._listed_at)
            self._done.incidents += judged.incidents
            self._done.notices += judged.notices

    @property
    def _listed_at(self) -> datetime | None:
        """When the page's address was first named; None for what came out of a feed itself."""
        return self._work.page.found_at if self._work.page else None

    def _tellings(self, prepared: Prepared) -> list[str]:
        """Return the stories that tell the same."""
        if not prepared.bands:
            return []
        document = prepared.document
        others = self._writer.story_candidates(prepared.bands, document.published_at, STORY_DAYS, document.id)
        alike = (c for c in others if stories.likeness(prepared.signature, c.signature) >= stories.LIKE)
        return list(dict.fromkeys(c.story_id for c in alike))

    def _wait(self, prepared: Prepared) -> None:
        """A teaser: its page goes to the frontier, and alerts wait for it."""
        document = prepared.document
        page = FrontierPage(
            id=page_id(prepared.page_url, Role.PAGE),
            url=prepared.page_url,
            role=Role.PAGE,
            source_id=self._work.source.id,
            found_at=self._now,
            published_at=None if document.published_from is DateFrom.FOUND else document.published_at,
            published_as=document.published_as,
            title=document.title,
            document_id=document.id,
        )
        self._pages.append(page)
        self._writer.wait_for_page(document.id, self._now + self._alerts.teaser_wait)

    def _follow_comments(self, prepared: Prepared, document_id: str) -> None:
        """The comments of an article that names a brand go to the frontier, unless it is old."""
        feed, document = prepared.comments, prepared.document
        is_old = document.published_at + COMMENTED_FOR <= self._now
        if feed is None or not prepared.writes or is_old or self._comment_feeds >= MAX_COMMENT_FEEDS:
            return
        page = FrontierPage(
            id=page_id(feed.url, Role.FEED),
            url=feed.url,
            role=Role.FEED,
            source_id=self._work.source.id,
            found_at=self._now,
            published_at=document.published_at,
            document_id=document_id,
            not_before=self._now + _FIRST_COMMENTS if feed.count == 0 else None,
        )
        self._comment_feeds += self._writer.add_pages([page])

    def _add_links(self, links: tuple[PageLink, ...]) -> None:
        source = self._work.source
        for link in links:
            name = page_id(link.url, link.role)
            if self._again and link.role is Role.SITEMAP and self._writer.page(name) is not None:
                continue  # what an old capture says of a child sitemap's age opens nothing again
            page = FrontierPage(name, link.url, link.role, source.id, self._now, link.published_at, link.title)
            self._pages.append(dataclasses.replace(page, published_as=link.published_as))

    def _end(self, has_old: bool) -> None:
        """End the source's run, or the page."""
        work = self._work
        if work.capture.item_id.startswith("page:"):
            self._end_page(work.capture.item_id.removeprefix("page:"))
            return
        self._done.ended[work.source.id] = (work.outcome, work.reason)
        state = self._writer.source(work.source.id)
        failures = state.failures if state else 0
        is_vouched = work.outcome.is_heard and not work.quarantine
        headers = work.capture.headers
        self._writer.end_run(
            RunEnd(
                source_id=work.source.id,
                at=self._now,
                outcome=work.outcome,
                reason=work.reason,
                next_due_at=next_look(self._now, work.source, work.outcome, failures, None),
                entries=len(work.reading.entries) or len(work.reading.links),
                new=self._done.new_documents or self._done.pages,
                status=work.capture.status,
                size_bytes=work.size_bytes,
                heard_since=self._heard_since(has_old, state.last_heard_at if state else None),
                etag=headers.get("etag", "") if is_vouched else None,
                last_modified=headers.get("last-modified", "") if is_vouched else None,
                body_hash=work.capture.ref.digest if is_vouched else None,
            )
        )

    def _end_page(self, name: str) -> None:
        """A page that was not the article is asked for again some times; meanwhile its teaser is judged as it is."""
        work, why = self._work, self._not_article
        if work.capture.role is Role.FEED and work.page is not None and work.outcome.is_heard:
            later = next_look_at_comments(self._now, work.page.published_at or work.page.found_at, work.page.attempts)
            outcome = work.outcome if later is None else Outcome.UNCHANGED
            self._writer.end_page(name, outcome, "comments read", self._now, later)
            return
        if work.capture.role is Role.PAGE and work.outcome is Outcome.EMPTY:
            why = why or work.reason
        if not why:
            outcome = Outcome.FAILED if work.outcome is Outcome.EMPTY else work.outcome
            self._writer.end_page(name, outcome, work.reason, self._now, None)
            return
        retry_at = next_try_of_article(self._now, work.page.attempts if work.page else 0)
        self._writer.end_page(name, Outcome.NOT_THE_ARTICLE, why, self._now, retry_at)

    def _heard_since(self, has_old: bool, last_heard_at: datetime | None) -> datetime | None:
        """How far back this run reaches: a sitemap to everything, a feed to its oldest entry.

        An undated feed that still shows something known reaches back to the last look.
        """
        reading = self._work.reading
        if not self._work.outcome.is_heard:
            return None
        if reading.is_complete:
            return _EVER
        return reading.oldest_at or (last_heard_at if has_old else None)
