"""The ports: what the pipeline and the pages ask of the world. Each docstring is the contract of every adapter.

Everywhere: times are aware and in UTC; ranges are `since` (included) and `until` (excluded); an adapter
translates foreign exceptions into `earshot.errors`; "twice is once" means that a second equal call changes
nothing and answers the same. `tests/ports` holds one contract suite per port, run on every adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from earshot.errors import DocumentError, SourceError
from earshot.model import (
    Capture,
    CaptureRef,
    CollectEvent,
    Delivery,
    DeliveryState,
    Document,
    Entry,
    Flag,
    Hit,
    HourCount,
    HourHeard,
    Incident,
    Mention,
    MentionCount,
    Message,
    Notice,
    Outcome,
    Reading,
    Recognised,
    RobotsCopy,
    Role,
    SearchPage,
    SearchRequest,
    SentMessage,
    Severity,
    Source,
    SourceHeard,
    TextIs,
    Verdict,
)
from earshot.operating import OperatingReads, OperatingWrites
from earshot.upkeep import UpkeepReads, UpkeepWrites


class Clock(Protocol):
    """Time. Tests bring their own; nothing else in Earshot asks the machine."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


# --- lake ----------------------------------------------------------------------------------------------


class LakeWriter(Protocol):
    """An open WARC file that nobody else sees yet."""

    def add(self, capture: Capture, body: bytes) -> Capture:
        """Append a response record; return the capture with its real `ref`. body: after transfer and content coding."""

    @property
    def is_full(self) -> bool:
        """True once the file holds 64 MB, 500 captures, or is 20 seconds old (and holds at least one)."""

    def publish(self) -> str:
        """Make the file appear, whole and durable, and return its name; "" if it holds nothing. The writer is done."""


class Lake(Protocol):
    """Captures in WARC files: published files never change, except by `rewrite_without`."""

    def open_writer(self) -> LakeWriter:
        """Begin a file. One that is never published leaves nothing that `iter_files` shows."""

    def iter_files(self) -> Iterator[str]:
        """Yield the names of published files, oldest first."""

    def iter_captures(self, file: str) -> Iterator[tuple[Capture, bytes]]:
        """Yield captures with bodies in order. A broken record ends the file with DocumentError.

        Raises:
            StorageError: the file cannot be read now.
        """

    def read(self, ref: CaptureRef) -> tuple[Capture, bytes]:
        """Return one capture.

        Raises:
            StorageError: not there, or its digest differs.
        """

    def rewrite_without(self, file: str, refs: Sequence[CaptureRef]) -> dict[CaptureRef, CaptureRef]:
        """Write `file` anew without these captures; return where the others went (old -> new). Twice is once.

        The old file is gone when this returns, and the new one has another name. A file left with no capture
        disappears.
        """

    def remove(self, file: str) -> None:
        """Remove a published file with all that is in it, also a broken one. Twice is once."""

    def begun_at(self, file: str) -> datetime | None:
        """Return when a file was begun, as its name says (of a rewritten one: the old one); None if it says nothing."""


# --- collecting and reading ----------------------------------------------------------------------------


class Collector(Protocol):
    """Fetches a batch."""

    def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
        """Run one child process over a batch file (`earshot.batches`) and yield events as they happen.

        A Fetched event with outcome OK comes after the FilePublished that holds its capture. The child ends
        with its parent. Closing the iterator ends the child.

        Raises:
            StorageError: the child died or wrote nonsense; what was yielded before stays true.
        """


class Extractor(Protocol):
    """Reads captures inside bounded children (CPU, memory, output)."""

    def read(self, capture: Capture, body: bytes) -> Reading:
        """Return what the capture says, by its role.

        Raises:
            SourceError: the body is not what the role expects (outcome NOT_A_FEED), e.g. a login page.
            DocumentError: its reader crashed or cost too much.
            StorageError: no reader process can be started now.
        """

    def read_many(self, captures: Iterable[tuple[Capture, bytes]]) -> Iterator[Reading | SourceError | DocumentError]:
        """Yield what each capture says, in order, several children at a time; what cannot be read is yielded."""

    def close(self) -> None:
        """End the children."""


