"""The record: one reader or one writer is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from earshot.model import (
    Capture,
    CaptureRef,
    Delivery,
    DeliveryState,
    Document,
    HourHeard,
    Incident,
    Joined,
    Mention,
    MentionCount,
    Notice,
    Outcome,
    RobotsCopy,
    Severity,
    Source,
    SourceHeard,
    Why,
)
from earshot.operating import OperatingReads, OperatingWrites
from earshot.ports.rows import (
    Counts,
    DocumentKey,
    DueSource,
    Erased,
    FoundIn,
    FrontierPage,
    IncidentCandidate,
    MentionEvent,
    MentionWrite,
    OutboxRow,
    PagesRead,
    Quarantined,
    Restored,
    RunEnd,
    Sample,
    SourceRun,
    SourceState,
    StoredDocument,
    StoryCandidate,
    Unsubscription,
    Unwiped,
    Walk,
)
from earshot.signing_in import SignInReads, SignInWrites
from earshot.upkeep import UpkeepReads, UpkeepWrites


class RecordReader(OperatingReads, SignInReads, UpkeepReads, Protocol):
    """Reads one consistent state of the record. Lists are in the order said; unknown ids are simply absent."""

    def sources(self) -> list[SourceState]:
        """Return all sources, by id."""

    def source(self, source_id: str) -> SourceState | None:
        """Return one source, or None."""

    def page(self, page_id: str) -> FrontierPage | None:
        """Return one frontier row, settled or not, or None."""

    def pages_read(self, source_id: str, since: datetime) -> PagesRead:
        """Return what came of a source's pages that were published or found at `since` or later."""

    def is_ingested(self, ref: CaptureRef) -> bool:
        """Tell whether this capture was written already."""

    def captures(self, since: datetime, until: datetime, source_ids: Sequence[str]) -> list[CaptureRef]:
        """Return ingested captures of these sources fetched in this time, oldest first; at one time, pages last."""

    def known_files(self, names: Sequence[str]) -> set[str]:
        """Return those of `names`, files of the lake, that are known."""

    def unwiped(self) -> Unwiped:
        """Return the erased mentions that are not known to be wiped out of the index's files."""

    def unwiped_since(self, before: datetime) -> int:
        """Return how many mentions that were erased before are not known to be wiped."""

    def captures_in(self, file: str) -> list[CaptureRef]:
        """Return the captures of a file of the lake, quarantined ones too, by place."""

    def condemned(self) -> list[CaptureRef]:
        """Return captures that are still to be cut out of the lake, by file and place."""

    def failures(self, source_id: str) -> int:
        """Return how many runs of a source in a row were not heard; 0 where it is not known."""

    def source_runs(self, source_id: str, limit: int = 50) -> list[SourceRun]:
        """Return a source's runs, newest first."""

    def hours_heard(self, since: datetime, until: datetime, source_ids: Sequence[str] = ()) -> list[HourHeard]:
        """Return one row per UTC hour from the hour of `since` on; `source_ids` empty means all active ones.

        An hour is heard by a source if a span of its heard time covers the hour wholly, or up to now.
        """

    def sources_heard(self, since: datetime, until: datetime) -> list[SourceHeard]:
        """Return, for each active source that listened in this time, how many of its UTC hours were heard; by id."""

    def document(self, document_id: str) -> Document | None:
        """Return a document, or None."""

    def document_at(self, url: str) -> str:
        """Return the id of the document that an address (canonical, under http or https) leads to, or ""."""

    def documents(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        below: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[Document]:
        """Return documents published in this time, newest first: by published_at, then id, both falling.

        `since` and `until` None mean no end. `below`: only what comes after this (published_at, id) in that order.
        """

    def count_documents(
        self, since: datetime | None = None, until: datetime | None = None, *, below: tuple[datetime, str] | None = None
    ) -> int:
        """Return how many documents `documents` would return without a limit."""

    def is_waiting(self, document_id: str) -> bool:
        """Tell whether a document is a teaser that waits for its page, to be judged then."""

    def found_in(self, document_id: str) -> list[FoundIn]:
        """Return where a document was found, first one first."""

    def mentions(self, ids: Sequence[str]) -> list[Mention]:
        """Return the active ones of these mentions as the index shows them, in the order of `ids`."""

    def mention_counts(self, since: datetime, until: datetime) -> list[MentionCount]:
        """Return counts of the active mentions published in this time that are relevant (RELEVANT or more).

        Of all brands, own voice too. As the record has them: an index that is behind changes nothing.
        """

    def revisions(self, since: datetime | None = None, batch: int = 5000) -> Iterator[tuple[str, int]]:
        """Yield id and revision of all active mentions that were published at `since` or later, by id; None: all."""

    def iter_published(self, since: datetime | None = None, batch: int = 500) -> Iterator[list[Mention]]:
        """Yield all active mentions that were published at `since` or later, in lists, oldest first; None: all."""

    def mentions_of(self, document_id: str) -> list[Mention]:
        """Return a document's active mentions, by brand."""

    def stale(self, versions: Mapping[str, str], model_version: str) -> dict[str, int]:
        """Return how many active mentions of each brand were judged by another brand version or model, by brand.

        versions: the current one of each brand; a brand that is not among them is stale as a whole. Brands without
        any are left out. Costs as much as there is to count, not as much as there is.
        """

    def mention_history(self, mention_id: str) -> list[MentionEvent]:
        """Return what happened to a mention, oldest first."""

    def story_mentions(self, story_id: str, limit: int = 50) -> list[Mention]:
        """Return a story's active mentions, oldest first."""

    def outbox(self, target: str, limit: int = 1000) -> list[OutboxRow]:
        """Return rows to bring to `target`, oldest first, with the mention's current revision and fate."""

    def dead_letters(self, target: str, limit: int = 1000) -> list[OutboxRow]:
        """Return rows that `target` refused for what is in them, oldest first, with the revision that was refused."""

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident, or None."""

    def incidents(
        self, limit: int = 50, brand_id: str = "", *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Incident]:
        """Return incidents, newest first; `since` and `until` are of their opening."""

    def incidents_about(self, brand_id: str, since: datetime, until: datetime, limit: int) -> list[Incident]:
        """Return a brand's incidents that were opened, or whose mentions were published, in this time; newest first."""

    def incident_of(self, mention: Mention) -> str:
        """Return the id of the incident that holds a mention, or another mention of its brand and story; else ""."""

    def incident_size(self, incident_id: str) -> int:
        """Return how many mentions have joined an incident."""

    def incident_candidates(
        self, brand_id: str, since: datetime, until: datetime, *, most: int, members: int
    ) -> list[IncidentCandidate]:
        """Return a brand's incidents that have a mention published in this time, the latest `most` of them.

        Each with the `members` mentions that joined it last; an incident whose mentions were all withdrawn has none.
        """

    def joined(self, incident_id: str) -> list[Joined]:
        """Return an incident's mentions as they joined it, first one first."""

    def samples(self, before: datetime, limit: int, brand_id: str = "", *, is_flagged: bool) -> list[Sample]:
        """Return the latest `limit` documents published before this time that a rule flagged, or that none did.

        Those with a mention of a brand if one is named.
        """

    def rule_counts(self, brand_id: str, before: datetime, limit: int) -> tuple[int, dict[str, int]]:
        """Return how many active mentions a brand had before this time, the latest `limit`, and how many each rule
        flagged of them.
        """

    def deliveries_of(self, incident_id: str) -> list[Delivery]:
        """Return the deliveries that carry a notice of an incident, first one first."""

    def unsubscriptions(self) -> list[Unsubscription]:
        """Return who wants no more mails of which brand, by recipient."""

    def notices(self, keys: Sequence[str]) -> list[Notice]:
        """Return these notices, in the order of `keys`."""

    def notices_of(self, incident_id: str) -> list[Notice]:
        """Return an incident's notices, by key."""

    def notices_to(self, incident_id: str, recipient: str) -> list[Notice]:
        """Return an incident's notices to one recipient, oldest first; those of incidents merged into it too."""

    def all_notices(self) -> list[Notice]:
        """Return every notice, by key."""

    def deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 200, brand_id: str = "") -> list[Delivery]:
        """Return deliveries, latest change first; `states` and `brand_id` empty narrow nothing."""

    def brands_waiting(self, now: datetime, stuck_before: datetime) -> dict[str, bool]:
        """Return the brands that have something to tell now, by id; True where something is left over to settle.

        To tell: pending notices and pending deliveries that are due. Left over: deliveries at the dot, and those
        claimed by a process that is gone, or, where that cannot be known, claimed before `stuck_before`.
        """

    def last_restored(self) -> Restored | None:
        """Return from which backup the record was brought back last, or None."""

    def first_heard(self, source_id: str, since: datetime) -> datetime | None:
        """Return when a source was first heard at `since` or later, or None."""

    def has_times_to_come(self, now: datetime, longest: timedelta) -> bool:
        """Tell whether a notice or delivery has a time that it cannot have: the clock ran ahead when it was written.

        That is: made or changed later than `now` (clocks of two machines may differ by a minute), or, while it waits,
        told to wait longer than `longest` from now.
        """

    def quarantine(self) -> list[Quarantined]:
        """Return what is quarantined, oldest first."""

    def walk(self, name: str) -> Walk | None:
        """Return how far a walk has come, or None if it has not begun or is over."""

    def counts(self) -> Counts:
        """Return what `earshot status` counts."""


