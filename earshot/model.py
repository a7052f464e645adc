"""The words of Earshot as frozen objects. Knows no storage, no network, no library outside the standard one.

Times are aware and in UTC. Ranges are `since` (included) and `until` (excluded). Spans count code points of
the stored text. Tuples are in the order they were found unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

# --- what is chosen from -------------------------------------------------------------------------------


class Outcome(StrEnum):
    """How a source's run ended, or the fetch of a page. Exactly one each; NOT_THE_ARTICLE is of pages only."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    GONE = "gone"
    NOT_A_FEED = "not a feed"
    TOO_LARGE = "too large"
    FAILED = "failed"
    NOT_THE_ARTICLE = "not the article"

    @property
    def is_heard(self) -> bool:
        """True where the source answered properly, with news or without."""
        return self in (Outcome.OK, Outcome.UNCHANGED, Outcome.EMPTY)


class Sentiment(StrEnum):
    """What a text says of one brand."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Category(StrEnum):
    """What a mention is, for the person who has to answer it. A mention may be several, or none."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    PURCHASE_INTENT = "purchase_intent"
    SAFETY = "safety"
    LEGAL = "legal"
    OUTAGE = "outage"
    EMPLOYMENT = "employment"
    COMPARISON = "comparison"
    SPAM = "spam"


class DocumentKind(StrEnum):
    """What a document is: an article, post or page of its own, or a comment that answers one."""

    ARTICLE = "article"
    COMMENT = "comment"

    @classmethod
    def of(cls, parent: str) -> DocumentKind:
        """Return the kind of a document by the address of the article that it answers, or empty."""
        return cls.COMMENT if parent else cls.ARTICLE


class Severity(StrEnum):
    """How much a rule wants to be heard; ordered by `rank`."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Severity).index(self)


class Role(StrEnum):
    """What an address is expected to hold."""

    FEED = "feed"
    SITEMAP = "sitemap"
    PAGE = "page"


class TextIs(StrEnum):
    """Whether a document holds the whole text or only what the feed showed of it."""

    TEASER = "teaser"
    FULL = "full"


class DateFrom(StrEnum):
    """Whose word `published_at` is; FOUND means nobody said and it is the time of finding."""

    FEED = "feed"
    PAGE = "page"
    URL = "url"
    FOUND = "found"


class DeliveryState(StrEnum):
    """pending -> claimed -> dot -> sent | pending | unknown | dead."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DOT = "dot"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"


class NoticeState(StrEnum):
    """pending (due or held) -> bound (in a delivery) -> told; suppressed: the recipient refused or was struck off."""

    PENDING = "pending"
    BOUND = "bound"
    TOLD = "told"
    SUPPRESSED = "suppressed"


class Occasion(StrEnum):
    """Why a person is notified of an incident: it is new to them, it became more severe, or it has grown."""

    FIRST = "first"
    RISE = "rise"
    UPDATE = "update"


RELEVANT = 0.5
"""From this relevance on a mention is taken to be about the brand: it counts, and it may alert."""