class Recogniser(Protocol):
    """Recognises all brands in one pass."""

    def recognise(self, entry: Entry, url: str, source: str = "") -> list[Recognised]:
        """Return the brands heard in this text, in order of brand id.

        url: canonical, for `site:` and owned domains. source: id, for `source:`.
        """


class Classifier(Protocol):
    """Judges mentions. Pure: the same text, brand and version give the same verdict."""

    @property
    def model_version(self) -> str:
        """Name of what judges; changes whenever a verdict could."""

    def detect_language(self, text: str, hint: str = "") -> str:
        """Return ISO 639-1 in lower case, or "" where the text is too little and there is no hint."""

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        """Return one verdict per recognised brand, in the same order."""


# --- record --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as the record knows it. hosts: further hosts that its redirects were seen to lead to.

    failures: runs in a row that were not heard. rounds: runs that were heard. last_*: of its last run.
    last_heard_at: last run that was heard. last_entries: as last
    read; an unchanged run leaves it. documents: found in it so far. is_active: still in the workspace.
    """

    source_id: str
    kind: str
    url: str
    name: str
    collection: str
    is_active: bool
    added_at: datetime
    next_due_at: datetime
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    failures: int = 0
    rounds: int = 0
    last_outcome: Outcome | None = None
    last_reason: str = ""
    last_run_at: datetime | None = None
    last_heard_at: datetime | None = None
    last_entries: int = 0
    last_new: int = 0
    documents: int = 0
    pages_waiting: int = 0
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a source's run ended, to be written once. etag, last_modified, body_hash: None keeps what is stored.

    heard_since: how far back this run reaches (its oldest entry), None if it heard nothing or nothing is dated.
    """

    source_id: str
    at: datetime
    outcome: Outcome
    reason: str
    next_due_at: datetime
    entries: int = 0
    new: int = 0
    status: int = 0
    size_bytes: int = 0
    elapsed_s: float = 0.0
    heard_since: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One ended run, for the history of a source."""

    source_id: str
    at: datetime
    outcome: Outcome
    reason: str
    entries: int
    new: int
    status: int
    size_bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class FrontierPage:
    """An address still to fetch. document_id: the teaser it belongs to, or empty. attempts: tries so far."""

    id: str
    url: str
    role: Role
    source_id: str
    found_at: datetime
    published_at: datetime | None = None
    title: str = ""
    document_id: str = ""
    attempts: int = 0
    hops: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """One more name of a document. kind: "url", "guid" or "content"."""

    kind: str
    value: str


MAX_CHANGES = 24
"""From then on the text of a document is frozen: a page with a clock in it would be judged for ever."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What the ingest transaction needs of a document that is already there.

    text_at: when the capture that its text came from was fetched. text_source: the source of that capture.
    """

    id: str
    text_is: TextIs
    content_hash: str
    revisions: int
    story_id: str
    judged_at: datetime | None
    text_at: datetime
    text_source: str

    @property
    def is_frozen(self) -> bool:
        """True once its text changes no more."""
        return self.revisions >= MAX_CHANGES


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk over the record has come, so that one that was broken off goes on there. place: the walker's."""

    name: str
    at: datetime
    place: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """A document that shares a band. signature: as stored."""

    document_id: str
    story_id: str
    signature: bytes
    published_at: datetime


