"""Reclassify: documents of the record are judged anew, after a brand, a rule or the model has changed.

A brand that was added hears what was said before it came: the backfill is this with one brand. Reads the record,
never the lake. Without being told to write it only says what would become of whom. Knows no index: what changes
goes through the outbox.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from earshot.alerts.routing import has_real_date, is_first_round, judge, why_silent
from earshot.alerts.rules import RuleBook
from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.identity import digest
from earshot.model import Document, Mention, Role
from earshot.pipeline.collect import page_id
from earshot.pipeline.difference import Difference, Fate, differences
from earshot.pipeline.pace import checked_share, paced
from earshot.pipeline.reading import Reader, as_mention
from earshot.pipeline.reclassified import EXAMPLES, BrandReport, Reclassified
from earshot.ports import Clock, MentionWrite, Record, RecordReader, RecordWriter, Walk

log = structlog.get_logger(__name__)

BATCH = 50
"""Documents of one transaction; the slow part of them, a second or two, is done before it opens."""
RESUMED_WITHIN = timedelta(hours=24)
"""A pass that was broken off goes on where it was within a day; later too much has happened behind it."""
_LEASE = timedelta(minutes=10)
_ALL = "reclassify:"

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is judged again. brand: id, or empty for all. since, until: by published_at; None means no end."""

    brand: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Reclassify:
    """The stage, with all it needs. Not for use by two threads at a time."""

    def __init__(
        self,
        record: Record,
        reader: Reader,
        book: RuleBook,
        workspace: Workspace,
        clock: Clock,
        model_version: str,
        owner: str,
        *,
        share: float = 0.5,
    ) -> None:
        """Take the parts.

        Args:
            record: the record.
            reader: judges documents.
            book: the workspace's rules.
            workspace: the workspace.
            clock: time.
            model_version: of what judges.
            owner: `earshot.leases.me()`.
            share: of the time that it works; the rest is left to the live run. Above 0, at most 1.

        Raises:
            ConfigError: `share` is none.
        """
        self._record, self._reader, self._book, self._workspace = record, reader, book, workspace
        self._clock, self._model_version, self._owner = clock, model_version, owner
        self._share = checked_share(share)

    def look(self, scope: Scope, on_progress: Callable[[Reclassified], None] | None = None) -> Reclassified:
        """Return what `write` would do now. Changes nothing, and takes no lease."""
        report = self._report(scope, is_written=False)
        self._walk(scope, report, None, on_progress, self._looked)
        return report

    def write(self, scope: Scope, on_progress: Callable[[Reclassified], None] | None = None) -> Reclassified:
        """Judge anew, in transactions of some tens of documents; return what became of whom. Twice is once.

        Only mentions that are new in this pass may alert, and only if they are news: what changes about a mention
        that was there opens no incident. A document that the live run changes meanwhile is judged by its new text.
        A pass that was broken off less than a day ago goes on where it was, if nothing it rests on has changed.

        Raises:
            StorageError: another pass over one of the brands is under way, or took over.
        """
        report = self._report(scope, is_written=True)
        try:
            place = self._begin(scope, report)
            self._walk(scope, report, place, on_progress, self._written)
            with self._record.write() as writer:
                writer.end_walk(self._name(scope))
        finally:
            with self._record.write() as writer:
                writer.free(self._leases(scope), self._owner)
        return report

    # --- the walk

    def _walk(
        self,
        scope: Scope,
        report: Reclassified,
        place: Place | None,
        on_progress: Callable[[Reclassified], None] | None,
        take: Callable[[Scope, Reclassified, Sequence[Document]], None],
    ) -> None:
        with self._record.read() as reader:
            report.total = report.documents + reader.count_documents(scope.since, scope.until, below=place)
        while True:
            with paced(self._clock, self._share):
                with self._record.read() as reader:
                    documents = reader.documents(scope.since, scope.until, below=place, limit=BATCH)
                if not documents:
                    return
                place = documents[-1].published_at, documents[-1].id
                take(scope, report, documents)
            if on_progress:
                on_progress(report)

    def _judged(self, scope: Scope, report: Reclassified, document: Document) -> tuple[MentionWrite, ...] | None:
        """Return what a document says now; None, and a line in the report, where it cannot be judged."""
        try:
            return self._reader.judge(document, scope.brand)
        except Exception as error:  # one document's failure is recorded and the next begins
            log.exception("a document could not be judged", document=document.id)
            report.broken += 1
            if len(report.problems) < EXAMPLES:
                report.problems.append((document.id, f"{type(error).__name__}: {error}"[:300]))
            return None

    def _looked(self, scope: Scope, report: Reclassified, documents: Sequence[Document]) -> None:
        judged = [(document, self._judged(scope, report, document)) for document in documents]
        with self._record.read() as reader:
            for document, writes in judged:
                if writes is not None:
                    self._count(reader, scope, report, document, writes)
        report.documents += len(documents)

    def _written(self, scope: Scope, report: Reclassified, documents: Sequence[Document]) -> None:
        """Judge and write a batch; what has changed since it was read comes again, by its new text."""
        last, report.documents = documents[-1], report.documents + len(documents)
        todo = list(documents)
        while todo:
            judged = [(document, self._judged(scope, report, document)) for document in todo]
            with self._record.write() as writer:
                self._keep_lease(writer, scope)
                todo = [
                    now
                    for document, writes in judged
                    if writes is not None and (now := self._take(writer, scope, report, document, writes)) is not None
                ]
                if not todo:
                    place = {"published_at": last.published_at.isoformat(), "id": last.id, "report": report.noted()}
                    writer.put_walk(Walk(self._name(scope), self._clock.now(), place))

    def _take(
        self,
        writer: RecordWriter,
        scope: Scope,
        report: Reclassified,
        document: Document,
        writes: tuple[MentionWrite, ...],
    ) -> Document | None:
        """Write what a document says; return it as it is now if that is not what was judged."""
        now_there = writer.document(document.id)
        if now_there is None:  # erased meanwhile
            return None
        if dataclasses.replace(now_there, story_id=document.story_id) != document:
            return now_there
        found, fresh = self._count(writer, scope, report, document, writes)
        if any(each.fate is not Fate.STAYS for each in found):
            writer.put_mentions(document.id, writes, self._clock.now(), brand=scope.brand)
            self._tell(writer, report, fresh)
        return None

    # --- what becomes of whom

    def _count(
        self,
        reader: RecordReader,
        scope: Scope,
        report: Reclassified,
        document: Document,
        writes: tuple[MentionWrite, ...],
    ) -> tuple[list[Difference], list[str]]:
        """Count a document in; return what becomes of its mentions, and ids of the new ones that alert."""
        found = differences(reader.mentions_of(document.id), writes, scope.brand)
        for each in found:
            report.brands.setdefault(each.brand, BrandReport()).count(document.id, each)
        new = {each.mention_id for each in found if each.fate is Fate.ENTERS}
        flagged = [as_mention(document, write) for write in writes if write.id in new and write.flags]
        if not flagged or reader.is_waiting(document.id):
            return found, []
        fresh = [mention.id for mention in flagged if self._is_news(reader, mention)]
        report.alerting += len(fresh)
        report.silent += len(flagged) - len(fresh)
        return found, fresh

    def _is_news(self, reader: RecordReader, mention: Mention) -> bool:
        return not why_silent(mention, self._clock.now(), self._workspace.settings.alerts, **_dating(reader, mention))

    def _tell(self, writer: RecordWriter, report: Reclassified, fresh: Sequence[str]) -> None:
        """Turn the flags of new mentions into incidents. A document's others were judged when they were new."""
        for mention in writer.mentions(fresh):
            done = judge(
                writer,
                mention,
                self._clock.now(),
                settings=self._workspace.settings.alerts,
                book=self._book,
                **_dating(writer, mention),
            )
            report.incidents += done.incidents
            report.notices += done.notices

    # --- leases, and going on where it was

    def _begin(self, scope: Scope, report: Reclassified) -> Place | None:
        """Take the lease; return where an earlier pass stopped, with its numbers in the report."""
        with self._record.write() as writer:
            self._keep_lease(writer, scope)
            writer.forget_walks(self._clock.now() - RESUMED_WITHIN)
            walk = writer.walk(self._name(scope))
        if walk is None:
            return None
        report.go_on_from(walk.place["report"])
        return datetime.fromisoformat(walk.place["published_at"]), walk.place["id"]

    def _keep_lease(self, writer: RecordWriter, scope: Scope) -> None:
        now, names = self._clock.now(), self._leases(scope)
        if len(writer.lease(names, self._owner, now, now + _LEASE)) < len(names):
            raise StorageError(f"another process is reclassifying {scope.brand or 'some of these brands'}")

    def _leases(self, scope: Scope) -> list[str]:
        """Return what a pass leases: its brand, or all; what is left of brands that are gone counts as one."""
        known = [brand.id for brand in self._workspace.brands]
        if scope.brand:
            return [f"{_ALL}{scope.brand if scope.brand in known else ''}"]
        return [_ALL, *(f"{_ALL}{brand}" for brand in known)]

    def _name(self, scope: Scope) -> str:
        """Return a name that changes with everything a pass rests on."""
        settings = self._workspace.settings
        rests_on = (scope, self._workspace.brands, self._model_version, settings.time_zone, settings.alerts)
        return digest("reclassify", *map(repr, rests_on))

    def _report(self, scope: Scope, *, is_written: bool) -> Reclassified:
        known = [brand.id for brand in self._workspace.brands]
        names = [scope.brand] if scope.brand else known
        return Reclassified(is_written, brands={name: BrandReport() for name in names})


def _dating(reader: RecordReader, mention: Mention) -> dict[str, bool]:
    """Return what decides, beside its age, whether a mention is news; a page counts from when it was listed."""
    is_dated = has_real_date(mention)
    page = None if is_dated else reader.page(page_id(mention.url, Role.PAGE))
    listed_at = page.found_at if page else mention.found_at
    is_first = not is_dated and is_first_round(reader, mention.source, listed_at)
    return {"is_first_round": is_first, "has_real_date": is_dated}