# --- what a person writes: brands and sources ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local time in `time_zone` (IANA) in which nothing is sent; `start` may be later than `end` (over midnight)."""

    start: time
    end: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class Updates:
    """When somebody who was told of an incident hears of it again.

    steps: on reaching so many mentions, rising; after the last, each time it has doubled. after: instead, so long after
    the last mail about it, if it has grown. Neither: never.
    """

    steps: tuple[int, ...] = (2, 5, 10, 25)
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who is told. `updates`: None leaves it to the rule."""

    address: str
    name: str = ""
    time_zone: str = "UTC"
    updates: Updates | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """When to tell whom. `query` is in Earshot's language and may use the verdict's fields.

    `updates`: None leaves it to the brand.
    """

    id: str
    name: str
    query: str
    severity: Severity
    recipients: tuple[Recipient, ...]
    quiet_hours: QuietHours | None = None
    updates: Updates | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """What is listened for.

    Without `query` a brand is heard under its name, aliases and products, in their usual forms (`earshot.names`), those
    of `not_forms` left out; `is_spelling_exact`: only as they are written. With a query, the query alone decides.
    In both cases one of `context_required` (if any) must occur in the document, none of `context_excluded`
    may, and a document that matches one of the queries in `exclusions` is not about the brand.
    `is_case_exact`: name and aliases count only as they are written. `version` is a digest of everything here
    that changes what is heard or how it is judged, rules and recipients left out. `is_paused`: it is heard and shown
    as ever, and nobody is told. `brief_recipients`: who gets its daily brief; empty means that there is none.
    `max_per_hour`: most alert mails that one person gets within an hour, over all its rules. `updates`: when they hear
    again of an incident that grows, where neither they nor the rule say otherwise.
    """

    id: str
    name: str
    version: str
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    query: str = ""
    is_case_exact: bool = False
    is_spelling_exact: bool = False
    not_forms: tuple[str, ...] = ()
    context_required: tuple[str, ...] = ()
    context_excluded: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    owned_domains: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    is_paused: bool = False
    brief_recipients: tuple[Recipient, ...] = ()
    max_per_hour: int = 5
    updates: Updates = Updates()


@dataclass(frozen=True, slots=True)
class Source:
    """Where to listen. `language` is a hint (ISO 639-1) for short texts, or empty.

    pace_s: seconds between two looks. schedule: a cron expression in `time_zone` (IANA) that says instead when to
    look, or empty. delay_s: least seconds between two requests to its host. parallel: requests at a time to its
    host. pages_per_round: most pages fetched for it in one round. listening_since: from when its hours count as
    listened to; None means since Earshot first saw it. url_pattern: regular expression (RE2) that a sitemap's addresses
    must match to be fetched, or empty. obeys_robots: False only where the site's owner has allowed it (an intranet,
    one's own site). clock_zone: IANA zone of the dates that it states without one, or empty.
    """

    id: str
    kind: str
    url: str
    name: str = ""
    collection: str = "default"
    scope: str = "public"
    language: str = ""
    pace_s: int = 900
    delay_s: float = 1.0
    parallel: int = 1
    pages_per_round: int = 200
    url_pattern: str = ""
    listening_since: datetime | None = None
    obeys_robots: bool = True
    schedule: str = ""
    time_zone: str = "UTC"
    clock_zone: str = ""

    @property
    def hint(self) -> Hint:
        """What helps to read its captures."""
        return Hint(self.language, self.clock_zone)


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a source and helps to read its captures: its dates above all.

    language: ISO 639-1, or empty. time_zone: IANA zone of clocks that name none, or empty: UTC.
    """

    language: str = ""
    time_zone: str = ""


NO_HINT = Hint()


# --- collecting ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FetchItem:
    """One address of a batch. `id` is "source:ID" or "page:FRONTIER_ID" and comes back with what happened.

    etag, last_modified and body_hash are what the record vouches for; empty means unconditional.
    hops: redirects already taken by earlier batches on the way here. obeys_robots: of its source.
    """

    id: str
    role: Role
    url: str
    source_id: str
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    delay_s: float = 1.0
    parallel: int = 1
    hops: int = 0
    obeys_robots: bool = True


