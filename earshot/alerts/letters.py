"""What a delivery has to tell, gathered from the record: for an alert incident, rule, flag, mention and the story
around it; for a brief its figures, and what its incidents, brands and sources are called now.

Knows neither wording nor mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.alerts.age import is_brief
from earshot.alerts.rules import RuleBook
from earshot.briefs import Figures, Told
from earshot.model import Brand, Delivery, Flag, Incident, Mention, Notice, QuietHours, Recipient, Rule
from earshot.ports import RecordReader

MOST_COUNTED = 50
"""A story is counted up to here; more is said as "50 or more"."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What one notice tells. story: mentions of the brand in the story, this one included, at most 50.

    sites: where the story stands, this mention's site first, each once.
    """

    brand: Brand
    rule: Rule
    flag: Flag
    incident: Incident
    mention: Mention
    story: int = 1
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery with all that it tells: one brand, one rule, one recipient, one or more tellings."""

    delivery: Delivery
    recipient: Recipient
    tellings: tuple[Telling, ...]

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
    named = (mention for mention in mentions if any(flag.rule_id == told.rule_id for flag in mention.flags))
    return Flagged(told, rule.name if rule else told.rule_id, next(named, None))


def _alert(reader: RecordReader, delivery: Delivery, notices: Sequence[Notice], book: RuleBook) -> Letter | None:
    tellings: dict[str, Telling] = {}
    recipient: Recipient | None = None
    for notice in notices:
        telling = _telling(reader, notice, book)
        if telling is None:
            continue
        recipient = recipient or book.recipient(notice.brand_id, notice.rule_id, notice.recipient)
        tellings.setdefault(telling.incident.id, telling)
    if recipient is None or not tellings:
        return None
    urgent_first = sorted(tellings.values(), key=lambda t: (-t.flag.severity.rank, t.incident.opened_at, t.incident.id))
    return Letter(delivery, recipient, tuple(urgent_first))


def _telling(reader: RecordReader, notice: Notice, book: RuleBook) -> Telling | None:
    brand, rule = book.brand(notice.brand_id), book.rule(notice.brand_id, notice.rule_id)
    incident = reader.incident(notice.incident_id)
    if brand is None or rule is None or incident is None:
        return None
    for mention in reader.mentions(incident.mention_ids):
        flag = next((flag for flag in mention.flags if flag.rule_id == notice.rule_id), None)
        if flag is not None:
            story = _story(reader, mention)
            sites = dict.fromkeys([mention.site, *(other.site for other in story)])
            return Telling(brand, rule, flag, incident, mention, len(story), tuple(sites))
    return None


def _story(reader: RecordReader, mention: Mention) -> Sequence[Mention]:
    story = reader.story_mentions(mention.story_id, MOST_COUNTED) if mention.story_id else []
    return [other for other in story if other.brand == mention.brand] or [mention]
