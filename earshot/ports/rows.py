"""What the record says of sources, pages, documents and mentions, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from earshot.model import CaptureRef, DateFrom, Flag, Outcome, Role, TextIs, Verdict


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

    @property
    def is_fetched(self) -> bool:
        """True where it answered properly when it was last asked."""
        return self.last_outcome is not None and self.last_outcome.is_heard

    @property
    def is_not_fetched(self) -> bool:
        """True where it was asked and did not answer properly: what pages, mails and charts call *not fetched*."""
        return self.last_outcome is not None and not self.last_outcome.is_heard


@dataclass(frozen=True, slots=True)
class DueSource:
    """What plan has to know of a source; fields as of SourceState. full_at: when it last answered with a body."""

    source_id: str
    next_due_at: datetime
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    failures: int = 0
    last_outcome: Outcome | None = None
    last_run_at: datetime | None = None
    full_at: datetime | None = None
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
    """An address still to fetch.

    document_id: the teaser it belongs to, of a feed of comments the article, or empty. attempts: tries so far, and
    readings. failures: fetches in a row that failed. published_as: as its sitemap stated it, or empty.
    """

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
    published_as: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class PagesRead:
    """How many pages of a source were read, and of those that were not the article, how many for which reason.

    not_articles: reasons with their counts, the most frequent first; they are counted in `read`.
    """

    read: int = 0
    not_articles: tuple[tuple[str, int], ...] = ()


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
    source_id, found_at: of the first finding. The others are as in `Document`.
    """

    id: str
    text_is: TextIs
    content_hash: str
    revisions: int
    story_id: str
    judged_at: datetime | None
    text_at: datetime
    text_source: str
    source_id: str
    found_at: datetime
    title: str
    author: str
    language: str
    published_at: datetime
    published_from: DateFrom
    published_as: str
    parent: str

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
class IncidentMember:
    """A mention of an incident, as another is compared with it. terms: see `earshot.alerts.events.Terms`."""

    rule_ids: tuple[str, ...]
    categories: tuple[str, ...]
    terms: Mapping[str, Sequence[Any]]
    site: str
    language: str


@dataclass(frozen=True, slots=True)
class IncidentCandidate:
    """An incident that a mention may belong to. members: the latest that joined. first_at, last_at: see `Incident`."""

    incident_id: str
    first_at: datetime
    last_at: datetime
    members: tuple[IncidentMember, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a document that shows which words are common. text: title and text, cut."""

    document_id: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Who wants no more mails of a brand. mails: "alerts" or "brief"."""

    recipient: str
    brand_id: str
    mails: str
    at: datetime


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
class Unwiped:
    """Erased mentions of which the index's files may still hold the text, by id.

    told: the index knows that they are deleted. untold: their deletes still wait in the outbox.
    """

    told: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """That the record was brought back from a backup.

    at: when. backup_at: the state of when it has; what came between the two is not in it. place: where the backup lay.
    documents: erased since the backup was made, and erased again.
    """

    at: datetime
    backup_at: datetime
    place: str
    documents: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure found. refs: captures to be cut out of the lake. mention_ids: now in the outbox as gone."""

    documents: int
    mention_ids: tuple[str, ...]
    refs: tuple[CaptureRef, ...]