@dataclass(frozen=True, slots=True)
class RobotsCopy:
    """robots.txt of one origin (scheme://host[:port]) as last seen.

    status: HTTP status, or 0 where it could not be reached. body is at most 500 KiB of text.
    """

    origin: str
    status: int
    body: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class CollectLimits:
    """What one request may cost, and who asks. proxy: URL or empty. allow_hosts: hosts that may be private."""

    user_agent: str
    timeout_s: float = 30.0
    max_bytes: int = 15 * 1024 * 1024
    memory_mb: int = 512
    max_redirects: int = 10
    concurrency: int = 16
    proxy: str = ""
    no_proxy: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one spider process is to fetch. Every host of `items` and `hosts` is leased; no other host is asked.

    hosts: where redirects of these items are known to lead. owner: who holds the leases until collect takes them.
    """

    id: str
    items: tuple[FetchItem, ...]
    robots: tuple[RobotsCopy, ...]
    limits: CollectLimits
    lake_url: str
    hosts: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """Items for hosts that are leased together, because redirects tie them; none of them is led to another host.

    hosts: of the items, and where their redirects are known to lead. robots: copies that the process may not have.
    """

    items: tuple[FetchItem, ...]
    hosts: tuple[str, ...]
    robots: tuple[RobotsCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureRef:
    """Where a capture lies in the lake. digest: SHA-256 hex of the body."""

    file: str
    offset: int
    length: int
    digest: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One fetched response as it lies in the lake, without its body.

    url: asked for. final_url: what answered, after redirects. headers: lower-case names, as received but with
    the codings taken off. item_id, source_id and role: of the FetchItem that asked. came_from: where it lay before
    its file was rewritten.
    """

    ref: CaptureRef
    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    fetched_at: datetime
    item_id: str
    source_id: str
    role: Role
    came_from: CaptureRef | None = None


@dataclass(frozen=True, slots=True)
class FilePublished:
    """A WARC file has appeared in the lake, whole; its captures may be ingested."""

    file: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a FetchItem. Reported after the file with its capture, if there is one, was published.

    outcome OK: there is a capture. UNCHANGED: 304, or the body hash of last time. Others: reason says why, in
    words for operations. retry_after_s: what the server asked for, clamped to 24 h. status 0: no answer.
    """

    item_id: str
    source_id: str
    role: Role
    url: str
    final_url: str
    outcome: Outcome
    reason: str
    status: int
    retry_after_s: float | None
    size_bytes: int
    elapsed_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class HandedBack:
    """A redirect led to a host outside the batch; nothing was sent there. It becomes a frontier row."""

    item_id: str
    source_id: str
    role: Role
    url: str
    hops: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HostRests:
    """A host asked to be left alone: nothing is sent there for these seconds, whoever wants it.

    source_id: whose request it answered so; empty for robots.txt. seconds: None where it did not say for how long.
    """

    host: str
    source_id: str
    reason: str
    seconds: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NotReached:
    """An item's turn at its host did not come in time; nothing was sent for it, and it is as due as it was."""

    item_id: str
    source_id: str
    at: datetime


CollectEvent = FilePublished | Fetched | HandedBack | NotReached | RobotsCopy | HostRests
ITEM_ENDS = (Fetched, HandedBack, NotReached)
"""The events of which every item has exactly one."""

# --- reading -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One page, post or message as read out of a capture: all of it the source's word, cleaned, nothing ours.

    url: the entry's own link, absolute, not yet canonical; empty where it has none. own_id: guid, Atom id; may be
    empty. title and text are plain text (no markup, no NUL, no lone surrogates). published_at: None where nobody
    said. text_is TEASER: the page behind `url` holds more. canonical: rel=canonical, or empty.
    language: as declared, lower-case ISO 639-1, or empty. images, links: absolute http(s) URLs.
    published_as: the date as the source stated it, in ISO 8601: "2026-11-29" where it named only a day,
    "2026-11-29T23:30:00-05:00" where it named a moment, without an offset where it named none; empty where unknown.
    parent: absolute address of the article that this comment answers; empty for what is no comment.
    doubt: why a page may be something else than an article (a sign-in form, a consent wall ...), or empty.
    other_titles: what else a page calls itself (og:title, title element, heading), to be compared with a teaser's.
    captions: of the article's pictures, in order; `text` does not hold them, the document's text ends with them.
    comments_feed: absolute address of the feed of what readers say below this entry, or empty.
    """

    url: str
    own_id: str = ""
    title: str = ""
    text: str = ""
    text_is: TextIs = TextIs.FULL
    author: str = ""
    published_at: datetime | None = None
    published_from: DateFrom = DateFrom.FOUND
    language: str = ""
    canonical: str = ""
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    engagement: dict[str, int] = field(default_factory=dict)
    published_as: str = ""
    parent: str = ""
    doubt: str = ""
    other_titles: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    comments_feed: str = ""


@dataclass(frozen=True, slots=True)
class PageLink:
    """An address that a sitemap named. role SITEMAP: a further sitemap. published_at: lastmod or news date.

    published_as: that date as the sitemap stated it, or empty.
    """

    url: str
    role: Role = Role.PAGE
    title: str = ""
    published_at: datetime | None = None
    language: str = ""
    published_as: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a capture said. `form` names what it was: "rss20", "atom10", "json feed 1.1", "sitemap", "page", ...

    entries: documents. links: addresses still to fetch. oldest_at: date of the oldest entry, None if undated.
    is_complete: the capture names everything the source holds (a sitemap), not only its newest.
    update_period_s: how often the source says it changes, or None.
    """

    form: str
    entries: tuple[Entry, ...] = ()
    links: tuple[PageLink, ...] = ()
    oldest_at: datetime | None = None
    is_complete: bool = False
    update_period_s: int | None = None
    warnings: tuple[str, ...] = ()


