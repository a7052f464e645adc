"""What a delivery has to tell, gathered from the record: for an alert its incidents, what is new in each and the
mention that is quoted; for a brief its figures, and what its incidents, brands and sources are called now.

Knows neither wording nor mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from earshot.alerts.age import is_brief
from earshot.alerts.rules import RuleBook
from earshot.briefs import Figures, Told
from earshot.model import (
    Brand,
    Delivery,
    DeliveryState,
    Flag,
    Incident,
    Mention,
    Notice,
    NoticeState,
    Occasion,
    QuietHours,
    Recipient,
    Rule,
)
from earshot.ports import RecordReader

MOST_READ = 100
"""Of an incident's mentions the first and the last so many are read for a mail."""

MOST_NEWEST = 5
"""Mentions that an update lists beside the one it quotes."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What one notice tells of its incident.

    mention: the one that is quoted, with its `flag` and `rule`: of a person's first mail the most severe, of an update
    the latest. rules: names of all rules that fired on it, the most severe first. size: mentions of the incident, this
    one included. sites: where they stand, this mention's first, each once. headline: of the incident's first mention.
    first_at: when that was published. before: how many the person was told of, 0 for the first mail. newest: others
    that came since, latest first. thread: Message-ID of the person's first mail about it, or empty.
    """

    brand: Brand
    rule: Rule
    flag: Flag
    incident: Incident
    mention: Mention
    size: int = 1
    sites: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    headline: str = ""
    first_at: datetime | None = None
    before: int = 0
    newest: tuple[Mention, ...] = ()
    thread: str = ""
    occasion: Occasion = Occasion.FIRST


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery with all that it tells: one brand, one recipient, one or more incidents.

    shown: by notice, how many mentions of its incident are counted.
    """

    delivery: Delivery
    recipient: Recipient
    tellings: tuple[Telling, ...]
    shown: Mapping[str, int] = field(default_factory=dict)

    @property
    def quiet_hours(self) -> QuietHours | None:
        """In which nothing is sent."""
        return self.tellings[0].rule.quiet_hours


@dataclass(frozen=True, slots=True)
class Flagged:
    """An incident of a brief. mention: the first that its rule still flags, or None: withdrawn, corrected or erased."""

    told: Told
    rule: str
    mention: Mention | None


@dataclass(frozen=True, slots=True)
class BriefLetter:
    """A delivery that carries a brief. flagged: incidents in the order of the figures, the first MOST_FLAGGED.

    brands, sources: what they are called now, by id; what is gone is absent.
    """

    delivery: Delivery
    recipient: Recipient
    brand: Brand
    figures: Figures
    flagged: tuple[Flagged, ...]
    brands: Mapping[str, str]
    sources: Mapping[str, str]

    @property
    def quiet_hours(self) -> QuietHours | None:
        """None: a brief has an hour of its own."""
        return None

    @property
    def shown(self) -> Mapping[str, int]:
        """Empty: a brief counts no incident."""
        return {}


AnyLetter = Letter | BriefLetter

MOST_FLAGGED = 8
"""Incidents that a brief's mail shows; the others are one link away."""


def gather(reader: RecordReader, delivery: Delivery, book: RuleBook) -> AnyLetter | None:
    """Return what a delivery tells now, each incident once, in the order of its notices by urgency.

    None where nothing is left to tell: the mentions were withdrawn, erased or corrected, or the workspace no longer
    names this recipient.
    """
    notices = reader.notices(delivery.notice_keys)
    if notices and is_brief(notices[0]):
        return _brief(reader, delivery, notices[0], book)
    return _alert(reader, delivery, notices, book)


def _brief(reader: RecordReader, delivery: Delivery, notice: Notice, book: RuleBook) -> BriefLetter | None:
    brief, brand = reader.brief(notice.incident_id), book.brand(notice.brand_id)
    people = brand.brief_recipients if brand else ()
    recipient = next((r for r in people if r.address.casefold() == notice.recipient.casefold()), None)
    if brief is None or brand is None or recipient is None:
        return None
    return brief_letter(reader, Figures.model_validate(brief.figures), brand, recipient, delivery, book)


def brief_letter(
    reader: RecordReader, figures: Figures, brand: Brand, recipient: Recipient, delivery: Delivery, book: RuleBook
) -> BriefLetter:
    """Return the letter of a brief's figures to one recipient, in the words that the record has now."""
    sources = {source.source_id: source.name or source.source_id for source in reader.sources()}
    voices = [(voice.name, book.brand(voice.name)) for voice in figures.voices]
    return BriefLetter(
        delivery=delivery,
        recipient=recipient,
        brand=brand,
        figures=figures,
        flagged=tuple(_flagged(reader, told, brand, book) for told in figures.incidents[:MOST_FLAGGED]),
        brands={name: each.name for name, each in voices if each is not None},
        sources={missed.source_id: sources.get(missed.source_id, missed.source_id) for missed in figures.sources},
    )