@dataclass(frozen=True, slots=True)
class MentionWrite:
    """What a document says of one brand now."""

    id: str
    document_id: str
    verdict: Verdict
    flags: tuple[Flag, ...]
    is_own_voice: bool
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MentionEvent:
    """One line of a mention's history. what: "found", "text changed", "judged again", "flagged", "told", ..."""

    at: datetime
    what: str
    detail: str
    revision: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A mention to bring to `target`. is_gone: withdrawn or erased, so the index is to delete it."""

    target: str
    mention_id: str
    revision: int
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A capture that could not be ingested."""

    id: str
    ref: CaptureRef
    source_id: str
    url: str
    reason: str
    at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class FoundIn:
    """Where a document was found."""

    source_id: str
    source_name: str
    url: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What `earshot status` counts. sources by last outcome ("never" before the first run); deliveries by state.

    held: pending notices that wait for their hour. unread: files of captures that are not, or not wholly, ingested.
    """

    documents: int
    mentions: int
    stories: int
    captures: int
    quarantined: int
    frontier: int
    behind: int
    dead_letters: int
    sources: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    held: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure found. refs: captures to be cut out of the lake. mention_ids: now in the outbox as gone."""

    documents: int
    mention_ids: tuple[str, ...]
    refs: tuple[CaptureRef, ...]


class RecordReader(OperatingReads, UpkeepReads, Protocol):
    """Reads one consistent state of the record. Lists are in the order said; unknown ids are simply absent."""

    def sources(self) -> list[SourceState]:
        """Return all sources, by id."""

    def source(self, source_id: str) -> SourceState | None:
        """Return one source, or None."""

    def page(self, page_id: str) -> FrontierPage | None:
        """Return one frontier row, settled or not, or None."""

    def is_ingested(self, ref: CaptureRef) -> bool:
        """Tell whether this capture was written already."""

    def captures(self, since: datetime, until: datetime, source_ids: Sequence[str]) -> list[CaptureRef]:
        """Return ingested captures of these sources fetched in this time, oldest first; at one time, pages last."""

    def condemned(self) -> list[CaptureRef]:
        """Return captures that are still to be cut out of the lake, by file and place."""

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

    def iter_mentions(self, batch: int = 500) -> Iterator[list[Mention]]:
        """Yield all active mentions in lists, by id."""

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

    def notices(self, keys: Sequence[str]) -> list[Notice]:
        """Return these notices, in the order of `keys`."""

    def notices_of(self, incident_id: str) -> list[Notice]:
        """Return an incident's notices, by key."""

    def all_notices(self) -> list[Notice]:
        """Return every notice, by key."""

    def deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 200, brand_id: str = "") -> list[Delivery]:
        """Return deliveries, latest change first; `states` and `brand_id` empty narrow nothing."""

    def brands_waiting(self, now: datetime, stuck_before: datetime) -> dict[str, bool]:
        """Return the brands that have something to tell now, by id; True where something is left over to settle.

        To tell: pending notices and pending deliveries that are due. Left over: deliveries at the dot, and those
        claimed by a process that is gone, or, where that cannot be known, claimed before `stuck_before`.
        """

    def quarantine(self) -> list[Quarantined]:
        """Return what is quarantined, oldest first."""

    def walk(self, name: str) -> Walk | None:
        """Return how far a walk has come, or None if it has not begun or is over."""

    def counts(self) -> Counts:
        """Return what `earshot status` counts."""