# --- documents, mentions, verdicts ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Code points `start` (included) to `end` (excluded) of a document's `part`: "title" or "text"."""

    part: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words a verdict rests on. why: "brand", "negative", "positive", or a category's value."""

    part: str
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """One page, post or message, as stored. Kept whether or not it names a brand.

    published_at is never later than found_at. site: host of `url` without "www.". published_as: the date as its source
    stated it, as in `Entry`. parent: address of the article that this comment answers; empty for what is no comment.
    """

    id: str
    url: str
    site: str
    title: str
    text: str
    text_is: TextIs
    author: str
    published_at: datetime
    published_from: DateFrom
    found_at: datetime
    language: str
    source_id: str
    source_kind: str
    collection: str
    scope: str
    story_id: str = ""
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    engagement: dict[str, int] = field(default_factory=dict)
    published_as: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A brand heard in a document. spans: where its names or the query's terms stand, in order, title first."""

    brand_id: str
    brand_version: str
    spans: tuple[Span, ...]
    is_own_voice: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the classifier says of one document about one brand.

    relevance and confidence: 0..1. sentiment_score: -1..1. evidence in order of title, then text.
    """

    brand_id: str
    relevance: float
    sentiment: Sentiment
    sentiment_score: float
    categories: tuple[Category, ...]
    evidence: tuple[Evidence, ...]
    confidence: float
    brand_version: str
    model_version: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A rule that fired, with the clause of its query and the words that fired it. words: as written, in order."""

    rule_id: str
    rule_name: str
    severity: Severity
    clause: str
    words: tuple[str, ...]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """One document x one brand: the unit of search, triage and alerting, and one document in the index.

    severity: the highest of its flags, or None. reach: estimated readers, None where nobody knows.
    entities: names found beside the brand. status: triage, "new" until somebody acts. published_as: the date as its
    source stated it, as in `Entry`. parent: address of the article that this comment answers; empty for an article.
    links: absolute http(s) URLs that the document links to, as found.
    """

    id: str
    document_id: str
    story_id: str
    brand: str
    revision: int
    url: str
    site: str
    title: str
    text: str
    author: str
    source: str
    source_kind: str
    collection: str
    scope: str
    published_at: datetime
    published_at_from: DateFrom
    found_at: datetime
    language: str
    relevance: float
    sentiment: Sentiment
    sentiment_score: float
    confidence: float
    categories: tuple[Category, ...] = ()
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    severity: Severity | None = None
    is_own_voice: bool = False
    text_is: TextIs = TextIs.FULL
    reach: int | None = None
    engagement: dict[str, int] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    status: str = "new"
    assignee: str = ""
    brand_version: str = ""
    model_version: str = ""
    published_as: str = ""
    parent: str = ""
    links: tuple[str, ...] = ()


