"""From flags to incidents: whether a mention is news, which incident it belongs to, and who is to hear of it.

Runs inside the transaction of whoever found the mention. Knows no mail: when a notice becomes a message, and
how many messages an hour may hold, is decided at binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from earshot.alerts.notifying import notify
from earshot.alerts.rules import RuleBook
from earshot.config.settings import AlertSettings
from earshot.model import DateFrom, Flag, Mention
from earshot.ports import RecordReader, RecordWriter, holds
from earshot.stated import has_come


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one mention. silent: why nobody is told although a rule fired, or empty."""

    incidents: int = 0
    notices: int = 0
    silent: str = ""


def has_real_date(mention: Mention) -> bool:
    """Tell whether somebody said when it was published, and not a time still to come (those are cut to found_at).

    A day without a time is real from its beginning on, though its noon may still be to come.
    """
    is_over = mention.published_at < mention.found_at or has_come(mention.published_as, mention.found_at)
    return mention.published_at_from is not DateFrom.FOUND and is_over


def is_first_round(reader: RecordReader, source_id: str, listed_at: datetime) -> bool:
    """Tell whether what was listed at `listed_at` came with its source's first completed round.

    It did unless a heard run had ended before: a run ends after everything it brought was fetched.
    """
    return not any(run.at < listed_at and run.outcome.is_heard for run in reader.source_runs(source_id, limit=500))


def why_silent(
    mention: Mention, now: datetime, settings: AlertSettings, *, is_first_round: bool, has_real_date: bool
) -> str:
    """Return why a flagged mention does not alert, or "" where it does.

    Old news is not an alarm (`alerts.max_age`; None lifts the limit). What a source held when Earshot first
    listened is news only if somebody said when it was written.
    """
    if settings.max_age is not None and now - mention.published_at > settings.max_age:
        return "old news"
    if is_first_round and not has_real_date:
        return "undated in its source's first round"
    return ""


def judge(
    writer: RecordWriter,
    mention: Mention,
    now: datetime,
    *,
    is_first_round: bool,
    has_real_date: bool,
    settings: AlertSettings,
    book: RuleBook,
) -> Judged:
    """Turn a mention's flags into incidents and notices, inside the caller's transaction. Twice is once.

    Args:
        writer: the open transaction; the mention and its flags are already in it.
        mention: as stored; `flags` decide, the rules themselves are not asked again.
        now: time of judging.
        is_first_round: the mention's source had no completed round before the one that brought it.
        has_real_date: the source said when it was published, and not in the future.
        settings: for `max_age`.
        book: the workspace's rules. A flag of a rule that is gone tells nobody.
    """
    flags = [flag for flag in mention.flags if book.rule(mention.brand, flag.rule_id) is not None]
    if not flags:
        return Judged()
    silent = why_silent(mention, now, settings, is_first_round=is_first_round, has_real_date=has_real_date)
    if silent:
        return Judged(silent=silent)
    writer.hold([holds.of_brand(mention.brand)])  # two who tell of one event at once open one incident
    incident, is_new = _incident(writer, mention, flags, now, book)
    people = {
        recipient.address.casefold(): recipient.address
        for flag in flags
        for recipient in book.recipients(mention.brand, flag.rule_id)
    }
    notices = sum(notify(writer, incident, mention, address, now, book) for address in people.values())
    return Judged(int(is_new), notices)


def _incident(
    writer: RecordWriter, mention: Mention, flags: Sequence[Flag], now: datetime, book: RuleBook
) -> tuple[str, bool]:
    """Put a mention into the incident of its event, or open one; return its id, and True if it was opened."""
    rule_ids = [flag.rule_id for flag in flags]
    severity = max((flag.severity for flag in flags), key=lambda each: each.rank)
    known = writer.incident_of(mention)
    brand = book.brand(mention.brand)
    terms = book.events.terms(writer, mention, (brand.name, *brand.aliases) if brand else (), now)
    found = None if known else book.events.find(writer, mention, rule_ids, terms, now)
    if found is None:
        lead = next(flag.rule_id for flag in flags if flag.severity is severity)
        return writer.open_incident(mention, lead, severity, now, rule_ids=rule_ids, terms=terms)
    incident, why = found
    writer.join_incident(incident, mention, severity, why, now, rule_ids=rule_ids, terms=terms)
    for other in book.events.belated(writer, mention, incident, now):
        writer.merge_incidents(incident, other)
    return incident, False


def judge_document(
    writer: RecordWriter,
    document_id: str,
    now: datetime,
    settings: AlertSettings,
    book: RuleBook,
    listed_at: datetime | None = None,
) -> Judged:
    """Judge all mentions of a document by its stored text, and note it as judged. Twice is once.

    Args:
        writer: the open transaction; the document's mentions are already in it.
        document_id: a whole text, or a teaser whose page will not come or is late.
        now: time of judging.
        settings: for `max_age`.
        book: the workspace's rules.
        listed_at: when its address was first listed, where that was before it was found (a page of the frontier);
            None means it was found where it was listed.
    """
    incidents = notices = 0
    silent = ""
    for mention in writer.mentions_of(document_id):
        is_dated = has_real_date(mention)
        is_first = not is_dated and is_first_round(writer, mention.source, listed_at or mention.found_at)
        done = judge(
            writer, mention, now, is_first_round=is_first, has_real_date=is_dated, settings=settings, book=book
        )
        incidents, notices, silent = incidents + done.incidents, notices + done.notices, silent or done.silent
    writer.set_judged(document_id, now)
    return Judged(incidents, notices, silent)