class RecordWriter(RecordReader, OperatingWrites, UpkeepWrites, Protocol):
    """One writing transaction: all of it happens, or nothing. Only one at a time on SQLite."""

    # sources and plan
    def put_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the record know these sources and no others as active. New ones are due at once. Twice is once."""

    def put_off(self, source_id: str, fetched_at: datetime, until: datetime) -> None:
        """Let a source not be due before `until`: what was fetched of it waits in the lake to be read.

        Changes nothing where a run has ended since `fetched_at`.
        """

    def due_sources(self, now: datetime, limit: int) -> list[SourceState]:
        """Return active sources with next_due_at <= now, longest due first, then by id."""

    def due_pages(self, now: datetime, per_source: int, limit: int) -> list[FrontierPage]:
        """Return pages to fetch of active sources, newest (published_at, else found_at) first, `per_source` at most."""

    def lease(self, names: Sequence[str], owner: str, now: datetime, until: datetime) -> dict[str, int]:
        """Lease these names (hosts: "host:NAME"; others as agreed) and return the granted ones with their fence.

        A name is free if nobody holds it, its lease ran out, or its holder was a process of this machine that
        is gone. owner: `earshot.leases.me()`. Taking what one holds renews it. Fences only grow.
        """

    def free(self, names: Sequence[str], owner: str) -> None:
        """Give leases back. Twice is once."""

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
        """Settle a page: done, or tried again at `retry_at`; a failed end marks its teaser as to be judged now."""

    # captures
    def add_file(self, file: str, now: datetime) -> None:
        """Know a published file. Twice is once."""

    def open_files(self) -> list[str]:
        """Return known files that are not finished, oldest first."""

    def known_files(self, names: Sequence[str]) -> set[str]:
        """Return those of `names` that are known."""

    def finish_file(self, file: str) -> None:
        """All captures of the file are ingested or quarantined."""

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

    def open_incident(self, mention: Mention, rule_id: str, severity: Severity, now: datetime) -> tuple[str, bool]:
        """Join the open incident of the mention's story for its brand and rule, or open one.

        Returns its id, and True if it was opened now.
        """

    def add_notice(self, notice: Notice) -> bool:
        """Add a notice unless its key exists; True if it was added."""

    def pending_notices(self, now: datetime, brand_id: str = "") -> list[Notice]:
        """Return notices that are due (not_before is None or <= now), oldest first; `brand_id` empty means all."""

    def hold_notices(self, keys: Sequence[str], not_before: datetime) -> None:
        """Leave notices pending until then."""

    def told_since(self, brand_id: str, rule_id: str, recipient: str, since: datetime) -> int:
        """Return how many deliveries for this rule and recipient were made (bound, not dead) since."""

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

    # erasure
    def erase(self, *, author: str = "", url: str = "", document_id: str = "", now: datetime) -> Erased:
        """Write the tombstone, then delete every trace in the record; return what is left to do. Twice is once.

        Raises:
            ConfigError: authors were erased under another key of the workspace.
        """


class Record(Protocol):
    """The relational database: the one system of record."""

    def read(self) -> AbstractContextManager[RecordReader]:
        """Open a reader; what it sees does not change while it is open."""

    def write(self) -> AbstractContextManager[RecordWriter]:
        """Open the writing transaction; commits at the end, rolls back on any exception.

        Raises:
            StorageError: could not begin or commit within 30 s.
        """

    def migrate(self) -> None:
        """Bring the schema to this version. Twice is once. Other processes may call it at the same time."""

    def move_captures(self, moved: dict[CaptureRef, CaptureRef], dropped: Sequence[CaptureRef]) -> None:
        """Follow a rewritten lake file, in a transaction of its own."""

    def close(self) -> None:
        """Let go of connections."""


# --- index ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexWrite:
    """Bring one mention to the index, or take it out (mention None). revision decides who wins."""

    id: str
    revision: int
    mention: Mention | None


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """What the index said to one write. done: it, or something newer, is there. Else: again later, or never."""

    id: str
    revision: int
    is_done: bool
    is_refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What an index has of one id: the highest revision, and whether it is only the memory of a delete.

    copies: how many there are; more than one is a fault, which the next write mends.
    """

    revision: int
    is_gone: bool = False
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done to keep an index in shape. refused: what the login may not do, and what would help; or empty."""

    begun: str = ""
    dropped: tuple[str, ...] = ()
    refused: str = ""


class MentionIndex(Protocol):
    """The search engine's copy of mentions: derived, disposable, rebuildable."""

    @property
    def engine(self) -> str:
        """Return "embedded", "opensearch" or "elasticsearch"."""

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        """Apply writes and answer each, in order; visible to searches when it returns. Lower revisions change nothing.

        A delete is remembered: an older write that comes after it does not bring the mention back.

        Raises:
            StorageError: the index is locked or does not answer; nothing is known to be written.
        """

    def search(self, request: SearchRequest) -> SearchPage:
        """Return one page. Order: (published_at, id) both falling for "newest", rising for "oldest".

        Raises:
            QueryError: the query, or the cursor, cannot be read.
            StorageError: the index does not answer.
        """

    def walk(self, request: SearchRequest) -> Iterator[Hit]:
        """Yield every hit by time, as the index was when the first was asked for; lazy, and to be closed if left early.

        Order: rising for "oldest", else falling; size and cursor do not matter.

        Raises:
            QueryError: the query cannot be read.
            StorageError: the index does not answer, or no longer keeps how it was: begin again.
        """

    def count(self, request: SearchRequest) -> int:
        """Return the exact number of mentions; sort, size and cursor do not matter."""

    def facets(self, request: SearchRequest, fields: Sequence[str], size: int = 10) -> dict[str, list[tuple[str, int]]]:
        """Return per field its most frequent values with counts, highest first, then by value.

        Fields: brand sentiment category site author source source_kind collection scope language story flag
        severity status own_voice. Mentions without a value are left out.
        """

    def hours(self, request: SearchRequest, by: str = "", starts: Sequence[datetime] = ()) -> list[HourCount]:
        """Return counts per UTC hour of published_at, only hours that have any, by hour, then value of field `by`.

        starts: of longer spans to count by instead, rising; each but the first is a whole UTC hour. A span ends where
        the next begins; the first has no beginning and the last no end.
        """

    def rebuild(
        self, batches: Iterable[Sequence[Mention]], quiet: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> int:
        """Fill a new index beside the old one and switch over at once; return how many. Readers never see a part.

        Before the switch every id and revision that was put in is looked up in it. The index that was replaced is kept
        until the next rebuild, for `go_back`.

        batches: oldest published first, where an engine keeps them by time. quiet: entered around what must not meet a
        write of another process; it may wait, and raise StorageError when it has waited in vain.

        Raises:
            StorageError: the new index does not hold what was put in, or cannot be filled; the old one is in force.
        """

    def go_back(self) -> int:
        """Put the index that was replaced last in force again, and keep this one instead; return how many it holds.

        What was written since the rebuild is not in it. To be called while nobody writes.

        Raises:
            StorageError: none is kept, it was made by another version, or the index does not answer.
        """

    def forget_replaced(self) -> None:
        """Keep no index to go back to: what was erased is to lie nowhere. A rebuild that is under way is not disturbed.

        Raises:
            StorageError: the index does not answer.
        """

    def keep(self, since: datetime | None = None) -> Kept:
        """Begin what the settings say is to be begun, and drop as a whole what holds nothing that is to be found.

        Nothing published after `since` is dropped; None: nothing at all but what is empty. To be called while nobody
        writes. An engine that keeps all in one place has nothing to do. Twice is once.

        Raises:
            StorageError: the index does not answer.
        """

    def mentions(self) -> int:
        """Return how many mentions it holds."""

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """Return what it has of these ids, deletes that it remembers included; unknown ones are left out."""


# --- mail ----------------------------------------------------------------------------------------------


class BeforeDot(Protocol):
    """Called when all was said but the final dot; what it raises stops the message from being sent."""

    def __call__(self) -> None:
        """Commit the state `dot`."""


class Mailer(Protocol):
    """Hands messages to a mail server."""

    def send(self, message: Message, before_dot: BeforeDot) -> None:
        """Send one message to its one recipient; returns only after the server took it.

        Raises:
            MailError: it was not taken, and is certain not to be. is_permanent: the recipient was refused.
            MailUncertain: the connection was lost after the final dot; it may have been taken.
        """


class MailLedger(Protocol):
    """What the mail server itself holds of our messages: where it was accepted, so that nothing is sent twice."""

    def find(self, message_id: str) -> bool:
        """Tell whether the server took a message with this Message-ID."""

    def messages(self, limit: int = 100) -> list[SentMessage]:
        """Return messages, latest first."""

    def message(self, name: str) -> SentMessage | None:
        """Return one message by its ledger name."""