# --- telling people ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incident:
    """One event to tell people of; groups the flagged mentions of a brand that tell of it. `mention_ids` oldest first.

    rule_id: the rule by which it was opened. rule_ids: all that fired in it. severity: the highest so far.
    first_at, last_at: when the oldest and the newest of its mentions were published.
    """

    id: str
    brand_id: str
    rule_id: str
    story_id: str
    severity: Severity
    opened_at: datetime
    mention_ids: tuple[str, ...]
    rule_ids: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a mention is in its incident.

    kind: "opened" (it opened it), "story" (it tells the same story), "words" (shared rare words) or "wave" (the same
    rule, while it fires again and again). rules, words: what it shared with the others, words as written. alike: 0..1.
    """

    kind: str
    rules: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    alike: float = 0.0


@dataclass(frozen=True, slots=True)
class Joined:
    """A mention's place in an incident. at: when it joined."""

    mention_id: str
    at: datetime
    rule_ids: tuple[str, ...]
    why: Why


@dataclass(frozen=True, slots=True)
class Notice:
    """Incident x occasion x channel x recipient: what must be told, exactly once. not_before: held until then.

    rule_id: the most severe rule that names the recipient; where it is empty it is a brief that must be told, and
    `incident_id` is the brief's id. severity: that rule's, as the person is told it. shown: how many mentions the
    incident had when the mail was written, until then when the notice was made.
    """

    key: str
    incident_id: str
    brand_id: str
    rule_id: str
    channel: str
    recipient: str
    state: NoticeState
    created_at: datetime
    not_before: datetime | None = None
    delivery_key: str = ""
    occasion: Occasion = Occasion.FIRST
    severity: Severity | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that carries one or more notices; has exactly one fate. owner: who claimed it, or empty."""

    key: str
    channel: str
    recipient: str
    state: DeliveryState
    message_id: str
    attempts: int
    notice_keys: tuple[str, ...]
    not_before: datetime | None = None
    owner: str = ""
    changed_at: datetime | None = None
    sent_at: datetime | None = None
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A mail ready to be sent to one recipient. text and html say the same."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as the mail server's own ledger holds it. name: the ledger's key for it."""

    name: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    received_at: datetime
    text: str
    html: str


# --- looking -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list, a number or a chart is narrowed to. Empty and None narrow nothing; one field's values are OR-ed.

    flags: rule ids. is_flagged: with or without any flag. min_relevance: 0.5 is what pages and alerts count.
    """

    brands: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source_kinds: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    is_flagged: bool | None = None
    is_own_voice: bool | None = None
    min_relevance: float | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """query: Earshot's language, empty for everything. sort: "newest", "oldest" or "relevance".

    cursor: as returned by the page before, or empty. time_zone: IANA, for dates in the query.
    """

    query: str = ""
    filters: Filters = Filters()
    sort: str = "newest"
    size: int = 25
    cursor: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Hit:
    """A found mention. spans: where the query's words stand, for highlights and snippets; score: only by relevance."""

    mention: Mention
    spans: tuple[Span, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """total is exact. next_cursor is empty on the last page."""

    total: int
    hits: tuple[Hit, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class HourCount:
    """Mentions published within one UTC hour, for one value of the field counted by ("" if by none).

    Where spans were asked for, `hour` is when the span begins.
    """

    hour: datetime
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class MentionCount:
    """How many mentions are alike in all that is said here.

    severity: the highest of their flags, or None. categories: in the order the verdict names them.
    """

    brand: str
    sentiment: Sentiment
    is_own_voice: bool
    severity: Severity | None
    site: str
    categories: tuple[Category, ...]
    count: int


@dataclass(frozen=True, slots=True)
class SourceHeard:
    """Of the whole UTC hours in which a source was listened to, how many were heard."""

    source_id: str
    heard: int
    listening: int


@dataclass(frozen=True, slots=True)
class HourHeard:
    """Of the sources that were listened to in this UTC hour, how many were heard. listening 0: not yet listening."""

    hour: datetime
    heard: int
    listening: int
