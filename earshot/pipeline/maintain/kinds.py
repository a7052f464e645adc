"""The kinds of alarms and what to do about each. `docs/operations/alarms.md` has a heading for each; tests compare."""

from __future__ import annotations

from datetime import datetime, timedelta

from earshot.operating import Alarm, AlarmKind

Kind = AlarmKind

INTEGRITY = (
    Kind.RECORD_DAMAGED, Kind.MENTIONS_WITHOUT_DOCUMENT, Kind.OUTBOX_OF_UNKNOWN_MENTIONS, Kind.NOTICES_WITHOUT_DELIVERY,
    Kind.CAPTURES_WITHOUT_FILE, Kind.FILES_UNKNOWN, Kind.INDEX_DIFFERS, Kind.ERASED_TEXT_LEFT,
)  # fmt: skip
"""What `integrity` looks for."""

FRESHNESS = tuple(kind for kind in Kind if kind not in INTEGRITY and kind is not Kind.NOT_WATCHED)
"""What `freshness` looks for."""

ADVICE = {
    Kind.NOT_WATCHED: "Let `earshot run` or the maintain DAG run, or call `earshot maintain freshness` from cron.",
    Kind.PIPELINE_STOPPED: "See whether `earshot run` or the scheduler runs, and read its log.",
    Kind.PIPELINE_NOT_HEARD: "Look for what the sources have in common: network, proxy, DNS, disk.",
    Kind.COLLECTION_NOT_HEARD: "Look for what the collection's sources have in common: a host, a login, robots.txt.",
    Kind.SOURCE_NOT_HEARD: "Open its address; mend the source in its YAML, or take it out.",
    Kind.BRAND_NOT_HEARD: "Mend the sources that speak of it, or add others.",
    Kind.INDEX_BEHIND: "Run `earshot publish` and read what it says.",
    Kind.MAIL_WAITING: "Run `earshot alert`: it says what has to be mended.",
    Kind.CAPTURES_UNREAD: "Run `earshot ingest` and read what it says.",
    Kind.QUARANTINE_GROWING: "Read the reasons on the Operations page; after an update run `earshot replay`.",
    Kind.DEAD_LETTERS: "Read the reasons; when the cause is mended, run `earshot reindex`.",
    Kind.RELAY_STUCK: "End the process that holds the lease; the next one takes over at once.",
    Kind.DISK_NEARLY_FULL: "Free space, or shorten `retention.captures` and run `earshot maintain retention`.",
    Kind.RECORD_DAMAGED: "Stop Earshot, copy the file away, and put the last good backup back.",
    Kind.MENTIONS_WITHOUT_DOCUMENT: "Nothing is lost by waiting; please report it with the example.",
    Kind.OUTBOX_OF_UNKNOWN_MENTIONS: "Run `earshot publish`: it takes them out of index and outbox.",
    Kind.NOTICES_WITHOUT_DELIVERY: "Tell the people by hand, and please report it with the example.",
    Kind.CAPTURES_WITHOUT_FILE: "Put the files back from a backup; without them only replays are lost.",
    Kind.FILES_UNKNOWN: "Run `earshot ingest`: it reads them.",
    Kind.INDEX_DIFFERS: "What could be put right was. If it comes again, or some are left: run `earshot reindex`.",
    Kind.RESTORED: "Settle the mails that are held, if any; the rest ends by itself when every source was heard again.",
    Kind.ERASED_TEXT_LEFT: "Run `earshot maintain index` and read why; on a cluster with the admin's login.",
}


def make_alarm(kind: Kind, subject: str, what: str, now: datetime) -> Alarm:
    """Return an alarm seen now. subject: "" where there is only one of its kind."""
    advice = f'{ADVICE[kind]} Runbook: docs/operations/alarms.md, "{kind.capitalize()}".'
    return Alarm(f"{kind}: {subject}" if subject else str(kind), kind, subject, what, advice, now, now)


def in_words(span: timedelta) -> str:
    """Return a length of time for a sentence: "45 min", "5 h", "3 days"; down to whole units."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