class RecordWriter(RecordReader, OperatingWrites, SignInWrites, UpkeepWrites, Protocol):
    """One writing transaction: all of it happens, or nothing. Alone, unless it was opened beside others."""

    def hold(self, names: Iterable[str]) -> None:
        """Wait until nobody beside us holds one of these names, and hold them until this transaction ends.

        names: of `earshot.ports.holds`. Alone, it does nothing.

        Raises:
            Collided: it would hold more than one may beside others.
        """

    # sources and plan
    def put_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the record know these sources and no others as active. New ones are due at once. Twice is once."""

    def put_off(self, source_id: str, fetched_at: datetime, until: datetime) -> None:
        """Let a source not be due before `until`: what was fetched of it waits in the lake to be read.

        Changes nothing where a run has ended since `fetched_at`.
        """

    def due_sources(self, now: datetime, limit: int, leave_out: Container[str] = ()) -> list[DueSource]:
        """Return active sources with next_due_at <= now, longest due first, then by id; those in `leave_out` not."""

    def due_after(self, time: datetime) -> list[DueSource]:
        """Return the active sources that are due later than `time`, by id."""

    def due_pages(
        self,
        now: datetime,
        per_source: int,
        limit: int,
        waits: Mapping[str, timedelta] | None = None,
        leave_out: Container[str] = (),
    ) -> list[FrontierPage]:
        """Return pages to fetch of active sources, newest (published_at, else found_at) first, `per_source` at most.

        waits: by outcome of the last try ("" before the first) how long a page may wait for the next at most; one that
        waits longer got its time from a clock that ran ahead, and is due. leave_out: ids of sources.
        """

    def put_off_pages(self, page_ids: Sequence[str], until: datetime) -> None:
        """Let waiting pages not be due before `until`."""

    def lease(self, names: Sequence[str], owner: str, now: datetime, until: datetime) -> dict[str, int]:
        """Lease these names (hosts: "host:NAME"; others as agreed) and return the granted ones with their fence.

        A name is free if nobody holds it, its lease ran out, or its holder was a process of this machine that
        is gone, or its lease reaches further than it can (that of a host twice as far as this one): then the clock had
        run ahead. owner: `earshot.leases.me()`. Taking what one holds renews it. Fences only grow.
        """

    def free(self, names: Sequence[str], owner: str) -> None:
        """Give leases back. Twice is once."""

    def rest_host(self, host: str, until: datetime, reason: str) -> None:
        """Note that a host asked to be left alone until then. A later time that is noted already stays."""

    def host_rests(self, hosts: Sequence[str], now: datetime) -> dict[str, datetime]:
        """Return until when those of the hosts rest that do. A time beyond the longest rest (24 h) is not believed."""

    def robots(self, origins: Sequence[str], since: datetime) -> list[RobotsCopy]:
        """Return copies fetched at or after `since`."""

    def put_robots(self, copy: RobotsCopy) -> None:
        """Keep the newest copy of an origin. An unreachable one does not replace a good one younger than 30 days."""

    # ends of runs and pages
    def end_run(self, end: RunEnd) -> None:
        """Write how a run ended, with validators, next due time, failures and the heard span."""

    def add_pages(self, pages: Sequence[FrontierPage]) -> int:
        """Add addresses that were never in the frontier (by URL and role); return how many were new.

        A settled row of role SITEMAP opens again if published_at (its lastmod) is None or later than its end:
        a child sitemap changes, a page is fetched once.
        """

    def add_host(self, source_id: str, host: str) -> None:
        """Note that a source's redirects lead to this host, so that plan leases it too; at most 10 are kept."""

    def end_page(self, page_id: str, outcome: Outcome, reason: str, now: datetime, retry_at: datetime | None) -> None:
        """Settle a page: done, or tried again at `retry_at`.

        A failed end of a page, and one that was not the article, mark its teaser as to be judged now.
        """

    # captures
    def add_file(self, file: str, now: datetime) -> None:
        """Know a published file. Twice is once."""

    def open_files(self) -> list[str]:
        """Return known files that are not finished, oldest first."""

    def finish_file(self, file: str) -> None:
        """All captures of the file are ingested or quarantined."""

    def forget_file(self, file: str) -> None:
        """Know a file no more that nothing was read of; one that anything is known of stays. Twice is once."""

    def add_capture(self, capture: Capture, outcome: Outcome) -> None:
        """Note a capture as ingested. Twice is once."""

    def add_quarantined(self, capture: Capture, reason: str, now: datetime) -> None:
        """Set a capture aside. Again: counts an attempt and keeps the newest reason."""

    def end_quarantined(self, quarantine_id: str) -> None:
        """Take a capture out of quarantine."""

    def condemn(self, ref: CaptureRef) -> None:
        """Note a capture as to be cut out of the lake, until `Record.move_captures` drops it. Twice is once."""

    # documents
    def is_erased(self, keys: Sequence[DocumentKey], author: str, site: str) -> bool:
        """Tell whether a tombstone stands against one of the keys or the author.

        Raises:
            ConfigError: authors were erased under another key of the workspace.
        """

    def find_document(self, keys: Sequence[DocumentKey]) -> StoredDocument | None:
        """Return the first document that one of the keys leads to, keys in order of trust."""

    def find_documents(self, keys: Collection[DocumentKey]) -> dict[DocumentKey, StoredDocument]:
        """Return the documents that the keys lead to, by key; keys that lead nowhere are left out."""

    def put_document(
        self,
        document: Document,
        keys: Sequence[DocumentKey],
        content_hash: str,
        signature: bytes,
        bands: Sequence[str],
    ) -> bool:
        """Insert or change a document; True if it was new or its text changed. Keys that lead elsewhere stay there.

        Bands replace the document's bands. A document is changed at most 24 times, then its text is frozen.
        Time of finding and source of what is given are noted as where a new text came from.
        """

    def put_details(self, document: Document) -> None:
        """Change what may change without the text being another one: author, date, language, links, counts."""

    def add_keys(self, document_id: str, keys: Sequence[DocumentKey]) -> None:
        """Let these keys lead to a document, but those that lead elsewhere already. Twice is once."""

    def add_found_in(self, document_id: str, source_id: str, url: str, now: datetime) -> None:
        """Note that a source holds a document. Twice is once."""

    def story_candidates(self, bands: Sequence[str], around: datetime, days: int, exclude: str) -> list[StoryCandidate]:
        """Return documents that share a band and were published within `days` of `around`, oldest first."""

    def join_story(self, document_id: str, story_ids: Sequence[str]) -> str:
        """Put a document and these stories into one (the oldest, by first document, then id); return its id.

        With no `story_ids` the document keeps its story, or begins one. Mentions moved get a new revision;
        open incidents of merged stories with one brand and rule become the older one.
        """

    def documents_to_judge(self, now: datetime, limit: int = 500) -> list[str]:
        """Return ids of teasers whose page has failed or is late, and which were never judged."""

    def set_judged(self, document_id: str, now: datetime) -> None:
        """Note that a document's flags have been turned into incidents."""

    def wait_for_page(self, document_id: str, until: datetime) -> None:
        """Let a teaser wait for its page before it is judged."""

    # mentions
    def put_mentions(
        self, document_id: str, writes: Sequence[MentionWrite], now: datetime, *, brand: str = ""
    ) -> list[str]:
        """Make these the document's mentions; return ids of new or changed ones.

        What changed gets revision + 1, history and outbox rows; a brand no longer there is withdrawn. With `brand`
        all this is about that brand's mention only (`writes` holds it or nothing), and the others stay as they are.
        """

    # walks
    def put_walk(self, walk: Walk) -> None:
        """Keep how far a walk has come, in place of what was kept under its name."""

    def end_walk(self, name: str) -> None:
        """Forget a walk: it is over. Twice is once."""

    def forget_walks(self, before: datetime) -> None:
        """Forget walks that have not moved since `before`."""

    # relays
    def ack(self, rows: Sequence[OutboxRow]) -> None:
        """Take exactly these (target, mention, revision) out of the outbox."""

    def overtake(self, held: Mapping[str, int], now: datetime) -> None:
        """Raise these mentions' revisions above what an index has of them, and queue them for it. Twice is once."""

    def add_dead_letter(self, row: OutboxRow, reason: str, now: datetime) -> None:
        """Move a row the index refuses to the dead letters."""

    def open_incident(
        self,
        mention: Mention,
        rule_id: str,
        severity: Severity,
        now: datetime,
        *,
        rule_ids: Sequence[str] = (),
        terms: Mapping[str, Sequence[Any]] | None = None,
    ) -> tuple[str, bool]:
        """Join the incident of the mention or of its story, for its brand, or open one that is named after the rule.

        Returns its id, and True if it was opened now. rule_ids: all that fired on the mention. terms: by which others
        are compared with it.
        """

    def join_incident(
        self,
        incident_id: str,
        mention: Mention,
        severity: Severity,
        why: Why,
        now: datetime,
        *,
        rule_ids: Sequence[str] = (),
        terms: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        """Put a mention into an incident; the highest severity stays. Twice is once: what was said first counts."""

    def merge_incidents(self, kept: str, other: str) -> None:
        """Let an incident become part of another of its brand; its id leads there, and nobody is told twice."""

    def add_notice(self, notice: Notice) -> bool:
        """Add a notice unless its key exists; True if it was added.

        To a recipient who was struck off or has unsubscribed from the brand it is born suppressed.
        """

    def raise_notice(self, notice: Notice) -> bool:
        """Give a notice that is still pending this rule, severity, count and time; False where it is bound already."""

    def note_shown(self, shown: Mapping[str, int]) -> None:
        """Keep, by notice, how many mentions of its incident the mail counts."""

    def pending_notices(self, now: datetime, brand_id: str = "") -> list[Notice]:
        """Return notices that are due (not_before is None or <= now), oldest first; `brand_id` empty means all."""

    def hold_notices(self, keys: Sequence[str], not_before: datetime) -> None:
        """Leave notices pending until then."""

    def end_times_to_come(self, now: datetime, longest: timedelta) -> int:
        """Bring to `now` what has a time that it cannot have; return how many rows. Twice is once.

        What was to wait from then on waits as long from now. Where there is any, other notices that are held, and wait
        for no update, are due at once: why they wait is judged anew.
        """

    def told_since(self, brand_id: str, recipient: str, since: datetime) -> int:
        """Return how many alert mails of this brand to this recipient were made (bound, not dead) since."""

    def bind(self, delivery: Delivery) -> None:
        """Create a delivery and bind its notices to it. Twice is once."""

    def change_delivery(
        self,
        key: str,
        state: DeliveryState,
        now: datetime,
        *,
        owner: str = "",
        reason: str = "",
        subject: str = "",
        not_before: datetime | None = None,
    ) -> None:
        """Move a delivery to `state` and its notices with it (sent: told). Claiming counts an attempt."""

    def suppress(self, recipient: str, reason: str, now: datetime) -> None:
        """Strike a recipient off: pending notices become suppressed, later ones are born so."""

    def is_suppressed(self, recipient: str) -> bool:
        """Tell whether a recipient was struck off."""

    def unsubscribe(self, recipient: str, brand_id: str, mails: str, now: datetime) -> bool:
        """Note that somebody wants no more "alerts" or no more "brief" of a brand; False if it was noted before.

        Pending notices of these mails become suppressed, later ones are born so.
        """

    def resubscribe(self, recipient: str, brand_id: str = "") -> int:
        """Undo it for a brand, or for all; return how many were undone. What was suppressed stays so."""

    def is_unsubscribed(self, recipient: str, brand_id: str, mails: str) -> bool:
        """Tell whether somebody wants no more of these mails of a brand."""

    # erasure
    def erase(self, *, author: str = "", url: str = "", document_id: str = "", now: datetime) -> Erased:
        """Write the tombstone, then delete every trace in the record; return what is left to do. Twice is once.

        Raises:
            ConfigError: authors were erased under another key of the workspace.
        """

    def erase_again(self, lines: Sequence[tuple[str, str, datetime]], now: datetime) -> Erased:
        """Set tombstones by digest, kind and time, and erase what they stand against, as `erase` does. Twice is once.

        Raises:
            ConfigError: authors were erased under another key of the workspace.
        """

    def note_restored(self, what: Restored) -> None:
        """Note that the record was brought back; all leases are free afterwards, and no job runs."""

    def note_wiped(self, mention_ids: Collection[str]) -> None:
        """Note that no file of the index holds these erased mentions any more. Twice is once."""


class Record(Protocol):
    """The relational database: the one system of record."""

    def read(self) -> AbstractContextManager[RecordReader]:
        """Open a reader; what it sees does not change while it is open."""

    def write(self, *, beside: bool = False) -> AbstractContextManager[RecordWriter]:
        """Open the writing transaction; commits at the end, rolls back on any exception.

        beside: not alone, but beside others that say so too, where the database can. It has to hold what it reads
        before it changes it, and may call only what can be written so; else RuntimeError.

        Raises:
            Collided: another one beside it was at the same; begin anew (`earshot.pipeline.transactions`).
            StorageError: could not begin or commit within 30 s.
        """

    def migrate(self) -> None:
        """Bring the schema to this version. Twice is once. Other processes may call it at the same time."""

    def forget_deleted(self) -> bool:
        """Let no log of the database hold what was deleted; False where another process keeps it from being emptied."""

    def move_captures(self, moved: dict[CaptureRef, CaptureRef], dropped: Sequence[CaptureRef]) -> None:
        """Follow a rewritten lake file, in a transaction of its own."""

    def close(self) -> None:
        """Let go of connections."""
