"""What a delivery has to tell, gathered from the record: incident, rule, flag, mention and the story around it.

Knows neither wording nor mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.alerts.rules import RuleBook
from earshot.model import Brand, Delivery, Flag, Incident, Mention, Notice, Recipient, Rule
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


def gather(reader: RecordReader, delivery: Delivery, book: RuleBook) -> Letter | None:
    """Return what a delivery tells now, each incident once, in the order of its notices by urgency.

    None where nothing is left to tell: the mentions were withdrawn, erased or corrected, or the rule no longer
    names this recipient.
    """
    tellings: dict[str, Telling] = {}
    recipient: Recipient | None = None
    for notice in reader.notices(delivery.notice_keys):
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
