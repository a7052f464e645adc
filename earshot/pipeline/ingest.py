"""Ingest: captures of the lake become documents, mentions and everything that follows from them.

What is slow (reading, recognising, judging) is done first; then all of one capture is written in ONE
transaction (`writing`). Knows no spider and no index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import structlog

from earshot.alerts.rules import RuleBook
from earshot.config.settings import Workspace
from earshot.errors import DocumentError, Gone, SourceError, StorageError
from earshot.model import NO_HINT, Capture, CaptureRef, Hint, Outcome, PageLink, Reading, Role, Source
from earshot.patterns import is_found
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.holding import hold_keys
from earshot.pipeline.reading import Origin, Reader, shared_names
from earshot.pipeline.transactions import written
from earshot.pipeline.writing import NO_TEXT, Ingested, Work, is_ingested, write_capture
from earshot.ports import Clock, Extractor, FrontierPage, Lake, Record, RecordWriter
from earshot.urls import canonical_url

log = structlog.get_logger(__name__)
Answer = Reading | SourceError | DocumentError


class Ingest:
    """The stage, with all it needs. Not for use by two threads at a time."""

    def __init__(
        self,
        record: Record,
        lake: Lake,
        extractor: Extractor,
        reader: Reader,
        book: RuleBook,
        workspace: Workspace,
        clock: Clock,
    ) -> None:
        self._record, self._lake, self._extractor = record, lake, extractor
        self._reader, self._book, self._workspace, self._clock = reader, book, workspace, clock
        self._sources = {source.id: source for source in workspace.sources}

    def open_files(self) -> list[str]:
        """Return files of the lake that are not wholly ingested, those of a process that died included.

        What such a process left condemned is cut out first. A file that the lake has lost is left out, so that it
        does not stop the others; `earshot.pipeline.maintain` names it.
        """
        cut_condemned(self._record, self._lake, self._clock)
        names = self._files()

        def know(writer: RecordWriter) -> list[str]:
            known = writer.known_files(names)
            for name in names:
                if name not in known:
                    writer.add_file(name, self._clock.now())
            there = set(names)
            return [name for name in writer.open_files() if name in there]

        return written(self._record, know)

    def file(
        self,
        name: str,
        on_capture: Callable[[Ingested], None] | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Ingest every capture of a file that is not ingested yet. Twice is once.

        A file that another process has rewritten or removed since it was named, or that cannot be read now, ends with
        a note of it in what is returned, and the next file begins.

        Args:
            name: of a published file.
            on_capture: called after each capture with what came of it.
            is_stopping: asked after each capture; True leaves the rest of the file for the next call.

        Raises:
            StorageError: the record does not answer, or nothing of the lake does.
        """
        done = Ingested()
        with self._record.read() as reader:
            captures = self._captures(name, done)
            todo = [(capture, body) for capture, body in captures if not is_ingested(reader, capture)]
        todo.sort(key=_place)
        is_whole = not (done.rewritten or done.unreadable)
        for (capture, body), answer in zip(todo, self._extractor.read_many(todo, self._hint_of), strict=True):
            one = self._take(capture, len(body), answer)
            done.add(one)
            if on_capture:
                on_capture(one)
            if one.rewritten or is_stopping():
                is_whole = False
                break
        if is_whole:
            with self._record.write(beside=True) as writer:
                writer.finish_file(name)
        elif done.rewritten:  # known again by a process that had named it before it went
            with self._record.write() as writer:
                writer.forget_file(name)
        if done.condemned:  # it shows something erased, or was said inside: the lake is not to keep it
            cut_condemned(self._record, self._lake, self._clock)
        return done

    def replay(self, ref: CaptureRef, quarantine_id: str = "") -> Ingested:
        """Read a capture again, as if it came late; a quarantined one leaves the quarantine if it can be ingested now.

        The state of its source stays as it is: validators, next look, runs, heard hours, settled pages. Twice is once.

        Args:
            ref: where it lies.
            quarantine_id: under which it is quarantined, or empty.

        Raises:
            StorageError: the lake no longer holds it, or holds it elsewhere.
        """
        capture, body = self._lake.read(ref)
        answer = next(iter(self._extractor.read_many([(capture, body)], self._hint_of)))
        done = self._take(capture, len(body), answer, again=True)
        if quarantine_id and not done.quarantined:
            with self._record.write() as writer:
                writer.end_quarantined(quarantine_id)
        return done

    def _files(self) -> list[str]:
        """Return the files of the lake without those that were rewritten or removed while they were named.

        The record does not know such a file any more, as it does not know a new one: only a second look tells them
        apart.
        """
        names = list(self._lake.iter_files())
        with self._record.read() as reader:
            known = reader.known_files(names)
        if known.issuperset(names):
            return names
        there = set(self._lake.iter_files())
        return [name for name in names if name in known or name in there]

    def _captures(self, name: str, done: Ingested) -> Iterator[tuple[Capture, bytes]]:
        """Yield a file's captures; what ends it early is noted in `done`, and what came before it stays."""
        try:
            yield from self._lake.iter_captures(name)
        except DocumentError as error:
            log.error("a lake file is broken", file=name, reason=error.reason)
        except Gone:
            done.rewritten += 1
            log.info("a lake file was rewritten or removed before it was read", file=name)
        except StorageError as error:
            for _ in self._lake.iter_files():  # raises where it is not this file alone
                break
            done.unreadable += 1
            log.error("a lake file cannot be read now", file=name, reason=str(error))

    def _hint_of(self, capture: Capture) -> Hint:
        source = self._sources.get(capture.source_id)
        return source.hint if source else NO_HINT

    def _forget(self, capture: Capture) -> Ingested:
        """The source has left the workspace meanwhile."""
        with self._record.write(beside=True) as writer:
            hold_keys(writer, capture, None)
            writer.add_capture(capture, Outcome.GONE)
        return Ingested(captures=1)

    def _take(self, capture: Capture, size_bytes: int, answer: Answer, *, again: bool = False) -> Ingested:
        """Prepare and write one capture. again: also if it was ingested before (replay)."""
        source = self._sources.get(capture.source_id)
        if source is None:
            return self._forget(capture)
        with self._record.read() as reader:
            kind, _, name = capture.item_id.partition(":")
            page = reader.page(name) if kind == "page" else None
            is_commented = page is not None and page.role is Role.FEED
            article = reader.document(page.document_id) if page is not None and is_commented else None
        if article is not None and isinstance(answer, Reading):
            answer = _as_comments(answer, article.url)
        work = self._prepare(capture, size_bytes, source, page, answer)
        judge = self._reader.judge
        return write_capture(self._record, work, self._workspace, self._book, judge, self._clock, again=again)

    def _prepare(
        self, capture: Capture, size_bytes: int, source: Source, page: FrontierPage | None, answer: Answer
    ) -> Work:
        work = Work(capture, source, page, size_bytes=size_bytes)
        if isinstance(answer, SourceError):
            return replace(work, outcome=Outcome(answer.outcome), reason=answer.reason)
        if isinstance(answer, DocumentError):
            return replace(work, outcome=Outcome.FAILED, reason=answer.reason, quarantine=answer.reason)
        doubts = [entry.doubt for entry in answer.entries if not entry.text and entry.doubt]
        if capture.role is Role.PAGE:
            answer = replace(answer, entries=tuple(entry for entry in answer.entries if entry.text))
        shared = shared_names(answer)
        prepared, wrong = [], ""
        for entry in answer.entries:
            try:
                prepared.append(self._reader.prepare(entry, Origin(capture, source, page), shared))
            except Exception as error:  # one item's failure is recorded and the next begins
                log.exception("an entry could not be judged", url=entry.url)
                wrong = f"entry {entry.url or entry.own_id!r} could not be judged: {type(error).__name__}: {error}"[
                    :500
                ]
        outcome, reason = _outcome(answer, capture.role, doubts)
        return replace(
            work,
            reading=answer,
            links=_wanted(answer.links, source),
            prepared=tuple(prepared),
            outcome=outcome,
            reason=reason,
            quarantine=wrong,
        )


