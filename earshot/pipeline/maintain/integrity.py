"""Integrity: does what is kept fit together? Findings become alarms; nothing is repaired that is not provably safe.

Two repairs: cuts of the lake that were begun and not ended are ended first, since what they have to do stands in the
record; and the index is written anew where it differs from the record, of which it is a copy. All else is named, with
its number, an example and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.errors import StorageError
from earshot.operating import Alarm
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.maintain.freshness import ALL, Raised, raise_alarms
from earshot.pipeline.maintain.kinds import ADVICE, INTEGRITY, Kind, make_alarm
from earshot.pipeline.verify import PublishingError, Verified, verify
from earshot.ports import Clock, Lake, MentionIndex, Record

YOUNG = timedelta(hours=1)
"""A lake file of this age may belong to a batch that is running and has not said so yet."""


WIPED_WITHIN = timedelta(hours=26)
"""By then what was erased is wiped out of the index's files: each night's maintenance does it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not fit together. kind: also its heading in the runbook. example: one of them."""

    kind: Kind
    count: int
    example: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """What a look found. unjudged: what could not be told now, because it is moving. cut: captures cut first.

    repaired: mentions that were put right in the index.
    """

    findings: tuple[Finding, ...]
    unjudged: tuple[Kind, ...]
    cut: int
    repaired: int
    raised: Raised


def examine(
    record: Record, lake: Lake, index: MentionIndex, clock: Clock, owner: str, since: datetime | None = None
) -> Integrity:
    """Examine record, lake and index, raise what is new as alarms and end what is over. Twice is once.

    since: what was published before need not be in the index; None: all has to be.

    Raises:
        StorageError: the record or the lake does not answer; alarms stay as they were.
    """
    with record.read() as reader:
        damages = reader.damages()
    cut, repaired = 0, 0
    if damages:  # what else such a file says is worth nothing
        findings = [_finding(Kind.RECORD_DAMAGED, len(damages), damages[0], _DAMAGED.format(damages[0]))]
        unjudged: tuple[Kind, ...] = tuple(kind for kind in INTEGRITY if kind is not Kind.RECORD_DAMAGED)
    else:
        cut = cut_condemned(record, lake, clock)
        findings = _in_the_record(record, lake, clock)
        differs, verified = _index(record, index, clock, owner, since)
        findings += [differs] if differs else []
        unjudged = () if verified else (Kind.INDEX_DIFFERS,)
        repaired = verified.repaired if verified else 0
    now = clock.now()
    alarms = [make_alarm(each.kind, "", each.what, now) for each in findings]
    raised = raise_alarms(record, [*alarms, *_still(record, unjudged)], INTEGRITY, now)
    return Integrity(tuple(findings), unjudged, cut, repaired, raised)


def _in_the_record(record: Record, lake: Lake, clock: Clock) -> list[Finding]:
    with record.read() as reader:
        found = [_finding(Kind(each.name), each.count, each.example) for each in reader.inconsistencies()]
        erased = reader.unwiped_since(clock.now() - WIPED_WITHIN)
    if erased:
        what = f"The text of {erased} erased mentions still lies in files of the index, after more than a day."
        found.append(_finding(Kind.ERASED_TEXT_LEFT, erased, "", what))
    return [*found, *_files(record, lake, clock.now())]


def _finding(kind: Kind, count: int, example: str, what: str = "") -> Finding:
    said = what or f"{_WHAT[kind].format(count=count)}, for example {example}."
    return Finding(kind, count, example, said, ADVICE[kind])


_DAMAGED = "The record's file is damaged: {}."
_WHAT = {
    Kind.MENTIONS_WITHOUT_DOCUMENT: "{count} mentions are of documents that are not there",
    Kind.OUTBOX_OF_UNKNOWN_MENTIONS: "{count} rows for the index are of mentions that nobody knows",
    Kind.NOTICES_WITHOUT_DELIVERY: "{count} notices are bound to mails that are not there",
    Kind.CAPTURES_WITHOUT_FILE: "{count} files of the lake are missing",
    Kind.FILES_UNKNOWN: "{count} files of the lake are unknown to the record",
}


def _files(record: Record, lake: Lake, now: datetime) -> Iterable[Finding]:
    """Compare the files that the record needs or knows with those that are there.

    Files are made, rewritten and dropped meanwhile, so only what two looks find counts.
    """
    missing, unknown = _look(record, lake, now)
    if missing or unknown:
        missing_still, unknown_still = _look(record, lake, now)
        missing, unknown = missing & missing_still, unknown & unknown_still
    if missing:
        yield _finding(Kind.CAPTURES_WITHOUT_FILE, len(missing), min(missing))
    if unknown:
        yield _finding(Kind.FILES_UNKNOWN, len(unknown), min(unknown))


def _look(record: Record, lake: Lake, now: datetime) -> tuple[set[str], set[str]]:
    with record.read() as reader:
        needed = reader.needed_files()
    there = list(lake.iter_files())
    old = [name for name in there if (begun := lake.begun_at(name)) is None or now - begun > YOUNG]
    with record.read() as reader:
        known = reader.known_files(old)
    return needed - set(there), set(old) - known


def _index(
    record: Record, index: MentionIndex, clock: Clock, owner: str, since: datetime | None
) -> tuple[Finding | None, Verified | None]:
    """Compare the index with the record, mention by mention, and put right what a write can put right.

    Nothing is found where it could not be told, because the index is being written all the time.
    """
    try:
        verified = verify(record, index, clock, owner, since=since)
    except PublishingError:
        return None, None
    except StorageError as error:
        return _finding(Kind.INDEX_DIFFERS, _mentions(record), "", f"The index does not answer: {error}."), Verified()
    what = verified.in_words()
    return (_finding(Kind.INDEX_DIFFERS, verified.drift, "", what) if verified.drift else None), verified


def _mentions(record: Record) -> int:
    with record.read() as reader:
        return reader.counts().mentions


def _still(record: Record, unjudged: Sequence[Kind]) -> list[Alarm]:
    """Return open alarms of what could not be told now: an alarm ends only when its cause is over."""
    with record.read() as reader:
        return [each for each in reader.alarms(limit=ALL) if each.kind in unjudged]