def _flagged(reader: RecordReader, told: Told, brand: Brand, book: RuleBook) -> Flagged:
    rule, incident = book.rule(brand.id, told.rule_id), reader.incident(told.id)
    mentions = reader.mentions(incident.mention_ids) if incident else []
    named = (mention for mention in mentions if mention.flags)
    return Flagged(told, rule.name if rule else told.rule_id, next(named, None))


def _alert(reader: RecordReader, delivery: Delivery, notices: Sequence[Notice], book: RuleBook) -> Letter | None:
    tellings: dict[str, Telling] = {}
    shown: dict[str, int] = {}
    recipient: Recipient | None = None
    for notice in sorted(notices, key=lambda each: -(each.severity.rank if each.severity else 0)):
        telling = _telling(reader, notice, book)
        if telling is None:
            continue
        recipient = recipient or book.recipient(notice.brand_id, telling.rule.id, notice.recipient)
        shown[notice.key] = tellings.setdefault(telling.incident.id, telling).size
    if recipient is None or not tellings:
        return None
    urgent_first = sorted(tellings.values(), key=lambda t: (-t.flag.severity.rank, t.incident.opened_at, t.incident.id))
    return Letter(delivery, recipient, tuple(urgent_first), shown)


def _telling(reader: RecordReader, notice: Notice, book: RuleBook) -> Telling | None:
    """Return what a notice tells now; None where its mentions are gone, or nothing came since the last mail."""
    brand, incident = book.brand(notice.brand_id), reader.incident(notice.incident_id)
    if brand is None or incident is None:
        return None
    ids = incident.mention_ids
    mentions = reader.mentions(ids if len(ids) <= 2 * MOST_READ else (*ids[:MOST_READ], *ids[-MOST_READ:]))
    told = [each for each in reader.notices_to(incident.id, notice.recipient) if _was_told(each, notice)]
    before = max((each.shown for each in told), default=0)
    active = {mention.id: mention for mention in mentions}
    in_order = [each.mention_id for each in reader.joined(incident.id) if each.mention_id in active]
    fresh = frozenset(in_order[before:])
    flagged = [(mention, flag) for mention in mentions if (flag := _lead(mention, notice, book))]
    if notice.occasion is Occasion.UPDATE:
        flagged = [(mention, flag) for mention, flag in reversed(flagged) if mention.id in fresh]
    else:
        flagged.sort(key=lambda pair: -pair[1].severity.rank)
    if not flagged:
        return None
    mention, flag = flagged[0]
    rule = book.rule(brand.id, flag.rule_id)
    if rule is None:
        return None
    fired = sorted(mention.flags, key=lambda each: -each.severity.rank)
    return Telling(
        brand=brand,
        rule=rule,
        flag=flag,
        incident=incident,
        mention=mention,
        size=len(mentions) + max(0, len(ids) - 2 * MOST_READ),
        sites=tuple(dict.fromkeys([mention.site, *(other.site for other in mentions)])),
        rules=tuple(dict.fromkeys([rule.name, *(each.rule_name for each in fired)])),
        headline=_headline(active[in_order[0]]) if in_order else "",
        first_at=mentions[0].published_at,
        before=before,
        newest=tuple(m for m in reversed(mentions) if m.id in fresh and m.id != mention.id)[:MOST_NEWEST],
        thread=_thread(reader, incident, told),
        occasion=notice.occasion,
    )


def _headline(mention: Mention) -> str:
    return mention.title or mention.text


def _was_told(other: Notice, notice: Notice) -> bool:
    """Tell whether a person's other notice of the same incident went out before this one, or is about to."""
    if notice.occasion is Occasion.FIRST or other.created_at > notice.created_at:
        return False
    return other.delivery_key != notice.delivery_key and other.state in (NoticeState.BOUND, NoticeState.TOLD)


def _lead(mention: Mention, notice: Notice, book: RuleBook) -> Flag | None:
    """Return the most severe flag of a mention whose rule names the person."""
    named = [
        flag for flag in mention.flags if book.recipient(notice.brand_id, flag.rule_id, notice.recipient) is not None
    ]
    return max(named, key=lambda flag: flag.severity.rank, default=None)


def _thread(reader: RecordReader, incident: Incident, told: Sequence[Notice]) -> str:
    keys = {each.delivery_key for each in told}
    sent = (each for each in reader.deliveries_of(incident.id) if each.key in keys)
    return next((each.message_id for each in sent if each.state is DeliveryState.SENT), "")
