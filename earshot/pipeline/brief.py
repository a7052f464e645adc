"""The brief stage: count a brand's day, keep the figures, and let each recipient's notice go the way of all notices.

Knows no mail. The counting asks the record and not the index: the record is the truth, and a brief must be right even
while the index is behind or being built anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot import identity
from earshot.alerts.notifying import MAIL
from earshot.briefs import Day, Figures, Missed, Ranked, Told, Volume, due_at, hours_of, last_day
from earshot.config.settings import Settings
from earshot.errors import StorageError
from earshot.model import Brand, Incident, MentionCount, Notice, NoticeState, Outcome, Severity, SourceHeard
from earshot.operating import Brief, why_paused
from earshot.pipeline.due import UNREAD
from earshot.ports import Clock, Record, RecordReader, SourceState
from earshot.upkeep import Unheard

MOST_LISTED = 50
"""Incidents and sources whose ids a brief keeps; it counts all of them."""
LONGEST_WAIT = timedelta(minutes=30)
"""A brief waits so long at most from when listening began again."""
LONGEST_SILENCE = timedelta(hours=9)
"""So long after its hour a brief is made though nobody listens: it names the hours that were not heard."""
_MOST_RANKED = 8
_ALL = 100_000


@dataclass(frozen=True, slots=True)
class Made:
    """What one run of the stage did. is_new: False where the brief was there. notices: new ones. skipped: why not."""

    brief: Brief | None = None
    figures: Figures | None = None
    is_new: bool = False
    notices: int = 0
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """brands: ids of those whose brief is to be made now. held: why none is though some are due, or empty."""

    brands: tuple[str, ...] = ()
    held: str = ""


def make_brief(record: Record, brands: Sequence[Brand], brand: Brand, day: Day, clock: Clock) -> Made:
    """Make a brand's brief of a day, and, in the same transaction, a notice for each recipient. Twice is once.

    A paused brand gets none, and neither does one whose brief nobody gets. Of a brief that is there already, only the
    notices of recipients who had none are added: they get the figures that the others got.
    """
    if not brand.brief_recipients:
        return Made(skipped="nobody gets a brief of this brand")
    brief_id = identity.brief_id(brand.id, day.since, day.until)
    with record.read() as reader:  # the counting takes a while, and nobody is to wait for it
        brief = reader.brief(brief_id)
        figures = make_figures(reader, brands, brand, day) if brief is None else None
    with record.write() as writer:
        now = clock.now()
        paused = why_paused(brand.id, is_paused=brand.is_paused, pauses=writer.pauses())
        if paused:
            return Made(skipped=paused)
        is_new = False
        if figures is not None:
            brief = Brief(brief_id, brand.id, day.since, day.until, now, figures.model_dump(mode="json"))
            is_new = writer.put_brief(brief)
        brief = writer.brief(brief_id) or brief  # another run may have been faster, and its figures are the ones
        if brief is None:
            raise StorageError(f"the record: there is no brief {brief_id}")
        notices = sum(writer.add_notice(_notice(brief, person.address, now)) for person in brand.brief_recipients)
        return Made(brief, Figures.model_validate(brief.figures), is_new, notices)


def briefs_due(
    record: Record, brands: Sequence[Brand], settings: Settings, clock: Clock, *, is_heard: bool = False
) -> Due:
    """Return the brands whose brief of the last whole day is due and not made yet; whoever drives the stages asks here.

    It is due from `briefs.at` until the day after is over; what was not made by then is mailed only if somebody asks.
    Nothing is due of a paused brand, of one whose brief nobody gets, without a mail server, or of a day on which
    nobody was listening yet. Where nobody listened for a while before, briefs are held back until what is due has been
    heard: until then their numbers are too small. Where nobody listens at all, not for ever: a person who gets no mail
    takes it for a quiet day.

    is_heard: whoever asks has just heard all that is due, and what is left is not to be waited for.
    """
    now = clock.now()
    day = last_day(now, ZoneInfo(settings.time_zone))
    since = due_at(day, settings.briefs.at)
    if not settings.mail.host or now < since:
        return Due()
    with record.read() as reader:
        pauses = reader.pauses()
        due = [
            brand.id
            for brand in brands
            if brand.brief_recipients
            and not why_paused(brand.id, is_paused=brand.is_paused, pauses=pauses)
            and reader.brief(identity.brief_id(brand.id, day.since, day.until)) is None
        ]
        if not due or not any(row.listening for row in reader.hours_heard(day.since, day.until)):
            return Due()
        held = "" if is_heard else _why_held(reader.unheard(day.until, now + UNREAD), since, now)
    return Due((), held) if held else Due(tuple(sorted(due)))


def _why_held(unheard: Unheard, since: datetime, now: datetime) -> str:
    """Return what a brief that is due `since` then waits for, in words, or "" where it waits for nothing.

    A source that was asked since the day was over has told all of it, and who listens all the time has asked nearly
    every source since; so this waits only after a time in which nobody did. Not longer than `LONGEST_WAIT` from the
    first source that was asked: where there is always something to fetch, numbers do not get better by waiting. Where
    none was, `LONGEST_SILENCE` from when it was due.
    """
    if not unheard.sources and unheard.begun_at is None:  # none of them is due so soon after midnight
        return ""
    is_over = now - since >= LONGEST_SILENCE if unheard.begun_at is None else now - unheard.begun_at >= LONGEST_WAIT
    if is_over:
        return ""
    waits = (("source", "heard", unheard.sources), ("page", "read", unheard.pages))
    return ", ".join(f"{count} {what}{'s' * (count > 1)} to be {done}" for what, done, count in waits if count)


def figures_of(reader: RecordReader, brands: Sequence[Brand], brand: Brand, day: Day) -> Figures:
    """Return the figures that a brief was made with, or, where there is none, would be made with now."""
    brief = reader.brief(identity.brief_id(brand.id, day.since, day.until))
    return Figures.model_validate(brief.figures) if brief else make_figures(reader, brands, brand, day)


def make_figures(reader: RecordReader, brands: Sequence[Brand], brand: Brand, day: Day) -> Figures:
    """Count a brand's day against the day before.

    Mentions are counted by when they were published, and are those that the pages count: active, relevance RELEVANT or
    more, own voice left out (it has a number of its own). Incidents are those that were opened
    on the day, and those that tell of it though they were opened before or later (the first day of an installation).
    Sources and their outcomes are as they are now.
    """
    before = day.before
    counts = reader.mention_counts(day.since, day.until)
    counts_before = reader.mention_counts(before.since, before.until)
    mine, mine_before = _others(counts, brand.id), _others(counts_before, brand.id)
    incidents = reader.incidents_about(brand.id, day.since, day.until, _ALL)
    heard = reader.sources_heard(day.since, day.until)
    missed = _missed(heard, {source.source_id: source for source in reader.sources()})
    return Figures(
        date=day.date,
        time_zone=day.zone.key,
        now=_volume(mine),
        before=_volume(mine_before),
        own=sum(row.count for row in counts if row.brand == brand.id and row.is_own_voice),
        voices=_voices(brands, counts, counts_before),
        sites=_ranked(_by_site(mine), _by_site(mine_before)),
        categories=_ranked(_by_category(mine), _by_category(mine_before)),
        incidents=tuple(_told(incident) for incident in _most_urgent(incidents)[:MOST_LISTED]),
        opened=dict(Counter(incident.severity for incident in incidents)),
        hours=hours_of(reader.hours_heard(day.since, day.until), day.since, day.until),
        hours_before=hours_of(reader.hours_heard(before.since, before.until), before.since, before.until),
        sources=missed[:MOST_LISTED],
        missed=len(missed),
        gappy=sum(1 for row in heard if 0 < row.heard < row.listening),
        listened=len(heard),
    )


def _notice(brief: Brief, address: str, now: datetime) -> Notice:
    return Notice(
        key=identity.notice_key(brief.id, "", MAIL, address),
        incident_id=brief.id,
        brand_id=brief.brand_id,
        rule_id="",
        channel=MAIL,
        recipient=address,
        state=NoticeState.PENDING,
        created_at=now,
    )


def _others(counts: Iterable[MentionCount], brand_id: str) -> list[MentionCount]:
    return [row for row in counts if row.brand == brand_id and not row.is_own_voice]


def _volume(rows: Sequence[MentionCount]) -> Volume:
    by_sentiment: Counter[str] = Counter()
    for row in rows:
        by_sentiment[row.sentiment.value] += row.count
    return Volume(flagged=sum(row.count for row in rows if row.severity), **by_sentiment)


def _by_site(rows: Iterable[MentionCount]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row.site] += row.count
    return found


def _by_category(rows: Iterable[MentionCount]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        for category in row.categories:
            found[category.value] += row.count
    return found


def _ranked(now: Counter[str], before: Counter[str], most: int = _MOST_RANKED) -> tuple[Ranked, ...]:
    """Return the most frequent of the day, then by name."""
    ordered = sorted(now.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Ranked(name=name, count=count, before=before[name]) for name, count in ordered[:most])


def _voices(brands: Sequence[Brand], now: list[MentionCount], before: list[MentionCount]) -> tuple[Ranked, ...]:
    """Return every own brand, also one that nobody named; the brands of the workspace, and no others."""
    counts = {brand.id: _volume(_others(now, brand.id)).mentions for brand in brands}
    earlier = Counter({brand.id: _volume(_others(before, brand.id)).mentions for brand in brands})
    return _ranked(Counter(counts), earlier, most=len(counts))


def _most_urgent(incidents: Sequence[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda each: (-each.severity.rank, -len(each.mention_ids), each.opened_at, each.id))


def _told(incident: Incident) -> Told:
    severity: Severity = incident.severity
    return Told(id=incident.id, rule_id=incident.rule_id, severity=severity, mentions=len(incident.mention_ids))


def _missed(heard: Sequence[SourceHeard], states: dict[str, SourceState]) -> tuple[Missed, ...]:
    """Return sources that were not heard in any hour of the day, or are not heard now; the longest silent first."""
    found = []
    for row in heard:
        state = states[row.source_id]
        outcome: Outcome | None = state.last_outcome
        if row.heard and not state.is_not_fetched:
            continue
        found.append(
            Missed(
                source_id=row.source_id,
                outcome=outcome.value if outcome else "",
                last_heard_at=state.last_heard_at,
                heard=row.heard,
                listening=row.listening,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.heard > 0, _since(each.last_heard_at), each.source_id)))


def _since(at: datetime | None) -> timedelta:
    """Return how long ago, as something that sorts never first."""
    return timedelta.min if at is None else at - datetime(1970, 1, 1, tzinfo=at.tzinfo)