def _wanted(links: Sequence[PageLink], source: Source) -> tuple[PageLink, ...]:
    """Return the addresses that are to be fetched, in their canonical form."""
    wanted = []
    for link in links:
        try:
            url = canonical_url(link.url)
        except SourceError:
            continue
        if link.role is Role.SITEMAP or not source.url_pattern or is_found(source.url_pattern, url):
            wanted.append(replace(link, url=url))
    return tuple(wanted)


def _as_comments(reading: Reading, article: str) -> Reading:
    """Return the entries of a feed of comments as such, also where none says itself which article it answers."""
    said = (entry for entry in reading.entries if entry.parent or entry.url != article)
    return replace(reading, entries=tuple(replace(entry, parent=entry.parent or article) for entry in said))


def _place(taken: tuple[Capture, bytes]) -> tuple[bool, str]:
    """Return a capture's place among those of its file: sources, then pages, each by its name.

    Whoever answered first is chance. What is read first is not: it opens the incident that its story's others join.
    """
    return taken[0].role is Role.PAGE, taken[0].item_id


def _outcome(reading: Reading, role: Role, doubts: Sequence[str]) -> tuple[Outcome, str]:
    """Return how it ended, and why. A page without an article is empty whatever comments stand on it."""
    if reading.links or any(role is not Role.PAGE or not entry.parent for entry in reading.entries):
        return Outcome.OK, "; ".join(reading.warnings)[:300]
    what = {Role.FEED: "a feed without entries", Role.SITEMAP: "a sitemap without addresses"}
    return Outcome.EMPTY, what.get(role) or next(iter(doubts), NO_TEXT)
