"""From flags to notices: whether a mention is news, which incident it belongs to, and who is to hear of it.

Runs inside the transaction of whoever found the mention. Knows no mail: when a notice becomes a message, and
how many messages an hour may hold, is decided at binding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from earshot.alerts.quiet import quiet_until
from earshot.alerts.rules import RuleBook
from earshot.config.settings import AlertSettings
from earshot.identity import notice_key
from earshot.model import DateFrom, Flag, Mention, Notice, NoticeState, Recipient
from earshot.ports import RecordReader, RecordWriter

MAIL = "mail"
"""The name of the channel."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one mention. silent: why nobody is told although a rule fired, or empty."""

    incidents: int = 0
    notices: int = 0
    silent: str = ""


def has_real_date(mention: Mention) -> bool:
    """Tell whether somebody said when it was published, and not a time still to come (those are cut to found_at)."""
    return mention.published_at_from is not DateFrom.FOUND and mention.published_at < mention.found_at


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
    if not mention.flags:
        return Judged()
    silent = why_silent(mention, now, settings, is_first_round=is_first_round, has_real_date=has_real_date)
    if silent:
        return Judged(silent=silent)
    incidents = notices = 0
    for flag in mention.flags:
        if book.rule(mention.brand, flag.rule_id) is None:
            continue
        incident, is_new = writer.open_incident(mention, flag.rule_id, flag.severity, now)
        incidents += is_new
        for recipient in book.recipients(mention.brand, flag.rule_id):
            notices += writer.add_notice(_notice(writer, incident, mention, flag, recipient, now, book))
    return Judged(incidents, notices)


def _notice(
    writer: RecordWriter,
    incident: str,
    mention: Mention,
    flag: Flag,
    recipient: Recipient,
    now: datetime,
    book: RuleBook,
) -> Notice:
    rule = book.rule(mention.brand, flag.rule_id)
    is_struck_off = writer.is_suppressed(recipient.address)
    return Notice(
        key=notice_key(incident, flag.rule_id, MAIL, recipient.address),
        incident_id=incident,
        brand_id=mention.brand,
        rule_id=flag.rule_id,
        channel=MAIL,
        recipient=recipient.address,
        state=NoticeState.SUPPRESSED if is_struck_off else NoticeState.PENDING,
        created_at=now,
        not_before=quiet_until(rule.quiet_hours if rule else None, now),
    )


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
